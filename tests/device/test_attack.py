"""What hostile clouds, plugins, users and bad luck do to the whole daemon: it lives, and the next job runs."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from device import BUILD, DEADLINE, ERRANDCTL, RUNNER, descendants, plugin_directories, wait_for

HOSTILE = Path(__file__).resolve().with_name("hostile_runner.py")


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


# ---- a hostile runner ----

@pytest.fixture
def hostile(device):
    """errandd whose runner is hostile_runner.py when the document has a mode, else the real one."""
    program = device.directory / "runner"
    program.write_text(f"#!/bin/sh\nexec /usr/bin/python3 {HOSTILE}\n")
    program.chmod(0o755)
    device.groups["paths"]["runner"] = program
    device.groups["jobs"]["default-timeout"] = "5s"
    return device.start()


def attack(device, mode, **more):
    return device.create({"operation": "shell", "command": ["true"], "mode": mode, **more})


def assert_good_job(device):
    """The daemon still works: with the real runner again."""
    assert device.alive()
    device.directory.joinpath("runner").write_text(f"#!/bin/sh\nexec {RUNNER}\n")
    assert device.run(shell("true"), timeout=60)[0] == "SUCCEEDED"


@pytest.mark.parametrize("mode, status, reason", [
    ("silent", "FAILED", "timed-out"),
    ("flood_before_check", "FAILED", "timed-out"),
    ("flood", None, None),
    ("oversized", "FAILED", "protocol"),
    ("empty_packet", "FAILED", "no-result"),
    ("two_results", "FAILED", "protocol"),
    ("result_before_go", "FAILED", "protocol"),
    ("reboot_instead_of_check", "FAILED", "protocol"),
    ("passes_descriptors", "SUCCEEDED", None),
    ("closes_the_link", "FAILED", "no-result"),
    ("lies_about_success", "SUCCEEDED", None),
    ("leaves_writers", "SUCCEEDED", None),
    ("leaves_the_group", "FAILED", "timed-out"),
    ("stops_itself", "FAILED", "timed-out"),
    ("forks_on", "FAILED", "timed-out"),
    ("never_lets_go", "FAILED", "timed-out"),
])
def test_hostile_runner(hostile, mode, status, reason):
    job = attack(hostile, mode, marker=str(hostile.marker))
    found, details = hostile.wait(job, timeout=60)
    if status:
        assert (found, details.get("reason")) == (status, reason), details
    descriptors = len(os.listdir(f"/proc/{hostile.process.pid}/fd"))
    assert descriptors < 60
    assert_good_job(hostile)


@pytest.mark.parametrize("raw", [
    "{", "[]", "null", '{"type":7}', '{"type":"go"}', '{"type":"result"}', '{"type":"result","outcome":99}',
    '{"type":"progress","percent":1e99}', '{"type":"detail","key":"a=b","text":"c"}', "\x01", "\xff\xfe",
    '{"type":"save","state":"%%%"}', '{"type":"log","level":3,"text":"a\\u0000b"}', "[" * 20000,
    '{"type":"progress","percent":1,"step":"\\ud800"}',
], ids=range(15))
def test_malformed_packet(hostile, raw):
    status, details = hostile.wait(attack(hostile, "malformed", bytes=raw), timeout=60)
    assert (status, details["reason"]) == ("FAILED", "protocol")
    assert_good_job(hostile)


def test_cancel_ends_at_the_deadline_what_always_is_critical(hostile, sandbox):
    job = attack(hostile, "never_lets_go", marker=str(hostile.marker), timeout=3)
    wait_for(hostile.marker_lines, "the critical section")
    sandbox.cancel(job, force=True)
    hostile.wait_empty()
    assert hostile.children() == []
    assert_good_job(hostile)


def test_no_reboot_by_a_step_that_was_never_told_to_go(hostile):
    witness = hostile.directory / "rebooted"
    hostile.write_reboot_command(f"touch {witness}")
    steps = [{"action": {"name": name, "type": "shell", "input": {
        "operation": "shell", "command": [name], "mode": "reboot_in_second_step"}}} for name in ("first", "second")]
    document = {"version": "1.0", "steps": steps}
    status, details = hostile.wait(hostile.create(document), timeout=60)
    assert (status, details["reason"]) == ("FAILED", "protocol")
    assert not witness.exists()
    assert_good_job(hostile)


# ---- a hostile cloud ----

@pytest.mark.parametrize("head", [
    b'/*"*/', b"//\"\n", b"'\"':", b'{"a":/*"*/', b"{'\"':", b"{\"a\":'\"',\"b\":", b'#"\n', b'{"a":1/*"*/,"b":',
], ids=range(8))
def test_nesting_hidden_from_the_depth_check(running, sandbox, head):
    for topic in ("notify", "notify-next", "$next/get/accepted"):
        sandbox.publish(f"$aws/things/{running.name}/jobs/{topic}", head + b"[" * 120000)
        sandbox.publish(f"$aws/things/{running.name}/jobs/{topic}", head + b'{"a":' * 24000)
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.alive()


# ---- secrets ----

@pytest.mark.parametrize("after", [200, 700, 990, 1500, 3500, 3900])
def test_a_url_cut_by_the_tail_of_the_output_shows_no_signature(running, after):
    signature = "0123456789abcdef" * 4
    url = f"https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Security-Token={'T0k' * 60}&X-Amz-Signature={signature}"
    text = f"fetching {url}\n" + "y" * after
    status, details = running.run({"operation": "shell", "command": ["sh", "-c", "printf %s \"$TEXT\"; exit 1"],
                                   "environment": {"TEXT": text}})
    assert status == "FAILED"
    assert "89abcdef" not in json.dumps(details)
    assert "T0kT0k" not in json.dumps(details)


# ---- bad luck with the disk ----

def break_jobs_folder(device):
    (device.state / "jobs").rename(device.state / "jobs-away")
    (device.state / "jobs").write_text("no directory")


def mend_jobs_folder(device):
    (device.state / "jobs").unlink()
    (device.state / "jobs-away").rename(device.state / "jobs")


def processor_seconds(device):
    fields = Path(f"/proc/{device.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_broken_state_directory_never_spins_and_heals(running, sandbox):
    break_jobs_folder(running)
    since = sandbox.last()
    job = running.create(shell(f"echo ran >> {running.marker}"))
    with pytest.raises(TimeoutError):
        wait_for(lambda: running.marker_lines(), "nothing", timeout=3)
    requests = sandbox.ledger(after=since, kind="request", thing=running.name)
    assert len(requests) < 30
    mend_jobs_folder(running)
    running.kill()
    running.start()
    status = running.wait(job)[0]
    assert status in ("SUCCEEDED", "FAILED")
    assert len(running.marker_lines()) == (1 if status == "SUCCEEDED" else 0)
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_a_verdict_is_told_though_the_disk_broke_meanwhile(running):
    job = running.create(shell(f"echo begin >> {running.marker}; sleep 1"))
    wait_for(running.marker_lines, "the action started")
    break_jobs_folder(running)
    assert running.wait(job)[0] == "SUCCEEDED"
    mend_jobs_folder(running)
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.marker_lines() == ["begin"]


# ---- errandctl ----

@pytest.fixture
def local(tmp_path):
    config = tmp_path / "errand.conf"
    config.write_text(f"[paths]\nrunner={RUNNER}\nplugin-directories={plugin_directories()[0]}\n"
                      f"state-directory={tmp_path}/state\n[plugin shell]\ndefault-user=root\n")
    document = tmp_path / "document.json"
    document.write_text(json.dumps(shell(f"echo begin >> {tmp_path}/marker; sleep 300")))
    (tmp_path / "tmp").mkdir(mode=0o777)
    os.chmod(tmp_path / "tmp", 0o777)
    return tmp_path


def start_local(local, **options):
    """With the signal that a shell takes from what it starts in the background: tests may run there."""
    return subprocess.Popen(
        [str(ERRANDCTL), "run", str(local / "document.json"), "--config", str(local / "errand.conf")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(local / "tmp")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_interrupt_ends_a_local_run(local, number):
    process = start_local(local)
    wait_for((local / "marker").exists, "the action started")
    process.send_signal(number)
    out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert "CANCELED" in out
    assert list((local / "tmp").iterdir()) == []


def ended(process):
    """Its end; else what it and its processes were at."""
    try:
        process.communicate(timeout=DEADLINE)
    except subprocess.TimeoutExpired:
        family = [process.pid, *descendants(process.pid)]
        rows = subprocess.run(["ps", "-o", "pid,ppid,stat,wchan:24,args", "-p", ",".join(map(str, family))],
                              capture_output=True, text=True, timeout=DEADLINE, check=False).stdout
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        pytest.fail(f"still there:\n{rows}\nit said: {process.communicate(timeout=DEADLINE)}")


def test_an_interrupt_at_any_moment_ends_a_local_run(local):
    for _ in range(20):
        process = start_local(local)
        wait_for(lambda: list((local / "tmp").iterdir()) or process.poll() is not None, "its folder")
        process.send_signal(signal.SIGINT)
        ended(process)
        for left in (local / "tmp").iterdir():
            subprocess.run(["rm", "-rf", str(left)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes nobody")
def test_local_run_by_nobody_in_a_place_it_cannot_read(local):
    (local / "document.json").write_text(json.dumps({"operation": "shell", "command": ["id", "-un"]}))
    for path in [local, *local.parents][:-1]:
        path.chmod(path.stat().st_mode | 0o055)
    closed = local / "closed"
    closed.mkdir(mode=0o700)
    result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(ERRANDCTL), "run", "-"],
                            cwd=closed, capture_output=True, text=True, timeout=60, input="{}",
                            env={"PATH": os.environ["PATH"], "TMPDIR": str(local / "tmp")})
    assert result.returncode in (1, 2, 78), result
    result = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(ERRANDCTL), "run",
         str(local / "document.json"), "--config", str(local / "errand.conf")], cwd=closed, capture_output=True,
        text=True, timeout=60, env={"PATH": os.environ["PATH"], "TMPDIR": str(local / "tmp")})
    assert "sanitizer" not in result.stderr.lower(), BUILD
    assert result.returncode in (0, 1, 2), result
