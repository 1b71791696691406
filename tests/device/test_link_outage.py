"""Outages: quiet, noticed, and nothing is lost by them."""

import contextlib
import socket
import time

import pytest
from device import Device, wait_for
from network import Relay, refused_port

KEEP_ALIVE = 5
LATE = 4       # seconds that a busy machine may take for what is due
SCALE = 5000
DAY = 24 * 3600 / SCALE
TRUE = {"operation": "shell", "command": ["true"]}


def test_req_25_a_day_offline_is_quiet(sandbox, tmp_path):
    """Twenty-four hours in seconds. One daemon says what it does by default, one everything it could.

    A day has at most 4,320 tries, told at the 1st, 3rd, 9th ...: with the start and the reasons told out of turn that
    is 12 lines. A busy machine makes the day longer, but 15 lines would take 59,049 tries."""
    with contextlib.closing(refused_port()) as held:
        devices = a_day_offline(sandbox, tmp_path, held.getsockname()[1])
    lines = devices["default"].log().splitlines()
    assert len(lines) <= 15, lines
    assert any("no connection to" in line for line in lines)
    log = devices["verbose"].log()
    assert "correct-horse" not in log and "PRIVATE KEY" not in log


def a_day_offline(sandbox, tmp_path, port):
    devices, ends = {}, {}
    for name, arguments in (("default", []), ("verbose", ["--verbose"])):
        device = devices[name] = Device(tmp_path / name, sandbox, f"outage-{name}")
        device.groups["broker"]["port"] = port
        if name == "verbose":
            device.groups["broker"]["proxy"] = f"http://me:correct-horse@127.0.0.1:{port}"
        device.arguments = arguments
        ends[name] = time.monotonic() + DAY
        device.start(ready=False, ERRAND_TEST_TIME_SCALE=str(SCALE))
    for name, device in devices.items():
        wait_for(lambda name=name: time.monotonic() >= ends[name], "the day is over", DAY + 20)
    wait_for(lambda: devices["verbose"].log().count("connecting to") > 500, "500 tries", 60)
    for device in devices.values():
        assert device.alive()
        device.kill()
    return devices


def test_req_26_half_open_is_noticed(device, network):
    relay = network.relay(device.groups["broker"]["port"])
    network.move(device)
    device.groups["broker"].update({"port": relay.own_port, "keep-alive": f"{KEEP_ALIVE}s"})
    device.start(ERRAND_TEST_TIME_SCALE="4")
    job = device.create({"operation": "shell",
                         "command": ["sh", "-c", f"echo run >> {device.marker}; "
                                     f"while [ ! -e {device.directory}/end ]; do sleep 0.1; done"]})
    wait_for(device.marker_lines, "the job's start")
    device.wait_in_progress(job)
    network.drop()
    began = time.monotonic()
    (device.directory / "end").touch()
    device.wait_log("no connection to")
    assert time.monotonic() - began < 1.5 * KEEP_ALIVE + LATE
    assert device.job_folders(), "the result waits on disk"
    assert sandbox_status(device, job) == "IN_PROGRESS"
    device.kill()
    network.heal()
    device.start()
    assert device.wait(job)[0] == "SUCCEEDED"
    device.wait_empty()
    assert device.marker_lines() == ["run"]


def sandbox_status(device, job):
    return device.sandbox.execution(job, device.name)["status"]


def test_req_26_an_idle_link_notices_too(device, network):
    """Nothing is said but the keep-alive."""
    relay = network.relay(device.groups["broker"]["port"])
    network.move(device)
    device.groups["broker"].update({"port": relay.own_port, "keep-alive": f"{KEEP_ALIVE}s"})
    device.start(ERRAND_TEST_TIME_SCALE="4")
    device.run(TRUE)
    device.wait_empty()
    network.drop()
    began = time.monotonic()
    device.wait_log("silent for one and a half keep-alive times")
    assert time.monotonic() - began < 1.5 * KEEP_ALIVE + LATE
    network.heal()
    assert device.run(TRUE, timeout=40)[0] == "SUCCEEDED"


@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
def test_req_03_a_job_of_an_outage_needs_no_notification(device, workflow):
    to = device.groups["broker"]["port"]
    held = refused_port()       # again whenever the relay is closed
    address = held.getsockname()
    relay = Relay(socket.create_server(address), to)
    device.groups["broker"]["port"] = relay.own_port
    device.groups["jobs"]["workflow"] = workflow
    device.start(ERRAND_TEST_TIME_SCALE="50")
    device.sandbox.fault("notifications", "drop", thing=device.name)
    for _ in range(3):
        relay.close()
        wait_for(lambda: "Connection refused" in device.log()[device.log().rfind("connected to"):], "the outage")
        job = device.create(TRUE)
        relay = Relay(socket.create_server(address), to)
        assert device.wait(job)[0] == "SUCCEEDED"
    relay.close()
    held.close()


@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
def test_req_03_a_swallowed_notification_costs_one_period(device, workflow):
    device.groups["jobs"].update({"workflow": workflow, "resync-interval": "2s"})
    device.start()
    device.sandbox.fault("notifications", "drop", thing=device.name)
    for _ in range(2):
        asked = device.sandbox.expect(after=device.sandbox.last(), kind="request", thing=device.name)["n"]
        device.sandbox.expect(after=asked, kind="answer", thing=device.name)
        assert device.run(TRUE)[0] == "SUCCEEDED"
        device.wait_empty()
    assert device.log().count("connecting to") == 1
