"""A server that says exactly the bytes a test wants, and a download from it."""

import socket
import threading

CONTENT = b"0123456789abcdef" * 4096


class RawServer:
    """with RawServer(answer) as server: answer(connection, request, nth) writes what it likes, byte by byte."""

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.sent = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with connection:
            request = b""
            while b"\r\n\r\n" not in request:
                piece = connection.recv(65536)
                if not piece:
                    return
                request += piece
            self.requests.append(request.decode())
            try:
                self.answer(connection, request.decode(), len(self.requests))
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)
            except OSError:
                pass

    def flood(self, connection, data, limit):
        """Says the same until the other side hangs up."""
        while self.sent < limit:
            connection.sendall(data)
            self.sent += len(data)

    def url(self, name="file"):
        return f"http://127.0.0.1:{self.port}/{name}"


def head(status="200 OK", *lines):
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def fetch(device, server, timeout=30, **more):
    path = device.downloads / "file"
    path.unlink(missing_ok=True)
    document = {"operation": "download", "url": server.url(), "path": str(path), **more}
    status, details = device.run(document, timeout=timeout)
    if status != "SUCCEEDED":
        assert not list(device.downloads.iterdir())
    return status, details, path.read_bytes() if path.exists() else None
