"""Answers that servers which keep to RFC 9110 give, and what is said of those that lead nowhere."""

import hashlib

import pytest
from raw_server import CONTENT, RawServer, chunk, fetch, head

HALF = len(CONTENT) // 2
SHA256 = hashlib.sha256(CONTENT).hexdigest()
DATE = "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT"
LATER = "Last-Modified: Thu, 22 Oct 2015 07:28:00 GMT"
RANGE = f"Content-Range: bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}"
LENGTH = f"Content-Length: {len(CONTENT)}"


@pytest.fixture
def impatient(device):
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "3", "stall-time": "2s"})
    return device.start()


def cut(first, rest):
    """Half of the file under the headers `first`, then the rest under `rest` to whoever asks for it."""

    def answer(connection, request, nth):
        if "range:" in request.lower():
            connection.sendall(head("206 Partial Content", RANGE, f"Content-Length: {HALF}", *rest) + CONTENT[HALF:])
        elif nth == 1:
            body = CONTENT[:HALF] if LENGTH in first else chunk(CONTENT[:HALF])
            connection.sendall(head("200 OK", *first) + body)
        else:
            connection.sendall(head("200 OK", LENGTH) + CONTENT)

    return answer


@pytest.mark.parametrize("first, rest", [
    ([LENGTH, 'ETag: "a"', DATE], ['ETag: "a"']),
    (["Transfer-Encoding: chunked", 'ETag: "a"'], ['ETag: "a"']),
    (["Transfer-Encoding: chunked", 'ETag: "a"', DATE], ['ETag: "a"', DATE]),
], ids=["no date", "no length", "a date and no length"])
def test_the_rest_under_the_same_strong_etag_is_the_rest(impatient, first, rest):
    """Section 15.3.7: an answer to If-Range repeats the ETag and should not repeat Last-Modified."""
    with RawServer(cut(first, rest)) as server:
        status, details, found = fetch(impatient, server)
        assert (status, found) == ("SUCCEEDED", CONTENT), details
        assert len(server.requests) == 2


@pytest.mark.parametrize("first, rest", [
    ([LENGTH, 'ETag: "a"', DATE], ['ETag: "a"', LATER]),
    ([LENGTH, 'ETag: W/"a"', DATE], ['ETag: W/"a"']),
    (["Transfer-Encoding: chunked", 'ETag: W/"a"', DATE], ['ETag: W/"a"', DATE]),
    (["Transfer-Encoding: chunked", DATE], [DATE]),
], ids=["another date", "weak, no date", "weak, no length", "only a date, no length"])
def test_what_may_be_another_file_is_fetched_anew(impatient, first, rest):
    with RawServer(cut(first, rest)) as server:
        status, details, found = fetch(impatient, server)
        assert (status, found) == ("SUCCEEDED", CONTENT), details
        assert [("range:" in request.lower()) for request in server.requests] == [False, True, False]


def test_a_length_that_only_the_rest_tells_is_held_against_the_documents(impatient):
    with RawServer(cut(["Transfer-Encoding: chunked", 'ETag: "a"'], ['ETag: "a"'])) as server:
        status, details, _ = fetch(impatient, server, size=HALF + 1)
    assert (status, details["reason"]) == ("FAILED", "checksum-mismatch")
    assert f"has {len(CONTENT)} bytes, the document says {HALF + 1}" in details["message"]


@pytest.mark.parametrize("place, reason, told", [
    ("file:///etc/passwd", "download-failed", "is not a URL"),
    ("ftp://localhost/x", "not-allowed", "only https is supported"),
    ("http://user:password@localhost/x", "download-failed", "a user in front of the host"),
    ("https://elsewhere.example/x?X-Amz-Signature=0123456789abcdef", "not-allowed", "hosts does not list"),
])
def test_a_redirect_that_is_not_followed_is_not_the_documents_fault(device, place, reason, told):
    device.groups["plugin download"]["hosts"] = "127.0.0.1"
    device.start()
    with RawServer(lambda connection, *_: connection.sendall(
            head("302 Found", f"Location: {place}", "Content-Length: 0"))) as server:
        status, details, _ = fetch(device, server)
    assert (status, details["reason"]) == ("FAILED", reason)
    assert "where it redirects to" in details["message"] and told in details["message"]
    assert "password@" not in device.log()


@pytest.mark.parametrize("more", [{}, {"size": 0}, {"sha256": hashlib.sha256(b"").hexdigest()}], ids=str)
@pytest.mark.parametrize("answer", [
    head("200 OK", "Content-Length: 0"), head("200 OK", "Transfer-Encoding: chunked") + b"0\r\n\r\n"],
    ids=["length", "chunks"])
def test_an_empty_file(impatient, answer, more):
    with RawServer(lambda connection, *_: connection.sendall(answer)) as server:
        status, details, found = fetch(impatient, server, **more)
    assert (status, found) == ("SUCCEEDED", b""), details
