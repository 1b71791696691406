"""Executions that are not taken up: left to another agent, or given back because the disk fails. Nothing loops."""

import subprocess

import pytest

from device import ERRANDD, wait_for
from exchange import requests, sent, settle, shell, status_of, works_on

FOREIGN = {"operation": "of-another-agent"}


@pytest.fixture
def ignoring(device):
    device.groups["jobs"]["unknown-operation"] = "ignore"
    return device


@pytest.mark.parametrize("workflow", ["next", "available"])
def test_an_unknown_operation_is_left_to_others(ignoring, workflow):
    ignoring.groups["jobs"]["workflow"] = workflow
    ignoring.start()
    job = ignoring.create(FOREIGN)
    ignoring.wait_log("left to others")
    settle(ignoring)
    assert status_of(ignoring, job) == "QUEUED" and sent(ignoring, job) == []
    ignoring.sandbox.cancel(job)
    works_on(ignoring)
    assert len(requests(ignoring)) < 20


def test_what_is_left_to_others_is_in_nobodys_way(ignoring):
    """With a list, the jobs behind it run."""
    ignoring.groups["jobs"]["workflow"] = "available"
    foreign = [ignoring.create(FOREIGN) for _ in range(2)]
    ignoring.start()
    for _ in range(3):
        works_on(ignoring)
    assert [status_of(ignoring, job) for job in foreign] == ["QUEUED"] * 2
    assert len(requests(ignoring)) < 60


def test_start_next_cannot_leave_anything_to_others(ignoring):
    """It has begun the job before it knows what it is."""
    ignoring.groups["jobs"]["workflow"] = "start-next"
    config = ignoring.write_config()
    result = subprocess.run([ERRANDD, "--config", config, "--check-config"], capture_output=True, text=True,
                            check=False)
    assert result.returncode == 78
    assert "[jobs] unknown-operation: " in result.stdout + result.stderr


@pytest.fixture
def small_disk(device):
    """The state directory is a file system of its own, of 256 KiB."""
    device.state.mkdir(mode=0o700)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "none", device.state], check=False)
    if mounted.returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    yield device
    device.kill()
    subprocess.run(["umount", device.state], check=True)


@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
def test_what_cannot_be_recorded_is_tried_again_slowly(small_disk, sandbox, workflow):
    """Nothing runs, the service is not flooded, and the job runs once there is room on the disk again."""
    device = small_disk
    device.groups["jobs"]["workflow"] = workflow
    device.groups["jobs"]["resync-interval"] = "1s"
    device.start(ERRAND_TEST_TIME_SCALE="30")       # half a minute: a second
    filler = device.state / "filler"
    with pytest.raises(OSError):
        filler.write_bytes(bytes(1024 * 1024))
    since = sandbox.last()
    job = device.create(shell(f"echo run >> {device.marker}"))
    device.wait_log("cannot be written")
    begin = sandbox.expect(after=since, thing=device.name, kind="request")["monotonic"]
    assert wait_for(lambda: heard_for(3, sandbox, device, since, begin), "three seconds of requests") < 30
    assert device.marker_lines() == []
    filler.unlink()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]


def heard_for(seconds, sandbox, device, since, begin):
    """The number of requests, once the last came so many seconds after the first."""
    heard = sandbox.ledger(after=since, thing=device.name, kind="request")
    return len(heard) if heard[-1]["monotonic"] - begin > seconds else 0
