"""A reboot is proved by the boot id, or it did not happen; nothing else starts meanwhile; nothing loops."""

import signal

import pytest

from clocked import JUMPS, NEEDS, set_clock
from device import wait_for
from exchange import knob, shell, status_of, WORKFLOWS


def needs_clock(test):
    for mark in NEEDS:
        test = mark(test)
    return test


def finals(device, job):
    return [u["payload"]["status"] for u in device.updates(job) if u["payload"]["status"] != "IN_PROGRESS"]


def test_success_only_after_the_new_boot(device):
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    wait_for(device.marker_lines, "the reboot command")
    assert device.sandbox.execution(job, device.name)["status"] == "IN_PROGRESS"
    second = device.create({"operation": "shell", "command": ["touch", str(device.directory / "second")]})
    device.kill()
    device.new_boot()
    assert not (device.directory / "second").exists()
    device.start()
    status, _ = device.wait(job)
    assert status == "SUCCEEDED"
    assert device.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["asked"]


def test_a_reboot_that_does_not_happen_fails(device):
    device.groups["reboot"]["timeout"] = "1s"
    device.write_reboot_command("exit 0")
    device.start()
    status, details = device.run({"operation": "reboot"})
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
    assert device.run({"operation": "shell", "command": ["true"]})[0] == "SUCCEEDED"


def test_a_mere_restart_of_the_daemon_is_no_reboot(device):
    device.groups["reboot"]["timeout"] = "3s"
    device.write_reboot_command("exit 0")
    device.start()
    job = device.create({"operation": "reboot"})
    device.wait_in_progress(job)
    wait_for(lambda: "REBOOTING" in " ".join((p / "record").read_text() for p in (device.state / "jobs").iterdir())
             or "rebooting" in device.log(), "the reboot was asked for")
    device.kill()
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")


# ---- the wall clock ----

@needs_clock
@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_across_a_reboot(clocked, jump):
    device = clocked
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    wait_for(device.marker_lines, "the reboot command")
    second = device.create(shell(f"echo second >> {device.marker}"))
    device.kill()
    set_clock(device, JUMPS[jump])
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["asked", "second"]
    finals = [u for u in device.updates(job) if u["payload"]["status"] != "IN_PROGRESS"]
    assert len(finals) == 1


@needs_clock
@pytest.mark.parametrize("jump", JUMPS)
def test_a_jump_is_no_reboot(clocked, jump):
    device = clocked
    device.groups["reboot"]["timeout"] = "3s"
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    wait_for(device.marker_lines, "the reboot command")
    device.kill()
    set_clock(device, JUMPS[jump])
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")


# ---- nothing else starts ----

@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_nothing_starts_while_it_is_pending(device, workflow):
    """Neither what was there before, nor what comes during the delay, nor what comes after the request."""
    device.groups["jobs"].update({"workflow": workflow, "max-parallel": 3 if workflow == "available" else 1})
    device.groups["plugin reboot"] = {"message-command": f"sh;-c;cat >> {device.directory}/shown"}
    device.write_reboot_command(f"echo asked >> {device.marker}")
    document = {"operation": "reboot", "delay": 1, "message": "kernel update"}
    first = device.create(document)
    others = [device.create(shell(f"echo {n} >> {device.marker}")) for n in range(2)]
    device.start()
    wait_for((device.directory / "shown").exists, "the message")
    others.append(device.create(shell(f"echo 2 >> {device.marker}")))
    wait_for(device.marker_lines, "the reboot command")
    others.append(device.create(shell(f"echo 3 >> {device.marker}")))
    since = device.sandbox.last()
    device.sandbox.notify(device.name)
    device.sandbox.expect(after=since, timeout=20, thing=device.name, kind="notification")
    assert [status_of(device, job) for job in others] == ["QUEUED"] * 4
    assert device.marker_lines() == ["asked"]
    device.kill()
    device.new_boot()
    device.start()
    assert [device.wait(job)[0] for job in [first, *others]] == ["SUCCEEDED"] * 5
    assert sorted(device.marker_lines()) == ["0", "1", "2", "3", "asked"]
    assert finals(device, first) == ["SUCCEEDED"]
    assert (device.directory / "shown").read_text() == "This machine is restarted in 1 s: kernel update\n"


def test_a_claim_answered_late_starts_nothing(device, sandbox):
    """Its execution was being claimed when the other job asked for the reboot."""
    device.groups["jobs"].update({"workflow": "available", "max-parallel": 2, "request-timeout": "10s"})
    device.groups["reboot"]["timeout"] = "60s"
    device.write_reboot_command(f"echo asked >> {device.directory}/asked")
    device.start()
    gate = device.directory / "gate"
    reboots = device.create({"version": "1.0", "steps": [
        {"action": {"name": "wait", "type": "shell",
                    "input": shell(f"touch {device.directory}/begun; while [ ! -e {gate} ]; do sleep 0.02; done")}},
        {"action": {"name": "reboot", "type": "knob", "input": knob(device, reboot=1)}}]})
    wait_for((device.directory / "begun").exists, "begun")
    late = "late-" + device.name[-8:]
    sandbox.fault("UpdateJobExecution", "delay", thing=device.name, job=late, seconds=4)
    device.create(shell(f"echo late >> {device.marker}"), job_id=late)
    sandbox.expect(timeout=20, kind="request", api="UpdateJobExecution", thing=device.name, jobId=late)
    gate.touch()
    device.wait_log("restarting the machine")
    sandbox.expect(timeout=20, kind="answer", api="UpdateJobExecution", thing=device.name, jobId=late)
    device.kill()
    assert not any("late" in line for line in device.marker_lines())
    device.new_boot()
    device.start()
    assert device.wait(reboots)[0] == "SUCCEEDED"
    assert device.wait(late)[0] == "SUCCEEDED"
    assert device.marker_lines().count("late") == 1


