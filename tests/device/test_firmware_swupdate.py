"""Whole updates by the real SWUpdate: the daemon, the cloud, signed images, and a machine whose slots are files."""

import subprocess

import pytest
from device import wait_for
from swupdate_service import SWUPDATE, Signer, Swupdate

pytestmark = pytest.mark.skipif(SWUPDATE is None, reason="swupdate is not installed")
VANISHED_S = 10


class Gateway:
    """A device with two slots. restart() boots the one that is next, as the boot loader would."""

    def __init__(self, device, swupdate):
        self.device, self.swupdate = device, swupdate
        self.directory = device.directory
        self.boots = 1
        self.running = self.directory / "running"
        self.running.write_text("a 1.0.0\n")
        self.healthy = self.directory / "healthy"
        self.healthy.touch()
        device.write_reboot_command(f"echo asked >>{device.marker}")
        device.groups["plugin firmware"] = {
            "backend": "swupdate", "swupdate-directory": swupdate.sockets, "swupdate-selection": "stable,main",
            "booted": f"cat;{self.running}", "confirm": self._program("confirm"),
            "rollback": self._program("rollback", f"echo a >{swupdate.next}"),
            "health-checks": f"test -e {self.healthy}", "health-timeout": "1s",
            "boot-id-file": device.boot_id_file, "allow-http": "true", "ca-file": device.sandbox.endpoint["ca"],
        }

    def _program(self, name, then=":"):
        path = self.directory / name
        path.write_text(f"#!/bin/sh\necho {name} $* >>{self.directory}/called\n{then}\n")
        path.chmod(0o755)
        return path

    def called(self):
        path = self.directory / "called"
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def document(self, image, **more):
        placed = self.device.sandbox.put_file(f"{self.device.name}.swu", image.read_bytes())
        return {"operation": "firmware", "url": placed["placeholder"], **more}

    def create(self, image, **more):
        return self.device.create(self.document(image, **more))

    def wait_reboot(self, times=1):
        wait_for(lambda: len(self.device.marker_lines()) >= times, "the reboot is asked for")

    def restart(self, slot=None, version="2.0.0"):
        """A power cycle: into `slot`, or into the one that is next."""
        if self.device.alive():
            self.device.kill()
        slot = slot or self.swupdate.next_slot() or "a"
        self.running.write_text(f"{slot} {version if slot == 'b' else '1.0.0'}\n")
        self.boots += 1
        self.device.new_boot(self.boots)
        self.device.start()

    def untouched(self):
        return self.swupdate.written() == b"the other slot\n" and self.swupdate.next_slot() is None


@pytest.fixture
def swupdate():
    service = Swupdate()
    try:
        yield service.start()
    finally:
        service.close()


@pytest.fixture
def gateway(device, swupdate):
    made = Gateway(device, swupdate)
    device.start()
    return made


def test_an_update_is_done_when_the_new_system_has_proved_itself(gateway):
    job = gateway.create(gateway.swupdate.image(payload=b"the new system\n" * 100_000), version="2.0.0")
    gateway.wait_reboot()
    assert gateway.device.sandbox.execution(job, gateway.device.name)["status"] == "IN_PROGRESS"
    assert gateway.swupdate.written().startswith(b"the new system\n")
    assert gateway.called() == []
    gateway.restart()
    status, details = gateway.device.wait(job)
    assert status == "SUCCEEDED", details
    assert (details["slot"], details["version"]) == ("b", "2.0.0")
    assert gateway.called() == ["confirm"]
    assert gateway.device.marker_lines() == ["asked"]


BAD = {
    "hardware": ({"hardware": "9.9"}, "install-failed", "not compatible with hardware"),
    "signer": ({"signer": "foreign"}, "bad-signature", "signatures failed"),
    "tampered": ({"tamper": True}, "bad-signature", "HASH mismatch"),
    "truncated": ({"cut": 3000}, "bad-signature", "HASH mismatch"),
    "other-selection": ({"mode": "alt"}, "install-failed", "nothing to install"),
}


@pytest.mark.parametrize("name", BAD)
def test_req_31_a_bad_image_never_reaches_the_slot(gateway, name):
    options, word, words = BAD[name]
    if "signer" in options:
        options = {"signer": Signer(gateway.swupdate.directory, "foreign")}
    status, details = gateway.device.wait(gateway.create(gateway.swupdate.image(**options)))
    assert (status, details["reason"]) == ("FAILED", word), details
    assert words in details["message"]
    assert gateway.untouched()
    assert gateway.device.marker_lines() == []


def test_req_31_an_image_below_the_floor_never_reaches_the_slot(gateway):
    """The document does not tell its version; the signed description in the image does."""
    gateway.device.stop()
    gateway.device.groups["plugin firmware"]["minimum-version"] = "1.5.0"
    gateway.device.start()
    status, details = gateway.device.wait(gateway.create(gateway.swupdate.image(version="1.4.9")))
    assert (status, details["reason"]) == ("FAILED", "not-allowed"), details
    assert gateway.untouched()


