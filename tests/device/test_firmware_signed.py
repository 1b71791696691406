"""A system that the right people signed, at least as new as the owner wants, and the one that was checked: or none."""

import hashlib

import pytest

from machine import Machine
from test_signed_files import Signer


@pytest.fixture
def machine(device, sandbox):
    trust = device.directory / "trust.d"
    trust.mkdir(mode=0o755)
    device.groups["trust"] = {"directory": trust}
    machine = Machine(device, sandbox)
    machine.trust = trust
    machine.settings.update({"require-signature": "true", "minimum-version": "2.0"})
    machine.signer = Signer(device.directory, "prod")
    machine.signer.trust(trust / "prod.pem", "codeSigning")
    machine.start()
    return machine


def signed(machine, data, signer=None, **more):
    signature = (signer or machine.signer).sign(data)
    return machine.document(data, codesign=signature, signer="prod", **more)


def test_req_31_a_signed_system_is_installed(machine):
    status, details = machine.run(signed(machine, machine.image("2.0")))
    assert status == "SUCCEEDED", details


def test_req_31_an_unsigned_system_is_refused(machine):
    status, details = machine.run(machine.document(machine.image("2.0")))
    assert (status, details["reason"]) == ("REJECTED", "bad-signature")
    assert machine.asked() == []


def test_req_31_a_system_of_another_signer_is_refused(machine):
    other = Signer(machine.device.directory, "other")
    status, details = machine.run(signed(machine, machine.image("2.0"), other))
    assert (status, details["reason"]) == ("FAILED", "bad-signature")
    assert machine.asked() == []
    machine.device.wait_empty()
    assert machine.is_clean()


def test_req_31_a_system_older_than_the_floor_is_refused(machine):
    status, details = machine.run(signed(machine, machine.image("1.9")))
    assert (status, details["reason"]) == ("FAILED", "not-allowed")
    assert machine.asked() == ["inspect image"]


def test_req_31_an_image_cannot_be_swapped_after_the_check(machine):
    """By an account that is not errand's: everything else on the machine."""
    data = machine.image("2.0")
    evil = machine.device.directory / "evil"
    evil.write_bytes(machine.image("6.6.6"))
    evil.chmod(0o644)
    machine.hook("after-inspect", f"""image=$(find {machine.device.state} -name image)
for attack in "cp {evil} $image" "mv $image $image.old" "rm -f $image" "ln -sf {evil} $image"; do
    setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$attack" && touch swapped
done
true""")
    machine.hook("before-install", f"sha256sum < $(find {machine.device.state} -name image) > sum")
    status, details = machine.run(signed(machine, data))
    assert status == "SUCCEEDED", details
    assert not (machine.board / "swapped").exists()
    assert machine.read("sum").split()[0] == hashlib.sha256(data).hexdigest()


def test_afr_ota_with_a_signature(machine):
    data = machine.image("2.4.6")
    signature = machine.signer.sign(data)["signature"]
    file = {"filepath": None, "filesize": len(data), "fileid": 0, "certfile": "prod", "sig-sha256-ecdsa": signature,
            "update_data_url": machine.put(data)}
    status, details = machine.run({"afr_ota": {"protocols": ["MQTT", "HTTP"], "streamname": "s", "files": [file]}})
    assert status == "SUCCEEDED", details
    bad = {**file, "sig-sha256-ecdsa": machine.signer.sign(data + b"x")["signature"]}
    status, details = machine.run({"afr_ota": {"protocols": ["HTTP"], "files": [bad]}})
    assert (status, details["reason"]) == ("FAILED", "bad-signature")
