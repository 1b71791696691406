"""The wall clock jumps by ten years and back: nothing that errand decides looks at it."""

import os
import time
from pathlib import Path

import pytest

from conftest import thing_name
from device import Device, wait_for
from errand_sandbox.client import Sandbox
from lives import shell

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
JUMPS = {"forward": "+3650d", "back": "-3650d"}

pytestmark = [pytest.mark.skipif(not FAKETIME.exists(), reason="needs libfaketime"),
              pytest.mark.skipif("ERRAND_SANITIZED" in os.environ, reason="libfaketime and sanitizers do not mix")]


@pytest.fixture(scope="module")
def plain_cloud(tmp_path_factory):
    """Without TLS, for there the clock does matter: certificates begin and end."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), "--plain-port", "0") as sandbox:
        yield sandbox


@pytest.fixture
def clocked(plain_cloud, tmp_path, request):
    device = Device(tmp_path / "device", plain_cloud, thing_name(request.node.name))
    device.groups["broker"] = {"host": "127.0.0.1", "port": plain_cloud.endpoint["plainPort"], "tls": "false"}
    device.clock = device.directory / "clock"
    set_clock(device, "+0d")
    device.environment |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(device.clock),
                           "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    yield device
    if device.alive():
        device.kill()


def set_clock(device, offset):
    new = device.clock.with_suffix(".new")
    new.write_text(offset + "\n")
    new.rename(device.clock)


def years_in_history(device):
    return [line.split('"time":"')[1][:4] for line in (device.state / "history").read_text().splitlines()]


def gate(device, **more):
    go = device.directory / "go"
    go.unlink(missing_ok=True)
    job = device.create(shell(f"echo begin >> {device.marker}; while [ ! -e {go} ]; do sleep 0.02; done", **more))
    wait_for(device.marker_lines, "the action started")
    return job, go


@pytest.mark.parametrize("jump", JUMPS)
def test_req_12_a_jump_in_mid_job(clocked, jump):
    device = clocked
    device.start()
    job, go = gate(device, timeout=60)
    since = device.sandbox.last()
    set_clock(device, JUMPS[jump])
    device.sandbox.notify(device.name)
    second = device.create(shell(f"echo second >> {device.marker}"))
    device.sandbox.expect(after=since, timeout=20, thing=device.name, kind="notification")
    assert device.sandbox.execution(job, device.name)["status"] == "IN_PROGRESS"
    go.touch()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["begin", "second"]
    device.wait_empty()
    # The jump did happen, for the one who looks at the clock.
    here = int(years_in_history(device)[-1])
    assert abs(here - time.gmtime().tm_year) >= 9


@pytest.mark.parametrize("jump", JUMPS)
def test_req_12_a_jump_does_not_move_a_deadline(clocked, jump):
    """Neither ends a job early, nor lets it live on."""
    device = clocked
    device.start()
    job = device.create(shell(f"echo begin >> {device.marker}; sleep 120", timeout=2))
    wait_for(device.marker_lines, "the action started")
    set_clock(device, JUMPS[jump])
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "timed-out")


@pytest.mark.parametrize("jump", JUMPS)
def test_req_12_a_jump_across_a_reboot(clocked, jump):
    device = clocked
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    wait_for(device.marker_lines, "the reboot command")
    second = device.create(shell(f"echo second >> {device.marker}"))
    device.kill()
    set_clock(device, JUMPS[jump])
    device.new_boot()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.wait(second)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["asked", "second"]
    finals = [u for u in device.updates(job) if u["payload"]["status"] != "IN_PROGRESS"]
    assert len(finals) == 1


@pytest.mark.parametrize("jump", JUMPS)
def test_req_12_a_jump_is_no_reboot(clocked, jump):
    device = clocked
    device.groups["reboot"]["timeout"] = "3s"
    device.write_reboot_command(f"echo asked >> {device.marker}")
    device.start()
    job = device.create({"operation": "reboot"})
    wait_for(device.marker_lines, "the reboot command")
    device.kill()
    set_clock(device, JUMPS[jump])
    device.start()
    status, details = device.wait(job)
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
