"""The three ways to get at jobs: each runs them, drains a queue, finds its own again, and refuses what cannot run."""

import json

import pytest

from device import plugin_directories, wait_for
from exchange import finals, knob, requests, sent, settle, shell, status_of, update, WORKFLOWS, works_on

START_NEXT = "StartNextPendingJobExecution"


@pytest.fixture(params=WORKFLOWS)
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    return request.param


def test_runs_a_job(workflow, device):
    device.start()
    assert device.run(shell("echo out")) == ("SUCCEEDED", {"stdout": "out"})
    settle(device)


def test_req_03_a_queue_is_drained_in_its_order(workflow, device):
    """More than a list of the service holds, and all of it there before the daemon is."""
    jobs = [device.create(knob(device)) for _ in range(12)]
    device.start()
    for job in jobs:
        assert device.wait(job)[0] == "SUCCEEDED"
    assert [line.split()[2] for line in device.marker_lines()] == jobs


@pytest.mark.parametrize("broker", ["away", "restarted"])
def test_req_03_queued_during_an_outage(workflow, broker, device, sandbox):
    device.start(ERRAND_TEST_TIME_SCALE="10")
    sandbox.broker("stop" if broker == "away" else "restart")
    job = device.create(shell("true"))
    if broker == "away":
        sandbox.broker("start")
    assert device.wait(job)[0] == "SUCCEEDED"


def test_req_03_swallowed_notifications_are_found_by_resync(workflow, device, sandbox):
    device.groups["jobs"]["resync-interval"] = "1s"
    device.start()
    sandbox.fault("notifications", "drop", thing=device.name, count=0)
    for _ in range(2):
        assert device.run(shell("true"))[0] == "SUCCEEDED"


def test_req_02_own_job_goes_on_after_a_restart(workflow, device):
    device.start()
    job = device.create(knob(device, operation="knob-resumable", sleep=60000, deaf=True))
    wait_for(device.marker_lines, "the action started")
    behind = device.create(shell("true"))
    device.kill()
    device.start()
    wait_for(lambda: len(device.marker_lines()) == 2, "the action started again")
    assert status_of(device, job) == "IN_PROGRESS"
    device.sandbox.cancel(job, force=True)
    assert device.wait(behind)[0] == "SUCCEEDED"
    assert [line.split()[2] for line in device.marker_lines()] == [job, job]


def test_req_02_own_job_that_cannot_go_on_is_interrupted(workflow, device):
    device.start()
    job = device.create(knob(device, sleep=60000))
    wait_for(device.marker_lines, "the action started")
    device.kill()
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert len(device.marker_lines()) == 1
    works_on(device)


@pytest.mark.parametrize("point", ["job:store-create", "job:store-created", "job:claimed"])
def test_req_02_killed_before_anything_ran(workflow, point, device):
    """What the service may have begun, but the gateway has not, is run after the restart."""
    device.start(ERRAND_TEST_CRASH_AT=point)
    job = device.create(knob(device))
    device.wait_exit()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert len(device.marker_lines()) == 1


def test_req_02_killed_before_the_answer_to_start_next(device, sandbox):
    device.groups["jobs"]["workflow"] = "start-next"
    device.start()
    since = sandbox.last()
    sandbox.fault(START_NEXT, "drop-answer", thing=device.name, count=0)
    job = device.create(knob(device))
    wait_for(lambda: status_of(device, job) == "IN_PROGRESS", "started by the service")
    sandbox.expect(after=since, kind="fault", thing=device.name)
    device.kill()
    sandbox.clear_faults()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert len(device.marker_lines()) == 1


def test_req_02_in_progress_and_the_disk_knows_nothing(workflow, device, sandbox):
    """What another life has worked on, and its record is lost: not run again; what it had reported is kept."""
    job = device.create(knob(device))
    sandbox.call("POST", ["things", device.name, "jobs", job], {
        "status": "IN_PROGRESS", "statusDetails": {"step": "2/3 Download-File", "progress": "40", "slot": "b"}})
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert device.marker_lines() == []
    assert (details["step"], details["progress"], details["slot"]) == ("2/3 Download-File", "40", "b")
    works_on(device)


@pytest.mark.parametrize("fault", ["unknown", "check", "document"])
def test_req_13_refused_while_queued(workflow, fault, device):
    documents = {"unknown": {"operation": "no-such-operation"}, "document": {"nothing": 1},
                 "check": knob(device, outcome="check-rejected")}
    device.start()
    bad, good = device.create(documents[fault]), device.create(shell("true"))
    status, details = device.wait(bad)
    assert status == "REJECTED"
    assert details["reason"] and details["message"]
    assert sent(device, bad) == ["REJECTED"]
    assert device.wait(good)[0] == "SUCCEEDED"


def test_req_13_refused_after_start_next_is_failed_when_the_service_wants_that(device, sandbox):
    device.groups["jobs"]["workflow"] = "start-next"
    device.start()
    job = f"refused-after-start-{device.name[-8:]}"
    sandbox.fault(action="error", code="InvalidStateTransition", count=0, **update(device, job, "REJECTED"))
    device.create({"operation": "no-such-operation"}, job_id=job)
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "unknown-operation")
    assert finals(device, job) == ["REJECTED", "FAILED"]
    works_on(device)


