"""A disk that is full, read-only or broken: the daemon lives, the cloud hears the truth, and once the disk works again
everything goes on without a restart."""

import errno
import os
import subprocess

import pytest

from device import BUILD, wait_for
from lives import FINAL, leftovers, shell, status_of, step

IO_FAULT = BUILD / "tests/device/io-fault.so"
LAST = 10 ** 6
# Of the calls of a job, every how manieth is tried: sanitized builds are slow, and find the same.
STRIDE = 4 if "ERRAND_SANITIZED" in os.environ else 1
ERRORS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO}


class Disk:
    """What io-fault.so does to the state directory of a device."""

    def __init__(self, device):
        self.control = device.directory / "io-fault"
        self.hits_file = device.directory / "io-fault.hits"
        self.generation = 0
        sanitizers = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        device.environment |= {"LD_PRELOAD": str(IO_FAULT), "ERRAND_IO_FAULT": str(self.control),
                               "ERRAND_IO_FAULT_UNDER": str(device.state), "ASAN_OPTIONS": sanitizers}

    def fail(self, code, first, last):
        """The first-th to the last-th change from now on."""
        self.generation += 1
        new = self.control.with_suffix(".new")
        new.write_text(f"{self.generation} {first} {last} {code}\n")
        new.rename(self.control)

    def heal(self):
        self.control.unlink(missing_ok=True)

    def hits(self):
        """The calls that failed since the last fail()."""
        if not self.hits_file.exists():
            return []
        lines = [line.split() for line in self.hits_file.read_text().splitlines()]
        return [call for generation, call in lines if int(generation) == self.generation]


def documents(device):
    steps = {"version": "1.0", "steps": [
        step("One", "shell", shell(f"echo one >> {device.marker}")),
        step("Two", "knob", {"operation": "knob", "marker": str(device.marker), "save": "half", "progress": 2})]}
    return {"shell": (shell(f"echo run >> {device.marker}"), ["run"]), "steps": (steps, ["one", "0"])}


def patient(device):
    """Asks again soon, as a device would in its own time."""
    device.groups["jobs"]["resync-interval"] = "1s"
    return device.start(ERRAND_TEST_TIME_SCALE="50")


def judge(device, job, expected, reasons):
    status, details = device.wait(job)
    lines = [line.split()[0] for line in device.marker_lines()]
    assert lines == expected[:len(lines)], lines
    if status == "SUCCEEDED":
        assert lines == expected, lines
    else:
        assert status == "FAILED" and details["reason"] in reasons, (status, details)
    return status


def check_rest(device):
    assert device.alive(), "errandd died"
    device.wait_empty()
    assert device.run(shell("true"))[0] == "SUCCEEDED", "the next job"
    device.wait_empty()


def warnings_of_store(device):
    log = device.log_file.read_text()[device.log_start:]
    return [line for line in log.splitlines() if "cannot be written" in line]


@pytest.mark.parametrize("kind, error", [("shell", "EIO"), ("steps", "ENOSPC")])
def test_req_10_any_one_call_fails(device, kind, error):
    """The n-th write, fsync, rename, open or mkdir fails, for the n that a job comes to."""
    disk = Disk(device)
    patient(device)
    calls, ends, failures = [], [], []
    for n in range(1, 200, STRIDE):
        device.marker.unlink(missing_ok=True)
        document, expected = documents(device)[kind]
        disk.fail(ERRORS[error], n, n)
        job = device.create(document)
        try:
            ends.append(judge(device, job, expected, ("no-space", "internal", "no-state")))
            device.wait_empty()
        except (AssertionError, TimeoutError, KeyError) as fault:
            failures.append(f"{n} {disk.hits()}: {fault!r}"[:500])
        if not disk.hits():
            break
        calls += disk.hits()
        disk.heal()
        try:
            check_rest(device)
        except (AssertionError, TimeoutError) as fault:
            failures.append(f"after {n} {calls[-1]}: {fault!r}"[:500])
        if not device.alive() or len(failures) > 5:
            break
    print(f"{kind} {error}: {len(calls)} calls failed ({' '.join(calls)}), ends: {' '.join(ends)}")
    assert not failures, "\n".join(failures)
    assert len(calls) >= 20 / STRIDE
    assert STRIDE > 1 or set(calls) >= {"write", "fsync", "renameat", "mkdir"}
    assert ends[-1] == "SUCCEEDED"


