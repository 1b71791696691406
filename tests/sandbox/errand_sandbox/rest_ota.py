"""The control plane's OTA updates: CreateOTAUpdate and its siblings."""

from . import rest_shapes as shapes
from .errors import invalid
from .model import arn
from .rest_control import route

STATUS = "CREATE_COMPLETE"
SHOWN = ("description", "targets", "protocols", "targetSelection", "awsJobExecutionsRolloutConfig",
         "awsJobPresignedUrlConfig", "additionalParameters")


def identity(update_id, update):
    return {"otaUpdateId": update_id, "otaUpdateArn": arn("otaupdate", update_id), "otaUpdateStatus": STATUS,
            "awsIotJobId": update["job"], "awsIotJobArn": arn("job", update["job"])}


@route("POST", "/otaUpdates/{update}")
def create_update(call, update):
    targets = call.body.get("targets")
    if not isinstance(targets, list) or not targets:
        raise invalid("An OTA update needs targets")
    made = call.app.updates.create(update, [shapes.parse_target(target) for target in targets], call.body)
    return identity(update, made)


@route("GET", "/otaUpdates/{update}")
def get_update(call, update):
    found = call.app.updates.need(update)
    body = found["body"]
    return {"otaUpdateInfo": shapes.without_none({
        **identity(update, found), **{name: body.get(name) for name in SHOWN}, "otaUpdateFiles": body["files"],
        "creationDate": found["createdAt"], "lastModifiedDate": found["createdAt"]})}


@route("GET", "/otaUpdates")
def list_updates(call):
    entries = [{"otaUpdateId": update_id, "otaUpdateArn": arn("otaupdate", update_id),
                "creationDate": update["createdAt"]} for update_id, update in call.app.updates.updates.items()]
    entries = entries if call.query.get("otaUpdateStatus", STATUS) == STATUS else []
    return shapes.paged("otaUpdates", entries, call.query)


@route("DELETE", "/otaUpdates/{update}")
def delete_update(call, update):
    with_stream, force = (call.query.get(name, "false").lower() == "true"
                          for name in ("deleteStream", "forceDeleteAWSJob"))
    call.app.updates.delete(update, with_stream, force)
    return {}
