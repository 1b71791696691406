"""What is hopeless ends at once; what may pass is tried again within limits of count, time and bytes."""

import os
import re
import threading

import pytest
from device import wait_for
from file_source import FileSource, Zeros

MIB = 1024 * 1024


@pytest.fixture
def hurried(device):
    device.groups["plugin download"]["retry-delay"] = "10ms"
    return device


def document(device, source, **more):
    return {"operation": "download", "url": source.url(), "path": str(device.downloads / "file"), **more}


def fetch(device, source, **more):
    status, details = device.run(document(device, source, **more), timeout=60)
    if status != "SUCCEEDED":
        assert os.listdir(device.downloads) == []
    return status, details


@pytest.mark.parametrize("code", [404, 410])
def test_req_18_what_is_not_there_is_asked_for_once(hurried, code):
    with FileSource(b"", lambda handler, _: handler.status(code)) as source:
        status, details = fetch(hurried.start(), source)
        assert len(source.requests) == 1
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert str(code) in details["message"]


def unavailable(handler, _content):
    handler.status(503)


def hang_up(_handler, _content):
    pass


def cut_at_the_same_byte(handler, _content):
    start = handler.asked()
    handler.file(start, stop=1000 if not start else start)


@pytest.mark.parametrize("answer", [unavailable, hang_up, cut_at_the_same_byte], ids=lambda one: one.__name__)
@pytest.mark.parametrize("retries", [3, None])
def test_req_18_tries_without_progress_are_counted(hurried, answer, retries):
    if retries:
        hurried.groups["plugin download"]["retries"] = retries
    with FileSource(os.urandom(MIB), answer) as source:
        status, details = fetch(hurried.start(), source)
        assert len(source.requests) == (retries or 8)
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "gave up" in details["message"]


def test_req_18_progress_begins_the_count_anew(hurried):
    hurried.groups["plugin download"]["retries"] = 2
    pieces = 12

    def answer(handler, content):
        handler.file(handler.asked(), stop=handler.asked() + len(content) // pieces + 1)

    with FileSource(os.urandom(MIB), answer) as source:
        status, details = fetch(hurried.start(), source)
        assert status == "SUCCEEDED", details
        assert len(source.requests) == pieces
        assert (hurried.downloads / "file").read_bytes() == source.content


def test_req_18_time_without_progress_is_limited(hurried):
    hurried.groups["plugin download"].update({"retries": 1000, "retry-time": "1s"})
    with FileSource(b"", unavailable) as source:
        status, details = fetch(hurried.start(), source)
        assert 2 <= len(source.requests) < 100
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert int(re.search(r"tries and (\d+) s without", details["message"]).group(1)) >= 1


def test_req_18_time_in_all_is_limited_where_the_owner_wants_it(hurried):
    """Slow and steady for ever, but for this setting."""
    hurried.groups["plugin download"]["time-limit"] = "2s"

    def answer(handler, content):
        handler.head(200, ETag='"one"', Content_Length=len(content))
        for at in range(0, len(content), 1000):
            handler.body(at, at + 1000)
            if handler.server.source.done.wait(0.05):
                return

    with FileSource(Zeros(MIB), answer) as source:
        source.done = threading.Event()
        status, details = fetch(hurried.start(), source)
        source.done.set()
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "time-limit" in details["message"]


class Growing:
    """Knows no ranges and hangs up a little later each time: every try looks like progress."""

    def __init__(self, first, step):
        self.stop, self.step = first, step

    def __call__(self, handler, content):
        handler.head(200, Content_Length=len(content))
        handler.body(0, self.stop)
        self.stop = min(self.stop + self.step, len(content) - 1)


@pytest.mark.parametrize("limit", [2, None])
def test_req_18_bytes_in_all_are_limited(hurried, limit):
    size = 4 * MIB
    if limit:
        hurried.groups["plugin download"]["traffic-limit"] = limit
    with FileSource(Zeros(size), Growing(2 * MIB, 1000)) as source:
        status, details = fetch(hurried.start(), source)
        # What the server sent may lie in buffers that nobody read.
        assert source.sent <= (limit or 5) * size + 8 * MIB
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "traffic-limit" in details["message"]


def test_req_18_bytes_count_over_kills_of_the_daemon(hurried):
    """Nothing tells one version of this file from another, so each run begins anew."""
    size, each = 4 * MIB, 3 * MIB
    hurried.groups["plugin download"]["traffic-limit"] = 2
    hurried.groups["jobs"]["max-attempts"] = 10

    def answer(handler, _content):
        handler.head(200, Content_Length=size)
        handler.body(0, each)
        handler.rfile.read(1)       # until the runner is gone

    with FileSource(Zeros(size), answer) as source:
        job = hurried.start().create(document(hurried, source))
        for run in range(1, 4):
            source.wait_requests(run)
            if run * each > 2 * size + MIB:
                break
            wait_for(lambda: part_size(hurried) >= each - 300_000, "the bytes of this run")
            hurried.kill()
            hurried.start()
        status, details = hurried.wait(job, timeout=40)
        assert len(source.requests) == 4, details
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "traffic-limit" in details["message"]
    hurried.wait_empty()
    assert os.listdir(hurried.downloads) == []


def part_size(device):
    return max((path.stat().st_size for path in device.downloads.glob(".errand-*.part")), default=0)
