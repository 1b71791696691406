"""However an update ends between its install and its confirmation: which slot runs, boots next, and is good or bad."""

import pytest

from device import wait_for
from machine import Machine


@pytest.fixture
def machine(device, sandbox):
    return Machine(device, sandbox)


def assert_old_system(machine):
    assert (machine.read("slot"), machine.read("next")) == ("A", "A"), machine.asked()
    assert_rejected(machine)


def assert_rejected(machine):
    assert (machine.board / "bad.B").exists(), machine.asked()
    assert not (machine.board / "good.B").exists(), machine.asked()


def on_new_system(machine, change):
    """The image's errand.conf is not the old system's."""
    machine.on_boot = lambda m: change(m) if m.read("slot") == "B" else None


def block_health(machine):
    """Until the test lets it go: the file of the answer."""
    machine.hook("check", "touch checking; while [ ! -e go-on ]; do sleep 0.05; done")
    machine.settings.update({"health-checks": machine.board / "check", "health-timeout": "60s"})
    return machine.board / "checking"


def kill_in_health(machine):
    """The plugin dies in its health check, once."""
    machine.hook("check", "[ -e crashed ] && exit 0; touch crashed; kill -9 $PPID; sleep 60")
    machine.settings["health-checks"] = machine.board / "check"


def install(machine, **more):
    """Up to the reboot that was asked for and does not come."""
    machine.start()
    job = machine.device.create(machine.document(version="2.0", **more))
    wait_for(lambda: machine.count("reboot"), "the reboot being asked for")
    assert machine.read("next") == "B"
    return job


# ---- A step that goes on is not checked as if it were new ----

@pytest.mark.parametrize("setting, value", [("hosts", "elsewhere.example"), ("require-signature", "true"),
                                            ("proxy", "ftp://proxy:1")])
def test_new_system_that_would_refuse_the_document(machine, setting, value):
    on_new_system(machine, lambda m: m.settings.update({setting: value}))
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert status == "SUCCEEDED", details
    assert (machine.board / "good.B").exists()


def test_new_system_with_a_higher_floor(machine):
    on_new_system(machine, lambda m: m.settings.update({"minimum-version": "3.0"}))
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], details["slot"]) == ("FAILED", "not-booted", "A")
    assert "below the floor 3.0" in details["message"]
    assert_old_system(machine)


def test_new_system_with_checks_that_cannot_be_read(machine):
    on_new_system(machine, lambda m: m.settings.update({"health-checks": "test 'open"}))
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], details["slot"]) == ("FAILED", "health-check-failed", "A")
    assert "not a command line" in details["message"]
    assert_old_system(machine)


def test_new_system_that_does_not_enable_updates(machine):
    """It could never be updated again: it does not stay."""
    on_new_system(machine, lambda m: m.device.groups["operations"].update({"enabled": "download"}))
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], details["slot"]) == ("FAILED", "not-allowed", "A")
    assert_old_system(machine)


def test_new_system_that_does_not_trust_the_document(machine, tmp_path):
    """The plugin is not shown a document that nobody may act upon, and takes the slot back without."""
    def distrust(machine):
        machine.device.groups["trust"] = {"directory": tmp_path, "require-signed-documents": "true"}

    on_new_system(machine, distrust)
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], details["slot"]) == ("FAILED", "bad-signature", "A")
    assert_old_system(machine)


# ---- Installed, and the machine does not restart ----

def test_reboot_that_does_not_happen(machine):
    machine.device.groups["reboot"]["timeout"] = "1s"
    job = install(machine)
    wait_for(lambda: machine.status(job)[0] == "FAILED", "the end of the job")
    assert machine.status(job)[1]["reason"] == "reboot-did-not-happen"
    assert_old_system(machine)
    machine.power_cycle()
    assert machine.read("slot") == "A"


def test_errandd_killed_while_it_takes_the_slot_back(machine):
    machine.device.groups["reboot"]["timeout"] = "1s"
    machine.hook("before-rollback", "[ -e crashed ] || { touch crashed; kill -9 $(cat pid); sleep 60; }")
    job = install(machine)
    machine.reboots = 1
    status, details = machine.wait(job)
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
    assert machine.count("rollback") == 2
    assert_old_system(machine)


@pytest.mark.parametrize("what", ["cancel", "delete"])
def test_taken_away_while_the_machine_goes_down(machine, sandbox, what):
    job = install(machine)
    getattr(sandbox, what)(job, force=True)
    machine.device.wait_empty()
    assert_old_system(machine)


