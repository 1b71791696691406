"""Damaged files of an earlier life: set aside, said once, told truly, never run again. And: nobody else reads them."""

import os
import random
import stat

import pytest

from device import wait_for
from lives import leftovers, shell

SEED = 20261123


def running_job(device):
    """A record that says: it was running."""
    job = device.create(shell(f"echo run >> {device.marker}; sleep 120"))
    wait_for(device.marker_lines, "the action started")
    return job, ("FAILED", "interrupted")


def rebooting_job(device):
    device.write_reboot_command(f"echo asked > {device.directory}/asked")
    job = device.create({"operation": "reboot"})
    wait_for((device.directory / "asked").exists, "the reboot command")
    return job, ("FAILED", "interrupted")


def resumable_job(device):
    job = device.create({"operation": "knob-resumable", "marker": str(device.marker), "save": "half", "load": True,
                         "sleep": 1500})
    wait_for(lambda: list(device.state.glob("jobs/*/state")), "the state saved")
    return job, ("FAILED", "interrupted")


def decided_job(device):
    """A verdict on disk that the service did not hear of."""
    device.sandbox.fault("UpdateJobExecution", "drop", thing=device.name, status="SUCCEEDED")
    since = device.sandbox.last()
    job = device.create(shell(f"echo run >> {device.marker}"))
    device.sandbox.expect(after=since, timeout=20, thing=device.name, kind="fault")
    return job, ("FAILED", "interrupted")


def claiming_job(device):
    """On disk, and the service did not hear of the claim: it still says QUEUED, and it may be told anything true."""
    device.sandbox.fault("UpdateJobExecution", "drop", thing=device.name, status="IN_PROGRESS")
    since = device.sandbox.last()
    job = device.create(shell(f"echo run >> {device.marker}"))
    device.sandbox.expect(after=since, timeout=20, thing=device.name, kind="fault")
    return job, ("FAILED", "interrupted")


STORED = {f.__name__[:-4]: f for f in (running_job, rebooting_job, resumable_job, decided_job, claiming_job)}


def flip(data, chance):
    place = chance.randrange(len(data) * 8)
    changed = bytearray(data)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


DAMAGES = {
    "empty": lambda data, chance: b"",
    "truncated": lambda data, chance: data[:chance.randrange(1, len(data))],
    "zeros": lambda data, chance: bytes(len(data)),
    "bit": flip,
    "longer": lambda data, chance: data + data,
    "binary": lambda data, chance: chance.randbytes(len(data)),
}


def leave(device, make):
    """The job as an earlier life left it on disk."""
    device.start()
    job, outcome = make(device)
    device.kill()
    device.sandbox.clear_faults()
    wait_for(lambda: not leftovers(device), "its processes gone")
    [folder] = (device.state / "jobs").iterdir()
    return job, outcome, folder


def error_lines(device):
    log = device.log_file.read_text()[device.log_start:]
    return [line for line in log.splitlines() if "WARNING" in line and ("moved to" in line or "damaged" in line)]


def check_rest(device):
    device.wait_empty()
    assert device.run(shell("true"))[0] == "SUCCEEDED"
    assert device.alive()


@pytest.mark.parametrize("stored, damage", [(stored, damage) for stored in STORED for damage in DAMAGES
                                            if stored == "running" or damage in ("empty", "bit")])
def test_req_10_a_damaged_record(device, stored, damage):
    job, outcome, folder = leave(device, STORED[stored])
    record = folder / "record"
    before = device.marker_lines()
    record.write_bytes(DAMAGES[damage](record.read_bytes(), random.Random(SEED)))
    device.new_boot()
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == outcome
    assert device.marker_lines() == before
    assert [path.name.startswith(folder.name) for path in (device.state / "damaged").iterdir()] == [True]
    assert len([line for line in error_lines(device) if "moved to" in line]) == 1
    check_rest(device)


@pytest.mark.parametrize("damage", ["truncated", "bit", "gone"])
@pytest.mark.parametrize("stored", ["running", "rebooting", "resumable", "decided"])
def test_req_10_a_damaged_document(device, stored, damage):
    job, outcome, folder = leave(device, STORED[stored])
    document = folder / "document.json"
    before = device.marker_lines()
    if damage == "gone":
        document.unlink()
    else:
        document.write_bytes(DAMAGES[damage](document.read_bytes(), random.Random(SEED)))
    device.new_boot()
    device.start()
    status, details = device.wait(job)
    assert (status, details.get("reason")) == (("SUCCEEDED", None) if stored == "decided" else outcome)
    assert device.marker_lines() == before
    check_rest(device)


