"""Kill -9 of everything, in every workflow, under jobs of every kind, while service, link and disk misbehave, too.

ERRAND_KILLS=N (default 15, of each workflow) and ERRAND_SEED choose; both are printed, and the seed decides on
everything but the moments that the machine's own load makes. In the end every execution is final, no action that may
not was run twice, no success is told of what did not happen, the history agrees, and nothing is left."""

import os
import random
import signal
import time
from collections import Counter

import pytest

from campaign_jobs import DISK, KINDS, Annoyed, history, judge, strange_files
from device import descendants, wait_for
from errand_sandbox.remote import RemoteError
from lives import FINAL, leftovers, processes_naming, shell
from machine import Machine
from test_disk_faults import Disk

KILLS = int(os.environ.get("ERRAND_KILLS", "15"))
SEED = int(os.environ.get("ERRAND_SEED", "20261124"))
QUEUED = 6          # jobs that wait, so that there is always something to tear
SPREAD = 0.15       # seconds after something happened
END_S = 120
ENOSPC = 28
UNAVAILABLE = 69
TROUBLES = (["daemon"] * 10 + ["daemon, runners"] * 6 + ["machine"] * 4 + ["start"] * 4 + ["runner"] * 4
            + ["program"] * 2 + ["broker", "kick", "kick"] + ["service"] * 8 + ["notifications"] * 2 + ["stream"] * 2
            + ["disk"] * 3)
SERVICE = [("drop", {}), ("drop-answer", {}), ("duplicate", {"copies": 3}), ("reorder", {}), ("disconnect", {}),
           ("delay", {"seconds": 0.3}), ("error", {"code": "InternalError"}), ("error", {"code": "RequestThrottled"})]
APIS = ["GetPendingJobExecutions", "StartNextPendingJobExecution", "DescribeJobExecution", "UpdateJobExecution", "*"]


