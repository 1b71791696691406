"""The queue of each thing: its order, its head, what leaving and joining it means, and which notifications follow.

A change is made inside `with rules.observed(things)`: the queue is compared before and after. `notify` follows when an
execution joined or left the visible queue, `notify-next` when another execution is at its head. That is the whole
table of the documentation's worked example.
"""

from contextlib import contextmanager
from operator import attrgetter

from . import views
from .model import FINAL

_BY_SEQ = attrgetter("seq")
NEVER = float("inf")


class Note:
    """One notification to be published."""

    __slots__ = ("thing", "kind", "body", "execution")

    def __init__(self, thing, kind, body, execution=None):
        self.thing = thing
        self.kind = kind
        self.body = body
        self.execution = execution


class Pending:
    def __init__(self, store, clock, switches, deliver=None):
        """deliver(job, execution) makes the document as the device gets it; None: as stored."""
        self.store = store
        self.clock = clock
        self.switches = switches
        self.deliver = deliver or (lambda job, execution: job.body())
        self.notes = []
        self.next_tick = 0.0

    def take_notes(self):
        notes, self.notes = self.notes, []
        return notes

    def pending(self, thing):
        """The visible queue: IN_PROGRESS before QUEUED, each by age."""
        running, queued = [], []
        jobs = self.store.jobs
        for execution in self.store.pending.get(thing, {}).values():
            if execution.status == "IN_PROGRESS":
                running.append(execution)
            elif jobs[execution.job_id].window_open:
                queued.append(execution)
        running.sort(key=_BY_SEQ)
        queued.sort(key=_BY_SEQ)
        return running + queued

    @contextmanager
    def observed(self, things):
        before = {thing: self.pending(thing) for thing in things}
        yield
        for thing, old in before.items():
            new = self.pending(thing)
            if len(old) != len(new) or {e.seq for e in old} != {e.seq for e in new}:
                self.notes.append(Note(thing, "notify", self.list_body(new)))
            if (old[0].seq if old else None) != (new[0].seq if new else None):
                self.notes.append(self.next_note(thing, new))

    def list_body(self, pending):
        now = int(self.clock.now())
        lists = {"IN_PROGRESS": [], "QUEUED": []}
        for execution in views.listed(pending, self.store.jobs):
            lists[execution.status].append(views.summary(execution))
        keep_empty = self.switches["notify-empty-lists"] == "on"
        return {"timestamp": now, "jobs": {s: entries for s, entries in lists.items() if entries or keep_empty}}

    def next_note(self, thing, pending):
        now = self.clock.now()
        if not pending:
            bare = self.switches["bare-empty-next"] == "on"
            return Note(thing, "notify-next", {} if bare else {"timestamp": int(now)})
        body = {"timestamp": int(now), "execution": self.view(pending[0])}
        return Note(thing, "notify-next", body, pending[0])

    def view(self, execution, document=True):
        view = views.execution_view(execution, self.clock.now(), self.switches)
        if document:
            view["jobDocument"] = self.document(execution)
        return view

    def document(self, execution):
        return self.deliver(self.store.jobs[execution.job_id], execution)

    def current_notes(self, thing):
        """Both notifications as they would be now."""
        pending = self.pending(thing)
        return [Note(thing, "notify", self.list_body(pending)), self.next_note(thing, pending)]

    def start(self, job, execution, step_timeout):
        now = self.clock.now()
        execution.status = "IN_PROGRESS"
        execution.started_at = execution.updated_at = now
        limit = job.setting("timeoutConfig", "inProgressTimeoutInMinutes")
        if limit:
            execution.in_progress_deadline = now + limit * 60
        self.set_step_timer(execution, step_timeout)
        self.mind(execution.deadline())

    def set_step_timer(self, execution, minutes):
        if minutes is None:
            return
        execution.step_deadline = None if minutes == -1 else self.clock.now() + minutes * 60
        self.mind(execution.step_deadline)

    def mind(self, moment):
        """Something is due at that time."""
        if moment is not None and moment < self.next_tick:
            self.next_tick = moment

    def finish(self, execution, status, by_service=False):
        execution.status = status
        execution.updated_at = self.clock.now()
        execution.in_progress_deadline = execution.step_deadline = None
        if by_service and self.switches["service-change-version"] == "bump":
            execution.version += 1
        self.store.leave_queue(execution)

    def end(self, job, execution, status, by_service=False):
        """A final status, what the queue's watchers hear of it, and a retry if the job has one left."""
        thing = (execution.thing,)
        if self.switches["retry-empty-pair"] == "on":
            with self.observed(thing):
                self.finish(execution, status, by_service)
            with self.observed(thing):
                self.retry(job, execution)
        else:
            with self.observed(thing):
                self.finish(execution, status, by_service)
                self.retry(job, execution)
        self.settle(job)

    def retry(self, job, execution):
        if execution.status not in ("FAILED", "TIMED_OUT") or job.status != "IN_PROGRESS":
            return
        used = job.retries.setdefault(execution.thing, {})
        for rule in job.setting("jobExecutionsRetryConfig", "criteriaList", default=[]):
            kind = rule["failureType"]
            if kind in (execution.status, "ALL") and used.get(kind, 0) < rule["numberOfRetries"]:
                used[kind] = used.get(kind, 0) + 1
                self.store.add_execution(job, execution.thing, self.clock.now(), execution.retry_attempt + 1)
                return

    def settle(self, job):
        """Follow up at the job when one of its executions has ended."""
        if job.status != "IN_PROGRESS":
            return
        self.abort_if_due(job)
        if job.status != "IN_PROGRESS" or job.selection != "SNAPSHOT":
            return
        if all(e.final for e in job.every_execution()):
            job.status = "COMPLETED"
            job.completed_at = job.updated_at = self.clock.now()

    def abort_if_due(self, job):
        criteria = job.setting("abortConfig", "criteriaList", default=[])
        if not criteria:
            return
        ended = [e.status for e in job.every_execution() if e.status in FINAL]
        total = max(1, len(job.every_execution()))
        for rule in criteria:
            kinds = ("FAILED", "REJECTED", "TIMED_OUT") if rule["failureType"] == "ALL" else (rule["failureType"],)
            failed = sum(status in kinds for status in ended)
            if len(ended) >= rule["minNumberOfExecutedThings"] and failed * 100 / total >= rule["thresholdPercentage"]:
                self.end_job(job, force=False)
                return

    def end_job(self, job, force):
        """QUEUED executions become CANCELED, with force the running ones too."""
        job.status = "CANCELED"
        job.updated_at = job.completed_at = self.clock.now()
        job.force_canceled = job.force_canceled or force
        for execution in job.every_execution():
            if execution.status == "QUEUED" or (force and not execution.final):
                execution.force_canceled = force
                self.end(job, execution, "CANCELED", by_service=True)