def test_req_36_a_step_that_fails_names_step_and_exit_code(workflow, device):
    device.start()
    steps = [{"action": {"name": name, "type": "runCommand", "input": {"command": command}, "runAsUser": "root"}}
             for name, command in (("First", "true"), ("Second", "sh,-c,exit 7"))]
    status, details = device.run({"version": "1.0", "steps": steps})
    assert (status, details["reason"], details["exitCode"]) == ("FAILED", "exit-status", "7")
    assert details["step"] == "2/2 Second"
    status, details = device.run(shell("kill -9 $$"))
    assert (status, details["reason"], details["signal"]) == ("FAILED", "killed", "SIGKILL")


# ---- available: a list, and several at once ----

@pytest.fixture
def listed(device):
    device.groups["jobs"]["workflow"] = "available"
    return device


def gate(device, name):
    """A script that says it has begun, and ends when the gate opens."""
    begun, opened = device.directory / f"{name}.begun", device.directory / f"{name}.open"
    return shell(f"touch {begun}; while [ ! -e {opened} ]; do sleep 0.02; done"), begun, opened


def test_as_many_in_progress_as_allowed_and_no_more(listed, sandbox):
    listed.groups["jobs"]["max-parallel"] = "3"
    gates = [gate(listed, f"job{i}") for i in range(5)]
    jobs = [listed.create(document) for document, _, _ in gates]
    listed.start()
    for _, begun, _ in gates[:3]:
        wait_for(begun.exists, "begun")
    assert [status_of(listed, job) for job in jobs] == ["IN_PROGRESS"] * 3 + ["QUEUED"] * 2
    gates[1][2].touch()
    assert listed.wait(jobs[1])[0] == "SUCCEEDED"
    wait_for(gates[3][1].exists, "the next oldest has begun")
    assert not gates[4][1].exists()
    for _, _, opened in gates:
        opened.touch()
    assert [listed.wait(job)[0] for job in jobs] == ["SUCCEEDED"] * 5


def test_exclusive_runs_alone(listed, tmp_path):
    """Nothing runs beside it, it is not overtaken, and the others go on after it."""
    listed.groups["jobs"]["max-parallel"] = "4"
    directory = tmp_path / "alone"
    directory.mkdir()
    module = next(path for path in plugin_directories() if (path / "knob.so").exists()) / "knob.so"
    (directory / "knob.so").write_bytes(module.read_bytes())
    (directory / "knob.so").chmod(0o755)
    (directory / "knob.plugin").write_text(
        "[plugin]\nname=knob\nmodule=knob.so\nabi=1\noperations=knob;knob-resumable\nexclusive=true\n")
    paths = listed.groups["paths"]
    paths["plugin-directories"] = f"{directory};{paths['plugin-directories']}"
    (before, begun, opened), (after, later, also) = gate(listed, "before"), gate(listed, "after")
    first = listed.create(before)
    alone = listed.create(knob(listed))
    last = listed.create(after)
    listed.start()
    wait_for(begun.exists, "begun")
    listed.sandbox.expect(kind="answer", thing=listed.name, api="DescribeJobExecution", jobId=alone)
    assert status_of(listed, alone) == "QUEUED" and not later.exists()
    opened.touch()
    assert listed.wait(alone)[0] == "SUCCEEDED"
    assert listed.wait(first)[0] == "SUCCEEDED"
    also.touch()
    assert listed.wait(last)[0] == "SUCCEEDED"
    assert len(listed.marker_lines()) == 1


def test_the_document_that_runs_is_the_one_of_the_claim(listed, sandbox):
    """Its presigned URL is the youngest: the one delivered with the answer to the claim."""
    url = sandbox.put_file("firmware.bin", b"payload")["placeholder"]
    listed.start()
    job = listed.create(shell(f"echo {url!r}"))
    status, _ = listed.wait(job)
    assert status == "SUCCEEDED"
    claim = listed.updates(job)[0]
    assert claim["payload"]["status"] == "IN_PROGRESS" and claim["payload"]["includeJobDocument"] is True
    answers = sandbox.ledger(kind="answer", thing=listed.name, jobId=job, api="UpdateJobExecution")
    assert "jobDocument" in answers[0]["payload"]
    asked = sandbox.ledger(kind="answer", thing=listed.name, jobId=job, api="DescribeJobExecution")
    assert json.dumps(asked[0]["payload"]["execution"]["jobDocument"]) != json.dumps(
        answers[0]["payload"]["jobDocument"])


def test_nothing_is_asked_for_while_there_is_no_room(listed):
    listed.start()
    document, begun, opened = gate(listed, "only")
    first = listed.create(document)
    wait_for(begun.exists, "begun")
    since = listed.sandbox.last()
    second = listed.create(shell("true"))
    listed.sandbox.expect(after=since, kind="notification", thing=listed.name)
    opened.touch()
    assert listed.wait(first)[0] == listed.wait(second)[0] == "SUCCEEDED"
    described = [e["n"] for e in requests(listed, api="DescribeJobExecution", jobId=second)]
    ended = [u["n"] for u in listed.updates(first) if u["payload"]["status"] == "SUCCEEDED"]
    assert described[0] > ended[0]
