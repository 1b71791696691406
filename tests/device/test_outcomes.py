"""One job at a time: what is asked, what is reported."""

import hashlib
import os

import pytest


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


def test_a_plain_document_succeeds(running):
    status, details = running.run(shell("echo hello; echo oops >&2"))
    assert status == "SUCCEEDED"
    assert details["stdout"] == "hello"
    assert details["stderr"] == "oops"
    assert "reason" not in details
    running.wait_empty()


def test_the_claim_comes_first_and_carries_a_step_timer(running):
    job = running.create(shell("true", timeout=30))
    assert running.wait(job)[0] == "SUCCEEDED"
    updates = [entry["payload"] for entry in running.updates(job)]
    assert updates[0]["status"] == "IN_PROGRESS"
    assert 1 <= updates[0]["stepTimeoutInMinutes"] <= 3
    assert updates[-1]["status"] == "SUCCEEDED"
    assert all("expectedVersion" not in update for update in updates)


def test_a_failing_program_fails_the_job(running):
    status, details = running.run(shell("echo last words; exit 3"))
    assert status == "FAILED"
    assert details["reason"] == "exit-status"
    assert details["exitCode"] == "3"
    assert details["stdout"] == "last words"
    assert details["message"]


def test_a_killed_program_is_a_failure(running):
    status, details = running.run(shell("kill -9 $$"))
    assert status == "FAILED"
    assert details["reason"] == "killed"
    assert details["signal"] == "SIGKILL"


def test_over_time_is_a_failure_and_the_group_is_gone(running):
    status, details = running.run(shell("trap '' TERM; sleep 300 & sleep 300", timeout=1))
    assert status == "FAILED"
    assert details["reason"] == "timed-out"
    running.wait_empty()
    assert running.children() == []


def test_steps_run_in_order_and_stop_at_the_first_failure(running):
    def step(name, command, **more):
        return {"action": {"name": name, "type": "runCommand", "input": {"command": command}, "runAsUser": "root",
                           **more}}

    document = {"version": "1.0", "steps": [
        step("one", f"sh,-c,echo 1 >> {running.marker}"),
        step("two", f"sh,-c,echo 2 >> {running.marker}; exit 7", ignoreStepFailure="true"),
        step("three", f"sh,-c,echo 3 >> {running.marker}; exit 9"),
        step("four", f"sh,-c,echo 4 >> {running.marker}"),
    ]}
    status, details = running.run(document)
    assert status == "FAILED"
    assert running.marker_lines() == ["1", "2", "3"]
    assert details["step"] == "3/4 three"
    assert details["exitCode"] == "9"


def test_progress_is_seen_while_it_runs(running):
    document = {"version": "1.0", "steps": [
        {"action": {"name": name, "type": "runCommand", "input": {"command": "sleep,0.5"}, "runAsUser": "root"}}
        for name in ("first", "second")]}
    job = running.create(document)
    assert running.wait(job)[0] == "SUCCEEDED"
    steps = [(entry["payload"].get("statusDetails") or {}).get("step") for entry in running.updates(job)]
    assert "1/2 first" in steps
    assert "2/2 second" in steps


@pytest.mark.parametrize("document, reason", [
    ({"operation": "no-such-operation"}, "unknown-operation"),
    ({"hello": "world"}, "invalid-document"),
    ({"operation": 7}, "invalid-document"),
    ({"operation": "shell"}, "invalid-document"),
    ({"operation": "shell", "command": "echo hi"}, "invalid-document"),
    ({"operation": "shell", "command": ["true"], "surprise": 1}, "invalid-document"),
    ({"operation": "shell", "command": ["true"], "timeout": -1}, "invalid-document"),
    ({"operation": "shell", "command": ["true"], "user": "no-such-user"}, "not-found"),
    ({"operation": "download", "url": "ftp://localhost/x", "path": "/tmp/x"}, "not-allowed"),
    ({"version": "1.0", "steps": []}, "invalid-document"),
    ({"version": "1.0", "steps": [{"action": {"name": "x", "type": "nope", "input": {}}}]}, "unknown-operation"),
])
def test_what_cannot_be_run_is_rejected_while_queued(running, document, reason):
    job = running.create(document)
    status, details = running.wait(job)
    assert status == "REJECTED"
    assert details["reason"] == reason
    assert details["message"]
    assert [entry["payload"]["status"] for entry in running.updates(job)] == ["REJECTED"]
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_what_the_owner_did_not_enable_is_rejected(device):
    device.groups["operations"]["enabled"] = "download"
    device.start()
    status, details = device.run(shell(f"touch {device.marker}"))
    assert (status, details["reason"]) == ("REJECTED", "not-allowed")
    assert not device.marker.exists()


