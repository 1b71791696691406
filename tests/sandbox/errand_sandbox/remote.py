"""Talking to a running sandbox over its REST API; a connection per thread, kept open."""

import http.client
import json
import threading
from urllib.parse import quote, urlencode, urlsplit


class RemoteError(Exception):
    """The server said no."""

    def __init__(self, name, status, message):
        super().__init__(f"{name}: {message}" if name else message)
        self.name = name
        self.status = status


class Remote:
    def __init__(self, endpoint):
        parts = urlsplit(endpoint)
        self._address = (parts.hostname, parts.port or 80)
        self._local = threading.local()

    def call(self, method, path, body=None, query=None, timeout=30.0):
        """path: a string, or its parts, which are quoted. Returns the answer's object. Raises RemoteError, OSError."""
        if not isinstance(path, str):
            path = "/" + "/".join(quote(part, safe="") for part in path)
        if query:
            path += "?" + urlencode({name: value for name, value in query.items() if value is not None})
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        status, headers, raw = self._exchange(method, path, data, timeout)
        try:
            answer = json.loads(raw) if raw else {}
        except ValueError:
            answer = {"message": raw[:500].decode("utf-8", "replace")}
        if status >= 400:
            raise RemoteError(headers.get("x-amzn-errortype", ""), status, answer.get("message", str(status)))
        return answer

    def _exchange(self, method, path, data, timeout):
        """An idle connection may have been closed meanwhile: one more try on a fresh one."""
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            if fresh:
                connection = self._local.connection = http.client.HTTPConnection(*self._address, timeout=timeout)
            elif connection.sock is not None:
                connection.sock.settimeout(timeout)
            try:
                connection.request(method, path, data, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                self._local.connection = None
                if fresh or attempt == 2:
                    raise
        raise AssertionError("unreachable")
