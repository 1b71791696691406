"""The control plane's file streams: CreateStream and its siblings."""

from . import rest_shapes as shapes
from .model import arn
from .rest_control import route


def created(stream):
    return shapes.without_none({"streamId": stream.id, "streamArn": arn("stream", stream.id),
                                "description": stream.description or None, "streamVersion": stream.version})


def detail(stream):
    files = [{"fileId": entry["fileId"], "s3Location": entry["s3Location"]} for entry in stream.files]
    return shapes.without_none({**created(stream), "files": files, "roleArn": stream.role,
                                "createdAt": stream.created_at, "lastUpdatedAt": stream.updated_at})


def members(body):
    return body.get("files"), body.get("description"), body.get("roleArn")


@route("POST", "/streams/{stream}")
def create_stream(call, stream):
    return created(call.app.streams.create(stream, *members(call.body)))


@route("GET", "/streams/{stream}")
def describe_stream(call, stream):
    return {"streamInfo": detail(call.app.streams.need(stream))}


@route("PUT", "/streams/{stream}")
def update_stream(call, stream):
    return created(call.app.streams.update(stream, *members(call.body)))


@route("DELETE", "/streams/{stream}")
def delete_stream(call, stream):
    call.app.streams.delete(stream)
    return {}


@route("GET", "/streams")
def list_streams(call):
    streams = list(call.rules.store.streams.values())
    if call.query.get("isAscendingOrder", "false").lower() != "true":
        streams.reverse()
    return shapes.paged("streams", [created(stream) for stream in streams], call.query)
