"""No part file outlives its job, not even when its runner was killed; what belongs to others is left alone."""

import os
import signal
import threading
from pathlib import Path

import pytest
from device import RUNNER, wait_for
from file_source import FileSource, Zeros

SIZE = 2_000_000
OTHERS = [".errand-job-of-another-0123456789abcdef.part", ".errand-.part", "a file"]


def half(handler, content):
    handler.head(200, ETag='"one"', Content_Length=len(content))
    handler.body(0, len(content) // 2)
    handler.server.source.done.wait(60)


@pytest.fixture
def source():
    with FileSource(Zeros(SIZE), half) as made:
        made.done = threading.Event()
        yield made
        made.done.set()


@pytest.fixture
def shared(device):
    """A directory in which other jobs, and people, have files of their own."""
    for name in OTHERS:
        (device.downloads / name).write_text("not yours")
    return device


def begin(device, source, **more):
    job = device.create({"operation": "download", "url": source.url(), "path": str(device.downloads / "file"), **more})
    part = wait_for(lambda: next((path for path in device.downloads.glob(f".errand-{job}-*.part")
                                  if path.stat().st_size > 0), None), "the part file")
    return job, part


def runner_of(device):
    return next(pid for pid in device.children() if Path(f"/proc/{pid}/exe").resolve() == RUNNER)


def assert_only_others(device):
    device.wait_empty()
    assert sorted(os.listdir(device.downloads)) == sorted(OTHERS)


def test_a_frozen_runner_that_is_cancelled(shared, sandbox, source):
    job, _ = begin(shared.start(), source)
    os.kill(runner_of(shared), signal.SIGSTOP)
    sandbox.cancel(job, force=True)
    assert_only_others(shared)


def test_a_frozen_runner_that_runs_out_of_time(shared, source):
    job, _ = begin(shared.start(), source, timeout=2)
    os.kill(runner_of(shared), signal.SIGSTOP)
    status, details = shared.wait(job)
    assert (status, details["reason"]) == ("FAILED", "timed-out")
    assert_only_others(shared)


def test_a_killed_runner(shared, source):
    job, _ = begin(shared.start(), source)
    os.kill(runner_of(shared), signal.SIGKILL)
    status, details = shared.wait(job)
    assert status == "FAILED", details
    assert_only_others(shared)


def test_a_job_cancelled_while_the_daemon_is_dead(shared, sandbox, source):
    job, part = begin(shared.start(), source)
    shared.kill()
    assert part.exists()
    sandbox.cancel(job, force=True)
    shared.start()
    assert_only_others(shared)


def test_a_job_whose_record_is_damaged(shared, source):
    job, part = begin(shared.start(), source)
    shared.kill()
    assert part.exists()
    record = next(shared.state.glob(f"jobs/{job}.*/record"))
    record.write_text("nonsense")
    shared.start()
    assert shared.wait(job)[0] == "FAILED"
    assert_only_others(shared)


def test_the_part_file_of_a_job_that_runs_beside_it(shared, sandbox, source):
    """Two jobs in one directory: the end of one, killed, is not the end of the other's file."""
    shared.groups["jobs"].update({"workflow": "available", "max-parallel": "2"})
    shared.start()
    first, _ = begin(shared, source)
    victim = runner_of(shared)
    second, second_part = begin(shared, source)
    os.kill(victim, signal.SIGKILL)
    assert shared.wait(first)[0] == "FAILED"
    wait_for(lambda: not any(first in name for name in os.listdir(shared.downloads)), "the first job's file gone")
    assert second_part.exists()
    sandbox.cancel(second, force=True)
    assert_only_others(shared)
