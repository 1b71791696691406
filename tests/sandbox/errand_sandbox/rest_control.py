"""The control plane: the AWS IoT REST API for things, groups and jobs. Credentials are taken unread."""

import re

from . import rest_shapes as shapes
from . import views
from .control import SOURCE_MAX, check_settings
from .errors import ControlError, invalid
from .model import STATUSES, arn
from .presign import object_key

ROUTES = []
UPDATABLE = ("description", "presignedUrlConfig", "jobExecutionsRolloutConfig", "abortConfig", "timeoutConfig",
             "jobExecutionsRetryConfig")


def route(method, template):
    """Names in braces are handed to the function."""
    pattern = re.compile("/".join(r"(?P<%s>[^/]+)" % part[1:-1] if part.startswith("{") else re.escape(part)
                                  for part in template.split("/")))

    def register(function):
        ROUTES.append((method, pattern, function))
        return function
    return register


def find(method, path):
    for known, pattern, function in ROUTES:
        match = pattern.fullmatch(path) if known == method else None
        if match:
            return function, match.groupdict()
    return None, {}


def number(text, name):
    try:
        return None if text is None else int(text)
    except (TypeError, ValueError):
        raise invalid(f"{name} is no number") from None


class Call:
    """What a route works with: rules (under the lock), the query, the body, and the server around."""

    def __init__(self, rules, query, body, app):
        self.rules = rules
        self.query = query
        self.body = body
        self.app = app

    def force(self):
        return self.query.get("force", "false").lower() == "true"


@route("POST", "/things/{thing}")
def create_thing(call, thing):
    attributes = (call.body.get("attributePayload") or {}).get("attributes")
    made = call.rules.create_thing(thing, attributes)
    return {"thingName": made.name, "thingArn": arn("thing", made.name), "thingId": made.id}


@route("GET", "/things/{thing}")
def describe_thing(call, thing):
    return shapes.thing_detail(call.rules.need_thing(thing))


@route("PATCH", "/things/{thing}")
def update_thing(call, thing):
    found = call.rules.need_thing(thing)
    payload = call.body.get("attributePayload") or {}
    attributes = payload.get("attributes") or {}
    found.attributes = {**found.attributes, **attributes} if payload.get("merge") else attributes
    found.version += 1
    return {}


@route("DELETE", "/things/{thing}")
def delete_thing(call, thing):
    call.rules.delete_thing(thing)
    return {}


@route("GET", "/things")
def list_things(call):
    entries = [{"thingName": t.name, "thingArn": arn("thing", t.name), "attributes": t.attributes,
                "version": t.version} for t in call.rules.store.things.values()]
    return shapes.paged("things", entries, call.query)


@route("POST", "/thing-groups/{group}")
def create_group(call, group):
    made = call.rules.create_group(group, call.body.get("thingGroupProperties"))
    return {"thingGroupName": made.name, "thingGroupArn": arn("thinggroup", made.name), "thingGroupId": made.id}


@route("GET", "/thing-groups/{group}")
def describe_group(call, group):
    return shapes.group_detail(call.rules.need_group(group))


@route("DELETE", "/thing-groups/{group}")
def delete_group(call, group):
    for thing in list(call.rules.need_group(group).things):
        call.rules.leave_group(group, thing)
    del call.rules.store.groups[group]
    return {}


@route("GET", "/thing-groups")
def list_groups(call):
    entries = [{"groupName": name, "groupArn": arn("thinggroup", name)} for name in call.rules.store.groups]
    return shapes.paged("thingGroups", entries, call.query)


@route("GET", "/thing-groups/{group}/things")
def list_group_things(call, group):
    return shapes.paged("things", list(call.rules.need_group(group).things), call.query)


def _member(body):
    group = body.get("thingGroupName") or str(body.get("thingGroupArn", "")).rpartition("/")[2]
    thing = body.get("thingName") or str(body.get("thingArn", "")).rpartition("/")[2]
    if not group or not thing or not isinstance(group, str) or not isinstance(thing, str):
        raise invalid("A thing and a thing group must be named")
    return group, thing


@route("PUT", "/thing-groups/addThingToThingGroup")
def add_to_group(call):
    call.rules.join_group(*_member(call.body))
    return {}


@route("PUT", "/thing-groups/removeThingFromThingGroup")
def remove_from_group(call):
    call.rules.leave_group(*_member(call.body))
    return {}


@route("GET", "/endpoint")
def describe_endpoint(call):
    return {"endpointAddress": call.app.endpoint_address(call.query.get("endpointType", "iot:Data-ATS"))}


@route("PUT", "/jobs/{job}")
def create_job(call, job):
    body = dict(call.body)
    targets, document, source = (body.pop(name, None) for name in ("targets", "document", "documentSource"))
    body.pop("tags", None)
    if not isinstance(targets, list) or not targets:
        raise invalid("A job needs targets")
    if (document is None) == (source is None):
        raise invalid("A job needs one of document and documentSource")
    if source is not None:
        document = read_source(call.app, source)
        body["documentSource"] = source
    made = call.rules.create_job(job, [shapes.parse_target(t) for t in targets], document, shapes.without_none(body))
    return shapes.job_created(made)


