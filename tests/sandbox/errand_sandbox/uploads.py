"""What the command line and the Python client do in several calls: files, streams made of them, and OTA updates.

`call` is Remote.call or Sandbox.call throughout.
"""

import base64
import uuid
from pathlib import Path

from .model import arn
from .remote import RemoteError

BUCKET = "sandbox"
UPLOAD_SECONDS = 300


def store(call, content, key):
    """content: bytes, the Path of a local file, or the name of a file that is in the store already. Returns its key."""
    if isinstance(content, str):
        return content
    data = content.read_bytes() if isinstance(content, Path) else bytes(content)
    return call("PUT", ["_sandbox", "files", *key.split("/")], data, timeout=UPLOAD_SECONDS)["name"]


def location(key):
    return {"bucket": BUCKET, "key": key}


def stream_body(call, name, files, description):
    """files: {fileId: content}"""
    upload = uuid.uuid4().hex[:8]       # the version before keeps its own files until the update
    listed = [{"fileId": number, "s3Location": location(store(call, content, f"streams/{name}/{upload}/{number}"))}
              for number, content in files.items()]
    return {"files": listed, **({} if description is None else {"description": description})}


def put_stream(call, name, files, description=None):
    """Makes the stream, or its next version. Returns the server's answer."""
    body = stream_body(call, name, files, description)
    try:
        return call("POST", ["streams", name], body)
    except RemoteError as error:
        if error.name != "ResourceAlreadyExistsException":
            raise
    return call("PUT", ["streams", name], body)


def ota_file(call, content, signature=None, certificate="signer", algorithm="sha256-ecdsa", file_name=None,
             file_type=None):
    """One of the files of create_ota_update(). content: as in store(). signature: bytes, or text that is delivered as
    it is; None for an unsigned file."""
    entry = {"fileLocation": {"s3Location": location(store(call, content, f"ota/{uuid.uuid4()}"))}}
    if signature is not None:
        blob = signature.encode() if isinstance(signature, str) else signature
        hashed, _, signed = algorithm.partition("-")
        entry["codeSigning"] = {"customCodeSigning": {
            "signature": {"inlineDocument": base64.b64encode(blob).decode()}, "hashAlgorithm": hashed,
            "signatureAlgorithm": signed, "certificateChain": {"certificateName": certificate}}}
    if file_name is not None:
        entry["fileName"] = file_name
    if file_type is not None:
        entry["fileType"] = file_type
    return entry


def create_ota_update(call, update_id, things, files, protocols=("MQTT",), **settings):
    """settings: more members of CreateOTAUpdate. Returns the job's id."""
    body = {"targets": [arn("thing", thing) for thing in things], "protocols": list(protocols), "files": list(files),
            **settings}
    return call("POST", ["otaUpdates", update_id], body)["awsIotJobId"]
