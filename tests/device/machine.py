"""A device that is a board with two slots (tests/lib/board): it can be updated, and it goes down and comes up."""

import os
import shutil
import time
from pathlib import Path

from device import DEADLINE

BOARD = Path(__file__).resolve().parents[1] / "lib/board"
PROGRAMS = ("booted", "inspect", "install", "confirm", "rollback")
FINAL = ("SUCCEEDED", "FAILED", "REJECTED", "CANCELED", "TIMED_OUT")


class Machine:
    def __init__(self, device, sandbox):
        self.device = device
        self.sandbox = sandbox
        self.board = device.directory / "board"
        self.board.mkdir()
        self.boots = 1
        self.reboots = 0            # asked for and done
        self.boot_into = None       # a slot, whatever is next
        self.on_boot = None         # called with the machine before errandd starts
        self.write("slot", "A")
        self.write("next", "A")
        self.write("version.A", "1.0")
        self.settings = device.groups["plugin firmware"] = {
            "backend": "command", "boot-id-file": device.boot_id_file, "health-timeout": "2s", "allow-http": "true",
            "ca-file": sandbox.endpoint["ca"], "retry-delay": "100ms",
            **{name: f"{BOARD};{self.board};{name}" for name in PROGRAMS},
        }
        device.groups["reboot"]["timeout"] = "60s"
        device.write_reboot_command(f"{BOARD} {self.board} reboot")

    # ---- the board's files ----

    def write(self, name, text):
        (self.board / name).write_text(text + "\n")

    def read(self, name):
        path = self.board / name
        return path.read_text().strip() if path.exists() else ""

    def hook(self, name, script):
        """A script around one of the board's answers: before-install, after-confirm ..."""
        path = self.board / name
        new = self.board / "new-hook"
        new.write_text(f"#!/bin/sh\ncd {self.board}\n{script}\n")
        new.chmod(0o755)
        new.rename(path)

    def asked(self):
        """All it was asked to do but for what runs."""
        return [line for line in self.read("log").splitlines() if line != "booted"]

    def count(self, word):
        return sum(line.split()[0] == word for line in self.asked())

    # ---- images and documents ----

    def image(self, version="2.0", compatible="toaster", size=100_000):
        return f"{version} {compatible}\n".encode() + os.urandom(size)

    def put(self, data):
        return self.sandbox.put_file(f"{self.device.name}.img", data)["placeholder"]

    def document(self, data=None, **more):
        return {"operation": "firmware", "url": self.put(data or self.image()), **more}

    # ---- life ----

    def start(self, ready=True, **environment):
        self.device.start(ready=ready, **environment)
        self.write("pid", str(self.device.process.pid))
        return self

    def power_cycle(self):
        """The plug is pulled, and the machine boots what comes next."""
        if self.device.alive():
            self.device.kill()
        self.boots += 1
        self.reboots = self.count("reboot")
        self.write("slot", self.boot_into or self.read("next"))
        self.device.new_boot(self.boots)
        if self.on_boot:
            self.on_boot(self)

    def live_until(self, condition, what, timeout=2 * DEADLINE, ready=False):
        """Lets the machine reboot whenever it wants to, and starts errandd again whenever it is gone."""
        end = time.monotonic() + timeout
        while not condition():
            if self.count("reboot") > self.reboots:
                self.power_cycle()
            if not self.device.alive():
                self.start(ready)
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {timeout} s; asked: {self.asked()}")
            time.sleep(0.01)

    def status(self, job):
        execution = self.sandbox.execution(job, self.device.name)
        return execution["status"], execution.get("statusDetails", {})

    def wait(self, job):
        self.live_until(lambda: self.status(job)[0] in FINAL, f"end of {job}")
        return self.status(job)

    def run(self, document):
        return self.wait(self.device.create(document))

    def is_clean(self):
        """Nothing of an image is left on the data partition."""
        return not [path for path in self.device.state.rglob("image*")]

    def remove(self):
        shutil.rmtree(self.board)
