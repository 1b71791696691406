"""Answers of servers, proxies and other jobs that are neither the file nor a plain error."""

import gzip
import hashlib
import os
import shutil
import socket
import threading

import pytest
from device import wait_for
from raw_server import CONTENT, RawServer, chunk, fetch, head

WHOLE = head("200 OK", f"Content-Length: {len(CONTENT)}") + CONTENT
LOGIN = b"<html>Log in to use this network</html>"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def impatient(device):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "3", "stall-time": "2s"})
    return device.start()


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "408 Request Timeout"])
def test_a_server_that_asks_for_patience(impatient, status):
    def answer(connection, _request, nth):
        connection.sendall(WHOLE if nth > 1 else head(status, "Retry-After: 1", "Content-Length: 0"))

    with RawServer(answer) as server:
        outcome, details, found = fetch(impatient, server)
        assert (outcome, found) == ("SUCCEEDED", CONTENT), details
        assert len(server.requests) == 2


@pytest.mark.parametrize("answer", [b"HTTP/1.0 200 OK\r\n\r\n" + CONTENT,
                                    head("200 OK", "Transfer-Encoding: chunked") + chunk(CONTENT) + b"0\r\n\r\n"],
                         ids=["to the end", "chunks"])
def test_a_length_that_nobody_tells(impatient, answer):
    with RawServer(lambda connection, *_: connection.sendall(answer)) as server:
        status, details, found = fetch(impatient, server)
    assert (status, found) == ("SUCCEEDED", CONTENT), details


def test_chunks_without_the_last_one(impatient):
    answer = head("200 OK", "Transfer-Encoding: chunked") + chunk(CONTENT)
    with RawServer(lambda connection, *_: connection.sendall(answer)) as server:
        status, details, _ = fetch(impatient, server)
    assert (status, details["reason"]) == ("FAILED", "download-failed")


def test_what_is_packed_is_kept_as_it_is(impatient):
    """The checksum is that of the bytes sent; no encoding was asked for."""
    packed = gzip.compress(CONTENT)
    answer = head("200 OK", "Content-Encoding: gzip", f"Content-Length: {len(packed)}") + packed
    with RawServer(lambda connection, *_: connection.sendall(answer)) as server:
        status, details, found = fetch(impatient, server, sha256=hashlib.sha256(packed).hexdigest())
        assert (status, found) == ("SUCCEEDED", packed), details
        assert "accept-encoding" not in server.requests[0].lower()
        status, details, _ = fetch(impatient, server, sha256=SHA256)
        assert (status, details["reason"]) == ("FAILED", "checksum-mismatch")


def test_a_network_that_wants_a_login_first(impatient):
    answer = head("200 OK", "Content-Type: text/html", f"Content-Length: {len(LOGIN)}") + LOGIN
    with RawServer(lambda connection, *_: connection.sendall(answer)) as server:
        status, details, _ = fetch(impatient, server, sha256=SHA256)
    assert (status, details["reason"]) == ("FAILED", "checksum-mismatch")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password(device, scheme):
    with RawServer(lambda connection, *_: connection.sendall(
            head("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=x",
                 f"Content-Length: {len(LOGIN)}") + LOGIN)) as server:
        device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "2",
                                                 "proxy": f"http://127.0.0.1:{server.port}"})
        device.start()
        status, details = device.run({"operation": "download", "url": f"{scheme}://files.example/file?secret=1",
                                      "path": str(device.downloads / "file")})
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "407" in details["message"] and "secret" not in details["message"]
    assert os.listdir(device.downloads) == []


@pytest.mark.parametrize("first, second", [('"a"', 'W/"a"'), ('W/"a"', '"a"'), ('"a"', '"b"'), ('"a"', None)])
def test_the_rest_under_another_etag_is_not_the_rest(impatient, first, second):
    """What is sent for the rest is wrong, so whoever takes it is found out; the whole is sent to who asks for that."""
    half = len(CONTENT) // 2
    rest = f"Content-Range: bytes {half}-{len(CONTENT) - 1}/{len(CONTENT)}"
    tag = [f"ETag: {second}"] if second else []

    def answer(connection, request, nth):
        if "range:" in request.lower():
            connection.sendall(head("206 Partial Content", rest, f"Content-Length: {half}", *tag) + b"x" * half)
        elif nth == 1:
            connection.sendall(head("200 OK", f"Content-Length: {len(CONTENT)}", f"ETag: {first}") + CONTENT[:half])
        else:
            connection.sendall(WHOLE)

    with RawServer(answer) as server:
        status, details, found = fetch(impatient, server)
    assert (status, found) == ("SUCCEEDED", CONTENT), details


class Slow:
    """Sends half of the file, and the rest when it is told to."""

    def __init__(self):
        self.begun, self.go_on = threading.Semaphore(0), threading.Event()

    def __call__(self, connection, _request, _nth):
        half = len(CONTENT) // 2
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(WHOLE[:-half])
        self.begun.release()
        self.go_on.wait(20)
        connection.sendall(CONTENT[-half:])


def test_the_directory_goes_in_mid_transfer(device):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "3"})
    device.start()
    slow = Slow()
    place = device.downloads / "below"
    place.mkdir()
    with RawServer(slow) as server:
        job = device.create({"operation": "download", "url": server.url(), "path": str(place / "file"),
                             "sha256": SHA256})
        assert slow.begun.acquire(timeout=20)
        shutil.rmtree(place)
        slow.go_on.set()
        status, details = device.wait(job)
        assert status == "FAILED", details
        assert details["reason"] in ("not-found", "not-allowed", "download-failed", "internal")
        assert str(place / "file") in details["message"]
        status, details, found = fetch(device, server)
        assert (status, found) == ("SUCCEEDED", CONTENT), details


def test_two_jobs_for_one_path(device):
    """Each has a part file of its own; the last one to end is what stays."""
    device.groups["jobs"].update({"workflow": "available", "max-parallel": "2"})
    device.start()
    slow = Slow()
    with RawServer(slow) as server:
        document = {"operation": "download", "url": server.url(), "path": str(device.downloads / "file"),
                    "sha256": SHA256}
        jobs = [device.create(document), device.create(document)]
        for _ in jobs:
            assert slow.begun.acquire(timeout=20)
        wait_for(lambda: len(os.listdir(device.downloads)) == 2, "two part files")
        slow.go_on.set()
        for job in jobs:
            status, details = device.wait(job)
            assert status == "SUCCEEDED", details
    assert os.listdir(device.downloads) == ["file"]
    assert (device.downloads / "file").read_bytes() == CONTENT