@pytest.mark.parametrize("kind", ["shell", "steps"])
def test_req_10_everything_fails_from_one_call_on(device, kind):
    """As a disk fills up or turns read-only in the middle of a job, and is mended a little later."""
    disk = Disk(device)
    patient(device)
    failures = []
    document, expected = documents(device)[kind]
    first = 0
    for first in range(1, 200, 3 * STRIDE):
        device.marker.unlink(missing_ok=True)
        disk.fail(errno.EROFS if first % 2 else errno.ENOSPC, first, LAST)
        job = device.create(document)
        try:
            wait_for(lambda: len(disk.hits()) >= 3 or status_of(device, job) in FINAL, "faults")
            untouched = not disk.hits()
            disk.heal()
            judge(device, job, expected, ("no-space", "internal", "no-state"))
            check_rest(device)
        except (AssertionError, TimeoutError, KeyError) as fault:
            failures.append(f"{first} {disk.hits()}: {fault!r}"[:500])
            untouched = False
        disk.heal()
        if untouched or not device.alive() or len(failures) > 3:
            break
    assert not failures, "\n".join(failures)
    assert first >= 10


def test_a_job_waits_while_nothing_can_be_written(device):
    """Not claimed, not failed: left for later. And the log stays short."""
    disk = Disk(device)
    patient(device)
    disk.fail(errno.ENOSPC, 3, LAST)
    job = device.create(shell(f"echo run >> {device.marker}"))
    wait_for(lambda: len(disk.hits()) >= 6 or status_of(device, job) in FINAL, "offered again and again", 30)
    assert status_of(device, job) == "QUEUED"
    assert device.marker_lines() == []
    assert 1 <= len(warnings_of_store(device)) <= 4
    disk.heal()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]
    check_rest(device)


# ---- a real file system ----

@pytest.fixture
def small(device):
    """The state on a file system of its own, of one megabyte."""
    device.state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "errand-test", str(device.state)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    yield device
    if device.alive():
        device.kill()
    wait_for(lambda: subprocess.run(["umount", str(device.state)], check=False, capture_output=True).returncode == 0,
             "unmounted")


def remount(device, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(device.state)], check=True)


def fill(device):
    with open(device.state / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 512)
        except OSError as error:
            assert error.errno == errno.ENOSPC


def gate(device):
    """A job that begins, and ends when told to."""
    go = device.directory / "go"
    job = device.create(shell(f"echo begin >> {device.marker}; while [ ! -e {go} ]; do sleep 0.02; done"))
    wait_for(device.marker_lines, "the action started")
    return job, go


def test_full_before_the_job(small):
    patient(small)
    fill(small)
    job = small.create(shell(f"echo run >> {small.marker}"))
    wait_for(lambda: warnings_of_store(small) or status_of(small, job) in FINAL, "it was tried")
    (small.state / "filler").unlink()
    status, details = small.wait(job)
    assert status == "SUCCEEDED" or details["reason"] == "no-space", details
    assert len(small.marker_lines()) == (status == "SUCCEEDED")
    check_rest(small)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_the_disk_goes_while_the_job_runs(small, how):
    patient(small)
    job, go = gate(small)
    if how == "full":
        fill(small)
    else:
        remount(small, "ro")
    go.touch()
    assert small.wait(job)[0] == "SUCCEEDED"
    assert small.alive()
    if how == "full":
        (small.state / "filler").unlink()
    else:
        remount(small, "rw")
    check_rest(small)
    assert small.marker_lines() == ["begin"]


def test_the_job_itself_fills_the_disk(small):
    patient(small)
    status, _ = small.run(shell(f"echo run >> {small.marker}; cat /dev/zero > {small.state}/filler; true"))
    assert status == "SUCCEEDED"
    (small.state / "filler").unlink()
    check_rest(small)
    assert small.marker_lines() == ["run"]


def test_started_on_a_read_only_disk(small):
    patient(small)
    job, _ = gate(small)
    small.kill()
    wait_for(lambda: not leftovers(small), "its processes gone")
    remount(small, "ro")
    patient(small)
    status, details = small.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    other = small.create(shell(f"echo other >> {small.marker}"))
    wait_for(lambda: warnings_of_store(small) or status_of(small, other) in FINAL, "it was tried")
    remount(small, "rw")
    status, _ = small.wait(other)
    assert small.marker_lines() == ["begin"] + ["other"] * (status == "SUCCEEDED")
    check_rest(small)
