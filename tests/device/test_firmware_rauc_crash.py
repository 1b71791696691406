"""Firmware jobs with the real RAUC that are cut short: power cuts, kills, cancels, and the way back to the old slot."""

import pytest


def test_the_installer_is_killed_in_mid_install(up):
    up.rauc.hold()
    job = up.create(up.rauc.bundle())
    up.rauc.wait_installing()
    up.rauc.kill()
    status, reason, details = up.wait(job, 15)
    assert (status, reason) == ("FAILED", "install-failed"), details
    assert up.rauc.primary() == "A" and up.asked() == 0
    up.rauc.release()
    up.rauc.start()
    job = up.create(up.rauc.bundle())
    up.reboot()
    assert up.wait(job)[0] == "SUCCEEDED"


def test_power_cut_in_mid_install(up):
    up.rauc.hold()
    job = up.create(up.rauc.bundle())
    up.rauc.wait_installing()
    up.device.kill()
    up.rauc.kill()
    up.rauc.release()
    up.restart_machine()
    assert up.rauc.booted == "A"
    up.device.start()
    up.reboot()
    assert up.wait(job)[0] == "SUCCEEDED"
    assert (up.rauc.booted, up.rauc.content("B")) == ("B", b"new")


def test_power_cut_when_all_was_written(up):
    """The boot loader had been told: the new system runs, though nobody asked for the reboot."""
    up.rauc.hold("post-install")
    job = up.create(up.rauc.bundle())
    up.rauc.wait_installing("post-install")
    up.device.kill()
    up.rauc.kill()
    up.rauc.release()
    up.restart_machine()
    assert up.rauc.booted == "B"
    up.device.start()
    status, _, details = up.wait(job)
    assert status == "SUCCEEDED", details
    assert (up.rauc.state("B"), up.asked()) == ("good", 0)


def test_a_cancel_in_mid_install_is_taken_back_after_it(up):
    up.rauc.hold()
    job = up.create(up.rauc.bundle())
    up.rauc.wait_installing()
    up.device.sandbox.cancel(job, force=True)
    up.device.wait_log("the cancel waits for its end")
    assert up.rauc.content("B") == b"old b"
    up.rauc.release()
    up.device.wait_empty()
    assert (up.rauc.primary(), up.rauc.state("B"), up.asked()) == ("A", "bad", 0)


@pytest.mark.parametrize("phase", ["fetch", "inspect", "install", "restart", "prove", "health", "confirm"])
def test_killed_between_the_steps(up, phase):
    """Between what the phase before did, and this one."""
    job = up.create(up.rauc.bundle())
    if phase in ("prove", "health", "confirm"):
        up.reboot()
    up.device.wait_log(f"phase {phase}")
    up.device.kill()
    up.device.start()
    if phase in ("fetch", "inspect", "install", "restart"):
        up.reboot()
    status, _, details = up.wait(job)
    assert status == "SUCCEEDED", details
    assert up.rauc.boot_log().count("set-primary B") <= 2
    assert (up.rauc.booted, up.rauc.state("B"), up.asked()) == ("B", "good", 1)


def test_killed_while_the_installer_goes_on(up):
    up.rauc.hold()
    job = up.create(up.rauc.bundle())
    up.rauc.wait_installing()
    up.device.kill()
    up.device.start()
    up.device.wait_log("still installing from before")
    up.rauc.release()
    up.reboot()
    assert up.wait(job)[0] == "SUCCEEDED"
    assert up.rauc.boot_log().count("set-primary B") == 1


# ---- the way back ----

def test_req_08_the_old_slot_is_back(up):
    job = up.create(up.rauc.bundle())
    up.reboot("A")
    status, reason, details = up.wait(job)
    assert (status, reason) == ("FAILED", "rolled-back"), details
    assert details["slot"] == "rootfs.0"
    assert (up.rauc.state("B"), up.rauc.primary(), up.asked()) == ("bad", "A", 1)
    up.device.wait_empty()
    up.restart_machine()
    assert up.rauc.booted == "A"
    up.device.start()
    assert up.wait(job)[:2] == ("FAILED", "rolled-back")


def test_a_failing_health_check_rolls_back(down):
    broken = down.device.directory / "broken"
    down.settings["health-checks"] = f"test ! -e {broken}"
    down.device.start()
    job = down.create(down.rauc.bundle())
    broken.touch()
    down.reboot()
    assert down.rauc.booted == "B"
    down.wait_asked()
    assert down.device.sandbox.execution(job, down.device.name)["status"] == "IN_PROGRESS"
    assert (down.rauc.state("B"), down.rauc.primary()) == ("bad", "A")
    down.reboot()
    assert down.rauc.booted == "A"
    status, reason, details = down.wait(job)
    assert (status, reason) == ("FAILED", "health-check-failed"), details
    assert details["slot"] == "rootfs.0"
    assert (down.rauc.state("B"), down.rauc.state("A"), down.asked()) == ("bad", "good", 2)


@pytest.mark.parametrize("phase", ["reject", "return", "fallen"])
def test_killed_on_the_way_back(down, phase):
    down.settings["health-checks"] = "false"
    down.settings["health-timeout"] = "1s"
    down.device.start()
    job = down.create(down.rauc.bundle())
    down.reboot()
    if phase == "fallen":
        down.reboot()
    down.device.wait_log(f"phase {phase}")
    down.device.kill()
    down.device.start()
    if phase != "fallen":
        down.reboot()
    status, reason, details = down.wait(job)
    assert (status, reason) == ("FAILED", "health-check-failed"), details
    assert (down.rauc.booted, down.rauc.state("B"), down.rauc.primary()) == ("A", "bad", "A")


def test_another_version_than_the_installed_one_runs(up):
    """Somebody else's image got into the slot behind our back."""
    job = up.create(up.rauc.bundle(version="2.0.0"))
    up.wait_asked()
    theirs = up.rauc.bundle("theirs.raucb", version="6.6.6")
    assert up.rauc.begin_install(theirs).wait(60) == 0
    up.reboot()
    up.reboot()
    status, reason, details = up.wait(job)
    assert (status, reason) == ("FAILED", "not-booted"), details
    assert up.rauc.booted == "A"
