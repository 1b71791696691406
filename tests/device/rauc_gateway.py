"""A device whose firmware plugin works with the real RAUC, and its fixtures."""

import pytest
import rauc_service
from device import wait_for
from rauc_service import Keys, Rauc


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


@pytest.fixture(scope="session")
def rauc_keys(tmp_path_factory):
    reason = rauc_service.missing()
    if reason:
        pytest.skip(f"the real RAUC: {reason}")
    return Keys(tmp_path_factory.mktemp("rauc-keys"))


@pytest.fixture
def rauc(tmp_path, rauc_keys):
    service = Rauc(tmp_path / "r", rauc_keys).start()
    yield service
    service.close()


@pytest.fixture
def down(device, rauc):
    """Not started yet."""
    return Gateway(device, rauc)


@pytest.fixture
def up(down):
    down.device.start()
    return down
