"""The step timer is set with the claim and pushed out by those who work, and what the service ends, ends here."""

import pytest

from device import wait_for
from exchange import finals, knob, requests, sent, settle, shell, status_of, works_on, WORKFLOWS

MINUTE = 60


def timers(device, job):
    return [entry["payload"].get("stepTimeoutInMinutes") for entry in device.updates(job)]


def open_ended(device, **more):
    """Runs until the file "go" is there."""
    return shell(f"echo begun >> {device.marker}; while [ ! -e {device.directory}/go ]; do sleep 0.02; done", **more)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_the_step_timer_is_set_with_the_claim(device, workflow):
    """The step's own time limit and a margin; the service takes at most seven days."""
    device.groups["jobs"]["workflow"] = workflow
    device.start()
    for timeout, minutes in ((30, 2), (600, 11), (7 * 24 * 3600, 10080)):
        job = device.create(shell("true", timeout=timeout))
        assert device.wait(job)[0] == "SUCCEEDED"
        assert timers(device, job) == [minutes, None]


def test_a_heartbeat_pushes_the_step_timer_out(device, sandbox):
    device.start(ERRAND_TEST_TIME_SCALE="50")
    job = device.create(knob(device, sleep=60000, timeout=60))      # a plugin that says nothing
    wait_for(device.marker_lines, "the action started")
    for _ in range(4):
        heard = len(sent(device, job))
        wait_for(lambda: len(sent(device, job)) > heard, "a heartbeat")
        sandbox.advance(1.5 * MINUTE)
        assert status_of(device, job) == "IN_PROGRESS"
    sandbox.cancel(job, force=True)
    settle(device)


def test_progress_pushes_the_step_timer_out(device, sandbox):
    device.start()
    job = device.create(knob(device, sleep=3000, progress=6, linger=200, timeout=60))
    for _ in range(3):
        heard = len(sent(device, job))
        wait_for(lambda: len(sent(device, job)) > heard, "progress")
        sandbox.advance(1.5 * MINUTE)
    assert device.wait(job)[0] == "SUCCEEDED"


def test_req_01_a_dead_gateway_times_out(running, sandbox):
    """Nobody pushes the timer out any more; what the daemon then reports is dropped, and said once."""
    job = running.create(open_ended(running, timeout=60))
    behind = running.create(shell("true"))
    wait_for(running.marker_lines, "the action started")
    running.kill()
    sandbox.advance(3 * MINUTE)
    assert status_of(running, job) == "TIMED_OUT"
    running.start()
    assert running.wait(behind)[0] == "SUCCEEDED"
    settle(running)
    assert running.log().count(f"[{job}] the service does not take") == 1
    assert finals(running, job) == ["FAILED"]
    assert status_of(running, job) == "TIMED_OUT"
    assert running.marker_lines() == ["begun"]


def test_req_05_the_jobs_own_timer_ends_the_step(running, sandbox):
    """Heartbeats do not help against the in-progress timer of the job."""
    job = running.create(open_ended(running), timeout=2)
    behind = running.create(shell("true"))
    wait_for(running.marker_lines, "the action started")
    since = sandbox.last()
    sandbox.advance(3 * MINUTE)
    assert running.wait(behind)[0] == "SUCCEEDED"
    settle(running)
    assert status_of(running, job) == "TIMED_OUT"
    assert finals(running, job) == []
    assert requests(running, since, api="DescribeJobExecution", jobId=job)


def test_a_job_that_little_time_is_left_for(device, sandbox):
    """The service's shorter timer stays in force whatever step timer is asked for."""
    device.groups["jobs"]["workflow"] = "start-next"
    device.start()
    job = device.create(open_ended(device, timeout=3600), timeout=1)
    wait_for(device.marker_lines, "the action started")
    sandbox.advance(1.1 * MINUTE)
    settle(device)
    assert status_of(device, job) == "TIMED_OUT"
    works_on(device)


def test_a_retry_after_a_timeout_is_a_new_job(running, sandbox):
    """The same job id comes back while the first execution's step is still being stopped."""
    retry = {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "TIMED_OUT", "numberOfRetries": 1}]}}
    job = running.create(knob(running, sleep=1000, deaf=True), timeout=2, **retry)
    wait_for(running.marker_lines, "the action started")
    sandbox.advance(3 * MINUTE)
    assert running.wait(job)[0] == "SUCCEEDED"
    execution = sandbox.execution(job, running.name)
    assert (execution["executionNumber"], execution["status"]) == (2, "SUCCEEDED")
    assert len(running.marker_lines()) == 2
    settle(running)
