"""Systems that come as files of AWS IoT streams, through the daemon's own connection."""

import hashlib

import pytest

from device import wait_for
from machine import Machine

BLOCK = 4096


@pytest.fixture
def machine(device, sandbox):
    device.environment["ERRAND_TEST_TIME_SCALE"] = "10"
    machine = Machine(device, sandbox)
    machine.settings.update({"stream-block-size": str(BLOCK), "health-timeout": "20s"})
    machine.stream = "s-" + device.name.replace(":", "-")
    return machine


def test_firmware_from_a_stream(machine, sandbox):
    data = machine.image(size=40 * BLOCK)
    sandbox.create_stream(machine.stream, {3: data})
    machine.start()
    status, details = machine.run({"operation": "firmware", "stream": machine.stream, "file": 3, "version": "2.0",
                                   "sha256": hashlib.sha256(data).hexdigest()})
    assert status == "SUCCEEDED", details
    assert machine.asked() == ["inspect image", "install image", "reboot", "confirm"]


def afr_ota(machine, data):
    return {"afr_ota": {"protocols": ["MQTT"], "streamname": machine.stream, "files": [{
        "filepath": None, "filesize": len(data), "fileid": 0, "update_data_url": None, "auth_scheme": None}]}}


def test_afr_ota_over_mqtt(machine, sandbox):
    data = machine.image("2.4.6", size=40 * BLOCK)
    sandbox.create_stream(machine.stream, {0: data})
    machine.start()
    status, details = machine.run(afr_ota(machine, data))
    assert status == "SUCCEEDED", details
    assert (details["receive"], details["self_test"], details["updatedBy"]) == ("41/41", "active", "0x02040006")


def test_afr_ota_over_mqtt_goes_on_after_a_crash(machine, sandbox):
    """What the journal keeps of the stream's bitmap: blocks that came are not asked for again."""
    data = machine.image("2.4.6", size=400 * BLOCK)
    sandbox.create_stream(machine.stream, {0: data})
    since = sandbox.last()

    def blocks():
        return [entry["block"] for entry in sandbox.ledger(after=since, kind="block", stream=machine.stream)]

    machine.start()
    job = machine.device.create(afr_ota(machine, data))
    wait_for(lambda: len(blocks()) > 200, "half of the image")
    machine.device.kill()
    status, details = machine.wait(job)
    assert status == "SUCCEEDED", details
    assert len(set(blocks())) == 401
    assert len(blocks()) < 2 * 401
