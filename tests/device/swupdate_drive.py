"""Runs one function of backend swupdate alone, in a process as errand-runner is one."""

import json
import os
import subprocess
import time

from device import BUILD, DEADLINE

PLACE = BUILD / "tests/unit/plugins"
FAILED, SUCCEEDED, REJECTED, CANCELLED = 0, 1, 2, 4


class Drive:
    """`sockets` is where SWUpdate has its sockets."""

    def __init__(self, sockets, operation, image, **settings):
        keys = {"swupdate-directory": sockets, "swupdate-selection": "stable,main",
                **{name.replace("_", "-"): value for name, value in settings.items()}}
        command = [PLACE / "drive-backend", "backend-swupdate", operation, json.dumps({"image": str(image)}),
                   *(f"{key}={value}" for key, value in keys.items())]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={**os.environ, "PLUGIN_DIRECTORY": str(PLACE)})
        self.started = time.monotonic()
        self.progress, self.details = [], {}
        self.result = self.reason = self.message = None

    def wait_progress(self, word):
        """Until it says that this is what it does."""
        while True:
            line = self.process.stdout.readline().decode()
            assert line, "it ended"
            self._take(line)
            if self.progress[-1:] and self.progress[-1][1] == word:
                return

    def cancel(self):
        self.process.stdin.close()
        self.started = time.monotonic()

    def wait(self, timeout=4 * DEADLINE):
        """Its end: (result, reason)."""
        self.process.wait(timeout)
        self.seconds = time.monotonic() - self.started
        for line in self.process.stdout.read().decode().splitlines():
            self._take(line)
        self.errors = self.process.stderr.read().decode()
        assert self.process.returncode == 0, self.errors
        assert "runtime error" not in self.errors, self.errors
        return self.result, self.reason

    def _take(self, line):
        kind, _, rest = line.rstrip("\n").partition(" ")
        if kind == "progress":
            percent, _, word = rest.partition(" ")
            self.progress.append((int(percent), word))
        elif kind == "detail":
            key, _, value = rest.partition(" ")
            self.details[key] = value
        elif kind == "result":
            self.result = int(rest)
        elif kind not in ("begun", "log"):
            setattr(self, kind, rest)


def drive(sockets, operation, image, **settings):
    """Runs it to its end."""
    run = Drive(sockets, operation, image, **settings)
    run.wait()
    return run
