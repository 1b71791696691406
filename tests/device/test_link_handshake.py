"""Peers that spoil the TLS handshake, each in its own way: none of them may cost processor time."""

import time

import pytest
from device import Device, wait_for
from gauges import cpu_seconds
from peers import Listener, read_then, reset


def garbage(client):
    client.recv(10)
    client.sendall(bytes(range(256)) * 16)


def half_closed(client):
    """The rest of a message never comes, and no more can be said."""
    client.recv(10)
    client.sendall(b"\x16\x03\x03\x40\x00")
    client.shutdown(1)


PEERS = {
    "silent": lambda client: None,
    "close": lambda client: client.close(),
    "read-close": read_then(lambda client: client.close()),
    "reset": reset,
    "read-reset": read_then(reset),
    "garbage": garbage,
    "half-closed": half_closed,
}
SECONDS = 20


@pytest.fixture
def victims(sandbox, tmp_path):
    """One daemon and one peer of each kind, all at once: what counts is their time, not ours."""
    devices, listeners = {}, []
    for name, treat in PEERS.items():
        listeners.append(Listener(treat))
        devices[name] = Device(tmp_path / name, sandbox, f"handshake-{name}")
        devices[name].groups["broker"]["port"] = listeners[-1].port
        devices[name].start(ready=False)
    yield devices
    for device in devices.values():
        device.kill()
    for listener in listeners:
        listener.__exit__()


def test_req_20_no_spin(victims):
    for name, device in victims.items():
        device.wait_log("connecting to")
        if name != "silent":
            wait_for(lambda: device.log().count("connecting to") >= 2, f"{name}: another try")
    time.sleep(SECONDS)
    used = {name: cpu_seconds(device.process.pid) for name, device in victims.items()}
    assert all(device.alive() for device in victims.values())
    assert max(used.values()) < 0.2, used
    for name in set(victims) - {"silent"}:
        assert "no connection to" in victims[name].log(), name


def test_req_20_silence_has_an_end(device):
    device.environment["ERRAND_TEST_TIME_SCALE"] = "20"
    with Listener(PEERS["silent"]) as listener:
        device.groups["broker"]["port"] = listener.port
        device.start(ready=False)
        device.wait_log("did not finish the handshake in time")
        wait_for(lambda: len(listener.kept) >= 2, "another try")
        assert device.alive()