def test_power_cut_while_the_slot_is_taken_back(machine, sandbox):
    """The new system comes up, and its job is over: it is left again."""
    machine.hook("before-rollback", "[ -e cut ] || { touch cut; while :; do sleep 1; done; }")
    job = install(machine)
    sandbox.cancel(job, force=True)
    wait_for((machine.board / "cut").exists, "the rollback")
    machine.power_cycle()
    assert machine.read("slot") == "B"
    machine.live_until(lambda: machine.read("slot") == "A" and not machine.device.job_folders(), "the old system")
    assert_old_system(machine)
    assert machine.status(job)[0] == "CANCELED"


# ---- The new system runs and is not confirmed ----

def test_deadline_in_the_health_check(machine):
    checking = block_health(machine)
    machine.start()
    status, details = machine.run(machine.document(version="2.0", timeout=10))
    assert checking.exists()
    assert (status, details["reason"], details["slot"]) == ("FAILED", "timed-out", "A")
    assert_old_system(machine)


def test_plugin_that_dies_in_the_health_check(machine):
    kill_in_health(machine)
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], details["slot"]) == ("FAILED", "crashed", "A")
    assert_old_system(machine)


def test_plugin_that_dies_once_too_often(machine):
    """Quarantined by this crash, it is still run to take the slot back."""
    machine.hook("before-inspect", "kill -9 $ASKER; sleep 60")
    machine.start()
    for _ in range(4):
        assert machine.run(machine.document())[1]["reason"] == "crashed"
    (machine.board / "before-inspect").unlink()
    machine.hook("after-install", "kill -9 $ASKER; sleep 60")
    assert machine.run(machine.document())[1]["reason"] == "crashed"
    machine.device.wait_log("is not started any more until its module")
    assert_old_system(machine)


def test_interrupted_too_often_on_the_new_system(machine):
    machine.device.groups["jobs"]["max-attempts"] = "1"
    checking = block_health(machine)
    machine.start()
    job = machine.device.create(machine.document(version="2.0"))
    for _ in range(2):
        machine.live_until(checking.exists, "the health check")
        machine.device.kill()
        checking.unlink()
    status, details = machine.wait(job)
    assert (status, details["reason"], details["slot"]) == ("FAILED", "interrupted", "A")
    assert_old_system(machine)


def test_cancelled_in_a_health_check_that_fails(machine, sandbox):
    checking = block_health(machine)
    machine.hook("check", "touch checking; while [ ! -e go-on ]; do sleep 0.05; done; exit 1")
    machine.settings["health-timeout"] = "1s"
    machine.start()
    job = machine.device.create(machine.document(version="2.0"))
    machine.live_until(checking.exists, "the health check")
    sandbox.cancel(job, force=True)
    machine.device.wait_log("the cancel waits for its end")
    machine.write("go-on", "")
    machine.live_until(lambda: machine.read("slot") == "A" and not machine.device.job_folders(), "the old system")
    assert_old_system(machine)
    assert machine.status(job)[0] == "CANCELED"


def test_plugin_that_dies_while_it_confirms(machine):
    """The new system had proved itself: it stays, though the job is lost."""
    machine.hook("before-confirm", "[ -e crashed ] || { touch crashed; kill -9 $ASKER; sleep 60; }")
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"]) == ("FAILED", "crashed")
    assert (details["slot"], details["version"]) == ("B", "2.0")
    assert (machine.board / "good.B").exists()
    assert not (machine.board / "bad.B").exists()


def test_boot_loader_that_insists_on_the_bad_slot(machine):
    """As often as a job may restart the machine; then the job tells what runs."""
    kill_in_health(machine)
    machine.boot_into = "B"
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], details["slot"]) == ("FAILED", "crashed", "B")
    assert machine.count("reboot") == 4
    assert_rejected(machine)


def test_restart_back_that_does_not_happen(machine):
    """The slot is rejected all the same, and the job ends."""
    kill_in_health(machine)
    machine.device.groups["reboot"]["timeout"] = "2s"
    machine.start()
    job = machine.device.create(machine.document(version="2.0"))
    machine.live_until(lambda: machine.boots == 2, "the new system")
    machine.reboots = 99
    status, details = machine.wait(job)
    assert (status, details["reason"], details["slot"]) == ("FAILED", "crashed", "B")
    assert machine.read("next") == "A"
    assert_rejected(machine)
