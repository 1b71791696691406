"""An execution is taken away in every state of its life: the work stops, no status loop follows, the next job runs."""

import time

import pytest

from device import RUNNER, wait_for
from exchange import finals, knob, requests, sent, settle, shell, status_of, update, works_on
from errand_sandbox.model import arn

UPDATES_MAX = 5     # of one execution after it was taken away: repeats of what was unanswered, and a last one


def subject(device):
    """Runs until "go" is there."""
    return shell(f"echo begun >> {device.marker}; while [ ! -e {device.directory}/go ]; do sleep 0.02; done;"
                 f"echo end >> {device.marker}")


def go(device):
    (device.directory / "go").touch()


def begun(device):
    wait_for(device.marker_lines, "the action started")


class State:
    """enter() leaves the job in that state; leave() lets go of whatever holds it there."""
    in_progress = True      # for the service
    ends = "SUCCEEDED"      # when nobody takes it away

    def __init__(self, device):
        self.device = device
        self.sandbox = device.sandbox
        self.job = f"job-{device.name[-8:]}"

    def before(self):
        self.device.start(ERRAND_TEST_TIME_SCALE="20")

    def document(self):
        return subject(self.device)

    def enter(self):
        begun(self.device)

    def leave(self):
        pass

    def hold_updates(self, status, action, **more):
        self.since = self.sandbox.last()
        self.sandbox.fault(action=action, count=0, **more, **update(self.device, self.job, status))

    def wait_held(self):
        self.sandbox.expect(after=self.since, kind="fault", thing=self.device.name, timeout=20)


class Queued(State):
    """Behind another one."""
    in_progress = False

    def before(self):
        super().before()
        self.opened = self.device.directory / "blocker"
        self.device.create(shell(f"while [ ! -e {self.opened} ]; do sleep 0.02; done"))

    def enter(self):
        assert status_of(self.device, self.job) == "QUEUED"

    def leave(self):
        self.opened.touch()


class Checking(State):
    """Its plugin is still being asked."""
    in_progress = False

    def before(self):
        directory = self.device.directory
        runner = directory / "slow-runner"
        runner.write_text(f"#!/bin/sh\ntouch {directory}/asked\n"
                          f"while [ ! -e {directory}/answer ]; do sleep 0.02; done\nexec {RUNNER} \"$@\"\n")
        runner.chmod(0o755)
        self.device.groups["paths"]["runner"] = runner
        super().before()

    def enter(self):
        wait_for((self.device.directory / "asked").exists, "the check")

    def leave(self):
        (self.device.directory / "answer").touch()


class ClaimUnheard(State):
    """The claim does not reach the service."""
    in_progress = False

    def before(self):
        super().before()
        self.hold_updates("IN_PROGRESS", "drop")

    def enter(self):
        self.wait_held()

    def leave(self):
        self.sandbox.clear_faults()


class ClaimUnanswered(ClaimUnheard):
    """The claim is accepted, but the answer is late."""
    in_progress = True

    def before(self):
        State.before(self)
        self.hold_updates("IN_PROGRESS", "delay", seconds=10 ** 9)

    def leave(self):
        self.sandbox.clear_faults()
        self.sandbox.release()


class Running(State):
    pass


class Critical(State):
    """In a section that must not be torn."""

    def document(self):
        return knob(self.device, critical=True, sleep=1500)


class Rebooting(State):
    """The machine does not go down after all."""
    ends = "FAILED"

    def before(self):
        self.device.groups["reboot"]["timeout"] = "2s"
        self.device.write_reboot_command("exit 0")
        super().before()

    def document(self):
        return knob(self.device, reboot=1)

    def enter(self):
        self.device.wait_log("running -> rebooting")


class Reporting(State):
    """The final status does not reach the service."""

    def before(self):
        super().before()
        self.hold_updates("SUCCEEDED", "drop")

    def enter(self):
        go(self.device)
        self.wait_held()

    def leave(self):
        self.sandbox.clear_faults()


class Offline(State):
    def enter(self):
        begun(self.device)
        self.sandbox.broker("stop")

    def leave(self):
        self.sandbox.broker("start")


class Down(State):
    ends = "FAILED"

    def enter(self):
        begun(self.device)
        self.device.kill()

    def leave(self):
        State.before(self)


STATES = [Queued, Checking, ClaimUnheard, ClaimUnanswered, Running, Critical, Rebooting, Reporting, Offline, Down]


class Operator:
    """What is done to the execution, and what the service then says of it."""

    def __init__(self, state):
        self.state = state
        self.device, self.sandbox, self.job = state.device, state.sandbox, state.job
        self.group = f"group-{self.device.name[-8:]}"

    def create(self, document):
        self.sandbox.call("POST", ["thing-groups", self.group], {})
        self.member("addThingToThingGroup")
        self.device.create(document, job_id=self.job, targets=[arn("thinggroup", self.group)],
                           targetSelection="CONTINUOUS")

    def member(self, change):
        body = {"thingGroupName": self.group, "thingName": self.device.name}
        self.sandbox.call("PUT", ["thing-groups", change], body)

    def cancel(self):
        self.sandbox.cancel(self.job)
        return None if self.state.in_progress else "CANCELED"

    def force_cancel(self):
        self.sandbox.cancel(self.job, force=True)
        return "CANCELED"

    def delete(self):
        self.sandbox.delete_execution(self.job, self.device.name, force=True)
        return "deleted"

    def time_out(self):
        self.sandbox.advance(8 * 24 * 3600)
        return "TIMED_OUT"

    def remove(self):
        self.sandbox.switch("group-removal-running", "remove")
        self.member("removeThingFromThingGroup")
        return "REMOVED"

    def retry(self):
        self.remove()
        self.member("addThingToThingGroup")
        return "replaced"


