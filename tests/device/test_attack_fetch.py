"""Servers that lie, byte by byte: what a file comes to, and what is told, when the other side means no good."""

import base64
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from device import wait_for

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


@pytest.fixture
def impatient(device):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "3", "stall-time": "2s"})
    return device.start()


def fetch(device, server, timeout=30, **more):
    path = device.downloads / "file"
    path.unlink(missing_ok=True)
    document = {"operation": "download", "url": server.url(), "path": str(path), **more}
    status, details = device.run(document, timeout=timeout)
    if status != "SUCCEEDED":
        assert not list(device.downloads.iterdir())
    return status, details, path.read_bytes() if path.exists() else None


# ---- Headers ----

def test_a_trailer_that_looks_like_a_new_answer(impatient):
    """What follows the body cannot begin the file anew: it came whole."""
    def answer(connection, _request, _nth):
        connection.sendall(head("200 OK", "Transfer-Encoding: chunked") + chunk(CONTENT)
                           + b"0\r\nHTTP/1.1 200 :x\r\n \r\n\r\n")

    with RawServer(answer) as server:
        status, details, found = fetch(impatient, server)
    assert status != "SUCCEEDED" or found == CONTENT, (details, len(found))


@pytest.mark.parametrize("line", [b"X-Flood: " + b"x" * 1000 + b"\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_headers_without_end(impatient, line):
    """Not counted as the file's bytes, and paid for all the same."""
    def answer(connection, _request, _nth):
        connection.sendall(b"" if line.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n")
        server.flood(connection, line * 64, 1 << 30)

    with RawServer(answer) as server:
        status, details, _ = fetch(impatient, server, timeout=60)
        print("SENT", server.sent, details)
        assert status == "FAILED"
        assert details["reason"] == "download-failed"
        assert server.sent < 30 << 20


def test_headers_that_drip(impatient):
    def answer(connection, _request, _nth):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.01)

    with RawServer(answer) as server:
        status, details, _ = fetch(impatient, server, timeout=60)
    assert (status, details["reason"]) == ("FAILED", "download-failed")


@pytest.mark.parametrize("length", ["-1", "99999999999999999999", "9223372036854775807", "1x", "0x10", ""])
def test_lengths_that_are_none(impatient, length):
    with RawServer(lambda c, *_: c.sendall(head("200 OK", f"Content-Length: {length}") + CONTENT)) as server:
        status, details, found = fetch(impatient, server, timeout=60)
    print(length, status, details)
    assert status == "FAILED" or found == CONTENT, details


@pytest.mark.parametrize("said", [len(CONTENT) - 5, len(CONTENT) + 5])
def test_a_length_beside_chunks(impatient, said):
    def answer(connection, _request, _nth):
        connection.sendall(head("200 OK", f"Content-Length: {said}", "Transfer-Encoding: chunked")
                           + chunk(CONTENT) + b"0\r\n\r\n")

    with RawServer(answer) as server:
        status, details, found = fetch(impatient, server)
    print(status, details)
    assert status == "FAILED" or found == CONTENT


def test_a_body_without_end_leaves_room_for_others(device):
    """Nobody told how long the file is; the disk is not only ours."""
    def answer(connection, _request, _nth):
        connection.sendall(head("200 OK"))
        for _ in range(1 << 16):
            connection.sendall(bytes(16384))
            time.sleep(0.001)

    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "none", device.downloads], check=True)
    try:
        with RawServer(answer) as server:
            device.start()
            status, details, _ = fetch(device, server)
        assert (status, details["reason"]) == ("FAILED", "no-space")
        assert int(details["message"].rpartition("has ")[2]) > 1 << 19, "the reserve was used up"
    finally:
        subprocess.run(["umount", "-l", device.downloads], check=True)


# ---- Resuming ----

def interrupted(second):
    """The first answer breaks off in the middle; `second` gives the head of the next, and its body."""
    half = len(CONTENT) // 2

    def answer(connection, request, nth):
        if nth == 1:
            connection.sendall(first(half))
        else:
            second(connection, request)

    def first(length):
        return head("200 OK", f"Content-Length: {len(CONTENT)}", 'ETag: W/"weak"') + CONTENT[:length]

    return answer


