"""What an operator does to things, groups and jobs; the same pure state machine as rules.py."""

import json
import re

from . import schedule
from .errors import ControlError, invalid, not_found
from .fields import JOB_ID, THING_NAME
from .model import Group, Job, Thing

DOCUMENT_MAX = 32768
SOURCE_MAX = 1350
REASON = re.compile(r"[A-Z0-9_]{0,128}")


def whole(value, low, high, name):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise invalid(f"{name} must be {low}..{high}")


class ControlRules:
    def create_thing(self, name, attributes=None):
        if not THING_NAME.fullmatch(name):
            raise invalid(f"Thing name {name[:140]!r} is not [a-zA-Z0-9:_-]{{1,128}}")
        thing = self.store.things.get(name)
        if thing is None:
            thing = self.store.things[name] = Thing(name, attributes=attributes or {})
        elif thing.attributes != (attributes or {}):
            raise ControlError("ResourceAlreadyExistsException", f"Thing {name} exists with other attributes")
        return thing

    def need_thing(self, name):
        thing = self.store.things.get(name)
        if thing is None:
            raise not_found(f"Thing {name[:140]} not found")
        return thing

    def delete_thing(self, name):
        """Its executions go with it; deleting what is not there is no fault."""
        if self.store.things.pop(name, None) is None:
            return
        for group in self.store.groups.values():
            if name in group.things:
                group.things.remove(name)
        for job in list(self.store.jobs.values()):
            for execution in list(job.executions.get(name, {}).values()):
                self.store.drop_execution(job, execution)
            self.settle(job)

    def create_group(self, name, properties=None):
        if not THING_NAME.fullmatch(name):
            raise invalid(f"Thing group name {name[:140]!r} is not [a-zA-Z0-9:_-]{{1,128}}")
        if name not in self.store.groups:
            self.store.groups[name] = Group(name, self.clock.now(), properties=properties or {})
        return self.store.groups[name]

    def need_group(self, name):
        group = self.store.groups.get(name)
        if group is None:
            raise not_found(f"Thing group {name[:140]} not found")
        return group

    def join_group(self, group_name, thing):
        """A continuous job whose target the group is gets a fresh execution for the newcomer."""
        group = self.need_group(group_name)
        self.need_thing(thing)
        if thing in group.things:
            return
        group.things.append(thing)
        for job in self.store.jobs.values():
            if job.selection == "CONTINUOUS" and job.status == "IN_PROGRESS" and ["group", group_name] in job.targets:
                job.retries.pop(thing, None)
                self.queue_execution(job, thing)

    def leave_group(self, group_name, thing):
        group = self.need_group(group_name)
        self.need_thing(thing)
        if thing not in group.things:
            return
        group.things.remove(thing)
        running_too = self.switches["group-removal-running"] == "remove"
        for job in self.store.jobs.values():
            if job.selection != "CONTINUOUS" or thing in self.target_things(job):
                continue
            for execution in list(job.executions.get(thing, {}).values()):
                if execution.status == "QUEUED" or (running_too and execution.status == "IN_PROGRESS"):
                    self.end(job, execution, "REMOVED", by_service=True)

    def target_things(self, job):
        things = []
        for kind, name in job.targets:
            if kind == "thing":
                things.append(name)
            elif name in self.store.groups:
                things.extend(self.store.groups[name].things)
        return list(dict.fromkeys(things))

    def create_job(self, job_id, targets, document, settings=None):
        """targets: [["thing" or "group", name], ...]; settings: the other members of CreateJob. Raises ControlError."""
        settings = settings or {}
        if not JOB_ID.fullmatch(job_id):
            raise invalid(f"Job id {job_id[:80]!r} is not [a-zA-Z0-9_-]{{1,64}}")
        if job_id in self.store.jobs:
            raise ControlError("ResourceAlreadyExistsException", f"Job {job_id} already exists")
        parsed = self.check_document(document)
        check_settings(settings, self.clock.now())
        for kind, name in targets:
            (self.need_thing if kind == "thing" else self.need_group)(name)
        now = self.clock.now()
        job = Job(job_id, [list(target) for target in targets], document, now, now, settings=settings, parsed=parsed,
                  selection=settings.get("targetSelection") or "SNAPSHOT")
        self.store.jobs[job_id] = job
        if job.windows:
            job.window_open = schedule.window_open(job.windows, now)
        if job.setting("schedulingConfig", "startTime") and \
                schedule.parse_time(job.setting("schedulingConfig", "startTime")) > now:
            job.status = "SCHEDULED"
        else:
            self.queue_targets(job)
        self.mind(now if job.setting("schedulingConfig") else None)
        return job

    def check_document(self, document):
        if not isinstance(document, str) or not document:
            raise invalid("A job needs a document")
        if len(document.encode("utf-8", "surrogatepass")) > DOCUMENT_MAX:
            raise invalid(f"The job document is larger than {DOCUMENT_MAX} bytes")
        try:
            parsed = json.loads(document)
        except (ValueError, RecursionError) as error:
            raise invalid(f"The job document is no JSON: {str(error)[:200]}") from None
        if not isinstance(parsed, dict) and self.switches["document-any-json"] == "off":
            raise invalid("The job document is no JSON object")
        return parsed

    def queue_targets(self, job):
        for thing in self.target_things(job):
            self.queue_execution(job, thing)

    def queue_execution(self, job, thing):
        with self.observed((thing,)):
            self.store.add_execution(job, thing, self.clock.now())

    def need_job(self, job_id):
        job = self.store.jobs.get(job_id)
        if job is None:
            raise not_found(f"Job {job_id[:80]} cannot be found")
        return job

    def cancel_job(self, job_id, force=False, reason=None, comment=None):
        job = self.need_job(job_id)
        if reason is not None and (not isinstance(reason, str) or not REASON.fullmatch(reason)):
            raise invalid("reasonCode is not [A-Z0-9_]{0,128}")
        if job.status == "COMPLETED" or (job.status == "CANCELED" and not force):
            raise invalid(f"Job {job_id} is {job.status} and cannot be canceled")
        job.reason_code, job.comment = reason, comment
        self.end_job(job, force)
        return job

    def delete_job(self, job_id, force=False):
        job = self.need_job(job_id)
        running = any(not e.final for e in job.every_execution())
        if not force and (job.status not in ("COMPLETED", "CANCELED") or running):
            raise ControlError("InvalidStateTransitionException", f"Job {job_id} is {job.status}; delete it with force")
        with self.observed(list(job.executions)):
            for execution in job.every_execution():
                self.store.drop_execution(job, execution)
        del self.store.jobs[job_id]

    def need_execution(self, job_id, thing, number=None):
        job = self.need_job(job_id)
        numbers = job.executions.get(thing)
        execution = numbers.get(max(numbers) if number is None else number) if numbers else None
        if execution is None:
            raise not_found(f"No execution of job {job_id} for thing {thing[:140]}")
        return job, execution

    def cancel_execution(self, job_id, thing, force=False, expected=None, details=None):
        job, execution = self.need_execution(job_id, thing)
        if expected is not None and expected != execution.version:
            raise ControlError("VersionConflictException", f"Version is {execution.version}, not {expected}")
        if execution.final or (execution.status == "IN_PROGRESS" and not force):
            raise ControlError("InvalidStateTransitionException", f"The execution is {execution.status}")
        if details is not None:
            execution.details = details
        execution.force_canceled = force
        self.end(job, execution, "CANCELED", by_service=True)

    def delete_execution(self, job_id, thing, number, force=False):
        job, execution = self.need_execution(job_id, thing, number)
        queued_too = self.switches["delete-queued-execution"] == "allow"
        if not force and not execution.final and not (execution.status == "QUEUED" and queued_too):
            raise ControlError("InvalidStateTransitionException", f"The execution is {execution.status}")
        with self.observed((thing,)):
            self.store.drop_execution(job, execution)
        self.settle(job)

    def override_window(self, job_id, is_open):
        """True or False holds the job's window open or shut; None goes back to its schedule."""
        job = self.need_job(job_id)
        job.window_override = is_open
        if is_open is None:
            is_open = schedule.window_open(job.windows, self.clock.now()) if job.windows else True
            self.mind(self.clock.now())
        if is_open != job.window_open:
            self.set_window(job, is_open)


