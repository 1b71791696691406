"""The wall clock jumps by ten years and back: nothing that errand decides looks at it."""

import time

import pytest

from clocked import JUMPS, NEEDS, set_clock
from device import wait_for
from lives import shell

pytestmark = NEEDS


def years_in_history(device):
    return [line.split('"time":"')[1][:4] for line in (device.state / "history").read_text().splitlines()]


def gate(device, **more):
    go = device.directory / "go"
    go.unlink(missing_ok=True)
    job = device.create(shell(f"echo begin >> {device.marker}; while [ ! -e {go} ]; do sleep 0.02; done", **more))
    wait_for(device.marker_lines, "the action started")
    return job, go


@pytest.mark.parametrize("jump", JUMPS)
def test_req_12_a_jump_in_mid_job(clocked, jump):
    device = clocked
    device.start()
    job, go = gate(device, timeout=60)
    since = device.sandbox.last()
    set_clock(device, JUMPS[jump])
    device.sandbox.notify(device.name)
    second = device.create(shell(f"echo second >> {device.marker}"))
    device.sandbox.expect(after=since, timeout=20, thing=device.name, kind="notification")
    assert device.sandbox.execution(job, device.name)["status"] == "IN_PROGRESS"
    go.touch()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["begin", "second"]
    device.wait_empty()
    # The jump did happen, for the one who looks at the clock.
    here = int(years_in_history(device)[-1])
    assert abs(here - time.gmtime().tm_year) >= 9


@pytest.mark.parametrize("jump", JUMPS)
def test_req_12_a_jump_does_not_move_a_deadline(clocked, jump):
    """Neither ends a job early, nor lets it live on."""
    device = clocked
    device.start()
    job = device.create(shell(f"echo begin >> {device.marker}; sleep 120", timeout=2))
    wait_for(device.marker_lines, "the action started")
    set_clock(device, JUMPS[jump])
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "timed-out")