def test_no_step_runs_when_a_later_one_is_refused(running):
    document = {"version": "1.0", "steps": [
        {"action": {"name": "a", "type": "runCommand", "input": {"command": f"touch,{running.marker}"},
                    "runAsUser": "root"}},
        {"action": {"name": "b", "type": "shell", "input": {"command": "not a list"}}}]}
    status, details = running.run(document)
    assert status == "REJECTED"
    assert not running.marker.exists()


def test_download_with_checksum_mode_and_a_fresh_url(running, sandbox):
    data = os.urandom(300_000)
    placed = sandbox.put_file(f"{running.name}.bin", data)
    target = running.downloads / "model.bin"
    status, details = running.run({
        "operation": "download", "url": placed["placeholder"], "path": str(target),
        "sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "mode": "0640"})
    assert status == "SUCCEEDED", details
    assert target.read_bytes() == data
    assert target.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(running.downloads) == ["model.bin"]


def test_download_with_a_wrong_checksum_leaves_nothing(running, sandbox):
    placed = sandbox.put_file(f"{running.name}.bin", b"abc")
    status, details = running.run({"operation": "download", "url": placed["placeholder"],
                                   "path": str(running.downloads / "x"), "sha256": "0" * 64})
    assert (status, details["reason"]) == ("FAILED", "checksum-mismatch")
    assert os.listdir(running.downloads) == []


def test_the_device_clients_download_template(running, sandbox):
    placed = sandbox.put_file(f"{running.name}.txt", b"template")
    target = running.downloads / "file.txt"
    status, details = running.run({"version": "1.0", "steps": [{"action": {
        "name": "Download-File", "type": "runHandler", "runAsUser": "",
        "input": {"handler": "download-file.sh", "args": [placed["placeholder"], str(target)], "path": "default"}}}]})
    assert status == "SUCCEEDED", details
    assert target.read_bytes() == b"template"


def test_output_of_100_megabytes_is_survived(running):
    """10 with sanitizers: they take half a minute for 100, and memory, which is why it is so much, is not theirs."""
    half = 5_000_000 if sanitized(running.process.pid) else 50_000_000
    script = f"head -c {half} /dev/urandom; head -c {half} /dev/urandom >&2; printf '\\nthe end \\303\\274'"
    before = rss(running.process.pid)
    status, details = running.run(shell(script), timeout=240)
    assert status == "SUCCEEDED"
    assert details["stdout"].endswith("the end ü")
    assert len(details["stdout"].encode("utf-16-le")) // 2 <= 1024
    if not sanitized(running.process.pid):
        assert rss(running.process.pid) - before < 1024


def test_a_left_behind_daemon_does_not_hold_the_job(running):
    status, details = running.run(shell("sleep 600 & echo started"))
    assert (status, details["stdout"]) == ("SUCCEEDED", "started")


def test_a_hundred_jobs_one_after_the_other(running):
    jobs = [running.create(shell(f"echo {n} >> {running.marker}")) for n in range(100)]
    for job in jobs:
        assert running.wait(job, 60)[0] == "SUCCEEDED"
    assert sorted(map(int, running.marker_lines())) == list(range(100))
    running.wait_empty()


def rss(pid):
    """Resident memory in kB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def sanitized(pid):
    """AddressSanitizer keeps freed memory for a while: no figure then says anything."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        return "libasan" in maps.read()
