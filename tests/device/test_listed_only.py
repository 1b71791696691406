"""Executions that a list names, but that nobody can describe: a few questions each, and the others go past them."""

import pytest

from device import wait_for
from exchange import requests, shell, status_of, works_on

DESCRIBE = "DescribeJobExecution"


@pytest.fixture
def listed(device):
    device.groups["jobs"].update({"workflow": "available", "request-timeout": "500ms"})
    return device


def ghost(device, **fault):
    """A job id that is listed and cannot be described."""
    job = f"ghost-{device.name[-8:]}"
    device.sandbox.fault(DESCRIBE, thing=device.name, job=job, count=0, **fault)
    return job


FAULTS = [{"action": "error", "code": "ResourceNotFound"}, {"action": "error", "code": "TerminalStateReached"},
          {"action": "error", "code": "InvalidRequest"}, {"action": "drop"}]


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.get("code", fault["action"]) for fault in FAULTS])
def test_others_go_past_it(listed, fault):
    job = ghost(listed, **fault)
    listed.start(ERRAND_TEST_TIME_SCALE="20")
    listed.create(shell("true"), job_id=job)
    for _ in range(2):
        assert listed.run(shell("true"))[0] == "SUCCEEDED"
    assert status_of(listed, job) == "QUEUED"


def test_it_is_not_asked_about_for_ever(listed, sandbox):
    """Time goes faster here: a question a second would leave no silence."""
    job = ghost(listed, action="error", code="ResourceNotFound")
    listed.start(ERRAND_TEST_TIME_SCALE="50")
    listed.create(shell("true"), job_id=job)
    wait_for(lambda: len(requests(listed, api=DESCRIBE, jobId=job)) >= 3, "asked about")
    wait_for(lambda: not sandbox.ledger(after=sandbox.last(), timeout=2, kind="request", thing=listed.name), "silence")
    works_on(listed)
    sandbox.clear_faults()
    sandbox.notify(listed.name)
    assert listed.wait(job)[0] == "SUCCEEDED"
