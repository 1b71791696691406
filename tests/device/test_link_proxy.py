"""Port 443, ALPN and a proxy: what networks of customers let through."""

import base64
import hashlib

from broker import Tunnel
from device import wait_for
from network import FAR

USER, PASSWORD = "gateway", "correct-horse"
ALPN = b"\x00\x10\x00\x11\x00\x0f\x0ex-amzn-mqtt-ca"    # the extension in a ClientHello
TRUE = {"operation": "shell", "command": ["true"]}


def behind_proxy(device, network, tunnel, password=PASSWORD):
    """Nothing but the proxy can be reached, and names are known to nobody but it."""
    relay = network.relay(tunnel.port)
    network.move(device, "localhost")
    network.drop(f"tcp dport != {relay.own_port}")
    device.groups["broker"]["proxy"] = f"http://{USER}:{password}@{FAR}:{relay.own_port}"
    return relay


def authorization():
    return base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def test_req_24_all_goes_through_the_proxy(device, network, sandbox):
    data = bytes(range(256)) * 500
    sandbox.put_file("through-proxy", data)
    document = {"operation": "download", "path": str(device.downloads / "file"),
                "url": "${aws:iot:s3-presigned-url:https://s3.r.amazonaws.com/b/through-proxy}",
                "sha256": hashlib.sha256(data).hexdigest()}
    with Tunnel(authorization()) as tunnel:
        relay = behind_proxy(device, network, tunnel)
        device.start(ERRAND_TEST_TIME_SCALE="200")
        status, details = device.run(document)
        assert status == "SUCCEEDED", details
        assert (device.downloads / "file").read_bytes() == data
        asked = {request.split()[1] for request in tunnel.requests}
        assert f"localhost:{device.groups['broker']['port']}" in asked
        assert len(asked) == 2, "the download went another way"
        for times in range(2, 12):
            relay.cut()
            wait_for(lambda: device.log().count("connected to") >= times, f"connection {times} through the proxy")
        assert device.run(TRUE)[0] == "SUCCEEDED"
    assert PASSWORD not in device.log() and authorization() not in device.log()


def test_req_24_a_wrong_password_of_the_proxy_is_named(device, network):
    with Tunnel(authorization()) as tunnel:
        behind_proxy(device, network, tunnel, "battery-staple")
        device.start(ready=False, ERRAND_TEST_TIME_SCALE="20")
        device.wait_log("HTTP proxy authentication failed")
        wait_for(lambda: len(tunnel.requests) >= 3, "three tries")
        line = next(line for line in device.log().splitlines() if "no connection to" in line)
    wrong = base64.b64encode(f"{USER}:battery-staple".encode()).decode()
    assert line.endswith("check user and password in [broker] proxy; trying again")
    assert "battery-staple" not in device.log() and wrong not in device.log()
    assert device.alive()


def test_req_24_alpn_on_443_every_time(device, network):
    relay = network.relay(device.groups["broker"]["port"], FAR, 443)
    network.move(device)
    device.groups["broker"]["port"] = 443
    device.start(ERRAND_TEST_TIME_SCALE="1000")
    for times in range(2, 102):
        relay.cut()
        wait_for(lambda: device.log().count("connected to") >= times, f"connection {times} on 443")
    assert device.run(TRUE)[0] == "SUCCEEDED"
    assert len(relay.hellos) >= 101
    assert all(ALPN in hello for hello in relay.hellos)


def test_no_alpn_on_other_ports(device, network):
    relay = network.relay(device.groups["broker"]["port"])
    network.move(device)
    device.groups["broker"]["port"] = relay.own_port
    device.start()
    assert relay.hellos and b"x-amzn-mqtt-ca" not in relay.hellos[0]


def test_a_proxy_that_is_not_there_is_named(device, network):
    with Tunnel() as tunnel:
        behind_proxy(device, network, tunnel).close()
        device.start(ready=False)
        device.wait_log("the way leads through [broker] proxy")
        assert device.alive()