def test_a_selection_that_swupdate_does_not_allow(gateway):
    gateway.device.stop()
    gateway.device.groups["plugin firmware"]["swupdate-selection"] = "stable,other"
    gateway.device.start()
    status, details = gateway.device.wait(gateway.create(gateway.swupdate.image()))
    assert (status, details["reason"]) == ("FAILED", "not-allowed"), details
    assert gateway.untouched()


def test_busy_with_an_update_from_elsewhere(gateway):
    gateway.device.stop()
    gateway.device.groups["plugin firmware"]["busy-timeout"] = "1s"
    gateway.device.start()
    foreign = subprocess.Popen(
        ["swupdate-client", "-e", "stable,main", gateway.swupdate.image("foreign.swu", waits=True)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"TMPDIR": str(gateway.swupdate.sockets)})
    gateway.swupdate.wait_reached()
    status, details = gateway.device.wait(gateway.create(gateway.swupdate.image()))
    assert (status, details["reason"]) == ("FAILED", "install-failed"), details
    assert "busy" in details["message"]
    gateway.swupdate.open_gate()
    foreign.wait(20)


def test_no_space_in_the_slot(gateway):
    status, details = gateway.device.wait(gateway.create(gateway.swupdate.image(place="/dev/full")))
    assert (status, details["reason"]) == ("FAILED", "no-space"), details
    assert gateway.swupdate.next_slot() is None
    assert gateway.device.marker_lines() == []


def test_swupdate_killed_in_mid_install(gateway):
    job = gateway.create(gateway.swupdate.image(waits=True))
    gateway.swupdate.wait_reached()
    gateway.swupdate.kill()
    status, details = gateway.device.wait(job, timeout=VANISHED_S)
    gateway.swupdate.open_gate()
    assert (status, details["reason"]) == ("FAILED", "install-failed"), details
    assert gateway.device.marker_lines() == []


def test_errandd_killed_in_mid_install(gateway):
    """What SWUpdate still does of the first attempt ends before the second begins."""
    job = gateway.create(gateway.swupdate.image(waits=True))
    gateway.swupdate.wait_reached()
    gateway.device.kill()
    seen = len(gateway.device.log())
    gateway.device.start()
    wait_for(lambda: "phase install" in gateway.device.log()[seen:], "the second attempt")
    gateway.swupdate.open_gate()
    gateway.swupdate.open_gate()
    gateway.wait_reboot()
    assert gateway.swupdate.log().count("Software Update started !") == 3    # verified once, installed twice
    assert gateway.swupdate.log().count("SWUPDATE failed") == 0
    gateway.restart()
    status, details = gateway.device.wait(job)
    assert status == "SUCCEEDED", details
    assert gateway.device.marker_lines() == ["asked"]


def test_power_cut_in_mid_install(gateway):
    job = gateway.create(gateway.swupdate.image(waits=True))
    gateway.swupdate.wait_reached()
    gateway.device.kill()
    gateway.swupdate.kill()
    gateway.swupdate.open_gate()
    gateway.swupdate.start()
    gateway.restart("a")
    gateway.swupdate.open_gate()
    gateway.wait_reboot()
    gateway.restart()
    status, details = gateway.device.wait(job)
    assert status == "SUCCEEDED", details


def test_the_old_slot_is_back(gateway):
    job = gateway.create(gateway.swupdate.image())
    gateway.wait_reboot()
    gateway.restart("a")
    status, details = gateway.device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "rolled-back"), details
    assert details["slot"] == "a"
    assert gateway.called() == ["rollback other"]
    assert len(gateway.device.marker_lines()) == 1


def test_a_failing_health_check_goes_back(gateway):
    job = gateway.create(gateway.swupdate.image())
    gateway.wait_reboot()
    gateway.healthy.unlink()
    gateway.restart()
    gateway.wait_reboot(2)
    assert gateway.called() == ["rollback b"]
    gateway.restart()
    status, details = gateway.device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "health-check-failed"), details
    assert (details["slot"], details["version"]) == ("a", "1.0.0")
    assert "confirm" not in gateway.called()


def test_another_version_than_the_image_said(gateway):
    job = gateway.create(gateway.swupdate.image())
    gateway.wait_reboot()
    gateway.restart(version="1.9.0")
    gateway.wait_reboot(2)
    gateway.restart()
    status, details = gateway.device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "not-booted"), details


def test_a_cancel_while_the_image_is_verified_leaves_the_slot_alone(gateway):
    gateway.swupdate.freeze()
    job = gateway.create(gateway.swupdate.image())
    gateway.device.wait_log("phase inspect")
    gateway.device.sandbox.cancel(job, force=True)
    gateway.device.wait_empty()
    gateway.swupdate.thaw()
    assert gateway.untouched()
