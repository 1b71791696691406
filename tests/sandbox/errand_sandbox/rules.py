"""The four APIs of a device, as a pure state machine: no I/O, the clock and the switches come from outside."""

from .errors import DeviceError
from . import views
from .control import ControlRules
from .fields import DEVICE_STATUSES, Fields, parse
from .model import FINAL
from .pending import Pending
from .timers import TimerRules

GET, START_NEXT = "GetPendingJobExecutions", "StartNextPendingJobExecution"
DESCRIBE, UPDATE = "DescribeJobExecution", "UpdateJobExecution"


class Answer:
    __slots__ = ("accepted", "body", "code")

    def __init__(self, accepted, body, code=None):
        self.accepted = accepted
        self.body = body
        self.code = code


class Rules(Pending, ControlRules, TimerRules):
    def request(self, thing, api, job_id, payload):
        """Answer one request; payload is bytes, or an object that was parsed already. Never raises for bad input."""
        token = None
        try:
            body = parse(payload, self.switches) if isinstance(payload, (bytes, bytearray)) else payload
            if isinstance(body.get("clientToken"), str):
                token = body["clientToken"]
            fields = Fields(api, body, self.switches)
            fields.token()
            result = getattr(self, "_" + api)(thing, job_id, fields)
            accepted, code = True, None
        except DeviceError as error:
            result, accepted, code = self.error_body(error), False, error.code
            if code == "InvalidJson":
                token = None
        result["timestamp"] = int(self.clock.now())
        if token is not None:
            result["clientToken"] = token
        return Answer(accepted, result, code)

    def refuse(self, code, payload, message=None):
        """An error made by a fault; the token is echoed if it can be read."""
        body = {"code": code, "message": message or f"{code} was asked for"}
        try:
            token = parse(payload, self.switches).get("clientToken")
        except DeviceError:
            token = None
        body["timestamp"] = int(self.clock.now())
        if isinstance(token, str) and code != "InvalidJson":
            body["clientToken"] = token
        return Answer(False, body, code)

    @staticmethod
    def error_body(error):
        body = {"code": error.code, "message": error.message}
        if error.execution is not None:
            body["executionState"] = views.state(error.execution)
        return body

    def _GetPendingJobExecutions(self, thing, job_id, fields):
        self._need_thing(thing)
        lists = {"inProgressJobs": [], "queuedJobs": []}
        for execution in views.listed(self.pending(thing), self.store.jobs):
            running = execution.status == "IN_PROGRESS"
            lists["inProgressJobs" if running else "queuedJobs"].append(views.summary(execution))
        return lists

    def _StartNextPendingJobExecution(self, thing, job_id, fields):
        details, minutes = fields.details(), fields.step_timeout()
        if minutes == -1 and self.switches["start-next-minus-one"] == "reject":
            raise DeviceError("InvalidRequest", "stepTimeoutInMinutes must be 1..10080")
        self._need_thing(thing)
        pending = self.pending(thing)
        if not pending:
            return {}
        head = pending[0]
        if head.status == "QUEUED":
            head.version += 1
            if details is not None:
                head.details = details
            with self.observed((thing,)):
                self.start(self.store.jobs[head.job_id], head, minutes)
        elif self.switches["start-next-timer"] == "set":
            self.set_step_timer(head, minutes)
        return {"execution": self.view(head)}

    def _DescribeJobExecution(self, thing, job_id, fields):
        number = fields.number("executionNumber")
        document = fields.boolean("includeJobDocument", True)
        self._check_body_id(job_id, fields)
        if job_id == "$next":
            self._need_thing(thing)
            pending = self.pending(thing)
            return {"execution": self.view(pending[0], document)} if pending else {}
        execution = self._find(thing, job_id, number)
        if execution.status in FINAL:
            raise DeviceError("TerminalStateReached", f"Job execution {job_id} is {execution.status}")
        return {"execution": self.view(execution, document)}

    def _UpdateJobExecution(self, thing, job_id, fields):
        if job_id == "$next":
            raise DeviceError(self.switches["next-update"], "An update needs the id of a job")
        status = fields.status()
        details, minutes = fields.details(), fields.step_timeout()
        expected, number = fields.number("expectedVersion"), fields.number("executionNumber")
        with_state = fields.boolean("includeJobExecutionState", False)
        with_document = fields.boolean("includeJobDocument", False)
        self._check_status_word(status)
        self._check_body_id(job_id, fields)
        if minutes is not None and status in FINAL and self.switches["terminal-step-timeout"] == "reject":
            raise DeviceError("InvalidRequest", "stepTimeoutInMinutes with a final status")
        execution = self._find(thing, job_id, number)
        if not self._repeats(execution, status):
            self._check_change(execution, status, expected)
            self._apply(execution, status, details, minutes)
        answer = {}
        if with_state:
            answer["executionState"] = views.state(execution)
        if with_document:
            answer["jobDocument"] = self.document(execution)
        return answer

    def _check_status_word(self, status):
        if status in ("CANCELED", "TIMED_OUT", "REMOVED") and \
                self.switches["device-canceled-code"] == "InvalidStateTransition":
            return
        if status == "QUEUED" and self.switches["device-queued-code"] == "InvalidStateTransition":
            return
        if status not in DEVICE_STATUSES:
            raise DeviceError("InvalidRequest", f"status {status[:64]!r} is none of {', '.join(DEVICE_STATUSES)}")

    def _check_body_id(self, job_id, fields):
        if self.switches["body-job-id"] == "reject" and fields.body.get("jobId", job_id) != job_id:
            raise DeviceError("InvalidRequest", "jobId differs from the topic's")

    def _repeats(self, execution, status):
        return execution.final and status == execution.status and self.switches["repeated-final-update"] == "accept"

    def _check_change(self, execution, status, expected):
        def version():
            if expected is not None and expected != execution.version:
                raise DeviceError("VersionMismatch", f"Expected version {expected} but found version "
                                  f"{execution.version}", execution)

        def state():
            if execution.final:
                raise DeviceError(self.switches["terminal-update-code"],
                                  f"Job execution is {execution.status} and cannot become {status}", execution)
            if status not in DEVICE_STATUSES:
                raise DeviceError("InvalidStateTransition", f"A device cannot make an execution {status}", execution)

        for check in (version, state) if self.switches["check-order"] == "version-first" else (state, version):
            check()

    def _apply(self, execution, status, details, minutes):
        job = self.store.jobs[execution.job_id]
        execution.version += 1
        if details is not None:
            merge = self.switches["status-details"] == "merge"
            execution.details = {**execution.details, **details} if merge else details
        if status in FINAL:
            self.end(job, execution, status)
        elif execution.status == "QUEUED":
            with self.observed((execution.thing,)):
                self.start(job, execution, minutes)
        else:
            execution.updated_at = self.clock.now()
            if minutes is None and self.switches["update-without-timer"] == "cancel":
                minutes = -1
            self.set_step_timer(execution, minutes)

    def _need_thing(self, thing):
        if thing not in self.store.things:
            raise DeviceError("ResourceNotFound", f"Thing {thing[:140]} does not exist")

    def _find(self, thing, job_id, number):
        job = self.store.jobs.get(job_id)
        numbers = job.executions.get(thing) if job is not None else None
        execution = numbers.get(max(numbers) if number is None else number) if numbers else None
        hidden = execution is not None and execution.status == "QUEUED" and not job.window_open
        if execution is None or (hidden and self.switches["window-explicit-id"] == "not-found"):
            raise DeviceError("ResourceNotFound", f"No execution of job {job_id[:80]} for thing {thing[:140]}")
        return execution
