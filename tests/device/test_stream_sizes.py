"""Streams of all sizes: at the edges of the service's limits, the largest there is, and one that does not fit."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from device import wait_for
from gauges import cpu_seconds
from stream_source import Stream, runner_of


@pytest.mark.parametrize("form", ["json", "cbor"])
@pytest.mark.parametrize("size, block", [(1, 256), (65536, 65536), (65537, 65536), (131072, 65536), (300_000, 256)])
def test_sizes_at_the_edges(device, sandbox, form, size, block):
    device.groups["plugin download"].update({"stream-format": form, "stream-block-size": str(block)})
    stream = Stream(device, sandbox, size)
    device.start()
    status, details = stream.run()
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert sorted(stream.sent()) == list(range(-(-size // block)))


def resident(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize("form", ["json", "cbor"])
def test_req_15_the_largest_file_and_flat_memory(device, sandbox, form):
    size = 24 << 20
    device.groups["plugin download"].update({"stream-format": form, "stream-block-size": "16K"})
    stream = Stream(device, sandbox, size)
    small = Stream(device, sandbox, 2 << 20)
    device.start()
    sandbox.create_stream(small.name + "-small", {3: small.data})
    assert device.run(small.document(stream=small.name + "-small"), timeout=60)[0] == "SUCCEEDED"
    stream.target.unlink()
    sandbox.create_stream(stream.name, {3: stream.data})
    before = resident(device.process.pid)
    spent = cpu_seconds(device.process.pid)
    job = device.create(stream.document())
    runner = wait_for(lambda: runner_of(device), "a runner")
    peaks, busy = [], []

    def done():
        try:
            peaks.append(resident(runner))
            busy.append(cpu_seconds(runner))
        except (OSError, StopIteration):
            pass
        return stream.target.exists()
    begun = time.monotonic()
    wait_for(done, "the file", 120)
    print(f"{form}: {size / (time.monotonic() - begun) / 1e6:.1f} MB/s, runner {max(peaks)} kB, "
          f"daemon {before} -> {resident(device.process.pid)} kB; CPU {busy[-1]:.2f} s in the runner, "
          f"{cpu_seconds(device.process.pid) - spent:.2f} s in the daemon")
    status, details = device.wait(job)
    assert status == "SUCCEEDED", details
    stream.arrived()
    if "ERRAND_SANITIZED" in os.environ:
        return      # sanitizers keep memory
    assert resident(device.process.pid) - before < 2048
    assert peaks[-1] - peaks[len(peaks) // 4] < 2048


@pytest.fixture
def tiny(device):
    """The downloads are in 4 MiB of memory."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "tmpfs", str(device.downloads)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no file system to fill: {done.stderr.strip()}")
    yield device.start()
    device.kill()
    subprocess.run(["umount", "--lazy", str(device.downloads)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_req_14_no_space_is_known_before_the_first_block(tiny, sandbox):
    stream = Stream(tiny, sandbox, 5 << 20)
    status, details = stream.run()
    assert (status, details["reason"]) == ("FAILED", "no-space"), details
    assert f"needs {5 << 20} bytes" in details["message"]
    assert stream.gets() == []
    assert os.listdir(tiny.downloads) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_req_14_a_disk_that_gets_full_ends_it_at_once(tiny, sandbox):
    stream = Stream(tiny, sandbox, 5 << 19)
    stream.fault("GetStream", "delay", seconds=0.2, count=0)
    job = tiny.create(stream.document())
    wait_for(lambda: len(stream.sent()) > 8, "some blocks")
    (tiny.downloads / "filler").write_bytes(bytes(1 << 20))
    try:
        (tiny.downloads / "filler2").write_bytes(bytes(1 << 20))
    except OSError:
        pass
    status, details = tiny.wait(job)
    assert (status, details["reason"]) == ("FAILED", "no-space"), details
    assert not [name for name in os.listdir(tiny.downloads) if "filler" not in name]
