"""An update is a success once the new system runs, is healthy and confirmed; else a failure, and the old one runs."""

import hashlib

import pytest

from device import wait_for
from machine import Machine


@pytest.fixture
def machine(device, sandbox):
    return Machine(device, sandbox)


def crash_once(machine, hook, victim="$(cat pid)"):
    """Kills errandd (which takes its runner along), or another victim, the first time the board gets there."""
    machine.hook(hook, f"[ -e crashed ] || {{ touch crashed; kill -9 {victim}; sleep 60; }}")


def test_success(machine):
    data = machine.image()
    machine.start()
    job = machine.device.create(machine.document(data, version="2.0", sha256=hashlib.sha256(data).hexdigest(),
                                                 size=len(data)))
    status, details = machine.wait(job)
    assert status == "SUCCEEDED", details
    assert (details["slot"], details["version"]) == ("B", "2.0")
    assert machine.asked() == ["inspect image", "install image", "reboot", "confirm"]
    assert machine.read("slot") == "B"
    machine.device.wait_empty()
    assert machine.is_clean()


def test_success_is_not_told_before_the_confirmation(machine):
    machine.hook("before-confirm", "while [ ! -e may-confirm ]; do sleep 0.05; done")
    machine.start()
    job = machine.device.create(machine.document())
    machine.live_until(lambda: machine.count("confirm"), "the confirmation")
    assert machine.status(job)[0] == "IN_PROGRESS"
    machine.write("may-confirm", "")
    assert machine.wait(job)[0] == "SUCCEEDED"


def test_req_08_old_slot_back_is_rolled_back_and_never_retried(machine):
    machine.boot_into = "A"
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"]) == ("FAILED", "rolled-back")
    assert (details["slot"], details["version"]) == ("A", "1.0")
    machine.device.wait_empty()
    machine.device.kill()
    machine.start()
    assert machine.device.run({"operation": "shell", "command": ["true"]})[0] == "SUCCEEDED"
    assert machine.asked() == ["inspect image", "install image", "reboot", "rollback other"]


def test_req_08_confirmed_without_a_network(machine, sandbox):
    """Nobody reaches the broker from the first boot on: the new system is confirmed all the same, and told later."""
    machine.on_boot = lambda _: sandbox.broker("stop")
    machine.start()
    job = machine.device.create(machine.document(version="2.0"))
    try:
        machine.live_until(lambda: machine.count("confirm"), "the confirmation")
        machine.device.wait_log("SUCCEEDED")
    finally:
        sandbox.broker("start")
    assert machine.wait(job)[0] == "SUCCEEDED"
    assert machine.count("install") == 1


def test_req_08_rolled_back_without_a_network(machine, sandbox):
    machine.settings["health-checks"] = "false"
    machine.on_boot = lambda _: sandbox.broker("stop") if machine.boots == 2 else None
    machine.start()
    job = machine.device.create(machine.document())
    try:
        machine.live_until(lambda: machine.boots == 3 and machine.count("rollback") == 2, "the old system")
    finally:
        sandbox.broker("start")
    status, details = machine.wait(job)
    assert (status, details["reason"], machine.read("slot")) == ("FAILED", "health-check-failed", "A")


def test_failing_health_rolls_back(machine):
    machine.settings["health-checks"] = f"true;sh -c 'echo asked >> \"$1\"\\; exit 3' sh {machine.board}/checks"
    machine.start()
    status, details = machine.run(machine.document())
    assert (status, details["reason"], details["slot"]) == ("FAILED", "health-check-failed", "A")
    assert "sh exited with status 3; rolled back to A" in details["message"]
    assert machine.asked() == ["inspect image", "install image", "reboot", "rollback B", "reboot", "rollback B"]
    assert len(machine.read("checks").splitlines()) > 1
    assert machine.read("slot") == "A"


def test_failing_health_and_a_boot_loader_that_insists(machine):
    machine.settings["health-checks"] = "false"
    machine.boot_into = "B"
    machine.start()
    status, details = machine.run(machine.document())
    assert (status, details["reason"]) == ("FAILED", "health-check-failed")
    assert "but B runs again" in details["message"]
    assert details["slot"] == "B"
    assert machine.count("reboot") == 2


def test_another_version_than_ordered(machine):
    machine.on_boot = lambda _: machine.write("version.B", "1.9")
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert (status, details["reason"], machine.read("slot")) == ("FAILED", "not-booted", "A")
    assert "runs version 1.9 instead of 2.0" in details["message"]


