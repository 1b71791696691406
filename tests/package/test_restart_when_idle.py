"""The script that replaces the daemon after an upgrade waits for running jobs."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from gateway import wait_for

SCRIPT = Path(__file__).resolve().parents[2] / "packaging/systemd/restart-when-idle"
SECONDS = 60
SYSTEMCTL = """#!/bin/sh
echo "$*" >>"$WORLD/calls"
case $1 in show) cat "$WORLD/pid" ;; esac
"""


@pytest.fixture
def world(tmp_path):
    """A systemctl that writes its calls down, and a daemon with one child: a job."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    busy = subprocess.Popen(["sh", "-c", "sleep 600 & read line; kill $!; wait $!; read line"], stdin=subprocess.PIPE,
                            start_new_session=True)
    (tmp_path / "pid").write_text(str(busy.pid))
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "WORLD": str(tmp_path)}
    script = subprocess.Popen([SCRIPT], env=environment)
    yield tmp_path, busy, script
    script.kill()
    os.killpg(busy.pid, signal.SIGKILL)     # with its child
    for process in (script, busy):
        process.wait()


def calls(directory, word):
    path = directory / "calls"
    return [line for line in path.read_text().splitlines() if line.startswith(word)] if path.exists() else []


def test_waits_for_the_job_then_restarts_once(world):
    directory, busy, script = world
    wait_for(lambda: len(calls(directory, "show")) >= 2, SECONDS, "two looks")
    assert not calls(directory, "try-restart")
    busy.stdin.write(b"end the job\n")
    busy.stdin.flush()
    assert script.wait(SECONDS) == 0
    assert calls(directory, "try-restart") == ["try-restart errandd.service"]


def test_a_stopped_daemon_is_idle(world):
    directory, _, script = world
    (directory / "pid").write_text("0")
    assert script.wait(SECONDS) == 0
