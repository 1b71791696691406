"""JSON objects of the control plane, as the AWS SDKs know them. Times are seconds since 1970 with fractions."""

from .errors import invalid
from .model import STATUSES, arn

COUNTERS = {"CANCELED": "Canceled", "SUCCEEDED": "Succeeded", "FAILED": "Failed", "REJECTED": "Rejected",
            "QUEUED": "Queued", "IN_PROGRESS": "InProgress", "REMOVED": "Removed", "TIMED_OUT": "TimedOut"}
JOB_SETTINGS = ("description", "presignedUrlConfig", "jobExecutionsRolloutConfig", "abortConfig", "timeoutConfig",
                "namespaceId", "jobTemplateArn", "jobExecutionsRetryConfig", "documentParameters", "schedulingConfig")


def without_none(view):
    return {name: value for name, value in view.items() if value is not None}


def target_arn(target):
    kind, name = target
    return arn("thing" if kind == "thing" else "thinggroup", name)


def parse_target(text):
    """["thing" or "group", name] of a target ARN."""
    parts = text.split(":", 5) if isinstance(text, str) else []
    kind, _, name = parts[5].partition("/") if len(parts) == 6 and parts[0] == "arn" else ("", "", "")
    if kind not in ("thing", "thinggroup") or not name:
        raise invalid(f"Target {str(text)[:200]!r} is no ARN of a thing or thing group")
    return ["thing" if kind == "thing" else "group", name]


def job_created(job):
    return without_none({"jobArn": arn("job", job.id), "jobId": job.id, "description": job.setting("description")})


def job_summary(job):
    return without_none({
        "jobArn": arn("job", job.id), "jobId": job.id, "targetSelection": job.selection, "status": job.status,
        "createdAt": job.created_at, "lastUpdatedAt": job.updated_at, "completedAt": job.completed_at,
        "isConcurrent": False})


def job_detail(job):
    counts = dict.fromkeys(STATUSES, 0)
    for execution in job.every_execution():
        counts[execution.status] += 1
    view = job_summary(job)
    view.update({"forceCanceled": job.force_canceled, "reasonCode": job.reason_code, "comment": job.comment,
                 "targets": [target_arn(target) for target in job.targets],
                 "jobProcessDetails": {f"numberOf{word}Things": counts[status] for status, word in COUNTERS.items()}})
    view.update({name: job.setting(name) for name in JOB_SETTINGS})
    return without_none(view)


def execution_summary(execution):
    return without_none({
        "status": execution.status, "queuedAt": execution.queued_at, "startedAt": execution.started_at,
        "lastUpdatedAt": execution.updated_at, "executionNumber": execution.number,
        "retryAttempt": execution.retry_attempt or None})


def execution_detail(execution, seconds_left):
    return without_none({
        "jobId": execution.job_id, "status": execution.status, "forceCanceled": execution.force_canceled,
        "statusDetails": {"detailsMap": execution.details}, "thingArn": arn("thing", execution.thing),
        "queuedAt": execution.queued_at, "startedAt": execution.started_at, "lastUpdatedAt": execution.updated_at,
        "executionNumber": execution.number, "versionNumber": execution.version,
        "approximateSecondsBeforeTimedOut": seconds_left})


def thing_detail(thing):
    return {"defaultClientId": thing.name, "thingName": thing.name, "thingId": thing.id,
            "thingArn": arn("thing", thing.name), "attributes": thing.attributes, "version": thing.version}


def group_detail(group):
    return {"thingGroupName": group.name, "thingGroupId": group.id, "thingGroupArn": arn("thinggroup", group.name),
            "version": 1, "thingGroupProperties": group.properties,
            "thingGroupMetadata": {"creationDate": group.created_at}}


def page(entries, query):
    """(entries of this page, token of the next or None)"""
    try:
        size, start = int(query.get("maxResults", 250)), int(query.get("nextToken", 0))
    except ValueError:
        raise invalid("maxResults or nextToken is no number") from None
    if not 1 <= size <= 250 or start < 0:
        raise invalid("maxResults must be 1..250")
    following = str(start + size) if start + size < len(entries) else None
    return entries[start:start + size], following


def paged(name, entries, query):
    shown, following = page(entries, query)
    return without_none({name: shown, "nextToken": following})