def test_req_10_a_document_that_never_reached_the_disk(device):
    """Claiming, and no document: forgotten, and offered again by the service."""
    job, _, folder = leave(device, claiming_job)
    (folder / "document.json").write_bytes(b"")
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]
    check_rest(device)


@pytest.mark.parametrize("damage", ["empty", "bit", "gone", "too big", "directory"])
def test_req_10_a_damaged_state(device, damage):
    """The step's own: handed over as it is, or reported lost; the plugin must cope."""
    job, _, folder = leave(device, resumable_job)
    state = folder / "state"
    data = state.read_bytes()
    state.unlink()
    if damage == "too big":
        state.write_bytes(bytes(1024 * 1024))
    elif damage == "directory":
        state.mkdir()
    elif damage != "gone":
        state.write_bytes(DAMAGES[damage](data, random.Random(SEED)))
    device.start()
    status, details = device.wait(job)
    assert status in ("SUCCEEDED", "FAILED"), details
    assert len(device.marker_lines()) == 2
    check_rest(device)


@pytest.mark.parametrize("damage", ["bit", "binary", "directory", "fifo"])
def test_req_10_a_damaged_history(device, damage):
    device.start()
    assert device.run(shell("true"))[0] == "SUCCEEDED"
    device.wait_empty()
    device.kill()
    history = device.state / "history"
    data = history.read_bytes()
    history.unlink()
    if damage == "directory":
        history.mkdir()
    elif damage == "fifo":
        os.mkfifo(history)
    else:
        history.write_bytes(DAMAGES[damage](data, random.Random(SEED)))
    device.start()
    check_rest(device)


def test_req_10_foreign_things_in_the_state_directory(device):
    """Names that no job has: set aside or swept, and never followed."""
    jobs = device.state / "jobs"
    jobs.mkdir(parents=True, mode=0o700)
    precious = device.directory / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep")
    (jobs / "not a job").write_text("x")
    (jobs / "link.1.5").symlink_to(precious)
    (jobs / "empty.1.5").mkdir()
    (jobs / ".tmp-0000").write_text("x")
    os.mkfifo(jobs / "fifo.1.5")
    device.start(ERRAND_TEST_TIME_SCALE="50")   # what the service does not know is told a few times
    check_rest(device)
    assert (precious / "file").read_text() == "keep"


def test_req_10_many_flipped_bits(device):
    """A hundred damaged records at once: each is told, none runs."""
    job, _, folder = leave(device, running_job)
    record = (folder / "record").read_bytes()
    chance = random.Random(SEED)
    number = folder.name.rsplit(".", 1)[1]
    for n in range(100):
        copy = folder.parent / f"copy{n}.1.{number}"
        copy.mkdir()
        (copy / "record").write_bytes(flip(record, chance))
        (copy / "document.json").write_bytes((folder / "document.json").read_bytes())
    device.start(ERRAND_TEST_TIME_SCALE="50")
    assert device.wait(job, 60)[1]["reason"] == "interrupted"
    assert device.marker_lines() == ["run"]
    check_rest(device)
    assert len(list((device.state / "damaged").iterdir())) <= 32


def test_req_32_private_files(device):
    """umask 000, and still nobody else can read what errand wrote. A shared way leads to a foreign account's folder."""
    old = os.umask(0)
    try:
        device.start()
    finally:
        os.umask(old)
    device.create({"operation": "knob-resumable", "marker": str(device.marker), "save": "half", "sleep": 300})
    wait_for(lambda: list(device.state.glob("jobs/*/state")), "the state saved")
    seen = modes(device.state)
    device.wait_empty()
    seen |= modes(device.state)
    assert any(path.endswith("record") for path in seen) and any(path.endswith("history") for path in seen)
    assert {path: mode for path, mode in seen.items() if mode not in ("-600", "d700")} == {}


def modes(top):
    """{path: "-600" or "d700"} of all that lies there, a file that vanishes meanwhile left out."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in [".", *folders, *files]:
            path = os.path.join(folder, name)
            try:
                mode = os.lstat(path).st_mode
            except FileNotFoundError:
                continue
            found[os.path.normpath(path)] = ("d" if stat.S_ISDIR(mode) else "-") + f"{stat.S_IMODE(mode):o}"
    return found
