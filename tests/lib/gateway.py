"""An errandd of a build tree or an installation, running for one thing of a sandbox."""

import os
import signal
import subprocess
import time
from pathlib import Path

STOP_SECONDS = 20
POLL_SECONDS = 0.05


def wait_for(condition, seconds, what):
    """What condition() returns, once that is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(POLL_SECONDS)


def local_settings(build, directory):
    """errand.conf for a build tree: everything below directory, nothing of the system."""
    return {
        "paths": {
            "state-directory": directory / "state",
            "plugin-directories": build / "plugins",
            "runner": build / "core/runner/errand-runner",
        },
    }


def keyfile(settings):
    lines = []
    for group, keys in settings.items():
        lines += [f"[{group}]", *(f"{key}={value}" for key, value in keys.items()), ""]
    return "\n".join(lines)


class Gateway:
    """errandd with one configuration file, as a child process."""

    def __init__(self, command, log):
        self.command = [str(word) for word in command]
        self.log = Path(log)
        self.process = None

    def start(self):
        environment = {**os.environ, "NO_COLOR": "1"}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=environment, start_new_session=True)
        return self

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """The exit status; SIGKILL for the whole group when it does not end in time."""
        if self.process is None:
            return 0
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()
