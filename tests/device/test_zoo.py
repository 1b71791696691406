"""Every misbehaving plugin in one life of the daemon, a good job after each: it costs its own job and nothing else."""

import os
import signal
from pathlib import Path

import pytest

from device import BUILD, descendants, wait_for
from exchange import assert_explained, shell

DEADLINE = 240  # 100 MB of output, each line of it logged, took more than 60 s on a machine busy with other things
LIMIT = 2       # what ends a step of a plugin that never does; all others end by themselves

SUCCEEDED = """atexit-hang bad-detail check-acts leak lock-forever log-flood namesake no-newline orphan
    progress-backwards progress-flood
    spew spew-binary state-too-big stream-flood stream-misuse stream-reader stride-larger
    threads-after-return daemonize""".split()
FAILED = {
    "abort": "crashed", "segv": "crashed", "stack-overflow": "crashed", "check-crashes": "crashed",
    "constructor-crash": "crashed",
    "hang": "timed-out", "hang-ignoring-term": "timed-out", "critical-forever": "timed-out", "family": "timed-out",
    "check-hangs": "timed-out", "cancel-ignored": "timed-out",
    "exit0": "no-result", "exit3": "no-result", "close-all": "no-result", "close-fd3": "no-result",
    "orphan-exit": "no-result",
    "garbage-fd3": "protocol", "huge-packet": "protocol", "result-twice": "protocol",
    "bad-reason": "internal", "cancelled-by-nobody": "internal", "check-reboots": "internal",
    "fail-without-reason": "internal", "missing-library": "internal", "name-mismatch": "internal",
    "no-operations": "internal", "no-symbol": "internal", "null-strings": "internal", "returns-42": "internal",
    "short-stride": "internal", "short-struct": "internal", "truncated": "internal", "undefined-symbol": "internal",
    "wrong-abi": "internal", "wrong-operation": "internal",
    "reboot-without-state": "reboot-did-not-happen",
}
REJECTED = {"check-without-reason": "internal"}
SIGNALS = {"abort": "SIGABRT", "segv": "SIGSEGV", "check-crashes": "SIGABRT", "constructor-crash": "SIGABRT"}
LEAVES_A_SERVICE = ("orphan", "daemonize")     # and may: its job ended well
HANGS = sorted(name for name, reason in FAILED.items() if reason == "timed-out")


def all_plugins():
    return sorted(path.stem for path in (BUILD / "tests/zoo").glob("*.plugin") if path.stem != "knob")


def fds(device):
    return len(list(Path(f"/proc/{device.process.pid}/fd").iterdir()))


def resident_kib(device):
    status = Path(f"/proc/{device.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def judge(device, name):
    expected = "SUCCEEDED" if name in SUCCEEDED else "REJECTED" if name in REJECTED else "FAILED"
    status, details = device.run({"operation": name, "timeout": LIMIT if name in HANGS else DEADLINE}, DEADLINE)
    assert status == expected, (name, status, details)
    if status == "SUCCEEDED":
        return
    assert_explained(details)
    assert details["reason"] == (REJECTED if status == "REJECTED" else FAILED)[name], (name, details)
    assert details.get("signal", SIGNALS.get(name)) == SIGNALS.get(name, details.get("signal")), (name, details)
    if details["reason"] in ("crashed", "timed-out", "internal", "no-result", "protocol") and name != "bad-reason":
        assert name in details["message"], (name, details)


def nothing_left(device, name):
    device.wait_empty()
    if name in LEAVES_A_SERVICE:
        for pid in descendants(device.process.pid):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not device.children(), f"processes of {name} gone")


@pytest.fixture
def zoo(device):
    device.groups["reboot"]["timeout"] = "1s"
    device.write_reboot_command("exit 0")
    return device.start(ERRAND_TEST_TIME_SCALE="10")


def test_the_lists_name_every_plugin():
    assert sorted([*SUCCEEDED, *FAILED, *REJECTED]) == all_plugins()


@pytest.mark.skipif("ERRAND_SANITIZED" in os.environ, reason="a sanitizer answers the crashes before errand sees them")
def test_req_11_every_misbehaving_plugin_costs_its_own_job(zoo):
    pid = zoo.process.pid
    assert zoo.run(shell("true"))[0] == "SUCCEEDED"
    zoo.wait_empty()
    open_before, memory_before = fds(zoo), resident_kib(zoo)
    for name in all_plugins():
        judge(zoo, name)
        nothing_left(zoo, name)
        assert zoo.run(shell("true"))[0] == "SUCCEEDED", name
        assert zoo.alive() and zoo.process.pid == pid, name
    zoo.wait_empty()
    wait_for(lambda: fds(zoo) <= open_before, "descriptors closed")
    assert resident_kib(zoo) - memory_before < 4096
    left = sorted(path.name for path in zoo.state.iterdir())
    assert not zoo.job_folders(), left


@pytest.mark.parametrize("name", HANGS)
def test_req_06_what_hangs_is_ended_with_its_whole_group(zoo, name):
    job = zoo.create({"operation": name, "timeout": LIMIT})
    behind = zoo.create(shell("true"))
    wait_for(zoo.children, "it runs")
    status, details = zoo.wait(job, DEADLINE)
    assert (status, details["reason"]) == ("FAILED", "timed-out")
    assert zoo.wait(behind)[0] == "SUCCEEDED"
    nothing_left(zoo, name)


@pytest.mark.parametrize("name", [name for name in HANGS if not name.startswith("check")])
def test_req_05_what_hangs_can_be_taken_away(zoo, sandbox, name):
    job = zoo.create({"operation": name, "timeout": 3 if name == "critical-forever" else 600})
    zoo.wait_in_progress(job)
    wait_for(zoo.children, "it runs")
    sandbox.cancel(job, force=True)
    nothing_left(zoo, name)
    assert zoo.run(shell("true"))[0] == "SUCCEEDED"


@pytest.mark.parametrize("script", ["trap '' TERM; while :; do sleep 60 & wait; done",
                                    "trap '' TERM INT HUP; (trap '' TERM; sleep inf) & sleep inf",
                                    "setsid sh -c 'trap \"\" TERM; sleep inf' & sleep inf"])
def test_req_06_a_program_that_ignores_term(zoo, script):
    status, details = zoo.run(shell(script, timeout=1), DEADLINE)
    assert (status, details["reason"]) == ("FAILED", "timed-out")
    nothing_left(zoo, "shell")
    assert zoo.run(shell("true"))[0] == "SUCCEEDED"
