"""A file of 2 GB costs the runner no more memory than one of 1 MB."""

import hashlib
import os
import threading
from pathlib import Path

import pytest
from device import RUNNER, wait_for
from file_source import FileSource, Zeros

MIB = 1024 * 1024
GROWTH_MAX_KB = 2048


def runner_of(device):
    for pid in device.children():
        try:
            if Path(f"/proc/{pid}/exe").resolve() == RUNNER:
                return pid
        except OSError:
            continue
    return None


def kilobytes(pid, name):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def digest(size):
    sha256, block = hashlib.sha256(), bytes(MIB)
    for _ in range(size // MIB):
        sha256.update(block)
    return sha256.hexdigest()


def measure(device, size):
    """(resident kB when the transfer begins, the most the process ever had when its last byte is to come)."""
    begin, end, figures = threading.Event(), threading.Event(), []

    def answer(handler, content):
        begin.wait(60)
        handler.head(200, Content_Length=size)
        handler.body(0, size - 1)
        figures.append(kilobytes(pid, "VmHWM"))
        end.set()
        handler.body(size - 1, size)

    with FileSource(Zeros(size), answer) as source:
        job = device.create({"operation": "download", "url": source.url(), "path": str(device.downloads / "file"),
                             "sha256": digest(size), "size": size})
        source.wait_requests(1)
        pid = wait_for(lambda: runner_of(device), "the runner")
        before = kilobytes(pid, "VmRSS")
        begin.set()
        assert end.wait(300)
        status, details = device.wait(job, timeout=120)
    assert status == "SUCCEEDED", details
    assert (device.downloads / "file").stat().st_size == size
    (device.downloads / "file").unlink()
    return before, figures[0]


@pytest.mark.skipif("ERRAND_SANITIZED" in os.environ, reason="sanitizers keep memory")
@pytest.mark.parametrize("size", [2048 * MIB])
def test_req_15_two_gigabytes_raise_memory_by_two_megabytes_at_most(running, size):
    _, small_peak = measure(running, MIB)
    before, peak = measure(running, size)
    print(f"before {before} kB, peak {peak} kB, peak with 1 MiB {small_peak} kB")
    assert peak - before <= GROWTH_MAX_KB
    assert peak - small_peak <= GROWTH_MAX_KB
