"""One gateway under test: a configuration, a state directory and an errandd that can be killed and started again."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

BUILD = Path(os.environ.get("ERRAND_BUILD", "build")).resolve()
ERRANDD = BUILD / "core/daemon/errandd"
ERRANDCTL = BUILD / "core/ctl/errandctl"
RUNNER = BUILD / "core/runner/errand-runner"
DEADLINE = 20.0
MARK = "ERRAND_TEST_DIRECTORY"      # in the environment of every daemon and of its reboot command


def wait_for(condition, what, timeout=DEADLINE):
    """Calls condition until it returns something true, and returns that."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {timeout} s")
        time.sleep(0.01)


def plugin_directories():
    return [BUILD / "plugins", BUILD / "tests/zoo"]


def thing_name(test):
    """At most 64 characters: it becomes a certificate's common name."""
    digest = hashlib.sha256(test.encode()).hexdigest()[:8]
    return re.sub(r"[^a-zA-Z0-9:_-]", "-", test)[:50] + "-" + digest


class Device:
    def __init__(self, directory, sandbox, name="gateway-1"):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.sandbox = sandbox
        self.name = name
        self.state = self.directory / "state"
        self.downloads = self.directory / "downloads"
        self.downloads.mkdir(exist_ok=True)
        self.marker = self.directory / "marker"
        self.log_file = self.directory / "log"
        self.boot_id_file = self.directory / "boot_id"
        self.boot_id_file.write_text("11111111-1111-1111-1111-111111111111\n")
        self.process = None
        self.environment = {}
        self.groups = self._default_groups()
        self.arguments = ["--verbose"]
        self.prefix = []    # a command that ends by becoming errandd

    def _default_groups(self):
        endpoint = self.sandbox.endpoint if self.sandbox else None
        broker = {}
        if self.sandbox:
            paths = self.sandbox.thing(self.name)
            broker = {
                "host": endpoint["host"], "port": endpoint["port"], "ca-file": endpoint["ca"],
                "certificate-file": paths["certificate"], "private-key-file": paths["key"],
            }
        return {
            "broker": broker,
            "thing": {"name": self.name},
            "jobs": {"progress-interval": "200ms", "cancel-grace": "1s", "request-timeout": "2s"},
            "paths": {"state-directory": self.state, "runner": RUNNER,
                      "plugin-directories": ";".join(map(str, plugin_directories()))},
            "operations": {"enabled": "*"},
            "reboot": {"command": f"{self.directory}/reboot", "boot-id-file": self.boot_id_file, "timeout": "10s"},
            "plugin download": {"directories": self.downloads, "allow-http": "true",
                                "ca-file": endpoint["ca"] if endpoint else ""},
            "plugin shell": {"default-user": "root"},
        }

    def write_config(self):
        path = self.directory / "errand.conf"
        lines = []
        for group, keys in self.groups.items():
            lines.append(f"[{group}]")
            lines += [f"{key}={value}" for key, value in keys.items()]
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
        return path

    def write_reboot_command(self, script):
        """What [reboot] command does instead of restarting this machine."""
        path = self.directory / "reboot"
        path.write_text("#!/bin/sh\n" + script + "\n")
        path.chmod(0o755)

    def new_boot(self, number=2):
        self.boot_id_file.write_text(f"{number}{number}{number}{number}0000-1111-1111-1111-111111111111\n")

    # ---- the daemon ----

    def start(self, ready=True, **environment):
        config = self.write_config()
        log = open(self.log_file, "ab")
        self.log_start = self.log_file.stat().st_size
        since = self.sandbox.last() if self.sandbox and ready else 0
        self.process = subprocess.Popen(
            [*self.prefix, str(ERRANDD), "--config", str(config), *self.arguments],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            env={**os.environ, MARK: str(self.directory), **self.environment, **environment})
        log.close()
        if ready:
            self.sandbox.expect(after=since, thing=self.name, kind="request", timeout=DEADLINE)
        return self

    def kill(self):
        """As a power cut does it to the process."""
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait(DEADLINE)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def wait_exit(self, timeout=DEADLINE):
        return self.process.wait(timeout)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_log(self, text, timeout=DEADLINE):
        return wait_for(lambda: text in self.log(), f"log line with {text!r}", timeout)

    # ---- what it left ----

    def job_folders(self):
        jobs = self.state / "jobs"
        return sorted(p.name for p in jobs.iterdir()) if jobs.is_dir() else []

    def wait_empty(self):
        """Until no job is left on disk."""
        return wait_for(lambda: not self.job_folders(), "job folders gone")

    def marker_lines(self):
        return self.marker.read_text().splitlines() if self.marker.exists() else []

    def children(self):
        """Processes whose environment or parent chain leads to this daemon."""
        if not self.alive():
            return []
        return descendants(self.process.pid)

    # ---- jobs ----

    def create(self, document, **settings):
        return self.sandbox.create_job(document, thing=self.name, **settings)

    def run(self, document, timeout=DEADLINE, **settings):
        """Creates a job, waits for its end: (status, details)."""
        return self.wait(self.create(document, **settings), timeout)

    def wait(self, job, timeout=DEADLINE):
        execution = self.sandbox.wait_status(job, thing=self.name, timeout=timeout)
        return execution["status"], execution.get("statusDetails", {})

    def wait_in_progress(self, job, timeout=DEADLINE):
        return self.sandbox.wait_status(job, "IN_PROGRESS", thing=self.name, timeout=timeout)

    def updates(self, job, after=0):
        """The update requests of a job as the service saw them, in order."""
        return [e for e in self.sandbox.ledger(after=after, kind="request", api="UpdateJobExecution", jobId=job)]


def descendants(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.name))
            found += descendants(int(entry.name))
    return found


def marked(directory):
    """Processes of daemons in this directory: it is named by MARK, or by TMPDIR in what a runner was given."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"={directory}/".encode() in (entry / "environ").read_bytes():
                yield int(entry.name)
        except OSError:
            continue    # it has ended


def end_marked(directory):
    """Hostile runners and commands that hang are left by their tests."""
    end = time.monotonic() + DEADLINE
    while left := list(marked(directory)):
        assert time.monotonic() < end, left
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def errandctl(*arguments, **options):
    return subprocess.run([str(ERRANDCTL), *map(str, arguments)], capture_output=True, text=True, timeout=60, **options)


def control_json(*arguments, **options):
    result = errandctl(*arguments, "--json", **options)
    return result.returncode, json.loads(result.stdout)