def test_as_one_of_several_steps(device):
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"version": "1.0", "steps": [
        {"action": {"name": "before", "type": "shell", "input": shell(f"echo before >> {device.marker}")}},
        {"action": {"name": "reboot", "type": "runHandler", "input": {"handler": "reboot.sh"}}},
        {"action": {"name": "after", "type": "shell", "input": shell(f"echo after >> {device.marker}")}}]})
    wait_for(lambda: "asked" in device.marker_lines(), "the reboot command")
    device.kill()
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["before", "asked", "after"]


# ---- the stop that a reboot is ----

def test_the_stop_that_the_reboot_causes(device):
    """As the service manager does it: SIGTERM to errandd while the command that asked still runs."""
    device.write_reboot_command(f"echo asked >> {device.marker}; kill -TERM $PPID; exec sleep 60")
    device.start()
    job = device.create({"operation": "reboot"})
    assert device.wait_exit() == 0
    assert status_of(device, job) == "IN_PROGRESS"
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert finals(device, job) == ["SUCCEEDED"]
    assert device.marker_lines() == ["asked"]


def test_the_stop_that_a_shutdown_causes(device):
    pid = device.directory / "pid"
    device.groups["plugin reboot"] = {"boot-id-file": device.boot_id_file,
                                      "shutdown-command": f"sh;-c;echo off >> {device.marker}, kill -TERM $(cat {pid})"
                                      .replace(", ", " && ")}
    device.start()
    pid.write_text(str(device.process.pid))
    job = device.create({"operation": "shutdown"})
    assert device.wait_exit() == 0
    assert status_of(device, job) == "IN_PROGRESS"
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert finals(device, job) == ["SUCCEEDED"]
    assert device.marker_lines() == ["off"]


def test_a_shutdown_that_does_not_happen(device):
    device.groups["plugin reboot"] = {"boot-id-file": device.boot_id_file, "shutdown-command": "true",
                                      "shutdown-timeout": "1s"}
    device.start()
    status, details = device.run({"operation": "shutdown"})
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")


def test_a_stop_during_the_delay_asks_nothing_and_the_next_life_goes_on(device):
    device.groups["plugin reboot"] = {"message-command": f"touch;{device.directory}/shown"}
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot", "delay": 3, "message": "soon"})
    wait_for((device.directory / "shown").exists, "the message")
    device.process.send_signal(signal.SIGTERM)
    assert device.wait_exit(60) == 0
    assert (status_of(device, job), device.marker_lines()) == ("IN_PROGRESS", [])
    device.start()
    wait_for(device.marker_lines, "the reboot command")
    device.kill()
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["asked"]


def test_a_step_that_restarts_the_machine_itself_and_ends_is_no_failure(device):
    """What `reboot` in a script is: errandd is stopped, the step ends in the time that a stop leaves it."""
    pid = device.directory / "pid"
    device.start()
    pid.write_text(str(device.process.pid))
    job = device.create(shell(f"echo ran >> {device.marker}; kill -TERM $(cat {pid}); sleep 1"))
    assert device.wait_exit(60) == 0
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["ran"]


# ---- no loop ----

def test_a_boot_id_that_never_changes_restarts_the_machine_so_often_and_not_for_ever(device):
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    for boot in (1, 2, 3):
        wait_for(lambda wanted=boot: len(device.marker_lines()) == wanted, "the reboot command")
        device.kill()
        device.start(ready=False)
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
    assert device.run(shell("true"))[0] == "SUCCEEDED"
    assert device.marker_lines() == ["asked"] * 3


def test_a_job_that_asks_for_ever(device):
    device.write_reboot_command(f"echo asked >> {device.directory}/asked")
    asked = device.directory / "asked"
    device.start()
    job = device.create(knob(device, reboot=100))
    for boot in (2, 3, 4):
        wait_for(lambda wanted=boot - 1: asked.exists() and len(asked.read_text().split()) == wanted, "the command")
        device.kill()
        device.new_boot(boot)
        device.start(ready=False)
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "not-allowed")
    assert "max-attempts" in details["message"]
    assert len(asked.read_text().split()) == 3


def test_without_a_boot_id_nothing_is_restarted(device):
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.boot_id_file.unlink()
    device.start()
    status, details = device.run({"operation": "reboot"})
    assert (status, details["reason"]) == ("FAILED", "internal")
    assert device.marker_lines() == []
