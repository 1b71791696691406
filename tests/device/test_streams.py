"""Files that come as AWS IoT streams through the daemon's own connection: whole, once, and with no block asked for
without need."""

import hashlib
import json
import os
import signal
import time
from pathlib import Path

import pytest
from broker import FakeBroker
from device import control_json, wait_for
from gauges import cpu_seconds

BLOCK = 4096
BLOCKS = 200
SIZE = (BLOCKS - 1) * BLOCK + 100


class Stream:
    """One file in a stream of the device's own."""

    def __init__(self, device, sandbox, size=SIZE):
        self.device, self.sandbox = device, sandbox
        self.name = "s-" + device.name.replace(":", "-")
        self.data = os.urandom(size)
        self.target = device.downloads / "file"
        self.since = sandbox.last()
        sandbox.create_stream(self.name, {3: self.data})

    def document(self, **more):
        return {"operation": "download", "stream": self.name, "file": 3, "path": str(self.target),
                "sha256": hashlib.sha256(self.data).hexdigest(), **more}

    def fault(self, api, action, **more):
        self.sandbox.fault(api, action, stream=self.name, **more)

    def sent(self):
        """Numbers of the blocks that the service sent, in order."""
        return [entry["block"] for entry in self.sandbox.ledger(after=self.since, kind="block", stream=self.name)]

    def gets(self):
        return self.sandbox.ledger(after=self.since, kind="request", stream=self.name, api="GetStream")

    def run(self, timeout=60, **more):
        return self.device.run(self.document(**more), timeout=timeout)

    def arrived(self):
        assert self.target.read_bytes() == self.data
        assert os.listdir(self.device.downloads) == ["file"]


@pytest.fixture
def device(device):
    """Reconnects soon. The waits of a runner are what they are."""
    device.environment["ERRAND_TEST_TIME_SCALE"] = "10"
    device.groups["plugin download"].update({"stream-block-size": str(BLOCK), "retry-delay": "100ms"})
    return device


@pytest.fixture
def stream(device, sandbox):
    return Stream(device, sandbox)


def runner_of(device):
    found = device.children()
    return found[0] if found else None


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


def test_req_14_after_a_kill_only_missing_blocks_are_asked_for(device, sandbox):
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


def test_req_14_a_stream_that_changed_meanwhile_is_fetched_anew(device, sandbox):
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


def test_req_10_a_lost_link_costs_nothing_but_time(device, stream, sandbox):
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
def test_a_cancel_ends_it_within_two_seconds(device, stream, sandbox, moment):
    device.groups["jobs"]["cancel-grace"] = "2s"
    device.environment["ERRAND_TEST_TIME_SCALE"] = "1"
    api = "DescribeStream" if moment == "described" else "GetStream"
    stream.fault(api, "delay" if moment == "midway" else "drop", count=0, seconds=0.4)
    device.start()
    job = device.create(stream.document())
    sandbox.expect(after=stream.since, kind="request", stream=stream.name, api=api, timeout=20)
    begun = time.monotonic()
    sandbox.cancel(job, force=True)
    device.wait_empty()
    assert time.monotonic() - begun < 2
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
def test_what_the_service_refuses(device, stream, sandbox, code, reason, text, names):
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


def test_a_stream_that_always_changes_is_given_up(device, stream):
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


@pytest.mark.parametrize("key, value", [("stream-format", "xml"), ("stream-block-size", "255"),
                                        ("stream-block-size", "65537")])
def test_a_bad_setting_is_named(device, stream, key, value):
    device.groups["plugin download"][key] = value
    device.start()
    status, details = stream.run()
    assert (status, details["reason"]) == ("REJECTED", "internal"), details
    assert f"[plugin download] {key}" in details["message"]


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize("size, block", [(1, 256), (65536, 65536), (65537, 65536), (131072, 65536), (300_000, 256)])
def test_sizes_at_the_edges(device, sandbox, form, size, block):
    device.groups["plugin download"].update({"stream-format": form, "stream-block-size": str(block)})
    stream = Stream(device, sandbox, size)
    device.start()
    status, details = stream.run()
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert sorted(stream.sent()) == list(range(-(-size // block)))


def resident(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_the_largest_file_and_flat_memory(device, sandbox, form):
    size = 24 << 20
    device.groups["plugin download"].update({"stream-format": form, "stream-block-size": "16K"})
    stream = Stream(device, sandbox, size)
    small = Stream(device, sandbox, 2 << 20)
    device.start()
    sandbox.create_stream(small.name + "-small", {3: small.data})
    assert device.run(small.document(stream=small.name + "-small"), timeout=60)[0] == "SUCCEEDED"
    stream.target.unlink()
    sandbox.create_stream(stream.name, {3: stream.data})
    before = resident(device.process.pid)
    spent = cpu_seconds(device.process.pid)
    job = device.create(stream.document())
    runner = wait_for(lambda: runner_of(device), "a runner")
    peaks, busy = [], []

    def done():
        try:
            peaks.append(resident(runner))
            busy.append(cpu_seconds(runner))
        except (OSError, StopIteration):
            pass
        return stream.target.exists()
    begun = time.monotonic()
    wait_for(done, "the file", 120)
    print(f"{form}: {size / (time.monotonic() - begun) / 1e6:.1f} MB/s, runner {max(peaks)} kB, "
          f"daemon {before} -> {resident(device.process.pid)} kB; CPU {busy[-1]:.2f} s in the runner, "
          f"{cpu_seconds(device.process.pid) - spent:.2f} s in the daemon")
    status, details = device.wait(job)
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert resident(device.process.pid) - before < 2048
    assert peaks[-1] - peaks[len(peaks) // 4] < 2048


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
    assert details["reason"] == "not-allowed", details
    line = next(line for line in device.log().splitlines() if "refused the subscription" in line)
    for part in (f"$aws/things/{device.name}/streams/{stream.name}/data/cbor", f"client {device.name}", "iot:Subscribe",
                 "iot:Receive"):
        assert part in line
