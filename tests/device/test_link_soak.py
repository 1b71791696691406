"""Connected for long and connected often: no wake-ups, nothing that grows."""

import os
import time

import pytest
from device import wait_for
from gauges import descriptors, private_kilobytes, switches

RECONNECTS = 1000 if os.environ.get("ERRAND_SOAK") == "long" else 100
SETTLING, IDLE = 2, 60
SANITIZED = pytest.mark.skipif("ERRAND_SANITIZED" in os.environ, reason="a sanitizer keeps memory of its own")
TRUE = {"operation": "shell", "command": ["true"]}


def test_req_40_idle_sleeps(device):
    device.arguments = []
    device.start()
    assert device.run(TRUE)[0] == "SUCCEEDED"
    device.wait_empty()
    wait_for(lambda: not device.children(), "the runner's end")
    time.sleep(SETTLING)
    before = switches(device.process.pid)
    time.sleep(IDLE)
    assert switches(device.process.pid) - before <= 10


def reconnect(device, times):
    for _ in range(times):
        before = device.log().count("connected to")
        device.sandbox.kick(device.name)
        wait_for(lambda: device.log().count("connected to") > before, "connected again")


@SANITIZED
def test_req_40_reconnects_leave_nothing(device):
    device.start(ERRAND_TEST_TIME_SCALE="1000")
    reconnect(device, 20)
    assert device.run(TRUE)[0] == "SUCCEEDED"
    device.wait_empty()
    wait_for(lambda: not device.children(), "the runner's end")
    pid = device.process.pid
    open_before, memory_before = descriptors(pid), private_kilobytes(pid)
    reconnect(device, RECONNECTS)
    assert device.run(TRUE)[0] == "SUCCEEDED"
    device.wait_empty()
    wait_for(lambda: descriptors(pid) <= open_before, "no more descriptors than before")
    assert private_kilobytes(pid) - memory_before < 1024
