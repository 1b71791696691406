"""What the service's own timers leave: a step is stopped in time to be reported as timed out, and not found TIMED_OUT
at its work. Where a step may take longer than the service's longest timer, no step timer runs."""

import pytest

from device import wait_for
from exchange import finals, knob, sent, settle, shell, status_of, works_on, WORKFLOWS

MINUTE = 60
SCALE = "5"     # errandd asks 3 s after the start of a step how much time is left


def open_ended(device, **more):
    """Runs until the file "go" is there."""
    return shell(f"echo begun >> {device.marker}; while [ ! -e {device.directory}/go ]; do sleep 0.02; done", **more)


def with_seconds_left(device, seconds, document=None, **settings):
    """A running job whose in-progress timer has so much left when errandd first asks."""
    job = device.create(document or open_ended(device), timeout=1, **settings)
    wait_for(device.marker_lines, "the action started")
    device.sandbox.advance(MINUTE - seconds)
    return job


def assert_stopped_in_time(device, job):
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "timed-out")
    assert "the time that the service gives the job" in details["message"]
    assert finals(device, job) == ["FAILED"]
    settle(device)


def test_req_06_stopped_before_the_jobs_own_timer_ends(device):
    device.start(ERRAND_TEST_TIME_SCALE=SCALE)
    job = with_seconds_left(device, 12)
    assert_stopped_in_time(device, job)
    works_on(device)


def test_a_service_that_falls_silent_is_not_waited_for(device, sandbox):
    """What it had told once holds."""
    device.start(ERRAND_TEST_TIME_SCALE=SCALE)
    job = with_seconds_left(device, 20)
    sandbox.expect(kind="answer", thing=device.name, api="DescribeJobExecution", jobId=job)
    sandbox.fault("DescribeJobExecution", "drop", thing=device.name, count=0)
    assert_stopped_in_time(device, job)


def test_a_failure_that_is_ignored_does_not_start_what_has_no_time(device):
    """The steps behind would be found at work, too."""
    steps = [{"action": {"name": name, "type": "shell", "input": open_ended(device), "runAsUser": "root",
                         "ignoreStepFailure": True}} for name in ("One", "Two")]
    device.start(ERRAND_TEST_TIME_SCALE=SCALE)
    job = with_seconds_left(device, 12, {"version": "1.0", "steps": steps})
    assert_stopped_in_time(device, job)
    assert device.marker_lines() == ["begun"]


def test_a_long_grace_ends_with_the_jobs_time(device):
    """Who does not heed TERM is killed before the service's end, not when cancel-grace is over."""
    device.groups["jobs"]["cancel-grace"] = "1min"
    device.start(ERRAND_TEST_TIME_SCALE=SCALE)
    job = device.create({"operation": "hang-ignoring-term", "timeout": 600}, timeout=1)
    device.wait_in_progress(job)
    wait_for(device.children, "it runs")
    device.sandbox.advance(MINUTE - 20)
    assert_stopped_in_time(device, job)


def test_a_life_after_a_crash_is_told(device, sandbox):
    device.start()
    job = with_seconds_left(device, 14, knob(device, operation="knob-resumable", sleep=60000, timeout=600))
    device.kill()
    device.start()
    wait_for(lambda: len(device.marker_lines()) == 2, "started again")
    assert_stopped_in_time(device, job)


def test_the_step_timer_is_pushed_and_not_taken_for_the_end(device, sandbox):
    """Little is left of it only until errandd says that it is there."""
    device.start(ERRAND_TEST_TIME_SCALE=SCALE)
    job = device.create(open_ended(device, timeout=600))
    wait_for(device.marker_lines, "the action started")
    sandbox.advance(11 * MINUTE - 12)
    answers = {"kind": "answer", "thing": device.name, "api": "DescribeJobExecution", "jobId": job}
    first = sandbox.expect(**answers, timeout=20)
    assert first["payload"]["execution"]["approximateSecondsBeforeTimedOut"] < 20
    second = sandbox.expect(after=first["n"], **answers, timeout=20)
    assert second["payload"]["execution"]["approximateSecondsBeforeTimedOut"] > 600
    (device.directory / "go").touch()
    assert device.wait(job)[0] == "SUCCEEDED"


def test_a_short_job_costs_no_question(running, sandbox):
    since = sandbox.last()
    job = running.create(shell("true"), timeout=5)
    assert running.wait(job)[0] == "SUCCEEDED"
    works_on(running)
    asked = sandbox.ledger(after=since, kind="request", api="DescribeJobExecution", jobId=job)
    assert asked == []


# ---- no step timer ----

def step_timers(device, job):
    return [entry["payload"].get("stepTimeoutInMinutes") for entry in device.updates(job)]


@pytest.mark.parametrize("minus_one", ["accept", "reject"])
@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_step_timer_beyond_the_services_longest(workflow, minus_one, device, sandbox):
    """The plugin says that it may take eight days; the service takes -1 in updates, perhaps not in start-next."""
    device.groups["jobs"]["workflow"] = workflow
    sandbox.switch("start-next-minus-one", minus_one)
    try:
        device.start()
        job = device.create(knob(device, operation="knob-patient", progress=2, sleep=1000, linger=60000))
        wait_for(lambda: len(sent(device, job)) >= 2, "progress")
        assert set(step_timers(device, job)) == {-1}
        sandbox.advance(6 * 24 * 60 * MINUTE)
        assert status_of(device, job) == "IN_PROGRESS"
        sandbox.cancel(job, force=True)
        settle(device)
    finally:
        sandbox.switch("start-next-minus-one", "accept")


def test_a_service_that_refuses_minus_one(device, sandbox):
    """The claim is sent once more without it."""
    job = f"minus-one-{device.name[-8:]}"
    sandbox.fault("UpdateJobExecution", "error", code="InvalidRequest", thing=device.name, job=job, count=1)
    device.start()
    device.create(knob(device, operation="knob-patient"), job_id=job)
    assert device.wait(job)[0] == "SUCCEEDED"
    assert step_timers(device, job)[:2] == [-1, None]
