"""An execution that the service takes no status for stands in nobody's way, and is named until somebody cancels it."""

import pytest

from device import wait_for
from exchange import finals, knob, requests, sent, settle, shell, status_of, works_on, WORKFLOWS

PASSED = "the service refuses every status"


@pytest.fixture(params=WORKFLOWS)
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    device.groups["jobs"]["resync-interval"] = "1s"
    return request.param


def poison(device, word, **fault):
    """A job id whose updates are all refused for good."""
    job = f"poison-{word}-{device.name[-8:]}"
    device.sandbox.fault("UpdateJobExecution", "error", code="InvalidRequest", thing=device.name, job=job, count=0,
                         **fault)
    return job


def test_others_go_past_a_job_that_cannot_be_claimed(workflow, device):
    """It is tried to end it FAILED; the ones behind it run; the log says it more than once."""
    job = poison(device, "claim")
    device.start()
    device.create(knob(device), job_id=job)
    behind = [device.create(shell("true")) for _ in range(3)]
    for other in behind:
        assert device.wait(other)[0] == "SUCCEEDED"
    later = device.create(shell("true"))
    assert device.wait(later)[0] == "SUCCEEDED"
    settle(device)
    assert device.marker_lines() == []
    assert finals(device, job) == ["FAILED", "FAILED"]
    assert "statusDetails" not in device.updates(job)[-1]["payload"]
    wait_for(lambda: device.log().count(PASSED) >= 2, "said again")
    assert f"[{job}]" in device.log()
    assert len(sent(device, job)) == 4


def test_others_go_past_a_job_whose_end_is_refused(workflow, device, sandbox):
    job = poison(device, "final", status="SUCCEEDED")
    device.start()
    device.create(knob(device), job_id=job)
    behind = [device.create(shell("true")) for _ in range(3)]
    for other in behind:
        assert device.wait(other)[0] == "SUCCEEDED"
    settle(device)
    assert len(device.marker_lines()) == 1
    assert status_of(device, job) == "IN_PROGRESS"
    wait_for(lambda: device.log().count(PASSED) >= 2, "said again")
    sandbox.clear_faults()
    sandbox.cancel(job, force=True)
    works_on(device)
    said = device.log().count(PASSED)
    since = sandbox.last()
    wait_for(lambda: len(requests(device, since)) >= 3, "the next resyncs")
    assert device.log().count(PASSED) == said


def test_one_that_can_be_ended_is(device):
    """Only the claim is refused: the operator sees why."""
    job = poison(device, "start", status="IN_PROGRESS")
    device.start()
    device.create(knob(device), job_id=job)
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "internal")
    assert "InvalidRequest" in details["message"]
    assert device.marker_lines() == []
    works_on(device)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_req_09_a_job_id_that_is_used_again_within_a_second(name, device, sandbox):
    """Same id, number and second of queueing: what the service shows as queued and untouched, asked after it took the
    end of the other, is another one."""
    device.groups["jobs"]["workflow"] = name
    job = f"again-{device.name[-8:]}"
    device.start()
    times = []
    while len(times) < 2 or times[-1] != times[-2]:
        lines = len(device.marker_lines())
        device.create(knob(device), job_id=job)
        wait_for(lambda: len(device.marker_lines()) > lines, "it ran")
        assert device.wait(job)[0] == "SUCCEEDED"
        times.append(sandbox.execution(job, device.name)["queuedAt"] // 1)
        sandbox.delete(job, force=True)
        assert len(times) < 20
    settle(device)
    assert len(device.marker_lines()) == len(times)
