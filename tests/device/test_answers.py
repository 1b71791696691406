"""Every answer to every request: what passes is tried again, what stays is dropped once, nothing loops."""

import pytest

from device import wait_for
from exchange import finals, knob, requests, sent, settle, shell, status_of, update, WORKFLOWS, works_on

PASSING = ("InternalError", "RequestThrottled", "SomethingNew")
CONTENT = ("InvalidTopic", "InvalidJson", "InvalidRequest")
STATE = ("InvalidStateTransition", "ResourceNotFound", "VersionMismatch", "TerminalStateReached")
UPDATE = "UpdateJobExecution"
SCALE = {"ERRAND_TEST_TIME_SCALE": "50"}
QUESTION = {"next": "DescribeJobExecution", "start-next": "StartNextPendingJobExecution",
            "available": "GetPendingJobExecutions"}


@pytest.fixture(params=WORKFLOWS)
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    return request.param


@pytest.fixture
def quick(device):
    """Repeats what is not answered within half a second, and backs off fifty times as fast."""
    device.groups["jobs"]["request-timeout"] = "500ms"
    return device.start(**SCALE)


def own(name, device):
    """A job id known before the job is made, so that faults can name it."""
    return f"{name}-{device.name[-8:]}"


def run_marked(device, **settings):
    """A job that leaves a line each time it runs, and has something to tell."""
    return device.create(shell(f"echo run >> {device.marker}; echo out"), **settings)


def ran_once(device, job):
    assert device.wait(job)[0] == "SUCCEEDED"
    settle(device)
    assert device.marker_lines() == ["run"]


# ---- questions ----

@pytest.mark.parametrize("code", PASSING + CONTENT + STATE)
def test_a_refused_question_is_asked_again(workflow, device, sandbox, code):
    device.start(**SCALE)
    sandbox.fault(QUESTION[workflow], "error", thing=device.name, code=code, count=3)
    sandbox.fault("DescribeJobExecution", "error", thing=device.name, code=code, count=1, skip=1)
    ran_once(device, run_marked(device))


@pytest.mark.parametrize("action", ["drop", "drop-answer", "duplicate", "disconnect", "delay"])
def test_a_question_whose_answer_is_odd(workflow, device, sandbox, action):
    device.groups["jobs"]["request-timeout"] = "500ms"
    job = run_marked(device)
    for api in {QUESTION[workflow], "DescribeJobExecution"}:
        sandbox.fault(api, action, thing=device.name, seconds=1, copies=5, count=2)
    device.start(**SCALE)
    ran_once(device, job)


def test_a_service_in_trouble_is_not_hurried(device, sandbox):
    """The delays between questions grow."""
    job = run_marked(device)
    sandbox.fault("DescribeJobExecution", "error", thing=device.name, code="InternalError", count=5)
    device.start(ERRAND_TEST_TIME_SCALE="10")
    assert device.wait(job)[0] == "SUCCEEDED"
    asked = [e["monotonic"] for e in requests(device, api="DescribeJobExecution")][:6]
    assert asked[5] - asked[0] >= (2 + 4 + 8 + 16 + 32) / 2 / 10


# ---- claims ----

@pytest.mark.parametrize("code", PASSING + CONTENT + ("ResourceNotFound", "VersionMismatch"))
def test_a_claim_that_is_refused_in_passing(quick, sandbox, code):
    sandbox.fault(UPDATE, "error", thing=quick.name, status="IN_PROGRESS", code=code, count=1)
    ran_once(quick, run_marked(quick))


@pytest.mark.parametrize("code", CONTENT)
def test_a_claim_that_is_refused_for_what_it_says(quick, sandbox, code):
    """It is not run, and tried to be ended: with details, then without; then nothing more is said to the service."""
    job = own("never-claimed", quick)
    sandbox.fault(UPDATE, "error", thing=quick.name, job=job, code=code, count=0)
    run_marked(quick, job_id=job)
    quick.wait_log("the service does not take FAILED")
    settle(quick)
    works_on(quick)
    assert quick.marker_lines() == []
    assert sent(quick, job) == ["IN_PROGRESS"] * 2 + ["FAILED"] * 2
    sandbox.cancel(job)
    works_on(quick)


