"""An HTTP(S) file server whose answers a test writes: each request is recorded, then handed to the test's function."""

import http.server
import socket
import ssl
import threading

ETAG = '"one"'
BLOCK = 256 * 1024


class Zeros:
    """A file of zeros that needs no room."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, part):
        return bytes(len(range(*part.indices(self.size))))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        source = self.server.source
        with source.lock:
            source.requests.append((self.command, self.path, self.headers.get("Range")))
            self.nth = len(source.requests)
            source.lock.notify_all()
        self.close_connection = True
        try:
            source.answer(self, source.content)
        except OSError:
            pass

    do_HEAD = do_GET

    def asked(self):
        """Where the client wants to go on; 0 when it asked for all."""
        value = self.headers.get("Range")
        return int(value[len("bytes="):-1]) if value else 0

    def head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()

    def status(self, status, **headers):
        self.head(status, Content_Length=0, **headers)

    def body(self, start, stop):
        """Counted in server.source.sent."""
        for at in range(start, stop, BLOCK):
            block = self.server.source.content[at:min(at + BLOCK, stop)]
            self.wfile.write(block)
            self.server.source.sent += len(block)

    def file(self, start=0, stop=None, etag=ETAG, claimed=None):
        """The file from `start` on, as 206 if that is not its beginning; the connection ends at `stop`. claimed: the
        start that Content-Range tells."""
        size = len(self.server.source.content)
        headers = {"ETag": etag, "Content_Length": size - start}
        if start:
            first = start if claimed is None else claimed
            headers["Content_Range"] = f"bytes {first}-{size - 1}/{size}"
        self.head(206 if start else 200, **headers)
        self.body(start, size if stop is None else min(stop, size))

    def without_length(self, stop):
        self.head(200)
        self.body(0, stop)


def honest(handler, _content):
    handler.file(handler.asked())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class FileSource:
    """with FileSource(content, answer) as source: ... answer(handler, content) is called in a thread for each request.
    context: for HTTPS."""

    def __init__(self, content, answer=honest, context=None):
        self.content, self.answer = content, answer
        self.lock = threading.Condition()
        self.requests = []      # (method, target as received, Range or None)
        self.sent = 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.source = self
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.port = self.server.server_port
        self.root = f"https://localhost:{self.port}" if context else f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def url(self, name="file"):
        return f"{self.root}/{name}"

    def wait_requests(self, count, timeout=20):
        with self.lock:
            if not self.lock.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} requests, {count} wanted within {timeout} s")


class Deaf:
    """Takes connections (or with full: lets them wait at the door) and never says a word."""

    def __init__(self, full=False):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0 if full else 8)
        self.port = self.listener.getsockname()[1]
        self.waiting = []
        self.accepted = threading.Event()
        if full:
            self._fill()
        else:
            threading.Thread(target=self._accept, daemon=True).start()

    def _fill(self):
        """Until the kernel drops what comes next."""
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            self.waiting.append(one)

    def _accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        self.waiting.append(client)
        self.accepted.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in (self.listener, *self.waiting):
            one.close()


def tls(certificate, key, ca=None):
    """A server's context; with ca a client without a certificate of it is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)
    return context
