"""/_sandbox/...: what a test needs and the service does not have."""

import time

from . import rest_shapes as shapes
from .errors import ControlError, invalid, not_found
from .rest_control import number
from .web import Response

WAIT_MAX = 3600.0
LEDGER_FIELDS = ("kind", "thing", "api", "jobId", "topic", "action", "event", "name", "code",
                 "stream", "file", "block")


def seconds(query, default):
    try:
        return min(max(float(query.get("timeout", default)), 0.0), WAIT_MAX)
    except ValueError:
        raise invalid("timeout is no number") from None


def status(app, request, name):
    return {**app.endpoint, "clients": dict(app.broker.clients), "last": app.service.ledger.last,
            "ahead": app.service.clock.ahead}


def thing(app, request, name):
    app.service.control(lambda rules: rules.store.things.get(name) or rules.create_thing(name))
    try:
        return app.credentials(name)
    except ValueError as error:
        raise invalid(str(error)) from None


def faults(app, request, name):
    faults = app.service.faults
    if request.method == "GET":
        return {"faults": faults.all()}
    if request.method == "DELETE":
        faults.remove(number(name, "the fault's number") if name else None)
        return {}
    return {"id": faults.add(body_of(request))}


def switches(app, request, name):
    if request.method != "GET":
        for switch, value in body_of(request).items():
            app.set_switch(switch, value)
    return {"switches": app.service.switches.all()}


def clock(app, request, name):
    if request.method != "GET":
        ahead = body_of(request).get("advance")
        if isinstance(ahead, bool) or not isinstance(ahead, (int, float)) or not 0 <= ahead <= 10 ** 10:
            raise invalid("advance must be seconds from 0")
        app.service.control(lambda rules: rules.clock.advance(ahead))
        app.service.tick()      # here, so that all that is due has happened when the caller reads on
        app.service.wake()
    return {"now": app.service.clock.now(), "ahead": app.service.clock.ahead}


def ledger(app, request, name):
    wanted = {field: request.query[field] for field in LEDGER_FIELDS if field in request.query}
    after = number(request.query.get("after", "0"), "after")

    def matches(entry):
        return all(field in entry and str(entry[field]) == value for field, value in wanted.items())
    found = app.service.ledger.wait(after, matches, seconds(request.query, 0))
    return {"entries": found, "last": found[-1]["n"] if found else max(after, app.service.ledger.last)}


def latest_executions(rules, job_id):
    job = rules.need_job(job_id)
    return [(thing, numbers[max(numbers)]) for thing, numbers in job.executions.items() if numbers]


def wait(app, request, name):
    """Until the last execution of the job on every thing, or on one, has one of the statuses; default: a final one."""
    job_id, only = request.query.get("job", ""), request.query.get("thing")
    statuses = set(filter(None, request.query.get("status", "").split(",")))
    deadline = time.monotonic() + seconds(request.query, 30)
    while True:
        seen = app.service.ledger.last
        with app.service.lock:
            executions = [e for t, e in latest_executions(app.service.rules, job_id) if only in (None, t)]
            done = executions and all(e.status in statuses if statuses else e.final for e in executions)
            view = [{"thing": e.thing, "executionNumber": e.number, "status": e.status, "statusDetails": e.details,
                     "versionNumber": e.version} for e in executions]
        left = deadline - time.monotonic()
        if done or left <= 0 or app.service.ledger.closed:
            return {"done": bool(done), "executions": view}
        app.service.ledger.wait(seen, None, left)


def broker(app, request, name):
    app.broker_action(body_of(request).get("action"))
    return {}


def kick(app, request, name):
    body = body_of(request)
    app.front.call_and_wait(lambda: app.front.kick(str(body.get("thing", "")), str(body.get("clientId", ""))))
    return {}


def notify(app, request, name):
    app.service.push_notifications(str(body_of(request).get("thing", "")))
    return {}


def release(app, request, name):
    app.service.release_delayed()
    return {}


def window(app, request, name):
    body = body_of(request)
    if body.get("open") not in (True, False, None):
        raise invalid("open must be true, false or null")
    app.service.control(lambda rules: rules.override_window(str(body.get("job", "")), body.get("open")))
    return {}


def publish(app, request, name):
    """The raw body goes to ?topic=, as if the service had said it."""
    topic = request.query.get("topic", "")
    if not topic.startswith("$aws/things/") or "+" in topic or "#" in topic:
        raise invalid("topic must begin with $aws/things/ and have no wildcards")
    payload = request.read()
    app.service.ledger.add("published", topic=topic)
    with app.service.lock:
        app.service.outbox.append((topic, payload, 1 if request.query.get("qos") == "1" else 0))
    app.service.wake()
    return {}


def put_file(app, request, name):
    path = app.files.path(name)
    if path is None:
        raise invalid(f"{name!r} is no name for a file")
    app.files.put(path, request.read(10 ** 9))
    return {"name": name, "size": path.stat().st_size, "public": f"{app.endpoint['https']}/public/{name}",
            "placeholder": "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/sandbox/%s}" % name}


def presign(app, request, name):
    key, method = request.query.get("key", ""), request.query.get("method", "GET")
    expires = number(request.query.get("expires", "3600"), "expires")
    return {"url": app.presigner.url(key, method, expires)}


def reset(app, request, name):
    """No jobs, groups, streams, faults and changed switches; things stay."""
    app.service.faults.remove()
    app.service.release_delayed()
    for switch, value in type(app.service.switches)().all().items():
        app.set_switch(switch, value)

    def forget(rules):
        for job_id in list(rules.store.jobs):
            rules.delete_job(job_id, force=True)
        for kept in (rules.store.groups, rules.store.streams, rules.store.updates):
            kept.clear()
    app.service.control(forget)
    return {}


def executions(app, request, name):
    """Every execution of a job with everything known of it."""
    with app.service.lock:
        job = app.service.rules.need_job(name or "")
        return {"executions": [{"thing": e.thing, "versionNumber": e.version, "statusDetails": e.details,
                                **shapes.execution_summary(e)} for e in job.every_execution()]}


def body_of(request):
    try:
        return request.json()
    except ValueError as error:
        raise invalid(str(error)) from None


KNOBS = {
    ("GET", "status"): status, ("POST", "things"): thing, ("GET", "faults"): faults, ("POST", "faults"): faults,
    ("DELETE", "faults"): faults, ("GET", "switches"): switches, ("PUT", "switches"): switches,
    ("GET", "clock"): clock, ("POST", "clock"): clock, ("GET", "ledger"): ledger, ("GET", "wait"): wait,
    ("POST", "broker"): broker, ("POST", "kick"): kick, ("POST", "notify"): notify, ("POST", "release"): release,
    ("POST", "window"): window, ("POST", "publish"): publish, ("PUT", "files"): put_file, ("GET", "presign"): presign,
    ("POST", "reset"): reset, ("GET", "executions"): executions,
}


def perform(app, request):
    """Raises ControlError."""
    knob = KNOBS.get((request.method, request.path[1] if len(request.path) > 1 else ""))
    if knob is None:
        raise not_found(f"{request.method} {request.raw_path[:200]} is no knob of the sandbox")
    try:
        return Response(200, knob(app, request, "/".join(request.path[2:])))
    except ValueError as error:
        raise ControlError("InvalidRequestException", str(error)) from None