@pytest.mark.parametrize("code", ("InvalidStateTransition", "ResourceNotFound", "TerminalStateReached"))
def test_a_claim_that_is_refused_for_good(quick, sandbox, code):
    """It is not run, not asked for for ever, and told once; others run when it is out of the way."""
    job = own("never-claimed", quick)
    sandbox.fault(UPDATE, "error", thing=quick.name, job=job, code=code, count=0)
    run_marked(quick, job_id=job)
    quick.wait_log("not ours to run")
    settle(quick)
    sandbox.cancel(job)
    works_on(quick)
    assert quick.marker_lines() == []
    assert len(sent(quick, job)) <= 3
    assert quick.log().count("not ours to run") == 1


@pytest.mark.parametrize("action", ["drop", "drop-answer", "duplicate", "disconnect", "delay", "reorder"])
def test_req_09_a_claim_whose_answer_is_odd(workflow, device, sandbox, action):
    device.groups["jobs"]["request-timeout"] = "500ms"
    device.start(**SCALE)
    sandbox.fault(UPDATE, action, thing=device.name, status="IN_PROGRESS", seconds=1, copies=9, count=2)
    ran_once(device, run_marked(device))
    works_on(device)


# ---- progress ----

@pytest.mark.parametrize("code", PASSING + CONTENT + ("VersionMismatch",))
def test_refused_progress_disturbs_nothing(quick, sandbox, code):
    sandbox.fault(UPDATE, "error", thing=quick.name, status="IN_PROGRESS", code=code, count=3, skip=1)
    assert quick.run(knob(quick, sleep=1500, progress=6))[0] == "SUCCEEDED"
    assert len(quick.marker_lines()) == 1


@pytest.mark.parametrize("code", ["ResourceNotFound", "TerminalStateReached", "InvalidStateTransition"])
def test_req_05_progress_of_what_is_not_ours_any_more(quick, sandbox, code):
    """The answer names the execution itself: the work stops, nothing more is sent."""
    job = own("not-ours", quick)
    sandbox.fault(UPDATE, "error", thing=quick.name, job=job, status="IN_PROGRESS", code=code, count=0, skip=1)
    quick.create(knob(quick, sleep=60000, progress=300), job_id=job)
    settle_after_loss(quick, sandbox, job)
    assert finals(quick, job) == []


def settle_after_loss(device, sandbox, job):
    device.wait_log("taken away by the service")
    settle(device)
    sandbox.cancel(job, force=True)
    works_on(device)
    assert len(sent(device, job)) <= 4


# ---- the final status ----

@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "REJECTED"])
@pytest.mark.parametrize("code", PASSING + ("VersionMismatch", "ResourceNotFound"))
def test_req_01_a_final_status_is_told_until_it_is_taken(quick, sandbox, code, status):
    count = 2 if code == "ResourceNotFound" else 4
    sandbox.fault(UPDATE, "error", thing=quick.name, status=status, code=code, count=count)
    word = {"SUCCEEDED": "succeeded", "FAILED": "failed", "REJECTED": "check-rejected"}[status]
    job = quick.create(knob(quick, outcome=word))
    assert quick.wait(job)[0] == status
    settle(quick)
    assert finals(quick, job) == [status] * (count + 1)
    assert len(quick.marker_lines()) == (0 if status == "REJECTED" else 1)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "REJECTED"])
@pytest.mark.parametrize("code", CONTENT)
def test_req_01_refused_details_do_not_cost_the_status(quick, sandbox, code, status):
    sandbox.fault(UPDATE, "error", thing=quick.name, status=status, code=code, count=1)
    word = {"SUCCEEDED": "succeeded", "FAILED": "failed", "REJECTED": "check-rejected"}[status]
    job = quick.create(knob(quick, outcome=word, detail={"colour": "red"}))
    assert quick.wait(job)[0] == status
    updates = [u["payload"] for u in quick.updates(job) if u["payload"]["status"] == status]
    assert ["statusDetails" in payload for payload in updates] == [True, False]


