"""What a step started does not outlive its life of errandd: when the next one judges the job, it is gone."""

import os
import signal

import pytest

from device import descendants, wait_for
from lives import processes_naming, shell, step
from machine import Machine


def nap(number):
    """A length of sleep no other test has: by that its processes are known."""
    return str(200000000 + os.getpid() % 100000 * 10 + number)


def sweep_up(*naps):
    for one in naps:
        for pid in processes_naming(one):
            os.kill(pid, signal.SIGKILL)


def kill_with_runners(device):
    """All of errand at the same moment, as a memory killer or an impatient owner does it; what the runners started is
    not killed. The daemon is stopped first: it would see to that when a runner dies."""
    os.kill(device.process.pid, signal.SIGSTOP)
    for pid in processes_naming("errand-runner"):
        if pid in descendants(device.process.pid):
            os.kill(pid, signal.SIGKILL)
    device.kill()


def begin(device, document):
    device.start()
    job = device.create(document)
    wait_for(device.marker_lines, "the action started")
    return job


def test_req_02_killed_with_its_runner(device):
    """The program is nobody's then. It is stopped before the job is called interrupted."""
    job = begin(device, shell(f"echo run >> {device.marker}; sleep {nap(1)}; echo again >> {device.marker}"))
    kill_with_runners(device)
    assert processes_naming(nap(1)), "this test is about what survives"
    device.start()
    status, details = device.wait(job)
    left = processes_naming(nap(1))
    sweep_up(nap(1))
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert left == []
    assert device.marker_lines() == ["run"]


def test_req_02_a_runner_that_cannot_die_by_itself(device):
    """Stopped, it does not hear that its daemon is gone; continued later it would go on."""
    job = begin(device, {"operation": "knob", "marker": str(device.marker), "sleep": 600000, "deaf": True})
    runner = descendants(device.process.pid)[0]
    os.kill(runner, signal.SIGSTOP)
    device.kill()
    device.start()
    assert device.wait(job)[1]["reason"] == "interrupted"
    wait_for(lambda: not alive(runner), "the old runner gone")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_req_02_a_session_of_its_own(device):
    """When the daemon alone is killed, its runner takes everything along, as it would after a cancel."""
    script = (f"setsid sleep {nap(2)} & setsid sh -c 'sleep {nap(2)} & exit 0'; echo run >> {device.marker};"
              f"sleep {nap(3)}")
    job = begin(device, shell(script))
    device.kill()
    device.start()
    try:
        assert device.wait(job)[1]["reason"] == "interrupted"
        wait_for(lambda: not processes_naming(nap(2)) + processes_naming(nap(3)), "the processes gone")
    finally:
        sweep_up(nap(2), nap(3))


@pytest.mark.parametrize("how", ["alone", "with its runner"])
def test_what_an_earlier_step_left_on_purpose_stays(device, how):
    """A service in a session of its own belongs to nobody any more."""
    go_on = device.directory / "go-on"
    job = begin(device, {"version": "1.0", "steps": [
        step("Service", "shell", shell(f"setsid sleep {nap(4)} & exit 0")),
        step("Work", "shell", shell(f"echo run >> {device.marker}; while [ ! -e {go_on} ]; do sleep 0.05; done"))]})
    if how == "alone":
        device.kill()
    else:
        kill_with_runners(device)
    device.start()
    try:
        assert device.wait(job)[1]["reason"] == "interrupted"
        assert processes_naming(nap(4))
    finally:
        sweep_up(nap(4))
        go_on.touch()


def test_req_08_never_two_installations_at_once(device, sandbox):
    """A firmware step is run again; what the last life's was doing to the slot has ended by then."""
    machine = Machine(device, sandbox)
    machine.hook("before-install", "if [ -e busy ]; then"
                 " grep -q '^State:.[^XZ]' /proc/$(cat busy)/status && touch overlap; "
                 "else echo $$ > busy; sleep 600; fi; true")
    machine.start()
    job = device.create(machine.document())
    wait_for(lambda: machine.read("busy"), "the installation")
    kill_with_runners(device)
    assert alive(int(machine.read("busy")))
    machine.start()
    status, details = machine.wait(job)
    assert status == "SUCCEEDED", details
    assert machine.count("install") == 2
    assert not (machine.board / "overlap").exists()
    assert not alive(int(machine.read("busy")))
