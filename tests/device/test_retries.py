"""What comes back under the same job id, and what is taken away in the other workflows."""

import pytest

from device import wait_for
from exchange import finals, knob, requests, settle, shell, status_of, works_on, WORKFLOWS
from errand_sandbox.model import arn


@pytest.fixture(params=WORKFLOWS)
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    return request.param


@pytest.mark.parametrize("pair", ["on", "off"])
def test_req_09_a_failed_execution_is_retried_as_a_new_one(workflow, pair, device, sandbox):
    """Same job, next number: run again, told again; with or without an empty notification in between."""
    sandbox.switch("retry-empty-pair", pair)
    try:
        device.start()
        job = device.create(shell(f"echo run >> {device.marker}; [ $(wc -l < {device.marker}) = 3 ]"), retries=3)
        wait_for(lambda: status_of(device, job) == "SUCCEEDED", "the third try")
    finally:
        sandbox.switch("retry-empty-pair", "on")
    settle(device)
    assert device.marker_lines() == ["run"] * 3
    assert finals(device, job) == ["FAILED", "FAILED", "SUCCEEDED"]
    numbers = [u["payload"]["executionNumber"] for u in device.updates(job) if u["payload"]["status"] != "IN_PROGRESS"]
    assert numbers == [1, 2, 3]


def test_req_13_rejected_is_not_retried(workflow, device):
    device.start()
    job = device.create({"operation": "no-such-operation"}, retries=3)
    assert device.wait(job)[0] == "REJECTED"
    works_on(device)
    assert finals(device, job) == ["REJECTED"]


def test_req_09_a_thing_that_leaves_a_group_and_joins_again(workflow, device, sandbox):
    """A continuous job is handed out anew, long after the first execution has ended."""
    group = f"again-{device.name[-8:]}"
    sandbox.call("POST", ["thing-groups", group], {})
    body = {"thingGroupName": group, "thingName": device.name}
    device.start()
    sandbox.call("PUT", ["thing-groups", "addThingToThingGroup"], body)
    job = device.create(knob(device), targets=[arn("thinggroup", group)], targetSelection="CONTINUOUS")
    assert device.wait(job)[0] == "SUCCEEDED"
    sandbox.call("PUT", ["thing-groups", "removeThingFromThingGroup"], body)
    sandbox.call("PUT", ["thing-groups", "addThingToThingGroup"], body)
    wait_for(lambda: len(device.marker_lines()) == 2, "the second execution")
    assert device.wait(job)[0] == "SUCCEEDED"
    assert sandbox.execution(job, device.name)["executionNumber"] == 2


def test_req_09_a_job_id_that_is_used_again(workflow, device, sandbox):
    """Deleted and created anew: the same id and number, another time of queueing."""
    job = f"again-{device.name[-8:]}"
    device.start()
    assert device.run(knob(device), job_id=job)[0] == "SUCCEEDED"
    sandbox.delete(job, force=True)
    sandbox.advance(2)
    assert device.run(knob(device), job_id=job)[0] == "SUCCEEDED"
    assert len(device.marker_lines()) == 2


@pytest.mark.parametrize("how", ["cancel", "delete", "time-out"])
def test_req_05_taken_away_while_running(workflow, how, device, sandbox):
    """The service is asked about it, the work stops, the one behind it runs."""
    device.start()
    job = device.create(knob(device, sleep=60000))
    behind = device.create(shell("true"))
    wait_for(device.marker_lines, "the action started")
    since = sandbox.last()
    if how == "cancel":
        sandbox.cancel(job, force=True)
    elif how == "delete":
        sandbox.delete_execution(job, device.name, force=True)
    else:
        sandbox.advance(8 * 24 * 3600)
    assert device.wait(behind)[0] == "SUCCEEDED"
    settle(device)
    assert finals(device, job) == []
    assert 1 <= len(requests(device, since, api="DescribeJobExecution", jobId=job)) <= 3


def test_req_05_one_of_several_is_taken_away(device, sandbox):
    """The others are asked about at most, and go on."""
    device.groups["jobs"].update({"workflow": "available", "max-parallel": "3"})
    device.start()
    wait = f"while [ ! -e {device.directory}/go ]; do sleep 0.02; done"
    jobs = [device.create(shell(f"echo {i} >> {device.marker}; {wait}"))
            for i in range(3)]
    wait_for(lambda: len(device.marker_lines()) == 3, "three at once")
    sandbox.cancel(jobs[1], force=True)
    wait_for(lambda: len(device.job_folders()) == 2, "one is gone")
    assert [status_of(device, job) for job in jobs] == ["IN_PROGRESS", "CANCELED", "IN_PROGRESS"]
    (device.directory / "go").touch()
    assert device.wait(jobs[0])[0] == device.wait(jobs[2])[0] == "SUCCEEDED"
    assert finals(device, jobs[1]) == []
    settle(device)