def test_a_weak_etag_does_not_tell_bytes_apart(impatient):
    """RFC 9110 8.8.1: two versions may share a weak one. With nothing else known, a rest is none."""
    other = CONTENT.swapcase()

    def second(connection, request):
        start = [line for line in request.split("\r\n") if line.lower().startswith("range:")]
        at = int(start[0].split("=")[1].rstrip("-")) if start else 0
        lines = [f"Content-Length: {len(other) - at}", 'ETag: W/"weak"']
        if at:
            lines.append(f"Content-Range: bytes {at}-{len(other) - 1}/{len(other)}")
        connection.sendall(head("206 Partial Content" if at else "200 OK", *lines) + other[at:])

    with RawServer(interrupted(second)) as server:
        status, details, found = fetch(impatient, server)
    assert status == "SUCCEEDED", details
    assert found == other


@pytest.mark.parametrize("lines", [
    ["Content-Range: bytes 32768-65535/*"], ["Content-Range: bytes */65536"], ["Content-Range: bytes 0-65535/65536"],
    ["Content-Range: bytes 32768-65535/65537"], ["Content-Range: bytes -1-65535/65536"], [],
    ["Content-Range: bytes 32768-18446744073709551615/18446744073709551616"],
])
def test_ranges_that_are_not_the_rest(impatient, lines):
    wrong = b"x" * len(CONTENT)

    def second(connection, request):
        if "range:" in request.lower():
            connection.sendall(head("206 Partial Content", f"Content-Length: {len(wrong) // 2}", 'ETag: W/"weak"',
                                    *lines) + wrong[:len(wrong) // 2])
        else:
            connection.sendall(head("200 OK", f"Content-Length: {len(CONTENT)}") + CONTENT)

    with RawServer(interrupted(second)) as server:
        status, details, found = fetch(impatient, server)
    assert status == "FAILED" or found == CONTENT, details


# ---- Redirects ----

@pytest.mark.parametrize("place", [
    "https://evil.example/x", "file:///etc/passwd", "//evil.example/x", "http://127.0.0.1#@good/", "gopher://127.0.0.1/",
    "http://0x7f.1:1/", "http://[::1]/", "http://user:pass@localhost/", "http://localhost./", "\\\\evil.example\\x",
    "http://127.0.0.1:1@evil.example/", "http://localhost%2eevil.example/", "http:///x", "",
])
def test_redirects_stay_on_the_list(device, place):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "2"})

    def answer(connection, _request, _nth):
        connection.sendall(head("302 Found", f"Location: {place}", "Content-Length: 0"))

    with RawServer(answer) as server:
        device.groups["plugin download"]["hosts"] = f"127.0.0.1:{server.port}"
        device.start()
        status, details, _ = fetch(device, server)
    print(place, details)
    assert status == "FAILED"
    assert details["reason"] in ("not-allowed", "invalid-document", "download-failed")


@pytest.mark.parametrize("host", ["127.0.0.1.", "127.1", "LOCALHOST", "127.0.0.1:PORT#x", "evil@127.0.0.1:PORT"])
def test_hosts_that_look_alike(device, host):
    with RawServer(lambda c, *_: c.sendall(head("200 OK", "Content-Length: 1") + b"x")) as server:
        device.groups["plugin download"]["hosts"] = f"localhost:{server.port + 1};10.0.0.1"
        device.start()
        url = f"http://{host.replace('PORT', str(server.port))}/file"
        status, details = device.run({"operation": "download", "url": url, "path": str(device.downloads / "file")})
        assert status == "REJECTED", details
        assert not server.requests


# ---- Secrets ----

