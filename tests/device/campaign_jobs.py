"""The jobs of the mixed kill campaign: what each does to the world, and which ends of it are true ones."""

import json
import os
import re

from lives import shell, step

# What a job may be told to have died of when processes are killed and disks are full at random moments.
DEATHS = {"interrupted", "killed", "crashed", "no-result", "protocol", "exit-status"}
DISK = {"no-space", "internal", "no-state"}
STREAM_SIZE = 300_000


class Kind:
    """One job. `most`: how often each of its marks may be left by one execution."""
    most = 1
    reasons = DEATHS
    settings = {}
    succeeds = True
    ignored = None      # index of the mark that may be missing

    def __init__(self, campaign, number):
        self.campaign = campaign
        self.device = campaign.device
        self.mark = f"mark{number}x"
        self.marks = [self.mark]

    def leave(self, mark=None):
        return f"echo {mark or self.mark} >> {self.device.marker}"

    def knob(self, **more):
        return {"marker": f"{self.device.marker}.{self.mark}", "progress": 3, "sleep": 40, **more}

    def is_done(self, _details):
        """Whether what a success claims is there."""
        return True


class Short(Kind):
    def document(self):
        return shell(self.leave())


class Sleepy(Kind):
    """Two marks with time between: the second never comes without the first, nor after an interruption."""

    def document(self):
        self.marks = [self.mark, f"{self.mark}.end"]
        nap = f"0.{self.campaign.chance.randrange(1, 30):02}"
        return shell(f"{self.leave()}; sleep {nap}; {self.leave(self.marks[1])}")


class Steps(Kind):
    """The middle one fails, which is ignored; killed before it could leave its mark, too."""
    ignored = 1

    def document(self):
        self.marks = [f"{self.mark}.{n}" for n in (1, 2, 3)]
        steps = [step(f"S{n}", "shell", shell(self.leave(mark) + ("; exit 1" if n == 1 else "")))
                 for n, mark in enumerate(self.marks)]
        steps[1]["action"]["ignoreStepFailure"] = True
        return {"version": "1.0", "steps": steps}


class Fresh(Kind):
    """Has its document fetched again, which is not always possible."""

    def document(self):
        return {"operation": "knob", **self.knob(refresh=1)}


class Resumable(Kind):
    most = 3

    def document(self):
        return {"operation": "knob-resumable", **self.knob(save="half")}


class Retried(Kind):
    """Fails, and the service makes a second execution of it."""
    settings = {"retries": 1}
    succeeds = False

    def document(self):
        return shell(self.leave() + "; exit 3")


class Annoyed(Sleepy):
    """Somebody cancels or deletes it meanwhile."""
    reasons = DEATHS | {"CANCELED", "REMOVED"}


class Download(Kind):
    reasons = DEATHS | {"download-failed", "expired-url"}

    def source(self):
        self.data = os.urandom(STREAM_SIZE)
        return {"url": self.device.sandbox.put_file(f"{self.device.name}-{self.mark}", self.data)["placeholder"]}

    def document(self):
        self.marks = []
        return {"operation": "download", "path": str(self.device.downloads / self.mark), **self.source()}

    def is_done(self, _details):
        path = self.device.downloads / self.mark
        return path.exists() and path.read_bytes() == self.data


class Stream(Download):
    def source(self):
        self.data = os.urandom(STREAM_SIZE)
        name = f"s-{self.device.name}-{self.mark}".replace(":", "-")
        self.device.sandbox.create_stream(name, {1: self.data})
        return {"stream": name, "file": 1}


class Reboot(Kind):
    reasons = DEATHS | {"reboot-did-not-happen"}

    def document(self):
        self.marks = []
        self.boots = self.campaign.machine.boots
        return {"operation": "reboot"}

    def is_done(self, _details):
        return self.campaign.machine.boots > self.boots


class Firmware(Kind):
    reasons = DEATHS | {"rolled-back", "not-booted", "install-failed", "download-failed", "expired-url",
                        "health-check-failed", "reboot-did-not-happen"}

    def document(self):
        self.marks = []
        self.version = f"2.{self.mark[4:-1]}"
        data = self.campaign.machine.image(self.version)
        url = self.device.sandbox.put_file(f"{self.device.name}-{self.mark}.img", data)["placeholder"]
        return {"operation": "firmware", "url": url, "version": self.version}

    def is_done(self, details):
        return details.get("version") == self.version and self.campaign.machine.count("confirm") > 0


KINDS = [Short, Short, Sleepy, Sleepy, Steps, Steps, Fresh, Resumable, Retried, Annoyed, Annoyed, Download, Stream,
         Reboot, Firmware]


def judge(kind, executions, found, allowed):
    """What is wrong with one job, or None. found: Counter of marks."""
    counts = [found[mark] for mark in kind.marks]
    ends = [(e["status"], e.get("statusDetails", {}).get("reason")) for e in executions]
    if kind.ignored is not None and len(counts) > kind.ignored and counts[kind.ignored] <= counts[0]:
        counts[kind.ignored] = counts[0]
    bad = counts != sorted(counts, reverse=True) or any(n > kind.most * max(len(ends), 1) for n in counts)
    for execution in executions:
        details = execution.get("statusDetails", {})
        status, reason = execution["status"], details.get("reason")
        if status == "SUCCEEDED":
            bad = bad or not kind.succeeds or not all(counts) or not kind.is_done(details)
        else:
            word = reason if status == "FAILED" else status
            bad = bad or word not in kind.reasons | allowed
    messages = [e.get("statusDetails", {}).get("message") for e in executions]
    return f"{kind.__class__.__name__} {kind.mark} {ends} {counts} {messages}" if bad else None


def history(device):
    """{(job, number): outcomes} of all lines, in order; a line may come twice, once from each of two lives."""
    outcomes = {}
    for name in ("history.1", "history"):
        path = device.state / name
        for line in path.read_text().splitlines() if path.exists() else []:
            entry = json.loads(line)
            outcomes.setdefault((entry["jobId"], entry["executionNumber"]), []).append(entry["outcome"])
    return outcomes


def strange_files(device):
    """What does not belong into a state directory at rest, or was left among the downloads."""
    names = [path.name for path in device.state.iterdir() if path.name not in ("jobs", "lock", "history", "history.1")]
    inside = [str(path) for path in (device.state / "jobs").iterdir()]
    left = [path.name for path in device.downloads.iterdir() if not re.fullmatch(r"mark\d+x", path.name)]
    return names + inside + left
