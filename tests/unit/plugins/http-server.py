"""A file server with faults: http-server.py FILE LOG CERTIFICATE KEY

Serves FILE at /MODE/..., where MODE says how, over HTTP and HTTPS. Prints both ports, then serves until standard input
ends.
Each request is one line of LOG: method, target as received, Range or "-".
"""
import http.server
import os
import ssl
import sys
import threading
import time

with open(sys.argv[1], "rb") as f:
    CONTENT = f.read()
LOG = open(sys.argv[2], "w", buffering=1)
HALF = len(CONTENT) // 2
LOCK = threading.Lock()
SEEN = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path, _, self.query = self.path.partition("?")
        with LOCK:
            self.nth = SEEN[path] = SEEN.get(path, 0) + 1
            LOG.write(f"{self.command} {self.path} {self.headers.get('Range', '-')}\n")
        words = path.split("/")
        mode, self.argument = words[1], words[2] if len(words) > 2 else ""
        getattr(self, "mode_" + mode.replace("-", "_"))()

    def send_file(self, start=0, stop=None, status=None, etag='"one"', range_start=None, pause=0.0, length=True):
        body = CONTENT[start:]
        self.send_response(status or (206 if start else 200))
        if etag:
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        if length:
            self.send_header("Content-Length", str(len(body)))
        if start or range_start is not None:
            first = start if range_start is None else range_start
            self.send_header("Content-Range", f"bytes {first}-{len(CONTENT) - 1}/{len(CONTENT)}")
        if not length or stop is not None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        body = body if stop is None else body[:stop]
        step = 65536 if pause else len(body) or 1
        for at in range(0, len(body), step):
            self.wfile.write(body[at:at + step])
            self.wfile.flush()
            time.sleep(pause)

    def asked(self):
        value = self.headers.get("Range")
        return int(value[len("bytes="):-1]) if value else 0

    def send_status(self, status, **headers):
        body = b"an error page"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def mode_ok(self):
        self.send_file(self.asked())

    def mode_side(self):
        """Another file, from FILE's folder."""
        with open(os.path.join(os.path.dirname(sys.argv[1]), self.argument), "rb") as f:
            body = f.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def mode_empty(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def mode_status(self):
        self.send_status(int(self.argument))

    def mode_late(self):
        if self.nth <= 2:
            self.send_status(503)
        else:
            self.send_file(self.asked())

    def mode_cut(self):
        self.send_file(self.asked(), stop=HALF if self.nth == 1 else None)

    def mode_crumbs(self):
        self.send_file(self.asked(), stop=len(CONTENT) // 12 + 1)

    def mode_noetag_cut(self):
        self.send_file(self.asked(), stop=HALF if self.nth == 1 else None, etag=None)

    def mode_norange(self):
        self.send_file(0, stop=HALF if self.nth == 1 else None)

    def mode_wrongrange(self):
        start = self.asked()
        if start:
            self.send_file(start, range_start=start + 1)
        else:
            self.send_file(0, stop=HALF if self.nth == 1 else None)

    def mode_changed(self):
        self.send_file(self.asked(), stop=HALF if self.nth == 1 else None, etag='"one"' if self.nth == 1 else '"two"')

    def mode_unasked(self):
        self.send_file(0, status=206, range_start=0)

    def mode_liar(self):
        """The rest it sends under the same name is not the rest."""
        start = self.asked()
        if not start:
            self.send_file(0, stop=HALF if self.nth == 1 else None)
            return
        self.send_response(206)
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        self.wfile.write(b"\0" * (len(CONTENT) - start))

    def mode_expires(self):
        if "fresh" in self.query:
            self.send_file(self.asked())
        elif self.nth == 1:
            self.send_file(0, stop=HALF)
        else:
            self.send_status(403)

    def mode_morsels(self):
        """So many bytes for each URL, and then it has run out."""
        if self.nth % 2 == 0:
            self.send_status(403)
        else:
            self.send_file(self.asked(), stop=int(self.argument))

    def mode_never(self):
        self.close_connection = True

    def mode_hang(self):
        threading.Event().wait()

    def mode_stall(self):
        if self.nth > 1:
            self.send_file(self.asked())
            return
        self.send_response(200)
        self.send_header("ETag", '"one"')
        self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:HALF])
        self.wfile.flush()
        threading.Event().wait()

    def mode_slow(self):
        self.send_file(self.asked(), pause=0.15)

    def mode_nolength(self):
        self.send_file(0, length=False)

    def mode_endless(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        while True:
            self.wfile.write(CONTENT)

    def mode_huge(self):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 50))
        self.end_headers()
        self.wfile.write(CONTENT)
        threading.Event().wait()

    def mode_hop(self):
        left = int(self.argument)
        self.send_status(302, Location=f"/hop/{left - 1}" if left > 1 else "/ok/end")

    def mode_to(self):
        self.send_status(307, Location=self.query.replace("%3A", ":"))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args):
        pass


def main():
    plain = Server(("127.0.0.1", 0), Handler)
    secure = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(plain.server_port, secure.server_port, flush=True)
    sys.stdin.read()


main()
