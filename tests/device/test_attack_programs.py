"""Odd programs and odd documents for the plugins that start programs: each ends its own job, truthfully."""

import os

import pytest

from exchange import shell, works_on


def program(device, name, text, mode=0o755):
    path = device.directory / name
    path.write_text(text)
    path.chmod(mode)
    return str(path)


@pytest.mark.parametrize("words, told", [
    (["x"] * 6000, "6000"), ([""] * 8000, "8000"), (["x" * 30000], "1"), (["", "", ""], "3"), ([], "0"),
    (["\t\n\u001b[31m"], "1"), (["\ud83d\ude42" * 1000], "1"),
], ids=["many", "many-empty", "long", "empty", "none", "controls", "emoji"])
def test_arguments_by_number(running, words, told):
    status, details = running.run({"operation": "shell", "command": ["sh", "-c", "echo $#", "-", *words]})
    assert (status, details["stdout"]) == ("SUCCEEDED", told)


@pytest.mark.parametrize("script, status, reason", [
    ("echo $(ls /nonexistent); true", "SUCCEEDED", None),
    ("exec >&- 2>&-; exit 3", "FAILED", "exit-status"),
    ("exit 255", "FAILED", "exit-status"),
    ("kill -TERM $$", "FAILED", "killed"),
    ("kill -SEGV $$", "FAILED", "killed"),
    ("kill -9 $PPID", "FAILED", "crashed"),
    ("kill -9 0", "FAILED", "crashed"),
    ("kill -STOP $$", "FAILED", "timed-out"),
    ("kill -STOP $PPID; sleep 60", "FAILED", "timed-out"),
    ("trap '' TERM; while :; do sleep 1; done", "FAILED", "timed-out"),
    ("ulimit -v 20000; head -c 100000000 /dev/zero | tail -c 90000000", "FAILED", None),
])
def test_ways_to_end(running, script, status, reason):
    found, details = running.run(shell(script, timeout=2), timeout=60)
    assert found == status, details
    if reason:
        assert details["reason"] == reason, details
    works_on(running)


@pytest.mark.parametrize("text, mode, reason", [
    ("echo hello\n", 0o755, "internal"), ("#!/no/such/interpreter\n", 0o755, "not-found"), ("", 0o755, "internal"),
    ("#!\n", 0o755, "internal"), ("\x7fELF", 0o755, "internal"), ("#!/bin/sh\n", 0o644, "not-found"),
    ("#!/bin/sh\n", 0o000, "not-found"),
])
def test_files_that_are_no_programs(running, text, mode, reason):
    """And no shell takes over where the kernel cannot start them."""
    path = program(running, "program", text, mode)
    status, details = running.run({"operation": "shell", "command": [path]})
    assert (status, details["reason"]) == ("REJECTED" if mode != 0o755 else "FAILED", reason), details
    assert path in details["message"]


def test_a_program_that_goes_away_between_check_and_start(running):
    """The first step removes what the second one was checked with."""
    path = program(running, "program", "#!/bin/sh\n")
    status, details = running.run({"version": "1.0", "steps": [
        {"action": {"name": "remove", "type": "shell", "input": {"command": ["rm", path]}}},
        {"action": {"name": "use", "type": "shell", "input": {"command": [path]}}}]})
    assert (status, details["reason"], details["step"]) == ("FAILED", "not-found", "2/2 use")


@pytest.mark.parametrize("message", ["\u001b]0;title\u0007\u009b2J", "\u202eevil", "x" * 20000, "\n" * 1000, "%n", " "])
def test_messages(device, message):
    """Told to nobody who could be harmed by it: neither the log's reader nor a terminal."""
    shown = device.directory / "shown"
    device.groups["plugin reboot"] = {"message-command": f"sh;-c;cat > {shown}"}
    device.groups["reboot"]["timeout"] = "1s"
    device.write_reboot_command("exit 0")
    device.start()
    status, details = device.run({"operation": "reboot", "message": message})
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen"), details
    for text in (shown.read_text(), device.log()):
        assert not any(ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) < 0xa0 for c in text)
    works_on(device)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_the_programs_affair(running):
    status, details = running.run(shell("echo x > /dev/full"))
    assert (status, details["reason"]) == ("FAILED", "exit-status")
    works_on(running)
