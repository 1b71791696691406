"""A state directory that is full or read-only, at the start and in the middle."""

import os
import subprocess

import pytest

from device import wait_for


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


def mount(*words):
    return subprocess.run(["mount", *map(str, words)], capture_output=True, check=False).returncode == 0


@pytest.fixture
def small(device):
    """A gateway whose state directory is a file system of 256 KiB."""
    device.state.mkdir(parents=True, exist_ok=True)
    if not mount("-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", device.state):
        pytest.skip("cannot mount here")
    yield device
    if device.alive():
        device.kill()
    subprocess.run(["umount", "--lazy", str(device.state)], check=True)


def fill(device):
    file = os.open(device.state / "ballast", os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(file, b"x" * 4096)
    except OSError:
        os.close(file)


def release(device):
    (device.state / "ballast").unlink()


def processor_seconds(device):
    fields = open(f"/proc/{device.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_full_in_the_middle_of_a_step(small):
    small.start()
    job = small.create(shell(f"echo begin >> {small.marker}; while [ ! -e {small.directory}/go ]; do sleep 0.1; done"))
    wait_for(small.marker_lines, "the action started")
    fill(small)
    (small.directory / "go").touch()
    assert small.wait(job)[0] == "SUCCEEDED"
    release(small)
    assert small.run(shell("true"))[0] == "SUCCEEDED"
    assert small.marker_lines() == ["begin"]
    small.wait_empty()


def test_full_when_a_job_comes(small, sandbox):
    small.start()
    fill(small)
    since = sandbox.last()
    job = small.create(shell(f"echo begin >> {small.marker}"))
    sandbox.expect(after=since, thing=small.name, timeout=20)
    before = processor_seconds(small)
    with pytest.raises(TimeoutError):
        wait_for(lambda: False, "three quiet seconds", timeout=3)
    assert processor_seconds(small) - before < 1.5
    assert len(sandbox.ledger(after=since, kind="request", thing=small.name)) < 30
    assert small.marker_lines() == []
    release(small)
    small.kill()
    small.start()
    status, details = small.wait(job)
    assert status == "SUCCEEDED" or details["reason"] == "no-space"
    assert len(small.marker_lines()) == (1 if status == "SUCCEEDED" else 0)
    assert small.run(shell("true"))[0] == "SUCCEEDED"


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_from_the_start(small, sandbox, how):
    small.start()
    job = small.create(shell(f"echo begin >> {small.marker}; sleep 100"))
    wait_for(small.marker_lines, "the action started")
    small.kill()
    if how == "full":
        fill(small)
    else:
        assert mount("-o", "remount,ro", small.state)
    small.start(ready=False)
    assert small.wait(job)[1]["reason"] == "interrupted"
    if how == "full":
        release(small)
    else:
        assert "read-only" in small.log().lower()
        assert mount("-o", "remount,rw", small.state)
    assert small.run(shell("true"))[0] == "SUCCEEDED"
    assert small.marker_lines() == ["begin"]
