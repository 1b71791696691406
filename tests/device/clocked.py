"""A gateway whose wall clock a test sets."""

import os
from pathlib import Path

import pytest

from device import Device, thing_name
from errand_sandbox.client import Sandbox

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
JUMPS = {"forward": "+3650d", "back": "-3650d"}

NEEDS = [pytest.mark.skipif(not FAKETIME.exists(), reason="needs libfaketime"),
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
