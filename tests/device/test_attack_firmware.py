"""An update that is cut off, cancelled and lied to wherever that is possible: what is told is what the board runs."""

import os
import random

import pytest
from device import wait_for
from lives import CRASHED, passages
from machine import FINAL, Machine

EVERY = os.environ.get("ERRAND_CRASH") == "all"
STRIDE = 1 if EVERY else 12 if "ERRAND_SANITIZED" in os.environ else 6


@pytest.fixture
def machine(device, sandbox):
    machine = Machine(device, sandbox)
    machine.settings["health-timeout"] = "1s"
    return machine


def fresh(machine):
    """The board as it was, for one more update."""
    for path in list(machine.board.iterdir()):
        if path.name.startswith(("good.", "bad.", "version.", "log", "before-", "after-")):
            path.unlink()
    for name, text in (("slot", "A"), ("next", "A"), ("version.A", "1.0")):
        machine.write(name, text)
    machine.reboots = 0


def assert_true(machine, status, details):
    """The board's own word, and nobody else's."""
    slot, after = machine.read("slot"), machine.read("next")
    story = (status, details, slot, after, machine.asked())
    if status == "SUCCEEDED":
        assert (slot, after) == ("B", "B"), story
        assert (machine.board / "good.B").exists(), story
        assert (details["slot"], details["version"]) == ("B", "2.0"), story
    elif details.get("reason") == "interrupted":     # before the plugin was first started
        assert machine.count("install") == 0, story
    else:
        assert status == "FAILED", story
        assert (slot, after) == ("A", "A"), story
        assert not (machine.board / "good.B").exists(), story


class Campaign:
    """One update after another; in life number `life` of each, errandd dies at `point`, alone or with the machine."""

    def __init__(self, machine, healthy, power):
        self.machine, self.power = machine, power
        machine.settings["health-checks"] = "true" if healthy else "false"
        self.crashes = 0

    def start(self, lives, point, life):
        crash = {"ERRAND_TEST_CRASH_AT": point} if lives == life else {}
        self.machine.start(ready=False, **crash)

    def update(self, point, life):
        """The log of that life."""
        machine, device = self.machine, self.machine.device
        fresh(machine)
        lives, log = 0, ""
        job = device.create(machine.document(version="2.0"))
        self.start(lives, point, life)

        def step():
            nonlocal lives, log
            down = machine.count("reboot") > machine.reboots
            if device.alive() and not down:
                return machine.status(job)[0] in FINAL and not device.job_folders()
            if device.alive():
                device.kill()
            if lives == life:
                log = device.log_file.read_text(errors="replace")[device.log_start:]
            crashed = device.process.returncode == CRASHED
            self.crashes += crashed
            if down or crashed and self.power:
                machine.power_cycle()
            lives += 1
            self.start(lives, point, life)
            return False

        wait_for(step, f"end of the update, {point} in life {life}", 40)
        device.kill()
        if lives == life:
            log = device.log_file.read_text(errors="replace")[device.log_start:]
        assert_true(machine, *machine.status(job))
        return log


@pytest.mark.parametrize("power", [False, True], ids=["errandd", "power"])
@pytest.mark.parametrize("healthy", [True, False], ids=["healthy", "sick"])
def test_a_crash_anywhere(machine, healthy, power):
    campaign = Campaign(machine, healthy, power)
    points = []
    for life in range(2 if healthy else 3):
        log = campaign.update("?", life)
        for name, times in sorted(passages(log).items()):
            points += [(life, f"{name}:{n}") for n in (range(1, times + 1) if EVERY else sorted({1, times}))]
    random.Random(f"{healthy}{power}").shuffle(points)
    failures = []
    for life, point in points[::STRIDE]:
        try:
            campaign.update(point, life)
        except (AssertionError, TimeoutError) as error:
            failures.append(f"life {life}, {point}: {error}"[:700])
            if machine.device.alive():
                machine.device.kill()
    print(f"{len(points[::STRIDE])} of {len(points)} passages, {campaign.crashes} crashes")
    assert not failures, "\n".join(failures)
    assert campaign.crashes


# ---- Cancelled, deleted ----

WAIT = "[ -e go-on ] || touch there; while [ ! -e go-on ]; do sleep 0.05; done"


@pytest.mark.parametrize("what", ["cancel", "delete"])
@pytest.mark.parametrize("moment", ["before-inspect", "before-install", "after-install", "before-booted",
                                    "before-confirm", "after-confirm", "before-rollback", "health"])
def test_the_job_is_taken_away(machine, sandbox, moment, what):
    """Whenever that is: the machine is on a system that was proved, and boots none that was not."""
    machine.settings["health-checks"] = "false" if moment == "before-rollback" else "true"
    if moment == "health":
        machine.hook("check", WAIT)
        machine.settings.update({"health-checks": machine.board / "check", "health-timeout": "20s"})
    elif moment == "before-booted":
        machine.on_boot = lambda _: machine.hook(moment, WAIT)
    else:
        machine.hook(moment, WAIT)
    machine.start()
    job = machine.device.create(machine.document(version="2.0"))
    machine.live_until((machine.board / "there").exists, moment)
    if what == "cancel":
        sandbox.cancel(job, force=True)
    else:
        sandbox.delete(job, force=True)
    machine.device.wait_log("the cancel waits for its end" if moment != "before-inspect" else "cancel")
    machine.write("go-on", "")
    machine.live_until(lambda: not machine.device.job_folders(), "the end of the job")
    slot, after = machine.read("slot"), machine.read("next")
    if slot == "B":
        assert (machine.board / "good.B").exists() == (after == "B"), machine.asked()
        assert (machine.board / "bad.B").exists() == (after == "A"), machine.asked()
    else:
        assert after == "A", machine.asked()
    assert machine.is_clean()
