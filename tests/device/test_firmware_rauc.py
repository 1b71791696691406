"""Firmware jobs through the daemon and the real RAUC: from a signed bundle in the cloud to a slot marked good."""

import hashlib

import pytest
import rauc_service
from device import wait_for
from rauc_service import SLOT_SIZE, Keys, Rauc

pytestmark = pytest.mark.skipif(rauc_service.missing() is not None, reason=str(rauc_service.missing()))


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("keys"))


class Gateway:
    """A device whose slots are RAUC's, and which restarts when the test says so."""

    def __init__(self, device, rauc):
        self.device = device
        self.rauc = rauc
        self.boots = 0
        self.asked_file = device.directory / "asked"
        device.environment.update(rauc.environment)
        device.groups["plugin firmware"] = {
            "ca-file": device.sandbox.endpoint["ca"], "allow-http": "true", "health-timeout": "3s",
            "boot-id-file": device.boot_id_file}
        device.groups["reboot"]["timeout"] = "60s"
        device.write_reboot_command(f"echo asked >> {self.asked_file}")
        self.settings = device.groups["plugin firmware"]

    def document(self, bundle, **more):
        data = bundle.read_bytes()
        placed = self.device.sandbox.put_file(f"{self.device.name}.raucb", data)
        return {"operation": "firmware", "url": placed["placeholder"], **more}

    def create(self, bundle, **more):
        return self.device.create(self.document(bundle, **more))

    def asked(self):
        return len(self.asked_file.read_text().splitlines()) if self.asked_file.exists() else 0

    def wait_asked(self):
        wait_for(lambda: self.asked() > self.boots, "the request to reboot", 60)

    def restart_machine(self, slot=None):
        """Power off and on: the boot loader chooses, or the test."""
        if self.device.alive():
            self.device.kill()
        self.boots = self.asked()
        self.rauc.reboot(slot)
        self.device.new_boot(self.boots + 2)

    def reboot(self, slot=None):
        self.wait_asked()
        self.restart_machine(slot)
        self.device.start()

    def wait(self, job, timeout=60):
        status, details = self.device.wait(job, timeout)
        return status, details.get("reason"), details

    def untouched(self):
        return (self.rauc.content("B"), self.rauc.primary(), self.asked()) == (b"old b", "A", 0)


@pytest.fixture
def rauc(tmp_path, keys):
    service = Rauc(tmp_path / "r", keys).start()
    yield service
    service.close()


@pytest.fixture
def gateway(device, rauc):
    return Gateway(device, rauc)


@pytest.fixture
def up(gateway):
    gateway.device.start()
    return gateway


# ---- all is well ----

def test_req_08_success_only_when_the_new_system_runs(up):
    bundle = up.rauc.bundle(version="2.4.0")
    job = up.create(bundle, version="2.4.0", sha256=hashlib.sha256(bundle.read_bytes()).hexdigest(), backend="rauc")
    up.wait_asked()
    assert up.rauc.content("B") == b"new" and up.rauc.content("A") == b"old a"
    assert up.device.sandbox.execution(job, up.device.name)["status"] == "IN_PROGRESS"
    up.restart_machine()
    assert up.rauc.booted == "B" and up.rauc.state("B") == "bad"
    up.device.start()
    status, _, details = up.wait(job)
    assert status == "SUCCEEDED", details
    assert (details["version"], details["slot"]) == ("2.4.0", "rootfs.1")
    assert up.rauc.status()["rootfs.1"]["boot_status"] == "good"
    up.device.wait_empty()
    assert up.asked() == 1
    up.restart_machine()
    assert up.rauc.booted == "B"


def test_there_and_back(up):
    for version, slot in (("2", "B"), ("3", "A")):
        job = up.create(up.rauc.bundle(f"{version}.raucb", version=version, content=version.encode()))
        up.reboot()
        status, _, details = up.wait(job)
        assert (status, details["version"]) == ("SUCCEEDED", version), details
        assert (up.rauc.booted, up.rauc.content(slot), up.rauc.state(slot)) == (slot, version.encode(), "good")


