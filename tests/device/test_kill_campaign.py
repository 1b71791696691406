"""Kill -9 at random: of the daemon, of runners, and now and then the broker goes away, under a stream of jobs.

ERRAND_KILLS=N (default 60) and ERRAND_SEED choose; both are printed. In the end every job is final in the service, no
action ran twice, and nothing is left."""

import fcntl
import os
import random
import signal
import subprocess
import time
from collections import Counter

import pytest

from device import descendants, wait_for
from lives import FINAL, leftovers, shell, status_of, step

KILLS = int(os.environ.get("ERRAND_KILLS", "60"))
SEED = int(os.environ.get("ERRAND_SEED", "20261123"))
QUEUED = 6      # jobs that wait, so that there is always something to tear
SPREAD = 0.15   # seconds after something happened
# What a job may be told to have died of; all but the first: of a killed runner, or program of its.
DEATHS = {"interrupted", "killed", "crashed", "no-result", "protocol", "exit-status"}


class Campaign:
    def __init__(self, device, chance):
        self.device = device
        self.chance = chance
        self.open = {}      # job -> expected marks
        self.ended = []
        self.counts = Counter()
        self.made = 0

    # ---- the jobs ----

    def document(self, kind, mark):
        marker = self.device.marker
        if kind == "short":
            return shell(f"echo {mark} >> {marker}"), [mark]
        if kind == "sleepy":
            return shell(f"echo {mark} >> {marker}; sleep 0.0{self.chance.randrange(1, 10)}"), [mark]
        if kind == "steps":
            marks = [f"{mark}.{n}" for n in (1, 2, 3)]
            return {"version": "1.0", "steps": [
                step(f"S{n}", "shell", shell(f"echo {m} >> {marker}")) for n, m in enumerate(marks)]}, marks
        if kind == "talker":
            return {"operation": "knob", "marker": f"{marker}.{mark}", "progress": 5, "sleep": 50}, [mark]
        return {"operation": "knob-resumable", "marker": f"{marker}.{mark}", "save": "half", "progress": 3,
                "sleep": 30}, [mark]

    def create(self):
        self.made += 1
        mark = f"mark{self.made}"
        kind = self.chance.choice(["short", "short", "sleepy", "steps", "talker", "resumable"])
        document, marks = self.document(kind, mark)
        job = self.device.create(document)
        self.open[job] = (kind, marks)

    def refill(self):
        for job in list(self.open):
            if status_of(self.device, job) in FINAL:
                self.ended.append((job, *self.open.pop(job)))
        while len(self.open) < QUEUED:
            self.create()

    # ---- the trouble ----

    def strike(self):
        """One random fault at a random moment after something happened."""
        sandbox, device = self.device.sandbox, self.device
        sandbox.ledger(after=sandbox.last(), timeout=0.3, thing=device.name)
        time.sleep(self.chance.uniform(0, SPREAD))
        dice = self.chance.random()
        if dice < 0.12:
            self.kill_a_runner()
        elif dice < 0.16:
            sandbox.broker("restart")
            self.counts["broker"] += 1
        elif dice < 0.20:
            sandbox.kick(device.name)
            self.counts["kick"] += 1
        else:
            assert device.alive(), f"errandd died by itself: {device.process.returncode}"
            device.kill()
            self.counts["errandd"] += 1
            device.start(ready=False, ERRAND_TEST_TIME_SCALE="20")

    def kill_a_runner(self):
        """Or what a runner started."""
        try:
            children = wait_for(lambda: descendants(self.device.process.pid), "a runner", 1)
            os.kill(self.chance.choice(children), signal.SIGKILL)
            self.counts["runner"] += 1
        except (TimeoutError, ProcessLookupError):
            self.counts["no runner"] += 1

    # ---- the end ----

    def marks(self):
        found = Counter(self.device.marker_lines())
        for path in self.device.directory.glob("marker.*"):
            found[path.name.split(".", 1)[1]] += len(path.read_text().splitlines())
        return found

    def judge(self):
        """Everything that is not as it must be, one line each."""
        found = self.marks()
        faults = []
        for job, kind, marks in self.ended:
            execution = self.device.sandbox.execution(job, self.device.name)
            status, reason = execution["status"], execution["statusDetails"].get("reason")
            counts = [found[mark] for mark in marks]
            self.counts[f"{kind} {status} {reason or ''}".strip()] += 1
            most = 3 if kind == "resumable" else 1
            good = all(count <= most for count in counts) and counts == sorted(counts, reverse=True)
            if status == "SUCCEEDED":
                good = good and all(counts)
            else:
                good = good and status == "FAILED" and reason in DEATHS
            if not good:
                faults.append(f"{job} {kind} {status} {reason} {counts}")
        return faults


def test_req_02_random_kills(device):
    print(f"ERRAND_SEED={SEED} ERRAND_KILLS={KILLS}")
    device.groups["jobs"]["resync-interval"] = "5s"
    campaign = Campaign(device, random.Random(SEED))
    device.start(ready=False, ERRAND_TEST_TIME_SCALE="20")
    while campaign.counts["errandd"] < KILLS:
        campaign.refill()
        campaign.strike()
    for job in list(campaign.open):
        wait_for(lambda job=job: status_of(device, job) in FINAL, f"end of {job}", 60)
        campaign.ended.append((job, *campaign.open.pop(job)))
    faults = campaign.judge()
    print(f"{campaign.made} jobs: " + ", ".join(f"{what}: {n}" for what, n in sorted(campaign.counts.items())))
    assert not faults, "\n".join(faults)
    device.wait_empty()
    wait_for(lambda: not leftovers(device), "processes gone")
    assert device.run(shell("true"))[0] == "SUCCEEDED"
    assert not list((device.state / "damaged").glob("*"))


def test_started_while_a_child_of_a_killed_daemon_still_holds_the_lock(device):
    """A moment later it does not: errandd waits for it instead of ending."""
    device.state.mkdir(mode=0o700)
    with open(device.state / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        device.start(ready=False)
        with pytest.raises(subprocess.TimeoutExpired):
            device.wait_exit(0.5)
    assert device.run(shell("true"))[0] == "SUCCEEDED"
