"""Too little room, on a disk or in memory: the download ends at once, and says both numbers."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from device import wait_for
from file_source import FileSource, Zeros

MIB = 1024 * 1024
NUMBERS = re.compile(r"needs (\d+|an unknown number of) bytes.*, has (\d+)")
ROOM = 8 * MIB

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts file systems")


def mount(device, *words):
    done = subprocess.run(["mount", *words, str(device.downloads)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no file system to fill: {done.stderr.strip()}")


@pytest.fixture(params=["tmpfs", "ext4"])
def small(request, device, tmp_path):
    """The downloads are a file system of ROOM bytes."""
    if request.param == "tmpfs":
        mount(device, "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs")
    else:
        image = tmp_path / "image"
        with open(image, "wb") as target:
            target.truncate(ROOM)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", str(image)], check=True)
        mount(device, "-o", "loop", str(image))
    device.groups["plugin download"]["retry-delay"] = "10ms"
    yield device.start()
    device.kill()
    subprocess.run(["umount", "--lazy", str(device.downloads)], check=True)


def fetch(device, source, **more):
    status, details = device.run({"operation": "download", "url": source.url(), "path": str(device.downloads / "file"),
                                  **more}, timeout=60)
    left = [name for name in os.listdir(device.downloads) if name != "lost+found"]
    return status, details, left


def told(details):
    """What the message says is needed (None: unknown) and there."""
    need, have = NUMBERS.search(details["message"]).groups()
    return int(need) if need.isdigit() else None, int(have)


def test_req_14_a_size_in_the_document_is_checked_before_any_request(small):
    with FileSource(Zeros(2 * ROOM)) as source:
        status, details, left = fetch(small, source, size=2 * ROOM)
        assert source.requests == []
    assert (status, details["reason"], left) == ("FAILED", "no-space", [])
    need, have = told(details)
    assert need == 2 * ROOM
    assert 0 < have <= ROOM


def test_req_14_a_length_from_the_server_is_checked_before_the_first_byte(small):
    with FileSource(Zeros(2 * ROOM)) as source:
        status, details, left = fetch(small, source)
        assert len(source.requests) == 1
    assert (status, details["reason"], left) == ("FAILED", "no-space", [])
    assert told(details)[0] == 2 * ROOM
    assert "bytes" not in details   # not one was taken


def test_req_14_what_fits_is_fetched(small):
    with FileSource(os.urandom(ROOM // 2)) as source:
        status, details, left = fetch(small, source)
        assert (status, left) == ("SUCCEEDED", ["file"]), details
        assert (small.downloads / "file").read_bytes() == source.content


def test_req_14_a_disk_that_gets_full_midway_ends_it_at_once(small):
    def answer(handler, content):
        handler.without_length(len(content))

    with FileSource(Zeros(4 * ROOM), answer) as source:
        status, details, left = fetch(small, source)
        assert len(source.requests) == 1
    assert (status, details["reason"], left) == ("FAILED", "no-space", [])
    need, have = told(details)
    assert need is None
    assert have < MIB


def test_req_14_another_takes_the_room_midway(small):
    """With a length that did fit: the message says what was still needed."""
    size = ROOM // 2
    hog = small.downloads / "hog"

    def answer(handler, content):
        handler.head(200, Content_Length=size)
        handler.body(0, MIB)
        # Before that the length would be found not to fit.
        wait_for(lambda: any(part.stat().st_size for part in small.downloads.glob(".errand-*")), "the first bytes")
        with open(hog, "wb") as target:
            try:
                while target.write(bytes(MIB)):
                    target.flush()
            except OSError:
                pass
        handler.body(MIB, size)

    with FileSource(Zeros(size), answer) as source:
        status, details, left = fetch(small, source)
        assert len(source.requests) == 1
    assert (status, details["reason"], left) == ("FAILED", "no-space", ["hog"])
    need, have = told(details)
    assert 0 < need <= size
    assert have < MIB


def own_group():
    """(Folder of this process's memory group, name of its limit), for either version of control groups."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return Path("/sys/fs/cgroup/memory" + path), "memory.limit_in_bytes"
        if controllers == "" and (Path("/sys/fs/cgroup" + path) / "memory.max").exists():
            return Path("/sys/fs/cgroup" + path), "memory.max"
    pytest.skip("no memory control group")


@pytest.fixture
def confined(device):
    """The daemon may use 64 MiB; the downloads are in memory and say they have room for 1 GiB."""
    parent, limit = own_group()
    group = parent / f"errand-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / limit).write_text(str(64 * MIB))
    except OSError as error:
        pytest.skip(f"no memory control group of its own: {error}")
    mount(device, "-t", "tmpfs", "-o", "size=1g", "tmpfs")
    device.prefix = ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    yield device.start()
    device.kill()
    subprocess.run(["umount", "--lazy", str(device.downloads)], check=True)
    for pid in (group / "cgroup.procs").read_text().split():
        (parent / "cgroup.procs").write_text(pid)
    group.rmdir()


def test_req_14_memory_that_the_control_group_does_not_have(confined):
    with FileSource(Zeros(256 * MIB)) as source:
        status, details, left = fetch(confined, source)
    assert (status, details["reason"], left) == ("FAILED", "no-space", [])
    need, have = told(details)
    assert need == 256 * MIB
    assert have < 64 * MIB
