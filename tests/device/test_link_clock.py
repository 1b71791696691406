"""Started in 1970 without a network, and a clock that jumps: only certificates care what year it is."""

import time
from pathlib import Path

import pytest
from device import wait_for
from network import Relay, refused_port

SHOWS = 1.5    # seconds until a timer would have fired that takes the years for its time


class Clock:
    """What the device believes the time is, through a file that can be rewritten under way."""

    def __init__(self, directory, device):
        libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        if not libraries:
            pytest.skip("libfaketime is not installed")
        self.file = directory / "clock"
        device.environment.update({
            "LD_PRELOAD": str(libraries[0]), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0",
        })

    def set(self, offset):
        """Replaced at once, never seen half written."""
        new = self.file.with_suffix(".new")
        new.write_text(offset + "\n")
        new.rename(self.file)


def seconds_to_1970():
    return f"-{int(time.time()) - 600}"


@pytest.fixture
def clock(device, tmp_path):
    return Clock(tmp_path, device)


def test_req_22_offline_in_1970(device, network, clock):
    relay = network.relay(device.groups["broker"]["port"])
    network.move(device)
    device.groups["broker"]["port"] = relay.own_port
    network.near.ip("link set near down")
    clock.set(seconds_to_1970())
    device.start(ready=False)
    device.wait_log("unreachable")
    wait_for(lambda: device.log().count("connecting to") >= 3, "goes on trying without a network")
    network.near.ip("link set near up")
    device.wait_log("not yet valid", 60)
    line = next(line for line in device.log().splitlines() if "not yet valid" in line)
    assert "clock" in line and "MESSAGE" in line
    job = device.create({"operation": "shell", "command": ["true"]})
    clock.set("+0")
    began = time.monotonic()
    device.wait_log("connected to", 60)
    assert time.monotonic() - began < 60
    assert device.wait(job)[0] == "SUCCEEDED"


@pytest.mark.parametrize("steps", [["+56y", "+0"], [seconds_to_1970(), "+0"]], ids=["ahead", "back"])
def test_req_22_a_clock_step_ends_no_job(device, clock, steps):
    clock.set("+0")
    device.groups["jobs"].update({"default-timeout": "10min", "resync-interval": "10min"})
    device.start()
    script = f"echo run >> {device.marker}; while [ ! -e {device.directory}/end ]; do sleep 0.1; done"
    job = device.create({"operation": "shell", "command": ["sh", "-c", script]})
    wait_for(device.marker_lines, "the job's start")
    device.wait_in_progress(job)
    begin = device.sandbox.last()
    for step in steps:
        clock.set(step)
        time.sleep(SHOWS)
        assert device.alive()
        assert device.sandbox.execution(job, device.name)["status"] == "IN_PROGRESS"
    # No timer took the years for its time: nothing was asked, nothing repeated, the link held.
    asked = device.sandbox.ledger(after=begin, kind="request", thing=device.name)
    assert [entry for entry in asked if entry["api"] != "UpdateJobExecution"] == []
    assert len(asked) <= 1
    assert device.log().count("connecting to") == 1
    (device.directory / "end").touch()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]


def test_expired_certificate(device, clock):
    clock.set("+90y")
    device.start(ready=False)
    device.wait_log("has expired; check this machine's clock")
    assert device.alive()


def test_req_22_the_clock_is_named_late_in_an_outage(device, clock):
    """The lines of an outage get rarer and rarer, but a new reason is told when it comes."""
    to = device.groups["broker"]["port"]
    held = refused_port()
    device.groups["broker"].update({"host": "127.0.0.1", "port": held.getsockname()[1]})
    clock.set(seconds_to_1970())
    device.start(ready=False, ERRAND_TEST_TIME_SCALE="500")
    wait_for(lambda: device.log().count("connecting to") > 33, "33 tries")
    assert device.log().count("MESSAGE errand: no connection") <= 7
    held.listen()
    relay = Relay(held, to)
    device.wait_log("not yet valid")
    wait_for(lambda: device.log().count("not yet valid") >= 3, "three more tries")
    relay.close()
    told = [line for line in device.log().splitlines() if "MESSAGE" in line and "not yet valid" in line]
    assert 1 <= len(told) <= 2
