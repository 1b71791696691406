"""What tests of the conversation with the service share: job documents, the ledger, and what a refusal must say."""

import re

from device import wait_for

WORKFLOWS = ("next", "start-next", "available")
REASONS = set("""
    invalid-document unknown-operation not-allowed bad-signature condition-not-met interrupted timed-out crashed
    protocol no-result exit-status killed no-space not-found download-failed checksum-mismatch expired-url
    install-failed rolled-back not-booted health-check-failed reboot-did-not-happen internal""".split())
PLUGIN_REASON = re.compile(r"[a-z0-9-]{1,64}")
VALUE_MAX = 1024


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


def knob(device, **more):
    return {"operation": "knob", "marker": str(device.marker), **more}


def update(device, job, status):
    """Fields of a fault: those updates of this job that set this status."""
    return {"api": "UpdateJobExecution", "thing": device.name, "job": job, "status": status}


def requests(device, after=0, **wanted):
    return device.sandbox.ledger(after=after, kind="request", thing=device.name, **wanted)


def sent(device, job, after=0):
    """The statuses of a job in the order they were sent."""
    return [entry["payload"]["status"] for entry in device.updates(job, after)]


def finals(device, job, after=0):
    return [status for status in sent(device, job, after) if status != "IN_PROGRESS"]


def status_of(device, job):
    return device.sandbox.execution(job, device.name)["status"]


def works_on(device):
    """It still takes a job; whatever happened before is over then."""
    assert device.run(shell("true"))[0] == "SUCCEEDED"


def settle(device):
    """Until nothing of any job is left, neither folders nor processes; the daemon lives."""
    device.wait_empty()
    wait_for(lambda: not device.children(), "processes gone")
    assert device.alive()


def no_loop(device, act, limit=3):
    """Runs act, then a whole job: the service heard at most `limit` updates of other jobs meanwhile."""
    since = device.sandbox.last()
    act()
    job = device.create(shell("true"))
    assert device.wait(job)[0] == "SUCCEEDED"
    others = [e for e in requests(device, since, api="UpdateJobExecution") if e["jobId"] != job]
    assert len(others) <= limit, others


def assert_explained(details):
    """A refusal names a reason, and says in a message what happened."""
    assert PLUGIN_REASON.fullmatch(details.get("reason", "")), details
    assert details.get("message"), details
    assert len(details) <= 10, details
    for value in details.values():
        assert 0 < len(value.encode("utf-16-le")) // 2 <= VALUE_MAX, details
    if details["reason"] == "exit-status":
        assert "exitCode" in details, details
    if details["reason"] == "killed":
        assert "signal" in details, details


def assert_all_explained(device):
    """Every FAILED and REJECTED this device sent, but for those whose details the service had refused before."""
    refused = {}
    for entry in requests(device, api="UpdateJobExecution"):
        payload = entry["payload"]
        if payload.get("status") not in ("FAILED", "REJECTED"):
            continue
        if "statusDetails" in payload:
            assert_explained(payload["statusDetails"])
            refused[entry["jobId"]] = True
        else:
            assert refused.get(entry["jobId"]), f"{payload['status']} without details"