ACTIONS = ["cancel", "force_cancel", "delete", "time_out", "remove", "retry"]
CASES = [(state, action) for state in STATES for action in ACTIONS if state.in_progress or action != "time_out"]


@pytest.fixture(autouse=True)
def switches(sandbox):
    yield
    sandbox.switch("group-removal-running", "keep")


def outcome(device, job):
    execution = device.sandbox.execution(job, device.name)
    return execution["status"] if execution else "deleted"


@pytest.mark.parametrize("state, action", CASES, ids=[f"{state.__name__}-{action}" for state, action in CASES])
def test_req_05_taken_away(device, sandbox, state, action):
    here = state(device)
    operator = Operator(here)
    here.before()
    operator.create(here.document())
    here.enter()
    since = sandbox.last()
    expected = getattr(operator, action)()
    here.leave()
    if expected == "replaced":
        replaced(device, here)
    elif expected is None:
        go(device)
        assert device.wait(here.job)[0] == here.ends
    works_on(device)
    settle(device)
    if expected not in (None, "replaced"):
        assert outcome(device, here.job) == expected
        assert "end" not in device.marker_lines() or state is Reporting
    heard = [e["payload"].get("executionNumber") for e in device.updates(here.job, since)]
    assert heard.count(1) <= UPDATES_MAX, heard
    assert device.log().count("the service does not take") <= 1


def replaced(device, here):
    """The same job id under a new number: a job of its own, run once more if the first had begun."""
    already = 0 if not here.in_progress or isinstance(here, ClaimUnanswered) else 1
    wait_for(lambda: sum(line != "end" for line in device.marker_lines()) == already + 1, "the new one has begun")
    go(device)
    status, _ = device.wait(here.job)
    assert status == ("FAILED" if isinstance(here, Rebooting) else "SUCCEEDED")
    assert device.sandbox.execution(here.job, device.name)["executionNumber"] == 2
    assert finals(device, here.job)


def test_req_05_a_critical_section_is_not_torn(device, sandbox):
    """Longer than the grace time, and the whole of it is given."""
    device.groups["jobs"]["cancel-grace"] = "200ms"
    device.start()
    job = device.create(knob(device, critical=True, sleep=2000, save="x"))
    wait_for(lambda: list(device.state.glob("jobs/*/state")), "what is saved within the section")
    begin = device.marker.stat().st_mtime
    sandbox.cancel(job, force=True)
    device.wait_log("taken away")
    settle(device)
    assert time.time() - begin >= 2
    assert "critical" in device.log()
    works_on(device)


@pytest.mark.parametrize("kind, message", [
    ("notify-next", {"timestamp": 1}), ("notify-next", {}), ("notify", {"timestamp": 1, "jobs": {}}),
    ("notify", {"timestamp": 1, "jobs": {"QUEUED": []}}),
    ("notify-next", {"timestamp": 1, "execution": {
        "jobId": "another", "status": "QUEUED", "queuedAt": 1, "lastUpdatedAt": 1, "versionNumber": 1,
        "executionNumber": 1, "jobDocument": {"operation": "no-such-operation"}}}),
], ids=["no-head", "bare", "empty", "empty-list", "other-head"])
@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
def test_req_05_a_changed_head_alone_cancels_nothing(device, sandbox, workflow, kind, message):
    """The gateway asks about the very execution, and believes that answer."""
    device.groups["jobs"]["workflow"] = workflow
    device.start()
    job = device.create(subject(device))
    begun(device)
    since = sandbox.last()
    sandbox.publish(f"$aws/things/{device.name}/jobs/{kind}", message)
    if kind == "notify" or workflow != "available":
        sandbox.expect(after=since, timeout=20, kind="answer", thing=device.name, api="DescribeJobExecution",
                       jobId=job)
    go(device)
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["begun", "end"]
    assert sent(device, job) == ["IN_PROGRESS", "SUCCEEDED"]
    assert len(requests(device, since, api="DescribeJobExecution", jobId=job)) <= 2


@pytest.mark.parametrize("code", ["InternalError", "RequestThrottled", "InvalidRequest", "Unheard"])
def test_req_05_no_answer_about_it_cancels_nothing(device, sandbox, code):
    device.start(ERRAND_TEST_TIME_SCALE="20")
    job = device.create(subject(device))
    begun(device)
    since = sandbox.last()
    sandbox.fault("DescribeJobExecution", "error", thing=device.name, job=job, code=code, count=2)
    sandbox.publish(f"$aws/things/{device.name}/jobs/notify-next", {"timestamp": 1})
    wait_for(lambda: len(requests(device, since, api="DescribeJobExecution", jobId=job)) >= 3, "asked again")
    go(device)
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["begun", "end"]
