"""A reboot is proved by the boot id, or it did not happen."""

from device import wait_for


def test_success_only_after_the_new_boot(device):
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    wait_for(device.marker_lines, "the reboot command")
    assert device.sandbox.execution(job, device.name)["status"] == "IN_PROGRESS"
    second = device.create({"operation": "shell", "command": ["touch", str(device.directory / "second")]})
    device.kill()
    device.new_boot()
    assert not (device.directory / "second").exists()
    device.start()
    status, _ = device.wait(job)
    assert status == "SUCCEEDED"
    assert device.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["asked"]


def test_a_reboot_that_does_not_happen_fails(device):
    device.groups["reboot"]["timeout"] = "1s"
    device.write_reboot_command("exit 0")
    device.start()
    status, details = device.run({"operation": "reboot"})
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
    assert device.run({"operation": "shell", "command": ["true"]})[0] == "SUCCEEDED"


def test_a_mere_restart_of_the_daemon_is_no_reboot(device):
    device.groups["reboot"]["timeout"] = "3s"
    device.write_reboot_command("exit 0")
    device.start()
    job = device.create({"operation": "reboot"})
    device.wait_in_progress(job)
    wait_for(lambda: "REBOOTING" in " ".join((p / "record").read_text() for p in (device.state / "jobs").iterdir())
             or "rebooting" in device.log(), "the reboot was asked for")
    device.kill()
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
