"""CreateOTAUpdate: makes a stream of files, and a job with the document that FreeRTOS agents know."""

import base64
import binascii
import json
import re
import uuid
from urllib.parse import quote

from .errors import ControlError, invalid
from .model import REGION
from .streams import FILE_ID_MAX, FILES_MAX, STREAM_ID

PROTOCOLS = ("MQTT", "HTTP")
EXPIRES_SECONDS = 1800
HASHES = ("sha256", "sha1")
SIGNATURES = ("ecdsa", "rsa")
BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
# member of CreateOTAUpdate -> member of CreateJob
JOB_MEMBERS = {"targetSelection": "targetSelection", "awsJobExecutionsRolloutConfig": "jobExecutionsRolloutConfig",
               "awsJobTimeoutConfig": "timeoutConfig", "description": "description"}


class OtaUpdates:
    """The caller holds the service's lock. Everything raises ControlError."""

    def __init__(self, rules, streams):
        self.rules = rules
        self.streams = streams
        self.updates = streams.store.updates

    def create(self, update_id, targets, body):
        """targets: as create_job() has them. Returns what is remembered of the update."""
        if not STREAM_ID.fullmatch(update_id):
            raise invalid(f"OTA update id {update_id[:140]!r} is not [a-zA-Z0-9_-]{{1,128}}")
        if update_id in self.updates:
            raise ControlError("ResourceAlreadyExistsException", f"OTA update {update_id} already exists")
        protocols = check_protocols(body.get("protocols") or ["MQTT"])
        files = body.get("files")
        if not isinstance(files, list) or not 1 <= len(files) <= FILES_MAX:
            raise invalid(f"An OTA update has 1..{FILES_MAX} files")
        located = [self._locate(entry, number) for number, entry in enumerate(files)]
        stream_id = self._stream(located) if "MQTT" in protocols else None
        try:
            job = self._create_job(f"AFR_OTA-{update_id}", targets, body,
                                   document(files, located, protocols, stream_id))
        except ControlError:
            if stream_id in self.streams.store.streams and located[0].stream is None:
                self.streams.delete(stream_id)
            raise
        now = self.rules.clock.now()
        self.updates[update_id] = {"body": body, "createdAt": now, "job": job.id, "stream": stream_id}
        return self.updates[update_id]

    def _create_job(self, job_id, targets, body, text):
        settings = {theirs: body[ours] for ours, theirs in JOB_MEMBERS.items() if body.get(ours) is not None}
        expires = member(body, "awsJobPresignedUrlConfig").get("expiresInSec")
        settings["presignedUrlConfig"] = {"expiresInSec": expires or EXPIRES_SECONDS}
        criteria = member(body, "awsJobAbortConfig").get("abortCriteriaList")
        if criteria:
            settings["abortConfig"] = {"criteriaList": criteria}
        return self.rules.create_job(job_id, targets, text, settings)

    def _locate(self, entry, number):
        location = entry.get("fileLocation") if isinstance(entry, dict) else None
        location = location if isinstance(location, dict) else {}
        source = location.get("stream")
        if not isinstance(source, dict):
            path, location = self.streams.locate(location.get("s3Location"))
            return Located(path, location, number)
        stream = self.streams.need(str(source.get("streamId")))
        for known in stream.files:
            if known["fileId"] == source.get("fileId"):
                return Located(*self.streams.locate(known["s3Location"]), known["fileId"], stream.id)
        raise invalid(f"Stream {stream.id} has no file {source.get('fileId')}")

    def _stream(self, located):
        """The stream all files are in already, else a new one."""
        known = {entry.stream for entry in located}
        if known == {None}:
            stream_id = f"AFR_OTA-{uuid.uuid4()}"
            self.streams.create(stream_id, [{"fileId": entry.number, "s3Location": entry.location}
                                            for entry in located])
            return stream_id
        if len(known) > 1:
            raise invalid("The files of an OTA update must be in one stream, or all in the file store")
        return known.pop()

    def need(self, update_id):
        if update_id not in self.updates:
            raise ControlError("ResourceNotFoundException", f"OTA update {update_id[:140]} cannot be found")
        return self.updates[update_id]

    def delete(self, update_id, with_stream, force):
        update = self.need(update_id)
        if update["job"] in self.rules.store.jobs:
            self.rules.delete_job(update["job"], force)
        if with_stream and update["stream"] in self.streams.store.streams:
            self.streams.delete(update["stream"])
        del self.updates[update_id]


