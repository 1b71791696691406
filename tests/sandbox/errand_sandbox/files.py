"""The file store: DIR/files over HTTP and HTTPS, with ranges, S3's refusals, and the faults of bad servers."""

import hashlib
import mimetypes
import os
import re
import time
from pathlib import Path

from .web import BLOCK, Response

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
UPLOAD_MAX = 256 * 1024 * 1024


def error(status, code, close=False):
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code></Error>\n'
    return Response(status, raw=body.encode(), headers={"Content-Type": "application/xml"}, close=close)


class Files:
    def __init__(self, directory, presigner, service):
        self.root = Path(directory).resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._presigner = presigner
        self._service = service
        self._etags = {}        # (path, size, mtime) -> ETag

    def path(self, key):
        """None for keys that lead out of the store."""
        path = (self.root / key).resolve()
        return path if path.is_relative_to(self.root) and path != self.root else None

    def serve(self, request, key, public):
        response = self._answer(request, key, public)
        self._service.ledger.add("file", name=key, method=request.method, range=request.headers.get("Range"),
                                 status=response.status, secure=request.secure)
        return response

    def _answer(self, request, key, public):
        path = self.path(key)
        if not public:
            fault = self._presigner.fault(request.method, request.raw_path, request.raw_query)
            if fault:
                return error(403, fault)
        if path is None:
            return error(404, "NoSuchKey")
        if request.method == "PUT" and not public:
            return self._store(request, path)
        if request.method not in ("GET", "HEAD"):
            return error(405, "MethodNotAllowed")
        if not path.is_file():
            return error(404, "NoSuchKey")
        fault = self._service.faults.take(("file",), name=key) if self._service.faults.active else None
        if fault and fault["action"] == "error":
            return error(fault["httpStatus"], fault["code"])
        return self._deliver(request, path, fault)

    def _store(self, request, path):
        if request.length > UPLOAD_MAX:
            return error(400, "EntityTooLarge", close=True)
        self.put(path, request.read(UPLOAD_MAX))
        return Response(200, raw=b"", headers={"ETag": self.etag(path)})

    @staticmethod
    def put(path, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_bytes(data)
        os.replace(part, path)

    def etag(self, path):
        status = path.stat()
        key = (str(path), status.st_size, status.st_mtime_ns)
        if key not in self._etags:
            digest = hashlib.md5(usedforsecurity=False)
            with open(path, "rb") as stream:
                while block := stream.read(BLOCK * 16):
                    digest.update(block)
            self._etags[key] = f'"{digest.hexdigest()}"'
        return self._etags[key]

    def _deliver(self, request, path, fault):
        action = fault["action"] if fault else None
        size, etag = path.stat().st_size, self.etag(path)
        if action == "change-etag":
            etag = f'"{os.urandom(16).hex()}"'
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Last-Modified": time.strftime(
            "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(path.stat().st_mtime)),
            "Content-Type": mimetypes.guess_type(path.name)[0] or "binary/octet-stream"}
        wanted = None if action == "ignore-range" else request.headers.get("Range")
        if request.headers.get("If-Range") not in (None, etag):
            wanted = None
        if request.headers.get("If-Match") not in (None, "*", etag):
            return error(412, "PreconditionFailed")
        span = find_range(wanted, size)
        if span is None:
            response = error(416, "InvalidRange")
            response.headers["Content-Range"] = f"bytes */{size}"
            return response
        first, last, status = span
        if status == 206:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        headers["Content-Length"] = str(last - first + 1)
        stream = read_file(path, first, last + 1, fault if action in ("cut", "stall", "slow") else None)
        return Response(status, headers=headers, stream=stream, close=action in ("cut", "stall"))


def find_range(text, size):
    """(first, last, status); None where the range cannot be satisfied. A malformed one is ignored."""
    match = RANGE.fullmatch(text.strip()) if text else None
    if match is None or match.groups() == ("", ""):
        return 0, size - 1, 200
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, size - 1, 206) if length else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    return (start, end, 206) if start <= end and start < size else None


def read_file(path, first, end, fault):
    """Blocks of the file. cut ends early after `after` bytes, stall waits there, slow gives `rate` bytes a second."""
    sent, block_size = 0, BLOCK * 4
    if fault and fault["action"] == "slow":
        block_size = max(1, fault["rate"] // 10)
    with open(path, "rb") as stream:
        stream.seek(first)
        while first + sent < end:
            size = min(block_size, end - first - sent)
            if fault and fault["action"] in ("cut", "stall"):
                size = min(size, fault["after"] - sent)
                if size <= 0:
                    time.sleep(fault["seconds"] if fault["action"] == "stall" else 0)
                    return
            block = stream.read(size)
            if not block:
                return
            sent += len(block)
            yield block
            if fault and fault["action"] == "slow":
                time.sleep(0.1)
