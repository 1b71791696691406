"""Files that come as AWS IoT streams through the daemon's own connection: whole, once, and with no block asked for
without need."""

import json
import os
import signal
import time

import pytest
from broker import FakeBroker
from device import control_json, wait_for
from stream_source import BLOCK, BLOCKS, SIZE, Stream, runner_of


@pytest.fixture
def device(device):
    """Reconnects soon. The waits of a runner are what they are."""
    device.environment["ERRAND_TEST_TIME_SCALE"] = "10"
    device.groups["plugin download"].update({"stream-block-size": str(BLOCK), "retry-delay": "100ms"})
    return device


@pytest.fixture
def stream(device, sandbox):
    return Stream(device, sandbox)


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_a_file_comes_whole_and_each_block_once(device, stream, form):
    device.groups["plugin download"]["stream-format"] = form
    device.start()
    status, details = stream.run()
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert sorted(stream.sent()) == list(range(BLOCKS))
    assert {entry["format"] for entry in stream.gets()} == {form}
    assert len(stream.gets()) == -(-BLOCKS // 32)


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize("action", ["drop", "duplicate", "reorder", "delay"])
def test_blocks_get_lost_repeated_mixed_up_and_late(device, stream, form, action):
    device.groups["plugin download"]["stream-format"] = form
    for skip in range(10, 190, 20):
        stream.fault("stream", action, skip=skip, seconds=0.05)
    device.start()
    status, details = stream.run()
    assert status == "SUCCEEDED", details
    stream.arrived()
    # What was lost is asked for again, and nothing else.
    assert sorted(set(stream.sent())) == list(range(BLOCKS))
    extra = {"drop": 0, "duplicate": 9}.get(action)
    if extra is not None:
        assert len(stream.sent()) == BLOCKS + extra


@pytest.mark.parametrize("api, action", [("DescribeStream", "drop"), ("GetStream", "drop"), ("GetStream", "disconnect"),
                                         ("DescribeStream", "error"), ("GetStream", "error")])
def test_a_request_that_fails_is_made_again(device, stream, api, action):
    stream.fault(api, action, skip=0 if api == "DescribeStream" else 2)
    device.start()
    status, details = stream.run()
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert sorted(stream.sent()) == list(range(BLOCKS))


def slow_down(stream, seconds=0.4):
    """Each answer to a get comes so late that something can be done meanwhile."""
    stream.fault("GetStream", "delay", seconds=seconds, count=0)


def wait_for_bitmap(device):
    """Until the plugin has saved which blocks it has."""
    def saved():
        return any(path.name.startswith("state") and path.stat().st_size > 200
                   for path in (device.state / "jobs").rglob("*") if path.is_file())
    wait_for(saved, "a saved bitmap")


def begin(device, stream):
    """A job that is in the middle of its file."""
    device.start()
    slow_down(stream)
    job = device.create(stream.document())
    wait_for_bitmap(device)
    return job


def test_req_16_after_a_kill_only_missing_blocks_are_asked_for(device, sandbox):
    stream = Stream(device, sandbox, 2 * SIZE)
    job = begin(device, stream)
    had = len(stream.sent())
    device.kill()
    assert device.downloads.joinpath("file").exists() is False
    sandbox.clear_faults()
    device.start()
    status, details = device.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    stream.arrived()
    total = -(-2 * SIZE // BLOCK)
    assert sorted(set(stream.sent())) == list(range(total))
    # At least what the saved bitmap names, a request's worth or two more may have come since.
    assert len(stream.sent()) <= total + had - 64
    assert had > 64


def test_req_16_a_stream_that_changed_meanwhile_is_fetched_anew(device, sandbox):
    stream = Stream(device, sandbox, 2 * SIZE)
    job = begin(device, stream)
    device.kill()
    sandbox.clear_faults()
    sandbox.update_stream(stream.name, {3: stream.data})
    since = sandbox.last()
    device.start()
    status, details = device.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    stream.arrived()
    stream.since = since
    assert sorted(stream.sent()) == list(range(-(-2 * SIZE // BLOCK)))


def test_a_killed_runner_fails_its_job_and_leaves_nothing(device, sandbox):
    stream = Stream(device, sandbox, 2 * SIZE)
    job = begin(device, stream)
    os.kill(runner_of(device), signal.SIGKILL)
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "crashed")
    device.wait_empty()
    assert os.listdir(device.downloads) == []
    sandbox.clear_faults()
    assert stream.run()[0] == "SUCCEEDED"
    stream.arrived()


def test_a_lost_link_costs_nothing_but_time(device, stream, sandbox):
    device.start()
    slow_down(stream, 0.2)
    job = device.create(stream.document())
    wait_for(lambda: len(stream.sent()) > 64, "some blocks")
    sandbox.kick(thing=device.name)
    wait_for(lambda: len(stream.sent()) > 128, "more blocks")
    sandbox.broker("stop")
    device.wait_log("no connection to")
    sandbox.clear_faults()
    sandbox.broker("start")
    status, details = device.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert set(stream.sent()) == set(range(BLOCKS))
    assert len(stream.sent()) < BLOCKS + 4 * 32


@pytest.mark.parametrize("moment", ["described", "midway", "waiting"])
def test_req_18_a_cancel_ends_it_soon(device, stream, sandbox, moment):
    device.groups["jobs"]["cancel-grace"] = "60s"
    device.environment["ERRAND_TEST_TIME_SCALE"] = "1"
    api = "DescribeStream" if moment == "described" else "GetStream"
    stream.fault(api, "delay" if moment == "midway" else "drop", count=0, seconds=0.4)
    device.start()
    job = device.create(stream.document())
    sandbox.expect(after=stream.since, kind="request", stream=stream.name, api=api, timeout=20)
    begun = time.monotonic()
    sandbox.cancel(job, force=True)
    device.wait_empty()
    assert time.monotonic() - begun < 6     # two on an idle machine
    # By itself: nobody had to stop it.
    assert "SIGTERM" not in device.log()
    assert os.listdir(device.downloads) == []


@pytest.mark.parametrize("code, reason, text", [
    ("ResourceNotFound", "download-failed", "no such stream"),
    ("Unauthorized", "not-allowed", "policy"),
    ("BlockSizeOutOfBounds", "download-failed", "does not take the request"),
    ("InvalidRequest", "download-failed", "does not take the request"),
    ("InternalError", "download-failed", "gave up")])
@pytest.mark.parametrize("names", ["short", "long"])
def test_req_18_what_the_service_refuses(device, stream, sandbox, code, reason, text, names):
    device.groups["plugin download"]["retries"] = "3"
    sandbox.switch("stream-rejected-names", names)
    stream.fault("GetStream", "error", code=code, count=0)
    device.start()
    status, details = stream.run()
    sandbox.switch("stream-rejected-names", "short")
    assert (status, details["reason"]) == ("FAILED", reason), details
    assert text in details["message"], details
    assert code in device.log()
    assert os.listdir(device.downloads) == []
    assert len(stream.gets()) == (3 if code == "InternalError" else 1)


def test_a_new_version_midway_starts_over_once(device, stream, sandbox):
    slow_down(stream, 0.2)
    device.start()
    job = device.create(stream.document())
    wait_for(lambda: len(stream.sent()) > 40, "some blocks")
    sandbox.update_stream(stream.name, {3: stream.data})
    since = sandbox.last()
    sandbox.clear_faults()
    status, details = device.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    stream.arrived()
    stream.since = since
    assert set(stream.sent()) == set(range(BLOCKS))


def test_req_18_a_stream_that_always_changes_is_given_up(device, stream):
    stream.fault("GetStream", "error", code="VersionMismatch", count=0)
    device.start()
    status, details = stream.run()
    assert (status, details["reason"]) == ("FAILED", "download-failed"), details
    assert "changed again" in details["message"]
    assert len(stream.gets()) == 2


def test_a_wrong_checksum(device, stream):
    stream.fault("stream", "corrupt", skip=50, after=7)
    device.start()
    status, details = stream.run()
    assert (status, details["reason"]) == ("FAILED", "checksum-mismatch"), details
    assert os.listdir(device.downloads) == []


@pytest.mark.parametrize("more, reason", [
    ({"size": SIZE - 1}, "checksum-mismatch"), ({"file": 4}, "download-failed"),
    ({"stream": "nobody"}, "download-failed")])
def test_what_is_not_the_file(device, stream, more, reason):
    device.start()
    status, details = stream.run(**more)
    assert (status, details["reason"]) == ("FAILED", reason), details
    assert stream.sent() == []


@pytest.mark.parametrize("more", [
    {"url": "https://localhost/x"}, {"file": None}, {"file": 256}, {"file": -1}, {"file": "3"}, {"stream": "a/b"},
    {"stream": ""}, {"stream": None}, {"stream": 7}, {"stream": "x" * 129}])
def test_a_bad_document_is_rejected(device, stream, more):
    device.start()
    status, details = stream.run(**more)
    assert (status, details["reason"]) == ("REJECTED", "invalid-document"), details


@pytest.mark.parametrize("key, value", [("stream-block-size", "255"), ("stream-block-size", "65537")])
def test_a_bad_setting_is_named(device, stream, key, value):
    device.groups["plugin download"][key] = value
    device.start()
    status, details = stream.run()
    assert (status, details["reason"]) == ("REJECTED", "internal"), details
    assert f"[plugin download] {key}" in details["message"]


def test_streams_need_the_cloud(device, stream):
    document = device.directory / "document.json"
    document.write_text(json.dumps(stream.document()))
    code, said = control_json("run", document, "--config", device.write_config())
    assert code == 1
    assert said["statusDetails"]["reason"] == "download-failed"
    assert "need the cloud" in said["statusDetails"]["message"]


class Service:
    """A scripted broker that refuses what a policy does not allow, with a Jobs service that has one job."""

    def __init__(self, device, document, refused):
        self.jobs = f"$aws/things/{device.name}/jobs/"
        self.broker = FakeBroker(suback=lambda name: 0x80 if refused in name else 1)
        self.execution = {"jobId": "j", "executionNumber": 1, "queuedAt": 1, "lastUpdatedAt": 1, "versionNumber": 1,
                          "status": "QUEUED", "jobDocument": document}

    def heard(self, topic, text):
        """The first message on that topic with that text in it."""
        def find():
            return next((json.loads(payload) for name, payload in list(self.broker.published)
                         if name == self.jobs + topic and text in payload.decode()), None)
        return wait_for(find, f"{text} on {topic}")

    def answer(self, topic, text, body):
        token = self.heard(topic, text)["clientToken"]
        self.broker.say(f"{self.jobs}{topic}/accepted",
                        json.dumps({"clientToken": token, "timestamp": 1, **body}).encode())


def test_req_23_a_refused_subscription_is_named(device, stream):
    service = Service(device, stream.document(), "/data/")
    with service.broker as broker:
        device.groups["broker"] = {"host": "127.0.0.1", "port": broker.port, "tls": "false"}
        device.start(ready=False)
        service.answer("$next/get", "", {"execution": service.execution})
        service.answer("j/update", "IN_PROGRESS", {})
        details = service.heard("j/update", "FAILED")["statusDetails"]
        # The step has ended, and its subscriptions with it.
        assert [name.split("/")[-2] for name in broker.unsubscribes] == ["description", "data", "rejected"]
    assert details["reason"] == "not-allowed", details
    line = next(line for line in device.log().splitlines() if "refused the subscription" in line)
    for part in (f"$aws/things/{device.name}/streams/{stream.name}/data/cbor", f"client {device.name}", "iot:Subscribe",
                 "iot:Receive"):
        assert part in line
