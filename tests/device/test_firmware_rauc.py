"""Firmware jobs through the daemon and the real RAUC: from a signed bundle in the cloud to a slot marked good."""

import hashlib

import pytest
import rauc_service
from device import wait_for
from rauc_gateway import Gateway
from rauc_service import SLOT_SIZE, Rauc


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
def telling(down):
    down.version_file = down.device.directory / "version"
    down.version_file.write_text("1.0\nbuilt by hand\n")
    down.settings["version-file"] = down.version_file
    down.device.start()
    return down


def test_the_version_in_the_image(telling):
    job = telling.create(telling.rauc.bundle(version="2.0.0"))
    telling.wait_asked()
    telling.version_file.write_text("2.0.0")
    telling.reboot()
    status, _, details = telling.wait(job)
    assert (status, details["version"]) == ("SUCCEEDED", "2.0.0"), details


@pytest.mark.parametrize("text", ["1.0\n", None], ids=["old", "none"])
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


def test_req_31_an_image_below_the_floor_is_refused(down):
    down.settings["minimum-version"] = "2.0"
    down.device.start()
    status, reason, details = down.wait(down.create(down.rauc.bundle(version="1.9")))
    assert (status, reason) == ("FAILED", "not-allowed"), details
    assert down.untouched()


def test_an_image_of_another_version_than_ordered(up):
    status, reason, details = up.wait(up.create(up.rauc.bundle(version="2.0.0"), version="2.1.0"))
    assert (status, reason) == ("FAILED", "install-failed"), details
    assert up.untouched()


def test_an_image_that_does_not_fit(device, tmp_path, rauc_keys):
    rauc = Rauc(tmp_path / "l", rauc_keys, loop=True).start()
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

def test_a_service_that_does_not_know_its_slot(up):
    up.rauc.stop()
    up.rauc.start(known=False)
    status, reason, details = up.wait(up.create(up.rauc.bundle()))
    assert (status, reason) == ("FAILED", "not-booted"), details
    assert up.untouched()


def test_an_installer_that_hangs_ends_with_the_step(up):
    """RAUC cannot be stopped: it is waited for, and what it switched over is switched back."""
    up.rauc.hold()
    job = up.create(up.rauc.bundle(), timeout=5)
    up.rauc.wait_installing()
    up.device.wait_log("stopping it")
    up.rauc.release()
    status, reason, details = up.wait(job)
    assert (status, reason) == ("FAILED", "timed-out"), details
    assert (up.rauc.primary(), up.rauc.state("B"), up.asked()) == ("A", "bad", 0)


def test_the_installer_fetches_by_itself(down):
    """RAUC of Debian 12 cannot stream: it fetches the whole, and knows nothing of the sandbox's CA."""
    down.settings["streaming"] = "true"
    down.device.start()
    down.device.sandbox.put_file(f"{down.device.name}.raucb", down.rauc.bundle().read_bytes())
    url = f"{down.device.sandbox.endpoint['http']}/public/{down.device.name}.raucb"
    job = down.device.create({"operation": "firmware", "url": url})
    down.reboot()
    status, _, details = down.wait(job)
    assert status == "SUCCEEDED", details
    assert down.rauc.content("B") == b"new"