class Campaign:
    def __init__(self, device, workflow, chance):
        self.device, self.chance = device, chance
        self.machine = Machine(device, device.sandbox)
        self.disk = Disk(device)
        self.open, self.ended, self.faults = {}, {}, []
        self.counts = Counter()
        self.made = self.kills = 0
        device.groups["jobs"] |= {"workflow": workflow, "resync-interval": "2s", "request-timeout": "500ms"}
        device.groups["plugin download"]["retry-delay"] = "20ms"
        if workflow == "available":
            device.groups["jobs"]["max-parallel"] = "4"

    def start(self):
        self.machine.start(ready=False, ERRAND_TEST_TIME_SCALE="20")

    # ---- the jobs ----

    def refill(self):
        for job, kind in list(self.open.items()):
            if self.is_over(job, kind):
                self.close(job, kind)
        while len(self.open) < QUEUED:
            self.made += 1
            kind = self.chance.choice(KINDS)(self, self.made)
            self.open[self.device.create(kind.document(), **kind.settings)] = kind

    def close(self, job, kind):
        """What is told to be over is: nothing of it runs. A cancel is told before the job hears of it."""
        if not isinstance(kind, Annoyed) and (left := processes_naming(f"{kind.mark} >> {self.device.marker}")):
            self.faults.append(f"{job} {kind.mark} is final, and {left} still run")
        self.ended[job] = self.open.pop(job)

    def executions(self, job):
        """What the service has of it; a deleted job is nowhere."""
        try:
            return self.device.sandbox.executions(job)
        except RemoteError:
            return [{"status": "REMOVED", "executionNumber": 0}]

    def is_over(self, job, kind):
        executions = self.executions(job)
        return len(executions) > kind.settings.get("retries", 0) and all(e["status"] in FINAL for e in executions)

    def annoy(self):
        """Somebody gives up on a job."""
        for job in [job for job, kind in self.open.items() if isinstance(kind, Annoyed)]:
            if self.chance.random() < 0.3:
                act = self.chance.choice([self.device.sandbox.cancel, self.device.sandbox.delete])
                try:
                    act(job, force=True)
                except RemoteError:     # it has ended
                    self.counts["too late to cancel"] += 1

    # ---- the trouble ----

    def strike(self):
        """One random fault at a random moment after something happened."""
        sandbox = self.device.sandbox
        sandbox.ledger(after=sandbox.last(), timeout=0.2, thing=self.device.name)
        time.sleep(self.chance.uniform(0, SPREAD))
        self.live()
        trouble = self.chance.choice(TROUBLES)
        self.counts[trouble] += 1
        getattr(self, "do_" + trouble.replace(", ", "_"))()
        self.annoy()

    def live(self):
        """The machine restarts when it was asked to. errandd never ends by itself, but it does not begin where its
        state directory takes nothing; a service manager tries again, and again as long as the disk is full."""
        machine = self.machine
        if not self.device.alive() and self.device.process.returncode == UNAVAILABLE and self.counts["disk"]:
            self.counts["not started"] += 1
            self.start()
            return
        assert self.device.alive(), f"errandd died by itself: {self.device.process.returncode}"
        if machine.count("reboot") > machine.reboots:
            machine.power_cycle()
            self.counts["reboots"] += 1
            self.start()

    def runners(self):
        below = set(descendants(self.device.process.pid))
        return [pid for pid in processes_naming("errand-runner") if pid in below]

    def do_daemon(self):
        self.device.kill()
        self.kills += 1
        self.start()

    def do_daemon_runners(self):
        """Together: neither can see to what the other leaves."""
        os.kill(self.device.process.pid, signal.SIGSTOP)
        self.kill_all(self.runners())
        self.do_daemon()

    def do_machine(self):
        os.kill(self.device.process.pid, signal.SIGSTOP)
        self.kill_all(descendants(self.device.process.pid))
        self.machine.power_cycle()
        wait_for(lambda: not leftovers(self.device), "the machine's processes gone")
        self.kills += 1
        self.start()

    def do_start(self):
        """While it starts, recovers, connects: some times in a row."""
        for _ in range(self.chance.randrange(1, 4)):
            self.do_daemon()
            time.sleep(self.chance.uniform(0, 0.08))

    def do_runner(self):
        self.kill_one(self.runners)

    def do_program(self):
        self.kill_one(lambda: descendants(self.device.process.pid))

    def kill_one(self, choose):
        try:
            self.kill_all([self.chance.choice(wait_for(choose, "a process", 1))])
            self.kills += 1
        except TimeoutError:
            self.counts["no process"] += 1

    def kill_all(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                self.counts["gone already"] += 1

    def do_broker(self):
        self.device.sandbox.broker("restart")

    def do_kick(self):
        self.device.sandbox.kick(self.device.name)

    def do_service(self):
        action, more = self.chance.choice(SERVICE)
        self.counts[f"service {action}"] += 1
        self.device.sandbox.fault(self.chance.choice(APIS), action, thing=self.device.name,
                                  count=self.chance.randrange(1, 4), **more)

    def do_notifications(self):
        action = self.chance.choice(["drop", "duplicate"])
        self.device.sandbox.fault("notifications", action, thing=self.device.name, count=2)

    def do_stream(self):
        action = self.chance.choice(["drop", "duplicate", "reorder"])
        self.device.sandbox.fault("stream", action, thing=self.device.name, count=5)

    def do_disk(self):
        """Full for some of the next changes, then it has room again."""
        first = self.chance.randrange(1, 12)
        self.disk.fail(ENOSPC, first, first + self.chance.randrange(0, 6))

    # ---- the end ----

    def finish(self):
        self.device.sandbox.clear_faults()
        self.disk.heal()
        end = time.monotonic() + END_S
        while self.open and time.monotonic() < end:
            self.live()
            for job, kind in list(self.open.items()):
                if self.is_over(job, kind):
                    self.close(job, kind)
            time.sleep(0.05)
        self.faults += [f"{job} {kind.mark} has no end: {self.executions(job)}"
                        for job, kind in self.open.items()]

    def marks(self):
        found = Counter(self.device.marker_lines())
        for path in self.device.directory.glob("marker.*"):
            found[path.name.split(".", 1)[1]] += len(path.read_text().splitlines())
        return found

    def verdicts(self):
        """Everything that is not as it must be, one line each."""
        self.device.wait_empty()    # a line of history is written when the folder goes
        found, told = self.marks(), history(self.device)
        for job, kind in self.ended.items():
            executions = self.executions(job)
            fault = judge(kind, executions, found, DISK if self.counts["disk"] else set())
            self.faults += [f"{job} {fault}"] if fault else []
            for execution in executions:
                self.counts[f"{kind.__class__.__name__} {execution['status']}"] += 1
                self.compare(job, execution, told.get((job, execution["executionNumber"]), []))
        return self.faults

    def compare(self, job, execution, outcomes):
        """The history on disk with the service. A full disk loses lines, and verdicts: one that was sent and could not
        be written is an interruption to the next life. What has its line is not claimed again."""
        if "NOT-CLAIMED" in outcomes[1:]:
            self.faults.append(f"{job} is {execution['status']} in the service; the history says {outcomes}")
        if self.counts["disk"] or execution["status"] not in ("SUCCEEDED", "FAILED", "REJECTED"):
            return
        if execution["status"] not in outcomes:
            self.faults.append(f"{job} is {execution['status']} in the service; the history says {outcomes}")

    def rest(self):
        """Nothing is left, and the next job runs."""
        self.device.wait_empty()
        wait_for(lambda: not leftovers(self.device), "processes gone")
        assert self.device.run(shell("true"))[0] == "SUCCEEDED"
        self.device.wait_empty()
        wait_for(lambda: not strange_files(self.device), f"nothing but {strange_files(self.device)} is left")


@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
@pytest.mark.parametrize("disk", ["good disk", "bad disk"])
def test_req_02_kills_of_all_kinds(device, workflow, disk):
    seed = f"{SEED} {workflow} {disk}"
    print(f"ERRAND_SEED={SEED} ERRAND_KILLS={KILLS}: {workflow}, {disk}")
    campaign = Campaign(device, workflow, random.Random(seed))
    if disk == "good disk":
        campaign.do_disk = lambda: campaign.counts.subtract({"disk": 1})
    campaign.start()
    while campaign.kills < KILLS / 2 and len(campaign.faults) < 5:
        campaign.refill()
        campaign.strike()
    campaign.finish()
    faults = campaign.verdicts()
    print(f"{campaign.kills} kills, {campaign.made} jobs: "
          + ", ".join(f"{what}: {n}" for what, n in sorted(campaign.counts.items())))
    assert not faults, "\n".join(faults)
    campaign.rest()
