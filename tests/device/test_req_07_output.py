"""Whatever a program prints, and however much of it: the job ends as the program did, its last 1024 characters are
told as valid text, and neither daemon nor runner grows."""

import os
from pathlib import Path

import pytest

from device import wait_for
from exchange import shell

MEGABYTE = 1024


def status_kilobytes(pid, key):
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key + ":"))


def units(text):
    return len(text.encode("utf-16-le")) // 2


@pytest.fixture
def quiet(device):
    """With --verbose every line would go to the log."""
    device.arguments = []
    return device.start()


def test_req_07_a_hundred_megabytes_on_both_streams(quiet):
    """Neither stream waits for the other to be read. 10 with sanitizers, which take half a minute for 100."""
    half = 5_000_000 if "ERRAND_SANITIZED" in os.environ else 50_000_000
    script = f"head -c {half} /dev/urandom; head -c {half} /dev/urandom >&2;" \
             "printf '\\nthe end \\303\\274'; printf '\\nits end \\342\\202\\254' >&2"
    status, details = quiet.run(shell(script), timeout=240)
    assert status == "SUCCEEDED"
    assert details["stdout"].endswith("the end ü")
    assert details["stderr"].endswith("its end €")
    for name in ("stdout", "stderr"):
        assert 500 < units(details[name]) <= 1024
        assert details[name].isprintable()


@pytest.mark.skipif("ERRAND_SANITIZED" in os.environ, reason="sanitizers keep freed memory for a while")
def test_req_07_memory_stays_flat(quiet):
    """Peaks, not ends: the kernel is told to forget the peak before the printing begins."""
    gate, printed, end = (quiet.directory / name for name in ("gate", "printed", "end"))

    def wait(path):
        return f"while [ ! -e {path} ]; do sleep 0.02; done"

    job = quiet.create(shell(f"{wait(gate)}; head -c 100000000 /dev/urandom; touch {printed}; {wait(end)}; exit 3"))
    quiet.wait_in_progress(job)
    pids = [quiet.process.pid, *wait_for(
        lambda: [pid for pid in quiet.children() if "errand-runner" in Path(f"/proc/{pid}/cmdline").read_text()],
        "the runner")]
    assert len(pids) == 2
    before = []
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        before.append(status_kilobytes(pid, "VmRSS"))
    gate.touch()
    wait_for(printed.exists, "all printed", 240)
    grown = [status_kilobytes(pid, "VmHWM") - start for pid, start in zip(pids, before)]
    end.touch()
    status, details = quiet.wait(job, timeout=60)
    assert (status, details["exitCode"]) == ("FAILED", "3")
    assert all(kilobytes < MEGABYTE for kilobytes in grown), grown


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("character", ["ü", "€", "🙂"])
def test_a_character_across_the_cut(running, character, shift):
    """Wherever the raw tail begins, no half character is told, and none is missing."""
    text = character * 6000
    path = running.directory / "text"
    path.write_text("x" * shift + text, encoding="utf-8")
    status, details = running.run(shell(f"cat {path}; cat {path} >&2"))
    assert status == "SUCCEEDED"
    wanted = character * (1024 // units(character))
    assert details["stdout"] == wanted
    assert details["stderr"] == wanted


def test_long_first_words_cost_no_room(running):
    """The word at the cut goes, being half a URL perhaps; there is enough behind it."""
    words = " ".join("€" * 600 for _ in range(10))
    path = running.directory / "text"
    path.write_text(words, encoding="utf-8")
    status, details = running.run(shell(f"cat {path}"))
    assert (status, details["stdout"]) == ("SUCCEEDED", words[-1024:])


@pytest.mark.parametrize("print_it, shown", [
    (r"printf 'a\000b\000\000c'", "abc"),
    (r"printf '\377\376\300\200ok'", "\ufffd\ufffd\ufffd\ufffdok"),
    (r"printf 'one\r\ntwo\n\n\nthree\n'", "one | two | three"),
    (r"printf '\355\240\200surrogate'", None),
    ("true", None),
    (r"printf '\000\000\n \n'", None),
], ids=["nul", "broken", "lines", "surrogate", "nothing", "blank"])
def test_odd_bytes(running, print_it, shown):
    status, details = running.run(shell(print_it))
    assert status == "SUCCEEDED"
    if shown is not None:
        assert details["stdout"] == shown
    elif "surrogate" in print_it:
        assert details["stdout"].endswith("surrogate") and details["stdout"].isprintable()
    else:
        assert "stdout" not in details


def test_a_handler_prints_as_well(device):
    handlers = device.directory / "handlers"
    handlers.mkdir()
    (handlers / "print").write_text("#!/bin/sh\nhead -c 10000000 /dev/zero\nprintf 'the end ü'\nexit 4\n")
    (handlers / "print").chmod(0o755)
    device.groups["plugin handler"] = {"directories": handlers}
    device.start()
    status, details = device.run({"version": "1.0", "steps": [{"action": {
        "name": "p", "type": "runHandler", "input": {"handler": "print"}}}]})
    assert (status, details["exitCode"], details["stdout"]) == ("FAILED", "4", "the end ü")


def test_nobody_reads_on_a_full_disk_either(running):
    """Output is never written to a disk; a program that fills one fails by itself."""
    status, details = running.run(shell("yes | head -c 1000000 > /dev/full"))
    assert status == "FAILED"
    assert "No space left" in details["stderr"]
