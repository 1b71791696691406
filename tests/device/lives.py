"""A job through several lives of the daemon: who pulls the plug, who restarts the machine, what must be true then."""

import os
import re
import time
from pathlib import Path

from device import DEADLINE, wait_for

FINAL = ("SUCCEEDED", "FAILED", "REJECTED", "CANCELED", "REMOVED", "TIMED_OUT")
CRASHED = 137


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


def step(name, operation, document):
    return {"action": {"name": name, "type": operation, "input": document}}


def processes_naming(text):
    """Other processes whose command line or environment holds the text: what a job of that device left running."""
    found = []
    wanted = str(text).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            seen = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if wanted in seen and (entry / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def leftovers(device):
    """Processes of this device other than its daemon."""
    daemon = device.process.pid if device.alive() else 0
    return [pid for pid in processes_naming(device.directory) if pid != daemon]


def status_of(device, job):
    execution = device.sandbox.execution(job, device.name)
    return execution["status"] if execution else "REMOVED"


def passages(log):
    """{name: how often} of the crash points that one life came by."""
    count = {}
    for name in re.findall(r"^crash point (\S+)$", log, re.MULTILINE):
        count[name] = count.get(name, 0) + 1
    return count


class Lives:
    """Keeps the daemon alive until the job has ended: started again when it has crashed, and when the machine has
    (that is: the reboot command has run). Life number `life` (from 0) gets ERRAND_TEST_CRASH_AT."""

    def __init__(self, device, crash_at=None, life=0):
        self.device = device
        self.crash_at = crash_at
        self.life = life
        self.logs = []
        self.crashes = 0
        self.boots = 0

    def start(self):
        environment = {"ERRAND_TEST_CRASH_AT": self.crash_at} if self.crash_at and len(self.logs) == self.life else {}
        self.logs.append(None)
        self.device.start(ready=False, **environment)

    def end_life(self, kill=False):
        if kill and self.device.alive():
            self.device.kill()
        status = self.device.wait_exit()
        self.logs[-1] = self.device.log_file.read_text(errors="replace")[self.device.log_start:]
        self.crashes += status == CRASHED
        assert status in (CRASHED, -9), f"errandd ended with {status}"

    def asked_to_reboot(self):
        asked = self.device.directory / "asked"
        return asked.exists() and len(asked.read_text().splitlines()) > self.boots

    def until(self, condition, what, timeout=DEADLINE):
        end = time.monotonic() + timeout
        while not condition():
            if self.asked_to_reboot():
                self.end_life(kill=True)
                self.boots = len((self.device.directory / "asked").read_text().splitlines())
                self.device.new_boot(self.boots + 1)
                self.start()
            elif not self.device.alive():
                self.end_life()
                self.start()
            elif time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {timeout} s")
            time.sleep(0.005)

    def until_final(self, job):
        self.until(lambda: status_of(self.device, job) in FINAL, f"end of {job}")

    def rest(self):
        """What holds after every end: nothing left, and the next job runs, in this life or in one without a crash."""
        device = self.device
        self.until(lambda: not device.job_folders(), "job folders gone")
        if self.crash_at and len(self.logs) == self.life + 1:
            self.end_life(kill=True)
            self.start()
        job = device.create(shell("true"))
        self.until_final(job)
        assert status_of(device, job) == "SUCCEEDED", "the next job"
        self.until(lambda: not device.job_folders(), "job folders gone")
        wait_for(lambda: not leftovers(device), "processes gone")
