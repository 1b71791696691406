"""A small HTTP/1.1 server: threads, keep-alive, no Nagle, TLS with optional client certificates."""

import json
import socket
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote

BODY_MAX = 512 * 1024 * 1024
JSON_MAX = 4 * 1024 * 1024
HANDSHAKE_SECONDS = 30
BLOCK = 65536


class Request:
    def __init__(self, handler):
        raw_path, _, self.raw_query = handler.path.partition("?")
        self.method = handler.command
        self.raw_path = raw_path
        self.path = [unquote(part) for part in raw_path.split("/")[1:]]
        self.query = dict(parse_qsl(self.raw_query, keep_blank_values=True))
        self.headers = handler.headers
        self.secure = handler.peer_name is not None
        self.peer_name = handler.peer_name or None      # common name of the client's certificate
        self.stream = handler.rfile
        self.length = handler.body_length()

    def read(self, limit=JSON_MAX):
        """The whole body. Raises ValueError when it is too long."""
        if self.length > limit:
            raise ValueError(f"the body is longer than {limit} bytes")
        data = self.stream.read(self.length)
        self.length = 0
        return data

    def json(self):
        """The body as an object, {} when empty. Raises ValueError."""
        data = self.read()
        try:
            body = json.loads(data) if data else {}
        except RecursionError:
            raise ValueError("the body is nested too deeply") from None
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        return body

    def flag(self, name):
        return self.query.get(name, "false").lower() == "true"


class Response:
    def __init__(self, status=200, body=None, headers=None, raw=None, stream=None, close=False):
        """body: an object sent as JSON; raw: bytes; stream: an iterator of bytes whose Content-Length is in headers."""
        self.status = status
        self.headers = dict(headers or {})
        self.stream = stream
        self.close = close
        self.raw = raw
        if raw is None and stream is None:
            self.raw = b"" if body is None else json.dumps(body).encode()
            self.headers.setdefault("Content-Type", "application/json")
        if self.raw is not None:
            self.headers.setdefault("Content-Length", str(len(self.raw)))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "errand-sandbox"
    wbufsize = BLOCK
    disable_nagle_algorithm = True
    timeout = 300

    def setup(self):
        self.peer_name = None
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(HANDSHAKE_SECONDS)
            self.request.do_handshake()
            self.peer_name = common_name(self.request.getpeercert())
        super().setup()

    def body_length(self):
        text = self.headers.get("Content-Length") or "0"
        return min(int(text), BODY_MAX) if text.isdigit() else 0

    def _serve(self):
        request = Request(self)
        response = self.server.dispatch(request)
        while request.length > 0:       # a body nobody wanted must not be taken for the next request
            block = request.stream.read(min(request.length, BLOCK))
            if not block:
                break
            request.length -= len(block)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.close:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        for block in response.stream if response.stream is not None else (response.raw,):
            self.wfile.write(block)
        self.wfile.flush()
        self.close_connection = self.close_connection or response.close

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = do_HEAD = _serve

    def log_message(self, format, *args):
        """The ledger has it."""


def common_name(certificate):
    """Empty without a certificate."""
    for part in (certificate or {}).get("subject", ()):
        for name, value in part:
            if name == "commonName":
                return value
    return ""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address, dispatch, context=None):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)
        self.dispatch = dispatch
        self._context = context

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = self.server_address[:2]

    def get_request(self):
        connection, address = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request, client_address):
        """A client that hangs up or fails its handshake is no event of ours."""


def server_context(pki):
    """Client certificates are asked for and verified, but S3-like downloads come without."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(*pki.broker)
    context.load_verify_locations(pki.ca_file)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["x-amzn-http-ca", "http/1.1"])
    return context
