"""Transfers that stop, break or lead to another file: the whole file arrives with its checksum, or none does."""

import hashlib
import os

import pytest

SIZE = 400_000


def document(device, sandbox, data, **more):
    placed = sandbox.put_file(f"{device.name}.bin", data)
    return {"operation": "download", "url": placed["placeholder"], "path": str(device.downloads / "file"),
            "sha256": hashlib.sha256(data).hexdigest(), **more}


@pytest.fixture
def hurried(device):
    """Two seconds without enough bytes are a stall."""
    device.groups["plugin download"].update({"stall-bytes": "1000", "stall-time": "2s"})
    return device.start()


def requests(device, sandbox, since):
    return [entry for entry in sandbox.ledger(after=since, kind="file") if entry["name"] == f"{device.name}.bin"]


def test_req_19_a_stalled_transfer_is_dropped_and_resumed(hurried, sandbox):
    data, since = os.urandom(SIZE), sandbox.last()
    sandbox.fault("file", "stall", name=f"{hurried.name}.bin", after=100_000, seconds=60)
    status, details = hurried.run(document(hurried, sandbox, data), timeout=40)
    assert status == "SUCCEEDED", details
    assert (hurried.downloads / "file").read_bytes() == data
    asked = requests(hurried, sandbox, since)
    assert len(asked) == 2
    assert asked[1]["range"].startswith("bytes=")


def test_req_19_a_slow_but_steady_transfer_is_not_cut(hurried, sandbox):
    data, since = os.urandom(SIZE), sandbox.last()
    sandbox.fault("file", "slow", name=f"{hurried.name}.bin", rate=80_000)
    status, details = hurried.run(document(hurried, sandbox, data), timeout=40)
    assert status == "SUCCEEDED", details
    assert len(requests(hurried, sandbox, since)) == 1


@pytest.mark.parametrize("again", ["", "ignore-range", "change-etag"])
def test_a_cut_transfer_is_resumed_or_begun_anew(running, sandbox, again):
    data = os.urandom(SIZE)
    sandbox.fault("file", "cut", name=f"{running.name}.bin", after=150_000)
    if again:
        sandbox.fault("file", again, name=f"{running.name}.bin")
    status, details = running.run(document(running, sandbox, data), timeout=40)
    assert status == "SUCCEEDED", details
    assert (running.downloads / "file").read_bytes() == data
    assert os.listdir(running.downloads) == ["file"]


def test_a_cancelled_transfer_leaves_nothing(running, sandbox):
    sandbox.fault("file", "slow", name=f"{running.name}.bin", rate=20_000)
    job = running.create(document(running, sandbox, os.urandom(SIZE)))
    sandbox.expect(kind="file", name=f"{running.name}.bin", timeout=20)
    sandbox.cancel(job, force=True)
    running.wait_empty()
    assert os.listdir(running.downloads) == []