@pytest.mark.parametrize("proxy", [
    "http://carl:Geheim99@127.0.0.1:1", "foo://carl:Geheim99@127.0.0.1:1", "carl:Geheim99@127.0.0.1:99999",
    "carl:Geheim99@127.0.0.1:x", "http://carl:Geheim 99@127.0.0.1:1", "carl:Geheim99@no such host:3128",
    "http://carl:Geheim99%00@127.0.0.1:1", "socks9://carl:Geheim99@h",
], ids=range(8))
def test_the_proxys_password_is_nowhere(device, proxy):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "2", "proxy": proxy})
    device.start()
    status, details = device.run({"operation": "download", "url": "http://127.0.0.1:9/x?X-Amz-Signature=0badc0de0",
                                  "path": str(device.downloads / "file")})
    print(details)
    assert status in ("FAILED", "REJECTED")
    assert "Geheim" not in str(details) + device.log()


# ---- The part file ----

@pytest.mark.parametrize("plant", ["directory", "symlink", "fifo", "hardlink"])
def test_something_stands_where_the_part_file_goes(impatient, plant):
    """Planted while the first try is under way, found when it goes on after a crash."""
    go_on = threading.Event()
    victim = impatient.directory / "victim"
    victim.write_bytes(b"precious")

    def answer(connection, request, nth):
        if nth == 1:
            connection.sendall(head("200 OK", f"Content-Length: {len(CONTENT)}", 'ETag: "1"') + CONTENT[:40000])
            go_on.wait(30)
        else:
            connection.sendall(head("200 OK", f"Content-Length: {len(CONTENT)}", 'ETag: "1"') + CONTENT)

    path = impatient.downloads / "file"
    with RawServer(answer) as server:
        job = impatient.create({"operation": "download", "url": server.url(), "path": str(path)})
        part = wait_for(lambda: next(impatient.downloads.iterdir(), None), "the part file")
        impatient.kill()
        go_on.set()
        part.unlink()
        {"directory": lambda: part.mkdir(), "symlink": lambda: part.symlink_to(victim),
         "fifo": lambda: os.mkfifo(part), "hardlink": lambda: part.hardlink_to(victim)}[plant]()
        impatient.start()
        status, details = impatient.wait(job, 30)
    assert victim.read_bytes() == b"precious"
    if plant == "directory":
        assert status == "FAILED", details
        assert part.is_dir()
    else:
        assert (status, path.read_bytes()) == ("SUCCEEDED", CONTENT), details
        assert sorted(p.name for p in impatient.downloads.iterdir()) == ["file"]


def test_names_of_many_kinds(impatient):
    with RawServer(lambda c, *_: c.sendall(head("200 OK", "Content-Length: 1") + b"x")) as server:
        for name in ("new\nline", "schön ☃", "-rf", "a" * 255, "per%cent", ".errand-x", " "):
            path = impatient.downloads / name
            status, details = impatient.run({"operation": "download", "url": server.url(), "path": str(path)})
            assert (status, path.read_bytes()) == ("SUCCEEDED", b"x"), (name, details)
    assert len(list(impatient.downloads.iterdir())) == 7
    assert isinstance(path, Path)


# ---- Signatures ----

def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_odd_keys(trust):
    """What may lie beside a good key."""
    keys = {"weak-rsa": ["RSA", "rsa_keygen_bits:512"], "p192": ["EC", "ec_paramgen_curve:prime192v1"],
            "p521": ["EC", "ec_paramgen_curve:secp521r1"], "binary": ["EC", "ec_paramgen_curve:sect283k1"],
            "explicit": ["EC", "ec_paramgen_curve:P-256", "ec_param_enc:explicit"], "x25519": ["X25519"],
            "ed448": ["ED448"], "pss": ["RSA-PSS", "rsa_keygen_bits:2048"]}
    for name, (algorithm, *options) in keys.items():
        words = [word for option in options for word in ("-pkeyopt", option)]
        openssl("genpkey", "-algorithm", algorithm, *words, "-out", trust / "key")
        openssl("pkey", "-in", trust / "key", "-pubout", "-out", trust / f"{name}.pem")
    (trust / "key").rename(trust / "private.pem")
    os.mkfifo(trust / "fifo.pem")
    (trust / "directory.pem").mkdir()
    (trust / "link.pem").symlink_to("p521.pem")
    (trust / "large.pem").write_bytes(b"A" * (1 << 20))
    (trust / "empty.pem").write_bytes(b"")
    (trust / "noise.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n" + b"QUJD" * 999 + b"\n-----END CERTIFICATE-----\n")
    (trust / "open.pem").write_bytes((trust / "p521.pem").read_bytes())
    (trust / "open.pem").chmod(0o666)