def test_an_old_image_is_refused(machine):
    machine.settings["minimum-version"] = "2.0"
    machine.start()
    status, details = machine.run(machine.document(machine.image("1.9")))
    assert (status, details["reason"]) == ("FAILED", "not-allowed")
    assert machine.asked() == ["inspect image"]
    status, details = machine.run(machine.document(version="1.9"))
    assert (status, details["reason"]) == ("REJECTED", "not-allowed")
    assert machine.asked() == ["inspect image"]


@pytest.mark.parametrize("fault", ["version", "compatible", "checksum", "inspection"])
def test_a_bad_image_is_refused_before_anything_is_written(machine, fault):
    machine.settings["compatible"] = "toaster"
    document = machine.document(machine.image("2.0", "kettle" if fault == "compatible" else "toaster"))
    if fault == "version":
        document["version"] = "2.1"
    if fault == "checksum":
        document["sha256"] = "0" * 64
    if fault == "inspection":
        machine.hook("before-inspect", "exit 1")
    machine.start()
    status, details = machine.run(document)
    assert status == "FAILED"
    assert details["reason"] == ("checksum-mismatch" if fault == "checksum" else "install-failed")
    assert machine.count("install") == 0
    machine.device.wait_empty()
    assert machine.is_clean()


def test_a_failing_install(machine):
    machine.hook("before-install", "echo 30; echo flash is worn out; exit 1")
    machine.start()
    status, details = machine.run(machine.document())
    assert (status, details["reason"]) == ("FAILED", "install-failed")
    assert "flash is worn out" in details["message"]
    assert machine.asked() == ["inspect image", "install image", "rollback other"]


# ---- Crashes and power cuts ----

CRASHES = ["before-inspect", "after-inspect", "before-install", "after-install", "before-confirm", "after-confirm"]


@pytest.mark.parametrize("hook", CRASHES)
def test_errand_killed_on_the_way(machine, hook):
    crash_once(machine, hook)
    machine.start()
    status, details = machine.run(machine.document(version="2.0"))
    assert status == "SUCCEEDED", details
    assert machine.read("crashed") == "" and (machine.board / "crashed").exists()
    assert machine.read("slot") == "B"
    assert machine.count("reboot") == 1


@pytest.mark.parametrize("hook", ["before-rollback", "after-rollback"])
def test_errand_killed_while_rolling_back(machine, hook):
    machine.settings["health-checks"] = "false"
    crash_once(machine, hook)
    machine.start()
    status, details = machine.run(machine.document())
    assert (status, details["reason"], machine.read("slot")) == ("FAILED", "health-check-failed", "A")
    assert machine.count("reboot") == 2


@pytest.mark.parametrize("state", ["fetch", "inspect", "install", "restart"])
def test_errand_killed_with_each_phase_on_disk(machine, state):
    """Between the phases: as soon as the state that announces one has reached the disk."""
    def announced():
        return any(f"phase={state}\n".encode() in path.read_bytes()
                   for path in machine.device.state.glob("jobs/*/state") if path.exists())

    machine.hook("before-booted", "sleep 0.2")
    machine.start()
    job = machine.device.create(machine.document(machine.image(size=2_000_000)))
    wait_for(lambda: announced() or machine.count("reboot"), f"phase {state}")
    machine.device.kill()
    status, details = machine.wait(job)
    assert status == "SUCCEEDED", details
    assert machine.read("slot") == "B"


@pytest.mark.parametrize("hook", ["before-inspect", "before-install"])
def test_the_runner_killed_before_the_reboot(machine, hook):
    crash_once(machine, hook, "$ASKER")
    machine.start()
    status, details = machine.run(machine.document())
    assert (status, details["reason"]) == ("FAILED", "crashed")
    assert machine.count("reboot") == 0


@pytest.mark.parametrize("slot", ["A", "B"])
def test_power_cut_in_the_middle_of_the_install(machine, slot):
    """Slot B: the installer had just switched over when the light went out."""
    machine.hook("before-install" if slot == "A" else "after-install",
                 "[ -e cut ] || { touch cut; while :; do sleep 1; done; }")
    machine.start()
    job = machine.device.create(machine.document(version="2.0"))
    wait_for((machine.board / "cut").exists, "the middle of the install")
    machine.power_cycle()
    assert machine.read("slot") == slot
    status, details = machine.wait(job)
    assert status == "SUCCEEDED", details
    assert machine.count("install") == (2 if slot == "A" else 1)
    assert machine.count("reboot") == (1 if slot == "A" else 0)