def read_source(app, source):
    if not isinstance(source, str) or not 1 <= len(source) <= SOURCE_MAX:
        raise invalid(f"documentSource must have 1..{SOURCE_MAX} characters")
    path = app.files.path(object_key(source))
    if path is None or not path.is_file():
        raise invalid(f"documentSource {source} is not in the file store")
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise invalid(f"documentSource {source} cannot be read: {error}") from None


@route("GET", "/jobs/{job}")
def describe_job(call, job):
    found = call.rules.need_job(job)
    return shapes.without_none({"documentSource": found.setting("documentSource"), "job": shapes.job_detail(found)})


@route("PATCH", "/jobs/{job}")
def update_job(call, job):
    found = call.rules.need_job(job)
    changed = {name: call.body[name] for name in UPDATABLE if call.body.get(name) is not None}
    check_settings(changed, call.rules.clock.now())
    found.settings = {**found.settings, **changed}
    found.updated_at = call.rules.clock.now()
    return {}


@route("DELETE", "/jobs/{job}")
def delete_job(call, job):
    call.rules.delete_job(job, call.force())
    return {}


@route("GET", "/jobs/{job}/job-document")
def get_job_document(call, job):
    return {"document": call.rules.need_job(job).document}


@route("PUT", "/jobs/{job}/cancel")
def cancel_job(call, job):
    done = call.rules.cancel_job(job, call.force(), call.body.get("reasonCode"), call.body.get("comment"))
    return shapes.job_created(done)


@route("POST", "/jobs/{job}/targets")
def associate_targets(call, job):
    found = call.rules.need_job(job)
    if found.selection != "CONTINUOUS" or found.status != "IN_PROGRESS":
        raise invalid(f"Job {job} takes no further targets")
    targets = [shapes.parse_target(t) for t in call.body.get("targets") or ()]
    for kind, name in targets:
        (call.rules.need_thing if kind == "thing" else call.rules.need_group)(name)
    found.targets += [target for target in targets if target not in found.targets]
    for thing in call.rules.target_things(found):
        if thing not in found.executions:
            call.rules.queue_execution(found, thing)
    return shapes.job_created(found)


@route("GET", "/jobs")
def list_jobs(call):
    wanted = {"status": call.query.get("status"), "selection": call.query.get("targetSelection")}
    jobs = [job for job in call.rules.store.jobs.values()
            if all(value in (None, getattr(job, name)) for name, value in wanted.items())]
    return shapes.paged("jobs", [shapes.job_summary(job) for job in reversed(jobs)], call.query)


def _wanted_status(query):
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise invalid(f"status must be one of {', '.join(STATUSES)}")
    return status


@route("GET", "/jobs/{job}/things")
def list_executions_for_job(call, job):
    status = _wanted_status(call.query)
    entries = [{"thingArn": arn("thing", e.thing), "jobExecutionSummary": shapes.execution_summary(e)}
               for e in call.rules.need_job(job).every_execution() if status in (None, e.status)]
    return shapes.paged("executionSummaries", entries, call.query)


@route("GET", "/things/{thing}/jobs")
def list_executions_for_thing(call, thing):
    call.rules.need_thing(thing)
    status, only = _wanted_status(call.query), call.query.get("jobId")
    entries = [{"jobId": job.id, "jobExecutionSummary": shapes.execution_summary(e)}
               for job in call.rules.store.jobs.values() if only in (None, job.id)
               for e in job.executions.get(thing, {}).values() if status in (None, e.status)]
    return shapes.paged("executionSummaries", entries, call.query)


@route("GET", "/things/{thing}/jobs/{job}")
def describe_execution(call, thing, job):
    rules = call.rules
    execution = rules.need_execution(job, thing, number(call.query.get("executionNumber"), "executionNumber"))[1]
    left = views.seconds_left(execution, rules.clock.now(), rules.switches)
    return {"execution": shapes.execution_detail(execution, left)}


@route("PUT", "/things/{thing}/jobs/{job}/cancel")
def cancel_execution(call, thing, job):
    details = call.body.get("statusDetails")
    if details is not None and not isinstance(details, dict):
        raise invalid("statusDetails is no map")
    expected = number(call.body.get("expectedVersion"), "expectedVersion")
    call.rules.cancel_execution(job, thing, call.force(), expected, details)
    return {}


@route("DELETE", "/things/{thing}/jobs/{job}/executionNumber/{execution}")
def delete_execution(call, thing, job, execution):
    call.rules.delete_execution(job, thing, number(execution, "executionNumber"), call.force())
    return {}


@route("POST", "/tags")
def tag_resource(call):
    return {}


def perform(app, request):
    """The answer's object. Raises ControlError."""
    path = "/" + "/".join(request.path)
    function, names = find(request.method, path)
    if function is None:
        raise ControlError("ResourceNotFoundException", f"{request.method} {path[:200]} is no operation here")
    try:
        body = request.json()
    except ValueError as error:
        raise invalid(str(error)) from None
    return app.service.control(lambda rules: function(Call(rules, request.query, body, app), **names),
                               reads_only=request.method == "GET")