class Located:
    """A file of an update: where it lies, its number in the stream, and the stream, None for one still to be made."""

    __slots__ = ("path", "location", "number", "stream")

    def __init__(self, path, location, number, stream=None):
        self.path = path
        self.location = location
        self.number = number
        self.stream = stream


def member(body, name):
    """An object of the body, {} when left out."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise invalid(f"{name} is no object")
    return value or {}


def check_protocols(protocols):
    if not isinstance(protocols, list) or any(entry not in PROTOCOLS for entry in protocols) or \
            len(protocols) > len(set(protocols)):
        raise invalid(f"protocols must be one or both of {', '.join(PROTOCOLS)}")
    return protocols


def document(files, located, protocols, stream_id):
    """The text of the job document."""
    body = {"protocols": protocols}
    if stream_id is not None:
        body["streamname"] = stream_id
    body["files"] = [describe(entry, place, protocols) for entry, place in zip(files, located)]
    return json.dumps({"afr_ota": body})


def describe(entry, place, protocols):
    """One file of the document. Its URL is made at each delivery."""
    size = place.path.stat().st_size
    if size == 0:
        raise invalid(f"{place.location['key']} is empty")
    name, kind = entry.get("fileName"), entry.get("fileType")
    if name is not None and not isinstance(name, str):
        raise invalid("fileName is no string")
    view = {"filepath": name, "filesize": size, "fileid": place.number}
    if kind is not None:
        if isinstance(kind, bool) or not isinstance(kind, int) or not 0 <= kind <= FILE_ID_MAX:
            raise invalid(f"fileType must be 0..{FILE_ID_MAX}")
        view["fileType"] = kind
    view["update_data_url"] = view["auth_scheme"] = None
    if "HTTP" in protocols:
        target = f"https://s3.{REGION}.amazonaws.com/{place.location['bucket']}/{quote(place.location['key'])}"
        view["update_data_url"] = "${aws:iot:s3-presigned-url:%s}" % target
        view["auth_scheme"] = "aws.s3.presigned"
    view.update(signature(entry.get("codeSigning")))
    return view


def signature(signing):
    """certfile and the signature's key; nothing for an unsigned file."""
    if signing is None:
        return {}
    custom = signing.get("customCodeSigning") if isinstance(signing, dict) else None
    if not isinstance(custom, dict):
        raise invalid("codeSigning must be a customCodeSigning: the sandbox does not sign")
    try:
        certificate = custom["certificateChain"]["certificateName"]
        text = signature_text(custom["signature"]["inlineDocument"])
        words = [custom[name].lower().replace("-", "") for name in ("hashAlgorithm", "signatureAlgorithm")]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise invalid(f"Malformed customCodeSigning: {error!r}") from None
    if words[0] not in HASHES or words[1] not in SIGNATURES or not isinstance(certificate, str):
        raise invalid("customCodeSigning needs a certificateName, SHA256 or SHA1, and ECDSA or RSA")
    return {"certfile": certificate, f"sig-{words[0]}-{words[1]}": text}


def signature_text(blob):
    """Base64 as the device gets it. Users hand over the signature's bytes or its base64 text; both come as a blob."""
    try:
        data = base64.b64decode(blob, validate=True)
    except binascii.Error as error:
        raise ValueError(f"signature is no base64: {error}") from None
    return data.decode() if BASE64_TEXT.fullmatch(data) else base64.b64encode(data).decode()
