"""The JSON objects of answers and notifications. Absent keys are left out, never null; times are whole seconds."""

import math

LIST_LIMIT = 10
LIST_LIMIT_SCHEDULED = 15


def summary(execution):
    view = {"jobId": execution.job_id, "queuedAt": int(execution.queued_at)}
    if execution.started_at is not None:
        view["startedAt"] = int(execution.started_at)
    view["lastUpdatedAt"] = int(execution.updated_at)
    view["versionNumber"] = execution.version
    view["executionNumber"] = execution.number
    return view


def state(execution):
    view = {"status": execution.status}
    if execution.details:
        view["statusDetails"] = execution.details
    view["versionNumber"] = execution.version
    return view


def seconds_left(execution, now, switches):
    """None without a running timer."""
    if execution.final:
        return None
    choice = switches["approximate-seconds"]
    deadline = None
    if choice == "step":
        deadline = execution.step_deadline
    elif choice == "in-progress":
        deadline = execution.in_progress_deadline
    if deadline is None:
        deadline = execution.deadline()
    if deadline is None:
        return None
    return max(0, math.ceil(deadline - now))


def execution_view(execution, now, switches):
    view = {"jobId": execution.job_id, "status": execution.status}
    if switches["thing-name"] == "on":
        view["thingName"] = execution.thing
    if execution.details:
        view["statusDetails"] = execution.details
    view["queuedAt"] = int(execution.queued_at)
    if execution.started_at is not None:
        view["startedAt"] = int(execution.started_at)
    view["lastUpdatedAt"] = int(execution.updated_at)
    left = seconds_left(execution, now, switches)
    if left is not None:
        view["approximateSecondsBeforeTimedOut"] = left
    view["versionNumber"] = execution.version
    view["executionNumber"] = execution.number
    return view


def listed(pending, jobs):
    """The first entries of the sorted queue, as many as the service shows."""
    if len(pending) <= LIST_LIMIT:
        return pending
    scheduled = any(jobs[e.job_id].setting("schedulingConfig") for e in pending)
    return pending[:LIST_LIMIT_SCHEDULED if scheduled else LIST_LIMIT]