def test_power_cut_while_the_new_system_proves_itself(machine):
    """The boot loader gives an unconfirmed system up."""
    machine.settings["health-checks"] = f"sh -c 'touch {machine.board}/checking\\; sleep 60'"
    machine.settings["health-timeout"] = "60s"
    machine.start()
    job = machine.device.create(machine.document())
    machine.live_until((machine.board / "checking").exists, "the health check")
    machine.boot_into = "A"
    machine.power_cycle()
    status, details = machine.wait(job)
    assert (status, details["reason"], details["slot"]) == ("FAILED", "rolled-back", "A")


def test_a_new_system_that_crashes_again_and_again(machine):
    """Until the boot loader has had enough of it: three times, as most of them are set up."""
    machine.settings["health-checks"] = f"sh -c 'touch {machine.board}/checking\\; sleep 60'"
    machine.settings["health-timeout"] = "60s"
    machine.start()
    job = machine.device.create(machine.document())
    for _ in range(3):
        machine.live_until((machine.board / "checking").exists, "the health check")
        (machine.board / "checking").unlink()
        machine.boot_into = "A" if machine.boots == 4 else "B"
        machine.power_cycle()
    status, details = machine.wait(job)
    assert (status, details["reason"], details["slot"]) == ("FAILED", "rolled-back", "A")


# ---- Other jobs, other deliveries ----

def test_a_queued_job_waits_for_the_end_of_the_update(machine):
    device = machine.device
    machine.hook("before-confirm", f"echo confirmed >> {device.marker}")
    machine.start()
    update = device.create(machine.document())
    second = device.create({"operation": "shell", "command": ["sh", "-c", f"echo second >> {device.marker}"]})
    assert machine.wait(update)[0] == "SUCCEEDED"
    assert machine.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["confirmed", "second"]


def test_delivered_again_and_again(machine, sandbox):
    machine.start()
    job = machine.device.create(machine.document())

    def pester():
        sandbox.notify(machine.device.name)
        return machine.status(job)[0] == "SUCCEEDED"

    machine.live_until(pester, "the end of the update")
    machine.device.wait_empty()
    assert machine.asked() == ["inspect image", "install image", "reboot", "confirm"]


# ---- Cancels ----

def test_cancelled_before_the_install(machine, sandbox):
    machine.hook("before-inspect", "touch inspecting; while :; do sleep 1; done")
    machine.start()
    job = machine.device.create(machine.document())
    wait_for((machine.board / "inspecting").exists, "the inspection")
    sandbox.cancel(job, force=True)
    machine.device.wait_empty()
    assert machine.device.children() == []
    assert machine.asked() == ["inspect image"]
    assert machine.is_clean()


def test_cancelled_during_the_install_is_taken_back(machine, sandbox):
    """The slot is not torn, and not booted either."""
    machine.hook("before-install", "touch installing; while [ ! -e go-on ]; do sleep 0.05; done")
    machine.start()
    job = machine.device.create(machine.document())
    wait_for((machine.board / "installing").exists, "the install")
    sandbox.cancel(job, force=True)
    machine.device.wait_log("the cancel waits for its end")
    machine.write("go-on", "")
    machine.device.wait_empty()
    assert machine.asked() == ["inspect image", "install image", "rollback other"]
    assert machine.read("next") == "A"


def test_cancelled_after_the_reboot_is_too_late(machine, sandbox):
    machine.hook("before-confirm", "touch confirming; while [ ! -e go-on ]; do sleep 0.05; done")
    machine.start()
    job = machine.device.create(machine.document())
    machine.live_until((machine.board / "confirming").exists, "the confirmation")
    sandbox.cancel(job, force=True)
    machine.device.wait_log("the cancel waits for its end")
    machine.write("go-on", "")
    machine.device.wait_empty()
    assert (machine.board / "good.B").exists()
    assert machine.status(job)[0] == "CANCELED"


# ---- FreeRTOS documents ----

def test_afr_ota_over_http(machine):
    data = machine.image("2.4.6")
    machine.start()
    job = machine.device.create({"afr_ota": {"protocols": ["HTTP"], "streamname": None, "files": [{
        "filepath": "rootfs.img", "fileType": 7, "filesize": len(data), "fileid": 0, "auth_scheme": "aws.s3.presigned",
        "update_data_url": machine.put(data)}]}})
    status, details = machine.wait(job)
    assert status == "SUCCEEDED", details
    assert details["receive"] == "25/25"
    assert (details["self_test"], details["updatedBy"]) == ("active", "0x02040006")
    assert (details["slot"], details["version"]) == ("B", "2.4.6")
    told = [u["payload"].get("statusDetails", {}) for u in machine.device.updates(job)]
    assert any(d.get("self_test") == "ready" and d.get("updatedBy") == "0x01000000" for d in told)
    assert '"fileType" 7 is ignored' in machine.device.log()