def check_settings(settings, now):
    """Raises ControlError for members of CreateJob that the service would refuse."""
    try:
        _check_settings(settings, now)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise invalid(f"Malformed job configuration: {error}") from None


def _check_settings(settings, now):
    if (settings.get("targetSelection") or "SNAPSHOT") not in ("SNAPSHOT", "CONTINUOUS"):
        raise invalid("targetSelection must be SNAPSHOT or CONTINUOUS")
    minutes = (settings.get("timeoutConfig") or {}).get("inProgressTimeoutInMinutes")
    if minutes is not None:
        whole(minutes, 1, 10080, "inProgressTimeoutInMinutes")
    expires = (settings.get("presignedUrlConfig") or {}).get("expiresInSec")
    if expires is not None:
        whole(expires, 60, 3600, "expiresInSec")
    _check_retries(settings.get("jobExecutionsRetryConfig"))
    for rule in (settings.get("abortConfig") or {}).get("criteriaList", ()):
        if rule["failureType"] not in ("FAILED", "REJECTED", "TIMED_OUT", "ALL") or rule["action"] != "CANCEL":
            raise invalid("abortConfig: failureType or action is none of the known ones")
        whole(rule["minNumberOfExecutedThings"], 1, 2 ** 31, "minNumberOfExecutedThings")
        float(rule["thresholdPercentage"])
    if settings.get("schedulingConfig"):
        schedule.check(settings["schedulingConfig"], now)


def _check_retries(config):
    if config is None:
        return
    rules = config["criteriaList"]
    if not 1 <= len(rules) <= 2:
        raise invalid("jobExecutionsRetryConfig needs 1 or 2 criteria")
    for rule in rules:
        if rule["failureType"] not in ("FAILED", "TIMED_OUT", "ALL"):
            raise invalid("jobExecutionsRetryConfig: failureType must be FAILED, TIMED_OUT or ALL")
        whole(rule["numberOfRetries"], 0, 10, "numberOfRetries")
    if sum(rule["numberOfRetries"] for rule in rules) > 10:
        raise invalid("numberOfRetries add up to more than 10")
