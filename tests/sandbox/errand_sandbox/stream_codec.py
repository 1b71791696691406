"""Payloads of file streams: JSON always, CBOR where python3-cbor2 is installed."""

import base64
import io
import json
import re

from . import fields
from .errors import DeviceError

try:
    import cbor2
except ImportError:     # JSON works without it
    cbor2 = None

FORMATS = ("json", "cbor")
HEX = re.compile(r"(?:0[xX])?((?:[0-9a-fA-F]{2})*)")
SHOWN_DEPTH = 4
SHOWN_LENGTH = 1000
SHOWN_NUMBER = 2 ** 64


def parse(payload, form, switches):
    """A zero-length payload is {}. Raises DeviceError."""
    if form == "json":
        return fields.parse(payload, switches)
    body = load_cbor(payload) if payload else {}
    if not isinstance(body, dict):
        code = "InvalidCbor" if switches["non-object-code"] == "InvalidJson" else switches["non-object-code"]
        raise DeviceError(code, "The payload is no CBOR map")
    return body


def load_cbor(payload):
    stream = io.BytesIO(payload)
    try:
        body = cbor2.CBORDecoder(stream).decode()
    except Exception as error:      # the decoder lets through whatever the tags and types of strangers provoke
        raise DeviceError("InvalidCbor", f"The payload is no CBOR: {str(error)[:200]}") from None
    if stream.read(1):
        raise DeviceError("InvalidCbor", "The payload goes on after its CBOR item")
    return body


def encode(body, form, payload_text="base64"):
    """payload_text: how JSON, which has no bytes, shows them."""
    if form == "cbor":
        return cbor2.dumps(body)
    if "p" in body:
        data = body["p"]
        body = {**body, "p": data.hex() if payload_text == "hex" else base64.b64encode(data).decode()}
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def bitmap_bytes(value, form):
    """JSON has the bytes as hexadecimal text, with or without 0x. Raises DeviceError."""
    if form == "cbor":
        if not isinstance(value, bytes):
            raise DeviceError("InvalidRequest", "Field b is no byte string")
        return value
    match = HEX.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise DeviceError("InvalidRequest", "Field b is no hexadecimal text of whole bytes")
    return bytes.fromhex(match[1])


def readable(payload, form):
    """A payload as the ledger shows it: parsed where possible, and always fit for JSON."""
    try:
        body = json.loads(payload) if form == "json" else load_cbor(payload)
        return showable(body) if payload else {}
    except (DeviceError, ValueError, RecursionError):
        return payload[:SHOWN_LENGTH].decode("utf-8", "replace") if form == "json" else payload[:SHOWN_LENGTH].hex()


def showable(value, depth=0):
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < SHOWN_NUMBER else hex(value)[:SHOWN_LENGTH]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if depth < SHOWN_DEPTH and isinstance(value, dict):
        return {str(key)[:SHOWN_LENGTH]: showable(entry, depth + 1) for key, entry in value.items()}
    if depth < SHOWN_DEPTH and isinstance(value, (list, tuple)):
        return [showable(entry, depth + 1) for entry in value]
    return value if isinstance(value, str) else type(value).__name__
