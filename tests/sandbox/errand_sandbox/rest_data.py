"""The data plane over HTTPS: the same four requests as over MQTT, with documents as strings and no notifications."""

import json

from .errors import HTTPS_NAMES
from .fields import JOB_ID, THING_NAME
from .rules import DESCRIBE, GET, START_NEXT, UPDATE
from .web import Response


def find(request):
    """(thing, api, job id), or None where the path is none of the data plane's."""
    path = request.path
    if len(path) not in (3, 4) or path[0] != "things" or path[2] != "jobs":
        return None
    thing, job_id = path[1], path[3] if len(path) == 4 else None
    api = {("GET", 3): GET, ("GET", 4): DESCRIBE, ("POST", 4): UPDATE}.get((request.method, len(path)))
    if request.method == "PUT" and job_id == "$next":
        api = START_NEXT
    return (thing, api, job_id) if api else None


def is_data_plane(request):
    """On the port that serves both planes: the signature's scope tells, or a path only one of them has."""
    found = find(request)
    if found is None:
        return False
    return found[1] in (START_NEXT, UPDATE) or "/iot-jobs-data/" in request.headers.get("Authorization", "")


def failure(code, message):
    name, status = HTTPS_NAMES.get(code, HTTPS_NAMES["InternalError"])
    return Response(status, {"message": message}, {"x-amzn-errortype": name})


def _fields(request, api):
    body = request.json()
    for name in ("includeJobDocument", "includeJobExecutionState"):
        if name in request.query:
            body[name] = request.flag(name)
    if "executionNumber" in request.query:
        body["executionNumber"] = request.query["executionNumber"]
    return body


def perform(app, request):
    found = find(request)
    if found is None:
        return failure("ResourceNotFound", f"{request.method} {request.raw_path[:200]} is no operation here")
    thing, api, job_id = found
    if request.secure and request.peer_name != thing:
        return Response(403, {"message": "Forbidden"}, {"x-amzn-errortype": "ForbiddenException"})
    fits = THING_NAME.fullmatch(thing) and (job_id in (None, "$next") or JOB_ID.fullmatch(job_id))
    try:
        body = _fields(request, api)
    except ValueError as error:
        return failure("InvalidJson", str(error))
    if not fits:
        return failure("InvalidRequest", "The thing's name or the job's id is malformed")
    answer = app.service.device_request(thing, api, job_id, body)
    if answer is None:
        return Response(503, raw=b"", close=True)
    if not answer.accepted:
        return failure(answer.code, answer.body["message"])
    return Response(200, _as_https(answer.body))


def _as_https(body):
    view = {name: value for name, value in body.items() if name not in ("timestamp", "clientToken")}
    if "jobDocument" in view:
        view["jobDocument"] = json.dumps(view["jobDocument"])
    if "jobDocument" in view.get("execution", ()):
        document = json.dumps(view["execution"]["jobDocument"])
        view["execution"] = {**view["execution"], "jobDocument": document}
    return view
