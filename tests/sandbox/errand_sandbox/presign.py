"""URLs to the file store that look and expire like S3's presigned ones, and the placeholders that ask for them."""

import calendar
import hashlib
import hmac
import os
import re
import time
from urllib.parse import quote, unquote, urlsplit

PLACEHOLDER = re.compile(
    r"\$\{aws:iot:s3-presigned-url(?P<form>-v1|-v2|-upload)?:(?P<target>(?:[^${}]|\$\{[a-zA-Z]+\})+)\}")
MARK = "${aws:iot:s3-presigned-url"
NAMES = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token",
         "X-Amz-SignedHeaders")
DEFAULT_EXPIRES = 3600


def object_key(target):
    """The key an S3 object URL names: s3://bucket/key[@version], https://s3.REGION.../bucket/key,
    https://bucket.s3.REGION.../key, or a plain key."""
    parts = urlsplit(target)
    if parts.scheme == "s3":
        return parts.path.lstrip("/").partition("@")[0]
    if parts.scheme not in ("http", "https"):
        return target.lstrip("/")
    path = parts.path.lstrip("/")
    if re.match(r"s3[.-]", parts.netloc) or not re.search(r"\.s3[.-]", parts.netloc):
        path = path.partition("/")[2]
    return unquote(path)


class Presigner:
    """The clock is real time plus what tests put it forward: `now` is asked each time."""

    def __init__(self, secret, now, base_url):
        self._secret = secret
        self._now = now
        self._base_url = base_url       # () -> "https://localhost:1234"

    def url(self, key, method="GET", expires=DEFAULT_EXPIRES):
        """A new URL; no two are alike."""
        path = "/files/" + quote(key)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._now()))
        values = ("AWS4-HMAC-SHA256", f"ASIASANDBOX/{stamp[:8]}/us-east-1/s3/aws4_request", stamp, str(expires),
                  os.urandom(18).hex(), "host")
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in zip(NAMES, values))
        return f"{self._base_url()}{path}?{query}&X-Amz-Signature={self._sign(method, path, query)}"

    def _sign(self, method, path, query):
        return hmac.new(self._secret, f"{method}\n{path}\n{query}".encode(), hashlib.sha256).hexdigest()

    def fault(self, method, path, query):
        """None when the raw query is a good signature for this method and path, else S3's error code."""
        signed, _, signature = query.partition("&X-Amz-Signature=")
        if not signature:
            return "AccessDenied"
        if not hmac.compare_digest(signature.encode(), self._sign(method, path, signed).encode()):
            return "SignatureDoesNotMatch"
        values = dict(pair.partition("=")[::2] for pair in signed.split("&"))
        made = _stamp_seconds(values["X-Amz-Date"])
        if self._now() >= made + int(values["X-Amz-Expires"]):
            return "ExpiredToken"
        return None


def _stamp_seconds(stamp):
    return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))


class Documents:
    """Makes the document as a device gets it: each delivery has URLs of its own."""

    def __init__(self, presigner, switches):
        self._presigner = presigner
        self._switches = switches

    def deliver(self, job, execution):
        if MARK not in job.document:
            return job.body()
        expires = job.setting("presignedUrlConfig", "expiresInSec", default=DEFAULT_EXPIRES)

        def replace(match):
            target = match["target"]
            if match["form"] == "-v2":
                target = unquote(target)
            for name, value in (("thingName", execution.thing), ("jobId", execution.job_id),
                                ("executionNumber", str(execution.number))):
                target = target.replace("${" + name + "}", value)
            method = "PUT" if match["form"] == "-upload" else "GET"
            return self._presigner.url(object_key(target), method, expires)
        delivered = substitute(job.body(), replace)
        limit = self._switches["delivered-document-max"]
        if limit and len(str(delivered)) > limit:
            return job.body()
        return delivered


def substitute(value, replace):
    if isinstance(value, str):
        return PLACEHOLDER.sub(replace, value) if MARK in value else value
    if isinstance(value, dict):
        return {key: substitute(entry, replace) for key, entry in value.items()}
    if isinstance(value, list):
        return [substitute(entry, replace) for entry in value]
    return value