@pytest.mark.parametrize("code", ["InvalidRequest", "InvalidStateTransition"])
def test_a_refused_rejected_becomes_failed(workflow, device, sandbox, code):
    job = own("refused-rejected", device)
    device.start(**SCALE)
    sandbox.fault(action="error", code=code, count=0, **update(device, job, "REJECTED"))
    device.create({"operation": "no-such-operation"}, job_id=job)
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "unknown-operation")
    works_on(device)
    assert len(finals(device, job)) <= 3


@pytest.mark.parametrize("code", CONTENT + ("ResourceNotFound", "InvalidStateTransition", "TerminalStateReached"))
def test_req_01_a_final_status_that_is_never_taken_is_dropped_once(quick, sandbox, code):
    job = own("never-taken", quick)
    sandbox.fault(action="error", code=code, count=0, **update(quick, job, "SUCCEEDED"))
    run_marked(quick, job_id=job)
    quick.wait_log("the service does not take SUCCEEDED")
    settle(quick)
    sandbox.cancel(job, force=True)
    works_on(quick)
    assert len(finals(quick, job)) <= 3
    assert quick.log().count("the service does not take") == 1
    assert quick.marker_lines() == ["run"]


@pytest.mark.parametrize("action, terminal, repeated", [
    *((action, "InvalidStateTransition", "reject")
      for action in ("drop", "drop-answer", "duplicate", "disconnect", "delay", "reorder")),
    ("drop-answer", "InvalidStateTransition", "accept"), ("drop-answer", "TerminalStateReached", "reject")])
def test_req_01_a_final_status_whose_answer_is_odd(quick, sandbox, action, terminal, repeated):
    """Whatever the service says to its repetition: it has it."""
    sandbox.switch("repeated-final-update", repeated)
    sandbox.switch("terminal-update-code", terminal)
    sandbox.fault(UPDATE, action, thing=quick.name, status="SUCCEEDED", seconds=1, copies=9, count=2)
    try:
        ran_once(quick, run_marked(quick))
        works_on(quick)
    finally:
        sandbox.switch("repeated-final-update", "reject")
        sandbox.switch("terminal-update-code", "InvalidStateTransition")
    assert "the service does not take" not in quick.log() or terminal == "TerminalStateReached"


def test_req_04_no_update_depends_on_a_version(quick, sandbox):
    """Somebody else moves the version on between two updates."""
    job = quick.create(shell(f"echo run >> {quick.marker}; while [ ! -e {quick.directory}/go ]; do sleep 0.02; done"))
    wait_for(quick.marker_lines, "the action started")
    for _ in range(3):
        sandbox.call("POST", ["things", quick.name, "jobs", job], {"status": "IN_PROGRESS"})
    sandbox.fault(UPDATE, "error", thing=quick.name, status="SUCCEEDED", code="VersionMismatch", count=2)
    (quick.directory / "go").touch()
    ran_once(quick, job)
    assert not [u for u in quick.updates(job) if "expectedVersion" in u["payload"] and u["topic"] != "https"]


def test_req_01_sent_again_at_once_after_a_reconnect(running, sandbox):
    """Without waiting for what is left of the back-off."""
    sandbox.fault(UPDATE, "error", thing=running.name, status="SUCCEEDED", code="InternalError", count=1)
    job = run_marked(running)
    wait_for(lambda: finals(running, job), "the final status was sent")
    sandbox.kick(running.name)
    assert running.wait(job, 9)[0] == "SUCCEEDED"
    assert status_of(running, job) == "SUCCEEDED"


def test_every_answer_twice(workflow, device, sandbox):
    sandbox.switch("duplicate-answers", "on")
    try:
        device.start()
        jobs = [device.create(knob(device)) for _ in range(5)]
        assert [device.wait(job)[0] for job in jobs] == ["SUCCEEDED"] * 5
    finally:
        sandbox.switch("duplicate-answers", "off")
    assert [line.split()[2] for line in device.marker_lines()] == jobs
    settle(device)
