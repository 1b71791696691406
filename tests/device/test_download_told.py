"""What a download tells: how far it is while it runs, and what is not permitted to whom."""

import os
import threading

import pytest
from device import wait_for
from file_source import FileSource, Zeros

SIZE = 4_000_000


def document(device, source):
    return {"operation": "download", "url": source.url(), "path": str(device.downloads / "file")}


def test_bytes_and_rate_are_told_while_it_runs(running, sandbox):
    def answer(handler, content):
        handler.head(200, ETag='"one"', Content_Length=SIZE)
        for at in range(0, SIZE, SIZE // 40):
            handler.body(at, at + SIZE // 40)
            if at < SIZE // 2:
                pace.wait(0.1)

    pace = threading.Event()
    with FileSource(Zeros(SIZE), answer) as source:
        job = running.create(document(running, source))
        status, details = running.wait(job, timeout=40)
    assert status == "SUCCEEDED", details
    assert details["bytes"] == str(SIZE)
    assert int(details["bytesPerSecond"]) > 0
    told = [update["payload"].get("statusDetails", {}) for update in running.updates(job)]
    midway = [one for one in told if 0 < int(one.get("bytes", 0)) < SIZE]
    assert len(midway) >= 2
    for one in midway:
        assert one["message"] == "downloading"
        assert int(one["bytesPerSecond"]) > 0
        assert 0 <= int(one["progress"]) < 100
    assert [int(one["bytes"]) for one in midway] == sorted(int(one["bytes"]) for one in midway)


def test_waiting_is_told(device, sandbox):
    device.groups["plugin download"]["retry-delay"] = "60s"
    with FileSource(b"", lambda handler, _: handler.status(503)) as source:
        job = device.start().create(document(device, source))
        wait_for(lambda: any(update["payload"].get("statusDetails", {}).get("message") == "waiting"
                             for update in device.updates(job)), "the word")
        sandbox.cancel(job, force=True)
        device.wait_empty()


@pytest.fixture
def humble(device):
    """Root without the right to pass over permissions."""
    if os.geteuid() != 0:
        pytest.skip("drops capabilities")
    device.prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
    yield device.start()
    device.downloads.chmod(0o755)


def refused(device, source):
    status, details = device.run(document(device, source))
    assert (status, details["reason"]) == ("FAILED", "not-allowed")
    assert str(device.downloads / "file") in details["message"]
    assert "root" in details["message"]
    assert "Permission denied" in details["message"]


def test_a_directory_that_must_not_be_written_is_named_with_the_user(humble):
    humble.downloads.chmod(0o555)
    with FileSource(Zeros(SIZE)) as source:
        refused(humble, source)
        assert source.requests == []
    assert os.listdir(humble.downloads) == []


def test_a_part_file_that_must_not_be_read_again_is_not_fetched_again(humble):
    """A checksum that could not be computed is a matter of permissions, not of the checksum."""
    def answer(handler, content):
        handler.head(200, ETag='"one"', Content_Length=SIZE)
        handler.body(0, SIZE // 2)
        handler.rfile.read(1)

    with FileSource(Zeros(SIZE), answer) as source:
        job = humble.create(document(humble, source))
        part = wait_for(lambda: next((path for path in humble.downloads.glob(".errand-*.part")
                                      if path.stat().st_size > SIZE // 4), None), "the part file")
        humble.kill()
        part.chmod(0)
        humble.start()
        status, details = humble.wait(job)
        assert len(source.requests) == 1
    assert (status, details["reason"]) == ("FAILED", "not-allowed")
    assert "root" in details["message"]
    humble.wait_empty()
    assert os.listdir(humble.downloads) == []
