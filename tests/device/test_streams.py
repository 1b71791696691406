"""Files that come as AWS IoT streams through the daemon's own connection: whole, once, and with no block asked for
without need."""

import hashlib
import os
import signal

import pytest
from device import wait_for

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
    """Waits are ten times shorter."""
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


def slow_down(stream):
    """Each answer to a get comes so late that something can be done meanwhile."""
    stream.fault("GetStream", "delay", seconds=0.4, count=0)


@pytest.mark.parametrize("victim", ["daemon", "runner"])
def test_req_14_after_a_kill_only_missing_blocks_are_asked_for(device, sandbox, victim):
    stream = Stream(device, sandbox, 2 * SIZE)
    device.start()
    slow_down(stream)
    job = device.create(stream.document())
    state = device.state / "jobs"
    wait_for(lambda: any(path.name.startswith("state") and path.stat().st_size > 200
                         for path in state.rglob("*") if path.is_file()), "a saved bitmap")
    if victim == "daemon":
        device.kill()
        sandbox.clear_faults()
        device.start()
    else:
        os.kill(runner_of(device), signal.SIGKILL)
        assert device.wait(job, timeout=60)[1]["reason"] == "killed"
        return
    status, details = device.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    stream.arrived()
    repeated = len(stream.sent()) - 2 * BLOCKS + 1
    assert 0 <= repeated < 2 * BLOCKS - 64
