"""File streams over the real broker: whole files, strangers, and restarts."""

import json

import cbor2
import pytest
from conversation import PATIENCE, THING, Device
from errand_sandbox.client import Sandbox
from streaming import FORMS, bitmap, decode, encode, pattern

CONTENT = pattern(700_001)
REST = "$aws/things/%s/streams/%s/%s/%s"
KINDS = ("description/+", "data/+", "rejected/+")


class StreamDevice(Device):
    def __init__(self, credentials, owner=None, **options):
        """owner: the thing whose streams it listens to; its own by default."""
        super().__init__(credentials, (), **options)
        self.owner = owner or credentials["thingName"]
        self.granted.queue.clear()
        self.filters = [(f"$aws/things/{self.owner}/streams/+/{kind}", 1) for kind in KINDS]
        self.client.subscribe(self.filters)
        self.codes = self.granted.get(timeout=PATIENCE)

    def ask(self, stream, verb, body, form="json"):
        self.client.publish(REST % (self.owner, stream, verb, form), encode(body, form), 1)

    def receive(self):
        """(stream, kind, format, body)"""
        message = self.messages.get(timeout=PATIENCE)
        _, _, _, _, stream, kind, form = message.topic.split("/")
        return stream, kind, form, decode(message.payload, form)


@pytest.fixture
def listener(sandbox):
    sandbox.reset()
    device = StreamDevice(sandbox.thing("gw-stream"))
    yield device
    device.close()


@pytest.mark.parametrize("form, size", (("json", 256), ("json", 65536), ("cbor", 4096), ("cbor", 131072)))
def test_a_whole_file(sandbox, listener, form, size):
    """As a device fetches it: describe, then what is missing, in batches, until nothing is."""
    sandbox.create_stream("S", {3: CONTENT})
    sandbox.fault("stream", "drop", count=3, skip=1)
    listener.ask("S", "describe", {"c": "d"}, form)
    assert listener.receive() == ("S", "description", form, {"c": "d", "s": 1, "d": "", "r": [{"f": 3, "z": 700_001}]})
    total = -(-len(CONTENT) // size)
    missing, got, before = set(range(total)), bytearray(len(CONTENT)), sandbox.last()
    while missing:
        first = min(missing)
        wanted = sorted(number for number in missing if number < first + 512)
        listener.ask("S", "get", {"s": 1, "f": 3, "l": size, "o": first, "b": bitmap(first, wanted, form)}, form)
        listener.ask("S", "describe", {}, form)     # its answer comes behind the blocks
        while (answer := listener.receive())[1] == "data":
            block = answer[3]
            got[block["i"] * size:block["i"] * size + block["l"]] = block["p"]
            missing.remove(block["i"])
        assert answer[1] == "description"
    assert got == CONTENT
    sent = sandbox.ledger(before, kind="block", stream="S", file=3)
    assert sorted(entry["block"] for entry in sent) == list(range(total))
    assert len(sandbox.ledger(before, kind="block", stream="S", block=0)) == 1
    assert len(sandbox.ledger(before, kind="fault", api="stream")) == 3


@pytest.mark.parametrize("form", FORMS)
def test_rejected(sandbox, listener, form):
    listener.ask("none", "get", {"c": "t", "f": 0, "l": 256}, form)
    stream, kind, answered, body = listener.receive()
    assert (stream, kind, answered, body["o"], body["c"]) == ("none", "rejected", form, "ResourceNotFound", "t")
    listener.client.publish(REST % ("gw-stream", "S", "get", "xml"), b"{}", 1)
    assert listener.receive()[3]["o"] == "InvalidTopic"


def test_a_thing_has_its_own_topics_only(sandbox, listener):
    sandbox.create_stream("S", {0: b"secret"})
    stranger, before = StreamDevice(sandbox.thing("gw-stranger"), "gw-stream"), sandbox.last()
    try:
        stranger.ask("S", "describe", {"c": "stranger"})
        listener.ask("S", "get", {"f": 0, "l": 256, "n": 1})
        assert listener.receive()[1] == "data"
        stranger.owner = "gw-stranger"
        stranger.client.subscribe(REST % ("gw-stranger", "S", "description", "json"))
        stranger.granted.get(timeout=PATIENCE)
        stranger.ask("S", "describe", {"c": "own"})
        assert stranger.receive()[3]["c"] == "own"      # the first that ever came
    finally:
        stranger.close()
    requests = sandbox.ledger(before, kind="request")
    assert [(e["thing"], e["payload"].get("c")) for e in requests] == [
        ("gw-stream", None), ("gw-stranger", "own")]


def test_isolated_answers(sandbox, listener):
    """Only the client with the thing's name hears."""
    sandbox.create_stream("S", {0: b"x"})
    sandbox.switch("isolate-answers", "on")
    other = StreamDevice(sandbox.thing("gw-stream"), client_id="gw-other")
    try:
        for number in range(2):
            listener.ask("S", "describe", {"c": str(number)})
            assert listener.receive()[3]["c"] == str(number)
        sandbox.switch("isolate-answers", "off")
        listener.ask("S", "describe", {"c": "both"})
        assert listener.receive()[3]["c"] == "both"
        assert other.receive()[3]["c"] == "both"
    finally:
        other.close()


def test_streams_outlive_the_server(tmp_path):
    with Sandbox(tmp_path) as server:
        server.thing(THING)
        server.create_stream("S", {0: b"one"})
        server.create_stream("S", {0: b"kept"}, "d")
        server.create_ota_update("u1", THING, b"image")
        server.stop()
        server.start()
        device = StreamDevice(server.thing(THING))
        try:
            device.ask("S", "get", {"f": 0, "l": 256, "n": 1, "s": 2})
            assert device.receive()[3]["p"] == b"kept"
            device.ask("S", "describe", {})
            assert device.receive()[3] == {"s": 2, "d": "d", "r": [{"f": 0, "z": 4}]}
        finally:
            device.close()
        assert server.call("GET", "/otaUpdates/u1")["otaUpdateInfo"]["awsIotJobId"] == "AFR_OTA-u1"
        state = json.loads((tmp_path / "state.json").read_text())
    assert state["streams"]


def test_state_of_before_there_were_streams(tmp_path):
    (tmp_path / "state.json").write_text('{"format":1,"seq":1,"things":[],"groups":[],"jobs":[]}')
    with Sandbox(tmp_path) as server:
        assert server.call("GET", "/streams") == {"streams": []}
    assert not (tmp_path / "state.json.bad").exists()


def test_it_prints_blocks(tmp_path):
    with Sandbox(tmp_path, "--verbose") as server:
        device = StreamDevice(server.thing(THING))
        try:
            server.create_stream("S", {0: b"x"})
            device.client.publish(REST % (THING, "S", "get", "cbor"), cbor2.dumps({"f": 0, "l": 256, "n": 1}))
            line = next(line for line in server.process.stdout if " block " in line)
        finally:
            device.close()
        assert line.split()[1:] == ["block", THING, "GetStream", "S", "0", "0"]
