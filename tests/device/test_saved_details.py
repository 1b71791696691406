"""What a plugin had told before a crash or restart of errand is still there afterwards: an update replaces the whole
map at the service, so whoever goes on has to read it back first."""

import pytest

from device import wait_for
from exchange import finals, knob, requests, sent, status_of, works_on, WORKFLOWS

EARLY = {"slot": "b", "bytes": "1048576"}


@pytest.fixture(params=WORKFLOWS)
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    return request.param


def told(device, job):
    return device.sandbox.execution(job, device.name).get("statusDetails", {})


def killed_after_telling(device, **more):
    """A job that has told its pairs to the service when errandd is killed."""
    device.start()
    job = device.create(knob(device, early=EARLY, progress=2, sleep=600, linger=60000, deaf=True, **more))
    wait_for(lambda: EARLY.items() <= told(device, job).items() and told(device, job).get("progress") == "100", "told")
    device.kill()
    return job


def test_an_interrupted_job_keeps_what_it_told(workflow, device):
    job = killed_after_telling(device)
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert EARLY.items() <= details.items()
    assert details["progress"] == "100"
    works_on(device)


def test_a_resumed_job_keeps_what_it_told(workflow, device):
    """Also in all updates between, and for another restart."""
    device.groups["jobs"]["max-attempts"] = "3"
    job = killed_after_telling(device, operation="knob-resumable")
    for life in (2, 3):
        since = device.sandbox.last()
        device.start()
        wait_for(lambda: len(device.marker_lines()) == life, "started again")
        wait_for(lambda: len(sent(device, job, since)) >= 2, "progress")
        assert all(EARLY.items() <= u["payload"]["statusDetails"].items() for u in device.updates(job, since))
        device.kill()
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert EARLY.items() <= details.items()


def test_what_is_told_anew_wins(device):
    """And what was a word of the moment then is not told now."""
    device.start()
    job = device.create(knob(device, operation="knob-resumable", early={"slot": "b", "state": "early"}, load=True,
                             save="saved", sleep=4000, progress=4))
    wait_for(lambda: told(device, job).get("state") == "early", "told")
    device.kill()
    assert status_of(device, job) == "IN_PROGRESS"
    device.start()
    status, details = device.wait(job)
    assert status == "SUCCEEDED"
    assert (details["slot"], details["state"]) == ("b", "saved")
    assert "message" not in details and details["progress"] == "100"


def test_a_verdict_waits_for_the_answer_only_so_long(device, sandbox):
    """A service that cannot describe the execution gets the final status all the same."""
    job = killed_after_telling(device)
    sandbox.fault("DescribeJobExecution", "drop", thing=device.name, job=job, count=0)
    device.groups["jobs"]["request-timeout"] = "500ms"
    since = sandbox.last()
    device.start(ERRAND_TEST_TIME_SCALE="50")
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert requests(device, since, api="DescribeJobExecution", jobId=job)


def test_what_the_service_ended_meanwhile_is_dropped(device, sandbox):
    job = killed_after_telling(device)
    sandbox.cancel(job, force=True)
    device.start()
    works_on(device)
    device.wait_empty()
    assert status_of(device, job) == "CANCELED"
    assert len(finals(device, job)) <= 1
