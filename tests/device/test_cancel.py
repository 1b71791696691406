"""Cancelled, deleted, timed out: the work stops, nothing is reported, the next job runs."""

import pytest

from device import wait_for


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


LONG = "echo begin >> {0}; sleep 120 & wait; echo end >> {0}"


def start_long(device, script=LONG):
    job = device.create(shell(script.format(device.marker)))
    wait_for(device.marker_lines, "the action started")
    assert device.children()
    return job


@pytest.mark.parametrize("how", ["cancel", "delete", "time-out"])
def test_taken_away_while_running(running, sandbox, how):
    job = start_long(running)
    since = sandbox.last()
    if how == "cancel":
        sandbox.cancel(job, force=True)
    elif how == "delete":
        sandbox.delete_execution(job, running.name, force=True)
    else:
        sandbox.advance(8 * 24 * 3600)
    running.wait_empty()
    assert running.children() == []
    assert running.marker_lines() == ["begin"]
    finals = [u for u in running.updates(job, since) if u["payload"]["status"] != "IN_PROGRESS"]
    assert finals == []
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_a_program_that_ignores_term_is_killed(running, sandbox):
    job = start_long(running, "trap '' TERM INT; echo begin >> {0}; while :; do sleep 1; done")
    sandbox.cancel(job, force=True)
    running.wait_empty()
    assert running.children() == []


def test_cancelled_while_queued_never_runs(running, sandbox):
    first = start_long(running)
    second = running.create(shell(f"echo second >> {running.marker}"))
    sandbox.cancel(second)
    sandbox.cancel(first, force=True)
    running.wait_empty()
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.marker_lines() == ["begin"]


def test_an_unforced_cancel_leaves_the_running_job_alone(running, sandbox):
    job = running.create(shell(f"echo begin >> {running.marker}; sleep 1; echo end >> {running.marker}"))
    wait_for(running.marker_lines, "the action started")
    sandbox.cancel(job)
    assert running.wait(job)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["begin", "end"]


def test_cancelled_while_offline(device, sandbox):
    device.start(ERRAND_TEST_TIME_SCALE="10")
    job = start_long(device)
    sandbox.broker("stop")
    sandbox.cancel(job, force=True)
    sandbox.broker("start")
    device.wait_empty()
    assert device.run(shell("true"))[0] == "SUCCEEDED"


def test_cancelled_while_the_daemon_is_down(running, sandbox):
    job = start_long(running)
    running.kill()
    sandbox.cancel(job, force=True)
    running.start()
    running.wait_empty()
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.marker_lines() == ["begin"]
    assert sandbox.execution(job, running.name)["status"] == "CANCELED"


def test_a_job_in_front_does_not_cancel_the_running_one(running, sandbox):
    """Another agent starts an older execution: the head changes, the running job is still ours."""
    blocker = running.create(shell("sleep 0.5"))
    job = running.create(shell(f"sleep 1; echo end >> {running.marker}"))
    assert running.wait(blocker)[0] == "SUCCEEDED"
    assert running.wait(job)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["end"]
