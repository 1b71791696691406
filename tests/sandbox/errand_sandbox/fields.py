"""Reading what devices send: JSON, and the type and range of each field."""

import json
import re
import unicodedata

from .errors import DeviceError

THING_NAME = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
JOB_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
DETAIL_KEY = re.compile(r"[a-zA-Z0-9:_-]{1,128}")
DETAIL_PAIRS = 10
DETAIL_LENGTH = 1024
STEP_TIMEOUT_MAX = 10080
LONG_MAX = 2 ** 63 - 1
DEVICE_STATUSES = ("IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED")

KEYS = {
    "GetPendingJobExecutions": {"clientToken"},
    "StartNextPendingJobExecution": {"clientToken", "statusDetails", "stepTimeoutInMinutes"},
    "DescribeJobExecution": {"clientToken", "executionNumber", "includeJobDocument", "jobId", "thingName"},
    "UpdateJobExecution": {"clientToken", "status", "statusDetails", "expectedVersion", "executionNumber",
                           "includeJobExecutionState", "includeJobDocument", "stepTimeoutInMinutes", "jobId",
                           "thingName"},
}


def _no_constant(word):
    raise ValueError(f"{word} is no JSON")


def parse(payload, switches):
    """A zero-length payload is {}. Raises DeviceError."""
    if not payload:
        return {}
    try:
        body = json.loads(payload.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DeviceError("InvalidJson", f"The payload is no JSON: {str(error)[:200]}") from None
    if not isinstance(body, dict):
        raise DeviceError(switches["non-object-code"], "The payload is no JSON object")
    return body


class Fields:
    """The checked fields of one request. Raises DeviceError."""

    def __init__(self, api, body, switches):
        self.body = body
        self.switches = switches
        if switches["unknown-keys"] == "reject":
            for key in body:
                if key not in KEYS[api]:
                    raise DeviceError("InvalidRequest", f"Unknown field {key[:64]!r}")

    def wrong_type(self, name, wanted):
        return DeviceError(self.switches["wrong-type-code"], f"Field {name} is no {wanted}")

    def token(self):
        token = self.body.get("clientToken")
        if token is None:
            return None
        if not isinstance(token, str):
            raise self.wrong_type("clientToken", "string")
        limit = self.switches["client-token-max"]
        if limit and len(token) > limit:
            raise DeviceError("InvalidRequest", f"clientToken is longer than {limit}")
        return token

    def boolean(self, name, default):
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong_type(name, "boolean")
        return value

    def number(self, name):
        """A whole number, or its decimal digits in a string as some SDKs send."""
        value = self.body.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type(name, "number")
        if not -LONG_MAX - 1 <= value <= LONG_MAX:
            raise DeviceError("InvalidRequest", f"Field {name} is out of range")
        return value

    def step_timeout(self):
        value = self.body.get("stepTimeoutInMinutes")
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type("stepTimeoutInMinutes", "number")
        if value != -1 and not 1 <= value <= STEP_TIMEOUT_MAX:
            raise DeviceError("InvalidRequest", f"stepTimeoutInMinutes must be -1 or 1..{STEP_TIMEOUT_MAX}")
        return value

    def status(self):
        value = self.body.get("status")
        if value is None:
            raise DeviceError("InvalidRequest", "Value null at 'status' failed to satisfy constraint: must not be null")
        if not isinstance(value, str):
            raise self.wrong_type("status", "string")
        return value

    def details(self):
        details = self.body.get("statusDetails")
        if details is None:
            return None
        if not isinstance(details, dict):
            raise self.wrong_type("statusDetails", "object")
        if len(details) > DETAIL_PAIRS:
            raise DeviceError("InvalidRequest", f"statusDetails has more than {DETAIL_PAIRS} pairs")
        for key, value in details.items():
            self._detail(key, value)
        return details

    def _detail(self, key, value):
        if not DETAIL_KEY.fullmatch(key):
            raise DeviceError("InvalidRequest", f"statusDetails key {key[:140]!r} is not [a-zA-Z0-9:_-]{{1,128}}")
        if not isinstance(value, str):
            raise self.wrong_type(f"statusDetails.{key}", "string")
        if not value or self.length(value) > DETAIL_LENGTH:
            raise DeviceError("InvalidRequest", f"statusDetails.{key} is not 1..{DETAIL_LENGTH} characters long")
        if not value.isprintable() and any(unicodedata.category(c)[0] == "C" for c in value):
            raise DeviceError("InvalidRequest", f"statusDetails.{key} has control or format characters")

    def length(self, text):
        if text.isascii() or self.switches["details-length-unit"] == "codepoint":
            return len(text)
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
