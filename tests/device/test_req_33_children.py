"""What a program leaves behind does not hold its job, does not outlive a cancel, and is given three descriptors."""

import os
import time

import pytest

from device import wait_for
from lives import processes_naming

STARTED = {
    "background": "sleep {nap} &",
    "ignoring hangups": "nohup sleep {nap} &",
    "own session": "setsid sleep {nap} &",
    "daemon": "setsid sh -c 'sleep {nap} & exit 0'",
    "many": "for i in 1 2 3 4 5 6 7 8; do (sleep {nap} & sleep {nap} &) & done",
    "printing": "(while :; do echo more; sleep 0.1; : {nap}; done) &",
    "printing much": "yes {nap} &",
}


@pytest.fixture(params=["shell", "handler"])
def start(request, device):
    """Creates a job that runs a script, by either plugin."""
    handlers = device.directory / "handlers"
    handlers.mkdir()
    device.groups["plugin handler"] = {"directories": handlers}
    device.arguments = []
    device.start()

    def create(script):
        if request.param == "shell":
            return device.create({"operation": "shell", "command": ["sh", "-c", script]})
        (handlers / "it").write_text("#!/bin/sh\n" + script + "\n")
        (handlers / "it").chmod(0o755)
        return device.create({"version": "1.0", "steps": [{"action": {
            "name": "it", "type": "runHandler", "input": {"handler": "it"}}}], "includeStdOut": True})
    return create


def nap(number):
    """A length of sleep no other test has: by that its processes are known."""
    return str(100000 + os.getpid() % 10000 * 10 + number)


@pytest.mark.parametrize("kind", STARTED)
def test_the_job_ends_within_two_seconds(start, device, kind):
    """The best of three, for the machine may be busy."""
    ended = device.directory / "ended"
    taken = []
    for number in range(3):
        script = STARTED[kind].format(nap=nap(number))
        job = start(f"{script}\necho last; touch {ended}; exit 0")
        status, _ = device.wait(job)
        taken.append(time.time() - ended.stat().st_mtime)
        assert status == "SUCCEEDED"
        if taken[-1] < 2:
            break
    assert min(taken) < 2, taken
    assert device.run({"operation": "shell", "command": ["echo", "next"]})[1]["stdout"] == "next"
    device.stop()
    for number in range(3):
        for pid in processes_naming(nap(number)):
            os.kill(pid, 9)


@pytest.mark.parametrize("kind", STARTED)
def test_nothing_survives_a_cancel(start, device, sandbox, kind):
    ready = device.directory / "ready"
    job = start(f"{STARTED[kind].format(nap=nap(5))}\ntouch {ready}; sleep {nap(6)}")
    wait_for(ready.exists, "begun")
    sandbox.cancel(job, force=True)
    device.wait_empty()
    wait_for(lambda: not processes_naming(nap(5)) + processes_naming(nap(6)), "the processes gone")
    wait_for(lambda: not device.children(), "the children gone")


def test_nothing_survives_the_time_limit(device):
    device.start()
    script = f"setsid sleep {nap(7)} & sleep {nap(8)}"
    status, details = device.run({"operation": "shell", "command": ["sh", "-c", script], "timeout": 1})
    assert (status, details["reason"]) == ("FAILED", "timed-out")
    wait_for(lambda: not processes_naming(nap(7)) + processes_naming(nap(8)), "the processes gone")


def test_descriptors_and_input(start, device):
    """0 is /dev/null, 1 and 2 are pipes; 3 is the directory that ls itself reads, and dash keeps its script as 10."""
    script = "ls /proc/self/fd; ls /proc/$$/fd; readlink /proc/$$/fd/0; readlink /proc/$$/fd/1 | cut -c1-5;" \
             "readlink /proc/$$/fd/2 | cut -c1-5; wc -c; umask; pwd"
    status, details = device.wait(start(script))
    assert status == "SUCCEEDED"
    words = [word for word in details["stdout"].split(" | ") if word != "10"]
    assert words == ["0", "1", "2", "3", "0", "1", "2", "/dev/null", "pipe:", "pipe:", "0", "0022", "/"]


def test_descriptors_that_errand_was_started_with(device):
    """None of those that a careless service manager left open, or closed, gets through."""
    device.prefix = ["sh", "-c", f"exec 0<&- 7</etc/passwd 9>{device.directory}/leak; exec \"$@\"", "sh"]
    device.start()
    status, details = device.run({"operation": "shell", "command": ["ls", "/proc/self/fd"]})
    assert (status, details["stdout"]) == ("SUCCEEDED", "0 | 1 | 2 | 3")


def test_signals_are_the_usual_ones(device):
    """But 32 and 33: they are the C library's own, which sees to them by itself."""
    device.prefix = ["env", "--ignore-signal=PIPE,INT,HUP", "--block-signal=USR1,CHLD"]
    device.start()
    status, details = device.run({
        "operation": "shell", "command": ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]})
    assert status == "SUCCEEDED"
    _, blocked, _, _, ignored = details["stdout"].split()
    assert (int(blocked, 16), int(ignored, 16) & ~(3 << 31)) == (0, 0)
