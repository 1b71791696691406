"""What does not answer: name servers, addresses, half of the internet. The loop turns, jobs go on, the link returns."""

import time

import pytest
from device import wait_for
from gauges import Watchdog
from network import FAR, FAR6, NAME

# Lines of a job that is seen to go on, and how long it goes on.
TICKING = 'i=0; while [ $i -lt {count} ]; do echo $i >> {marker}; i=$((i+1)); sleep 0.2; done'

TRY = 10    # seconds of a try that nobody answers: two name server timeouts, or as much of SYNs


def ticking(device, seconds):
    return {"operation": "shell", "command": ["sh", "-c", TICKING.format(count=seconds * 5, marker=device.marker)]}


def break_names(network):
    network.know()
    network.drop("udp dport 53")


def break_handshakes(network):
    network.drop("tcp flags syn / syn,ack")


@pytest.mark.parametrize("fault", [break_names, break_handshakes], ids=["dns", "syn"])
def test_req_21_nothing_blocks_the_loop(device, network, tmp_path, fault):
    relay = network.relay(device.groups["broker"]["port"])
    network.move(device, NAME)
    network.know(FAR)
    device.groups["broker"]["port"] = relay.own_port
    with Watchdog(tmp_path, device) as watchdog:
        device.start()
        job = device.create(ticking(device, 10))
        device.wait_in_progress(job)
        fault(network)
        relay.cut()
        device.wait_log("no connection to")
        before = len(device.marker_lines())
        time.sleep(TRY)
        assert len(device.marker_lines()) >= min(before + 20, 50)
        wait_for(lambda: len(device.marker_lines()) == 50, "the job's end while offline")
        assert watchdog.ticks > 50
        assert watchdog.late() <= 0.25
        assert network.dropped() >= 2
    network.heal()
    network.know(FAR)
    assert device.wait(job, timeout=60)[0] == "SUCCEEDED"
    assert len(device.marker_lines()) == 50


def move_to_six(device, network, host):
    relay = network.relay(device.groups["broker"]["port"], FAR6)
    network.move(device, host)
    device.groups["broker"]["port"] = relay.own_port
    return relay


@pytest.mark.parametrize("host", [FAR6, NAME], ids=["address", "name"])
def test_ipv6_only(device, network, host):
    network.near.ip("-4 address flush dev near")
    network.know(FAR6)
    move_to_six(device, network, host)
    device.start()
    assert device.run({"operation": "shell", "command": ["true"]})[0] == "SUCCEEDED"


def test_ipv6_loopback(device, network):
    relay = network.relay(device.groups["broker"]["port"], "::1")
    network.move(device, "::1")
    device.prefix[1] = f"--net={network.far.path}"
    device.groups["broker"]["port"] = relay.own_port
    device.start()
    assert device.run({"operation": "shell", "command": ["true"]})[0] == "SUCCEEDED"


def test_broken_ipv6_costs_little(device, network):
    six = move_to_six(device, network, NAME)
    network.relay(six.port, FAR, six.own_port)
    network.know(FAR6, FAR)
    network.drop("meta nfproto ipv6 tcp dport 1-65535")
    device.start(ready=False)
    device.wait_log("connecting to")
    began = time.monotonic()
    device.wait_log("connected to", 40)
    assert time.monotonic() - began < 15      # a connect is given 30
    assert not six.hellos
