"""Kill -9, lost answers, lost links: the final status arrives, and nothing runs twice."""

import subprocess

import pytest

from device import ERRANDD, wait_for


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


def crash_points():
    listed = subprocess.run([str(ERRANDD), "--list-crash-points"], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def test_killed_while_running_is_interrupted_and_not_run_again(running):
    job = running.create(shell(f"echo run >> {running.marker}; sleep 60"))
    wait_for(running.marker_lines, "the action started")
    children = running.children()
    assert children
    running.kill()
    wait_for(lambda: not any(alive(pid) for pid in children), "what it started is gone")
    running.start()
    status, details = running.wait(job)
    assert (status, details["reason"]) == ("FAILED", "interrupted")
    assert running.marker_lines() == ["run"]
    running.wait_empty()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_final_status_lost_by_the_service_is_sent_again(running, sandbox):
    running.groups["jobs"]["request-timeout"] = "500ms"
    running.stop()
    running.start(ERRAND_TEST_TIME_SCALE="50")
    sandbox.fault("UpdateJobExecution", "drop", status="SUCCEEDED", count=2, thing=running.name)
    job = running.create(shell(f"echo run >> {running.marker}"))
    assert running.wait(job)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["run"]


def test_final_status_survives_kill_and_restart(running, sandbox):
    fault = {"thing": running.name, "status": "SUCCEEDED", "count": 1}
    sandbox.fault("UpdateJobExecution", "drop", **fault)
    since = sandbox.last()
    job = running.create(shell(f"echo run >> {running.marker}"))
    wait_for(lambda: [u for u in running.updates(job, since) if u["payload"]["status"] == "SUCCEEDED"], "final sent")
    running.kill()
    assert sandbox.execution(job, running.name)["status"] == "IN_PROGRESS"
    running.start()
    assert running.wait(job)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["run"]
    running.wait_empty()


def test_job_finishes_while_the_broker_is_away(device, sandbox):
    device.start(ERRAND_TEST_TIME_SCALE="10")
    job = device.create(shell(
        f"echo begin >> {device.marker}; while [ ! -e {device.directory}/go ]; do sleep 0.05; done"))
    wait_for(device.marker_lines, "the action started")
    sandbox.broker("stop")
    (device.directory / "go").touch()
    device.wait_log("SUCCEEDED")
    sandbox.broker("start")
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["begin"]


def test_job_queued_while_offline_starts_after_reconnect(device, sandbox):
    device.start(ERRAND_TEST_TIME_SCALE="10")
    sandbox.broker("stop")
    job = device.create(shell("true"))
    sandbox.broker("start")
    assert device.wait(job)[0] == "SUCCEEDED"


def test_missed_notification_is_found_by_resync(device, sandbox):
    device.groups["jobs"]["resync-interval"] = "1s"
    device.start()
    sandbox.fault("notifications", "drop", thing=device.name, count=2)
    job = device.create(shell("true"))
    assert device.wait(job, 10)[0] == "SUCCEEDED"


@pytest.mark.parametrize("code", ["InternalError", "RequestThrottled"])
def test_retryable_errors_are_retried(device, sandbox, code):
    device.start(ERRAND_TEST_TIME_SCALE="50")
    sandbox.fault("UpdateJobExecution", "error", code=code, thing=device.name, status="SUCCEEDED", count=5)
    job = device.create(shell(f"echo run >> {device.marker}"))
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]


def test_duplicates_start_one_run(running, sandbox):
    sandbox.fault("notifications", "duplicate", thing=running.name, copies=50, count=4)
    job = running.create(shell(f"echo run >> {running.marker}; sleep 0.3"))
    assert running.wait(job)[0] == "SUCCEEDED"
    sandbox.notify(running.name)
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.marker_lines() == ["run"]


def test_there_are_crash_points():
    assert len(crash_points()) >= 8


@pytest.mark.parametrize("point", crash_points())
def test_a_crash_at_every_durable_step(device, point):
    """Dies at the point once; whatever had happened, the job ends truly and its action ran at most once."""
    device.start(ERRAND_TEST_CRASH_AT=point)
    job = device.create(shell(f"echo run >> {device.marker}"))
    ended = wait_for(lambda: not device.alive() or final(device, job), "crash or end")
    assert ended
    if device.alive():
        device.kill()
    device.start()
    status, details = device.wait(job)
    runs = len(device.marker_lines())
    assert runs <= 1
    assert status in ("SUCCEEDED", "FAILED")
    if status == "SUCCEEDED":
        assert runs == 1
    else:
        assert details["reason"] == "interrupted"
    device.wait_empty()
    assert device.run(shell("true"))[0] == "SUCCEEDED"


def final(device, job):
    return device.sandbox.execution(job, device.name)["status"] in ("SUCCEEDED", "FAILED", "REJECTED")
