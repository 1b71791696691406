"""Bad luck and a service out of step: whatever comes between, no action runs twice and the next job starts."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from device import descendants, wait_for


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


# ---- documents that json readers disagree about ----

@pytest.mark.parametrize("text", [
    r'{"operation":"shell","command":["touch","CANARY\u0000.safe"]}',
    r'{"operation":"shell","command":["touch","CANARY"],"operation":"shell"}',
    r'{"operation":"shell","command":["touch","CANARY"],"timeout":18446744073709551617}',
    r'{"operation":"shell","command":["touch","CANARY"],"timeout":0x10}',
    r'{"operation":"shell","command":["touch","CANARY","\ud800"]}',
    r'{"operation":"shell","command":["touch","CANARY"],/**/"timeout":5}',
    r'{"operation":"shell","command":["touch","CANARY"],"x":' + "[" * 2000 + "]" * 2000 + "}",
    "{'operation':'shell','command':['touch','CANARY']}",
    r'{"operation":"shell","command":["touch","CANARY"]', r'{"operation":"shell","command":["touch","CANARY"]}}',
    "", "null", "7", '"x"', "[]",
], ids=range(15))
def test_a_document_two_readers_would_read_differently_is_rejected(running, sandbox, text):
    """Sent as the service might, byte for byte."""
    canary = running.directory / "canary"
    base = f"$aws/things/{running.name}/jobs"
    document = text.replace("CANARY", str(canary))
    since = sandbox.last()
    sandbox.publish(f"{base}/notify-next", (
        '{"execution":{"jobId":"odd","status":"QUEUED","queuedAt":1,"lastUpdatedAt":1,"versionNumber":1,'
        '"executionNumber":1,"jobDocument":' + document + '},"timestamp":1}').encode())
    if document not in ("", r'{"operation":"shell","command":["touch","' + str(canary) + r'"]}}') and \
            document.count("{") == document.count("}"):
        update = sandbox.expect(after=since, thing=running.name, kind="request", api="UpdateJobExecution", timeout=20)
        assert update["payload"]["status"] == "REJECTED"
        assert update["payload"]["statusDetails"]["reason"] == "invalid-document"
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert not canary.exists()
    assert not Path(str(canary) + ".safe").exists()


def test_small_numbers_survive(running):
    assert running.run('{"operation":"shell","command":["true"],"timeout":5}')[0] == "SUCCEEDED"
    status, details = running.run('{"operation":"knob","detail":{"x":"1"},"factor":1e-8}')
    assert (status, details.get("x")) == ("SUCCEEDED", "1")


# ---- the service out of step ----

def begun(device):
    return wait_for(device.marker_lines, "the action started")


STUBBORN = "trap '' TERM INT; echo begin >> {0}; while :; do sleep 0.2; done"


def test_the_same_job_id_again_while_the_old_one_is_being_cancelled(running, sandbox):
    running.stop()
    running.groups["jobs"]["cancel-grace"] = "3s"
    running.start()
    job = running.create(shell(STUBBORN.format(running.marker)), job_id="again")
    begun(running)
    begin = time.time()
    wait_for(lambda: time.time() > begin + 1, "another queuedAt, which counts seconds")
    sandbox.delete(job, force=True)
    again = running.create(shell(f"echo second >> {running.marker}"), job_id="again")
    assert running.wait(again, timeout=60)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["begin", "second"]
    running.wait_empty()
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_a_retry_is_offered_while_the_first_one_times_out(running, sandbox):
    """The service ends execution 1 and queues execution 2 of the same job while 1 still runs here."""
    criteria = [{"failureType": "TIMED_OUT", "numberOfRetries": 1}]
    job = running.create(shell(f"echo run >> {running.marker}; [ $(wc -l < {running.marker}) = 2 ] || sleep 100"),
                         jobExecutionsRetryConfig={"criteriaList": criteria}, timeout=1)
    begun(running)
    sandbox.advance(3600)
    wait_for(lambda: sandbox.execution(job, running.name)["executionNumber"] == 2, "the retry")
    wait_for(lambda: sandbox.execution(job, running.name)["status"] == "SUCCEEDED", "its success", timeout=60)
    running.wait_empty()
    assert running.marker_lines() == ["run", "run"]
    assert sorted(e["status"] for e in sandbox.executions(job)) == ["SUCCEEDED", "TIMED_OUT"]


@pytest.mark.parametrize("how", ["delete", "cancel"])
@pytest.mark.parametrize("moment", ["claim", "final"])
def test_taken_away_while_an_answer_is_under_way(device, sandbox, how, moment):
    running = device.start(ERRAND_TEST_TIME_SCALE="10")
    status = "IN_PROGRESS" if moment == "claim" else "SUCCEEDED"
    sandbox.fault("UpdateJobExecution", "drop", count=1, status=status)
    since = sandbox.last()
    job = running.create(shell(f"echo ran >> {running.marker}"))
    wait_for(lambda: any(u["payload"]["status"] == status for u in running.updates(job, since)), status)
    if how == "cancel":
        sandbox.cancel(job, force=True)
    else:
        sandbox.delete(job, force=True)
    running.wait_empty()
    assert len(running.marker_lines()) == (0 if moment == "claim" else 1)
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_cancelled_while_waiting_for_the_reboot(running, sandbox):
    running.write_reboot_command(f"echo reboot >> {running.marker}; sleep 1000")
    job = running.create({"operation": "reboot"})
    begun(running)
    sandbox.cancel(job, force=True)
    running.wait_empty()
    assert running.run(shell("true"), timeout=60)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["reboot"]


def test_a_reboot_waits_for_other_jobs_longer_than_it_may_take(running, sandbox):
    running.stop()
    running.groups["jobs"].update({"workflow": "available", "max-parallel": 2})
    running.groups["reboot"]["timeout"] = "2s"
    running.write_reboot_command(f"echo reboot >> {running.marker}")
    running.start()
    other = running.create(shell(f"echo begin >> {running.marker}; sleep 6; echo end >> {running.marker}"))
    begun(running)
    job = running.create({"operation": "knob", "reboot": 1})
    assert running.wait(other)[0] == "SUCCEEDED"
    assert running.wait(job)[1]["reason"] == "reboot-did-not-happen"
    assert running.marker_lines() == ["begin", "end", "reboot"]


def test_a_reboot_command_that_hangs_does_not_spoil_the_next_one(running):
    running.write_reboot_command(f"echo reboot >> {running.marker}; sleep 1000")
    for turn in (1, 2):
        status, details = running.run({"operation": "reboot"}, timeout=60)
        assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
        assert running.marker_lines() == ["reboot"] * turn


def test_updates_are_never_answered_until_the_next_day(running, sandbox):
    fault = sandbox.fault("UpdateJobExecution", "drop-answer", count=0)
    job = running.create(shell(f"echo ran >> {running.marker}"))
    wait_for(lambda: len(running.updates(job)) > 2, "repeated claims", timeout=60)
    assert running.marker_lines() == []
    assert fault
    sandbox.clear_faults()
    assert running.wait(job, timeout=60)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["ran"]


# ---- power cuts ----

@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
def test_killed_at_random_moments_no_action_runs_twice(device, workflow, seed):
    chance = random.Random(seed)
    device.groups["jobs"]["workflow"] = workflow
    if workflow == "available":
        device.groups["jobs"]["max-parallel"] = 3
    device.start()
    jobs = [device.create(shell(f"echo {i} >> {device.marker}; sleep 0.1")) for i in range(6)]
    for _ in range(8):
        with pytest.raises(subprocess.TimeoutExpired):
            device.process.wait(chance.random() * 0.7)
        device.kill()
        device.start(ready=False)
    statuses = [device.wait(job, timeout=90) for job in jobs]
    lines = device.marker_lines()
    assert len(lines) == len(set(lines)), lines
    for i, (status, details) in enumerate(statuses):
        if status == "SUCCEEDED":
            assert str(i) in lines
        else:
            assert (status, details["reason"]) == ("FAILED", "interrupted")
    device.wait_empty()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGABRT])
def test_a_signal_to_the_runner_costs_its_own_job(running, number):
    job = running.create(shell(f"echo begin >> {running.marker}; sleep 100", timeout=4))
    begun(running)
    runner = [pid for pid in descendants(running.process.pid)
              if os.readlink(f"/proc/{pid}/exe").endswith("errand-runner")]
    os.kill(runner[0], number)
    status, details = running.wait(job, timeout=60)
    assert (status, details["reason"]) == ("FAILED", "timed-out" if number == signal.SIGSTOP else "crashed")
    assert running.children() == []
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_state_files_full_of_rubbish(device):
    device.start()
    job = device.create(shell(f"echo begin >> {device.marker}; sleep 100"))
    begun(device)
    device.kill()
    folder = device.state / "jobs" / device.job_folders()[0]
    (folder / "record").write_bytes(os.urandom(3000))
    (folder / "document.json").unlink()
    (folder / "document.json").mkdir()
    (device.state / "jobs" / "x.1.1").symlink_to("/etc")
    (device.state / "jobs" / "y.1.1").mkdir()
    os.mkfifo(device.state / "jobs" / "y.1.1" / "record")
    (device.state / "jobs" / ("z" * 64 + ".1.1")).write_text("file")
    (device.state / "history").mkdir() if not (device.state / "history").exists() else None
    device.start()
    assert device.wait(job)[1]["reason"] == "interrupted"
    assert device.run(shell("true"))[0] == "SUCCEEDED"
    assert device.marker_lines() == ["begin"]
    assert os.path.isdir("/etc")


# ---- secrets ----

def test_no_secret_in_the_log_or_on_a_command_line(running, sandbox):
    secret = "5ecre7" * 10
    url = f"https://user:{secret}@127.0.0.1:1/x?X-Amz-Signature={secret}&sig={secret}#{secret}"
    seen = set()
    job = running.create({"operation": "download", "url": url, "path": str(running.downloads / "x"), "timeout": 3})
    end = time.monotonic() + 60
    while sandbox.execution(job, running.name)["status"] in ("QUEUED", "IN_PROGRESS") and time.monotonic() < end:
        for pid in [running.process.pid, *running.children()]:
            try:
                seen.add(Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text())
            except OSError:
                continue
    status, details = running.wait(job)
    assert status in ("FAILED", "REJECTED")
    assert secret not in json.dumps(details)
    assert secret not in running.log()
    assert not any(secret in text for text in seen)
