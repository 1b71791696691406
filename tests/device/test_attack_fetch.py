"""Servers that lie, byte by byte: what a file comes to, and what is told, when the other side means no good."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from device import wait_for
from raw_server import CONTENT, RawServer, chunk, fetch, head


@pytest.fixture
def impatient(device):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "3", "stall-time": "2s"})
    return device.start()


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


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts file systems")
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
    "https://evil.example/x", "file:///etc/passwd", "//evil.example/x", "http://127.0.0.1#@good/",
    "gopher://127.0.0.1/", "http://0x7f.1:1/", "http://[::1]/", "http://user:pass@localhost/",
    "http://localhost./", "\\\\evil.example\\x",
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
