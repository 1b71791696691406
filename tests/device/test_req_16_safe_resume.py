"""Transfers cut at random offsets: whatever the server does then, the right file arrives, and alone."""

import hashlib
import os
import random

import pytest
from device import wait_for
from file_source import FileSource

SIZE = 3_000_000
CUTS = 4


def honest(handler, content, start):
    handler.file(start)


def whole_again(handler, content, start):
    """The range is ignored."""
    handler.file(0)


def wrong_range(handler, content, start):
    """The right bytes for the offset, said to be others."""
    handler.file(start, claimed=start + 1)


def wrong_bytes(handler, content, start):
    """Says it sends what was asked for, and sends what comes 1000 bytes later."""
    handler.head(206, ETag='"one"', Content_Length=SIZE - start, Content_Range=f"bytes {start}-{SIZE - 1}/{SIZE}")
    handler.body(min(start + 1000, SIZE), SIZE)
    handler.wfile.write(bytes(min(1000, SIZE - start)))


def changed(handler, content, start):
    """Another version with the same length; If-Range is ignored."""
    handler.file(start, etag='"two"')


def longer(handler, content, start):
    handler.head(206, ETag='"one"', Content_Length=SIZE - start, Content_Range=f"bytes {start}-{SIZE}/{SIZE + 1}")
    handler.body(start, SIZE)


MODES = [honest, whole_again, wrong_range, wrong_bytes, changed, longer]


class Cutting:
    """Ends the connection at each of the offsets in turn; what comes between is up to the mode."""

    def __init__(self, mode, offsets):
        self.mode, self.offsets = mode, list(offsets)

    def __call__(self, handler, content):
        start = handler.asked()
        stop = self.offsets.pop(0) if self.offsets else None
        if start and stop is None:
            self.mode(handler, content, start)
        else:
            handler.file(start, stop=stop)


@pytest.fixture
def hurried(device):
    device.groups["plugin download"]["retry-delay"] = "10ms"
    return device.start()


def document(device, source, with_sum):
    more = {"sha256": hashlib.sha256(source.content).hexdigest()} if with_sum else {}
    return {"operation": "download", "url": source.url(), "path": str(device.downloads / "file"), **more}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)
def test_req_16_a_cut_transfer_ends_with_the_right_file(hurried, mode):
    offsets = [random.randrange(1, SIZE) for _ in range(CUTS)]
    print("cut at", offsets)
    for offset in offsets:
        with FileSource(os.urandom(SIZE), Cutting(mode, [offset])) as source:
            status, details = hurried.run(document(hurried, source, with_sum=True))
            assert status == "SUCCEEDED", details
            assert (hurried.downloads / "file").read_bytes() == source.content
            assert os.listdir(hurried.downloads) == ["file"]
            assert source.requests[0][2] is None
            assert source.requests[1][2] == f"bytes={offset}-"
            if mode is honest:
                assert len(source.requests) == 2


@pytest.mark.parametrize("mode", [honest, whole_again, wrong_range, changed, longer], ids=lambda mode: mode.__name__)
def test_req_16_nor_is_a_checksum_needed_for_it(hurried, mode):
    """What the headers can tell; a server that lies about the bytes themselves takes a checksum to find out."""
    offset = random.randrange(1, SIZE)
    with FileSource(os.urandom(SIZE), Cutting(mode, [offset])) as source:
        status, details = hurried.run(document(hurried, source, with_sum=False))
        assert status == "SUCCEEDED", details
        assert (hurried.downloads / "file").read_bytes() == source.content
        if mode in (wrong_range, changed, longer):
            assert [entry[2] for entry in source.requests] == [None, f"bytes={offset}-", None]


def test_req_16_cut_again_and_again(hurried):
    """Only what is missing is asked for, each time."""
    offsets = sorted(random.sample(range(1, SIZE), 12))
    print("cut at", offsets)
    with FileSource(os.urandom(SIZE), Cutting(honest, offsets)) as source:
        status, details = hurried.run(document(hurried, source, with_sum=True), timeout=40)
        assert status == "SUCCEEDED", details
        assert (hurried.downloads / "file").read_bytes() == source.content
        assert [entry[2] for entry in source.requests] == [None, *(f"bytes={offset}-" for offset in offsets)]
        assert source.sent == SIZE


def test_req_16_the_file_itself_changes_meanwhile(hurried):
    """The old beginning must not get the new end, checksum or not."""
    new = os.urandom(SIZE)

    def answer(handler, _content):
        if len(source.requests) == 1:
            handler.file(0, stop=SIZE // 2)
            source.content = new
        else:
            handler.file(handler.asked(), etag='"two"')

    with FileSource(os.urandom(SIZE), answer) as source:
        status, details = hurried.run(document(hurried, source, with_sum=False))
        assert status == "SUCCEEDED", details
        assert (hurried.downloads / "file").read_bytes() == new


@pytest.mark.parametrize("mode", [honest, whole_again, wrong_range, changed], ids=lambda mode: mode.__name__)
def test_req_16_the_daemon_is_killed_in_mid_transfer(hurried, mode):
    """The next run goes on where the file on disk ends."""
    offset = random.randrange(SIZE // 2, SIZE)

    def answer(handler, content):
        start = handler.asked()
        if len(source.requests) == 1:
            handler.head(200, ETag='"one"', Content_Length=SIZE)
            handler.body(0, offset)
            handler.rfile.read(1)       # until the runner is gone
        elif start:
            mode(handler, content, start)
        else:
            handler.file(0)

    with FileSource(os.urandom(SIZE), answer) as source:
        job = hurried.create(document(hurried, source, with_sum=True))
        source.wait_requests(1)
        wait_part(hurried, offset - 600_000)
        hurried.kill()
        hurried.start()
        status, details = hurried.wait(job)
        assert status == "SUCCEEDED", details
        assert (hurried.downloads / "file").read_bytes() == source.content
        assert os.listdir(hurried.downloads) == ["file"]
        assert source.requests[1][2].startswith("bytes=")


def wait_part(device, size):
    """Until the part file has that many bytes."""
    wait_for(lambda: any(path.stat().st_size >= size for path in device.downloads.glob(".errand-*.part")),
             f"{size} bytes of the part file")