def test_the_new_system_is_confirmed_without_a_network(up):
    job = up.create(up.rauc.bundle())
    up.wait_asked()
    up.device.sandbox.broker("stop")
    try:
        up.restart_machine()
        up.device.start(ready=False)
        wait_for(lambda: up.rauc.state("B") == "good", "the mark without a cloud", 40)
    finally:
        up.device.sandbox.broker("start")
    assert up.wait(job)[0] == "SUCCEEDED"


# ---- what the image says of itself ----

@pytest.fixture
def telling(gateway):
    gateway.version_file = gateway.device.directory / "version"
    gateway.version_file.write_text("1.0\nbuilt by hand\n")
    gateway.settings["version-file"] = gateway.version_file
    gateway.device.start()
    return gateway


def test_the_version_in_the_image(telling):
    job = telling.create(telling.rauc.bundle(version="2.0.0"))
    telling.wait_asked()
    telling.version_file.write_text("2.0.0")
    telling.reboot()
    status, _, details = telling.wait(job)
    assert (status, details["version"]) == ("SUCCEEDED", "2.0.0"), details


@pytest.mark.parametrize("text", ["1.0\n", "", "two words\n", "x" * 300, None])
def test_an_image_that_is_not_what_its_bundle_said(telling, text):
    job = telling.create(telling.rauc.bundle(version="2.0.0"))
    telling.wait_asked()
    if text is None:
        telling.version_file.unlink()
    else:
        telling.version_file.write_text(text)
    telling.reboot()
    assert telling.rauc.booted == "B"
    telling.reboot()
    status, reason, details = telling.wait(job)
    assert (status, reason) == ("FAILED", "not-booted"), details
    assert "2.0.0" in details["message"]
    assert (telling.rauc.booted, telling.rauc.state("B")) == ("A", "bad")


def test_no_version_in_the_image_that_runs(telling):
    telling.version_file.unlink()
    status, reason, details = telling.wait(telling.create(telling.rauc.bundle()))
    assert (status, reason) == ("FAILED", "internal")
    assert str(telling.version_file) in details["message"]
    assert telling.untouched()


# ---- images that must not be installed ----