@pytest.fixture
def signed(device, tmp_path):
    """(Its document's codesign for CONTENT, the trust directory) with a good key among others."""
    trust = device.directory / "trust.d"
    trust.mkdir(mode=0o755)
    make_odd_keys(trust)
    key = tmp_path / "key"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", trust / "good.pem")
    (trust / "good.pem").write_bytes((trust / "good.pem").read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "payload").write_bytes(CONTENT)
    openssl("dgst", "-sha256", "-sign", key, "-out", tmp_path / "signature", tmp_path / "payload")
    device.groups["trust"] = {"directory": trust}
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "2", "require-signature": "true"})
    device.start()
    text = base64.b64encode((tmp_path / "signature").read_bytes()).decode()
    return {"signature": text, "signatureAlgorithm": "SHA256withECDSA", "rawPayloadSize": len(CONTENT)}, trust


def whole(connection, *_):
    connection.sendall(head("200 OK", f"Content-Length: {len(CONTENT)}") + CONTENT)


def test_a_good_key_among_bad_company(device, signed):
    with RawServer(whole) as server:
        status, details, found = fetch(device, server, codesign=signed[0])
        assert (status, found) == ("SUCCEEDED", CONTENT), details
        for name in ("weak-rsa", "p192", "p521", "binary", "explicit", "x25519", "ed448", "pss", "private", "fifo",
                     "directory", "link", "large", "empty", "noise", "open", "nobody", "../trust.d/p521"):
            status, details, _ = fetch(device, server, codesign=signed[0], signer=name)
            assert status in ("REJECTED", "FAILED"), (name, details)
            assert details["reason"] == "bad-signature", (name, details)


@pytest.mark.parametrize("change", [
    {"signatureAlgorithm": "sha256withecdsa"}, {"signatureAlgorithm": "NONEwithECDSA"}, {"signatureAlgorithm": None},
    {"signatureAlgorithm": ["SHA256withECDSA"]}, {"signatureAlgorithm": "SHA256withRSA"}, {"rawPayloadSize": -1},
    {"rawPayloadSize": float(len(CONTENT))}, {"rawPayloadSize": 2**63 - 1}, {"rawPayloadSize": "65536"},
    {"rawPayloadSize": len(CONTENT) + 1}, {"signature": ""}, {"signature": None}, {"signature": 7},
    {"signature": "A" * 4096}, {"signature": "===="}, {"signature": "MAYCAQACAQA="},
], ids=str)
def test_a_codesign_that_is_off(device, signed, change):
    with RawServer(whole) as server:
        status, details, _ = fetch(device, server, codesign={**signed[0], **change})
    assert (status in ("REJECTED", "FAILED"), details["reason"]) == (True, "bad-signature"), details


@pytest.mark.parametrize("codesign", [[], 7, True, "", "no-scheme", "file:///etc/passwd", {}, None], ids=str)
def test_a_codesign_that_is_none(device, signed, codesign):
    with RawServer(whole) as server:
        status, details, _ = fetch(device, server, codesign=codesign)
        assert not server.requests
    assert status == "REJECTED", details
    assert details["reason"] in ("bad-signature", "invalid-document", "not-allowed")


def test_a_trust_directory_full_of_nothing(device, signed):
    for number in range(2_000):
        (signed[1] / f"n{number}.pem").write_bytes(b"x")
    with RawServer(whole) as server:
        status, details, found = fetch(device, server, codesign=signed[0], timeout=60)
        assert (status, found) == ("SUCCEEDED", CONTENT), details
        status, details, found = fetch(device, server, codesign=signed[0], signer="good")
        assert (status, found) == ("SUCCEEDED", CONTENT), details