@pytest.mark.parametrize("fault", ["foreign", "flipped", "cut", "unsigned"])
def test_req_31_what_nobody_trusted_signed_is_refused_before_writing(up, fault):
    bundle = up.rauc.bundle(signer="rogue" if fault == "foreign" else "signer")
    data = bytearray(bundle.read_bytes())
    if fault == "flipped":
        data[200] ^= 1
    if fault == "cut":
        del data[len(data) // 2:]
    if fault == "unsigned":
        data[-2000:] = bytes(2000)
    bundle.write_bytes(data)
    status, reason, details = up.wait(up.create(bundle))
    assert (status, reason) == ("FAILED", "bad-signature"), details
    assert up.untouched()


def test_an_image_for_another_board_is_refused(up):
    status, reason, details = up.wait(up.create(up.rauc.bundle(compatible="other-board")))
    assert (status, reason) == ("FAILED", "not-allowed")
    assert "other-board" in details["message"] and rauc_service.COMPATIBLE in details["message"]
    assert up.untouched()


def test_req_31_an_image_below_the_floor_is_refused(gateway):
    gateway.settings["minimum-version"] = "2.0"
    gateway.device.start()
    status, reason, details = gateway.wait(gateway.create(gateway.rauc.bundle(version="1.9")))
    assert (status, reason) == ("FAILED", "not-allowed"), details
    assert gateway.untouched()


def test_an_image_of_another_version_than_ordered(up):
    status, reason, details = up.wait(up.create(up.rauc.bundle(version="2.0.0"), version="2.1.0"))
    assert (status, reason) == ("FAILED", "install-failed"), details
    assert up.untouched()


def test_an_image_that_does_not_fit(device, tmp_path, keys):
    rauc = Rauc(tmp_path / "l", keys, loop=True).start()
    try:
        small = Gateway(device, rauc)
        device.start()
        status, reason, details = small.wait(small.create(rauc.bundle(size=2 * SLOT_SIZE)))
        assert (status, reason) == ("FAILED", "no-space"), details
        assert (rauc.content("A"), rauc.primary(), small.asked()) == (b"old a", "A", 0)
        job = small.create(rauc.bundle(size=SLOT_SIZE))
        small.reboot()
        assert small.wait(job)[0] == "SUCCEEDED"
    finally:
        rauc.close()


def test_an_expired_link_is_asked_for_again(up):
    up.device.sandbox.fault("file", "error", name=f"{up.device.name}.raucb", httpStatus=403, code="AccessDenied")
    job = up.create(up.rauc.bundle())
    up.reboot()
    assert up.wait(job)[0] == "SUCCEEDED"


# ---- the installer ----

def test_no_service(up):
    up.rauc.stop()
    status, reason, details = up.wait(up.create(up.rauc.bundle()))
    assert (status, reason) == ("FAILED", "internal")
    assert "rauc-service" in details["message"]


def test_a_service_that_does_not_know_its_slot(up):
    up.rauc.stop()
    up.rauc.start(known=False)
    status, reason, details = up.wait(up.create(up.rauc.bundle()))
    assert (status, reason) == ("FAILED", "not-booted"), details
    assert up.untouched()


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


def test_an_installer_that_hangs_ends_with_the_step(up):
    up.rauc.hold()
    job = up.create(up.rauc.bundle(), timeout=5)
    up.rauc.wait_installing()
    status, reason, details = up.wait(job)
    assert (status, reason) == ("FAILED", "timed-out"), details
    assert up.asked() == 0


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


def test_the_installer_fetches_by_itself(gateway):
    """RAUC of Debian 12 cannot stream: it fetches the whole, and knows nothing of the sandbox's CA."""
    gateway.settings["streaming"] = "true"
    gateway.device.start()
    gateway.device.sandbox.put_file(f"{gateway.device.name}.raucb", gateway.rauc.bundle().read_bytes())
    url = f"{gateway.device.sandbox.endpoint['http']}/public/{gateway.device.name}.raucb"
    job = gateway.device.create({"operation": "firmware", "url": url})
    gateway.reboot()
    status, _, details = gateway.wait(job)
    assert status == "SUCCEEDED", details
    assert gateway.rauc.content("B") == b"new"


# ---- the daemon ----

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


def test_a_failing_health_check_rolls_back(gateway):
    broken = gateway.device.directory / "broken"
    gateway.settings["health-checks"] = f"test ! -e {broken}"
    gateway.device.start()
    job = gateway.create(gateway.rauc.bundle())
    broken.touch()
    gateway.reboot()
    assert gateway.rauc.booted == "B"
    gateway.wait_asked()
    assert gateway.device.sandbox.execution(job, gateway.device.name)["status"] == "IN_PROGRESS"
    assert (gateway.rauc.state("B"), gateway.rauc.primary()) == ("bad", "A")
    gateway.reboot()
    assert gateway.rauc.booted == "A"
    status, reason, details = gateway.wait(job)
    assert (status, reason) == ("FAILED", "health-check-failed"), details
    assert details["slot"] == "rootfs.0"
    assert (gateway.rauc.state("B"), gateway.rauc.state("A"), gateway.asked()) == ("bad", "good", 2)


@pytest.mark.parametrize("phase", ["reject", "return", "fallen"])
def test_killed_on_the_way_back(gateway, phase):
    gateway.settings["health-checks"] = "false"
    gateway.settings["health-timeout"] = "1s"
    gateway.device.start()
    job = gateway.create(gateway.rauc.bundle())
    gateway.reboot()
    if phase == "fallen":
        gateway.reboot()
    gateway.device.wait_log(f"phase {phase}")
    gateway.device.kill()
    gateway.device.start()
    if phase != "fallen":
        gateway.reboot()
    status, reason, details = gateway.wait(job)
    assert (status, reason) == ("FAILED", "health-check-failed"), details
    assert (gateway.rauc.booted, gateway.rauc.state("B"), gateway.rauc.primary()) == ("A", "bad", "A")


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
