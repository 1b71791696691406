"""The link itself: refusals, silence, take-overs. What must not happen is a busy loop, a block or a crash."""

import os
import signal
import socket
import subprocess
import time

import pytest
from broker import FakeBroker
from peers import Listener
from probe import BUSY, Probe

THING = "gw-1"


def plain(port, *words, **options):
    return Probe("--plain", "--port", port, "--thing", THING, *words, **options)


def test_reconnects_and_pulls(sandbox, credentials):
    with Probe.for_thing(credentials, "--timeout-ms", 500, scale=20) as probe:
        probe.say("room", 1)
        probe.expect("state ready")
        sandbox.broker("stop")
        probe.expect("state offline")
        sandbox.create_job({"operation": "x"}, THING, "meanwhile")
        time.sleep(0.3)
        sandbox.broker("start")
        name = probe.expect("offered meanwhile")[1]
        probe.say("claim", name, 5)
        probe.expect("claimed")
        sandbox.broker("restart")
        probe.say("finish", name, "SUCCEEDED")
        assert probe.expect("reported")[2] == "taken"


def test_claim_outlives_an_outage(sandbox, credentials):
    with Probe.for_thing(credentials, "--timeout-ms", 500, scale=20) as probe:
        probe.say("room", 1)
        sandbox.create_job({"operation": "x"}, THING, "outage")
        name = probe.expect("offered")[1]
        sandbox.broker("stop")
        probe.expect("state offline")
        probe.say("claim", name, 5)
        probe.quiet("claimed", 0.3)
        sandbox.broker("start")
        assert probe.expect("claimed")[2] == "accepted"


def test_a_refused_port_is_tried_rarely(credentials):
    with Probe.for_thing(credentials, port=1, scale=20) as probe:
        for _ in range(4):
            probe.expect("state offline")
        probe.wait_log("refused")
        time.sleep(2)
        assert probe.cpu_seconds() < BUSY
        told = [line for line in probe.log_lines if "no connection to" in line]
        assert 1 <= len(told) <= 8, told


def test_connects_once_a_second_at_most():
    with FakeBroker(hang_up="subscribe") as broker, plain(broker.port) as probe:
        begun = []
        for _ in range(3):
            probe.expect("state connecting")
            begun.append(probe.stamp)
        apart = [later - earlier for earlier, later in zip(begun, begun[1:])]
        assert min(apart) >= 0.9, apart     # as a loaded machine sees it
        assert len(broker.connects) >= 2


def test_a_silent_peer_is_given_up(credentials):
    with Listener(lambda client: None) as listener:
        with Probe.for_thing(credentials, port=listener.port, scale=20) as probe:
            probe.expect("state connecting")
            probe.expect("state offline")
            assert "handshake" in probe.wait_log("in time")
            assert probe.stamp > 2.9
            assert probe.cpu_seconds() < BUSY


def test_an_address_that_never_answers_blocks_nothing(credentials):
    """The address does not answer at all: nothing blocks and the deadline holds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        with Probe.for_thing(credentials, port=port, host="127.0.0.1", scale=4) as probe:
            probe.expect("state connecting")
            began = probe.stamp
            probe.say("room", 1)
            probe.expect("unsettled")
            assert probe.stamp - began < 5      # the deadline is 7.5 s
            probe.expect("state offline")
            probe.wait_log("did not answer in time")
        for filler in fillers:
            filler.close()


def test_a_half_open_link_is_noticed(sandbox, credentials):
    """The broker's process stands still: noticed within one and a half keep-alive times."""
    found = subprocess.run(["pgrep", "-P", str(sandbox.process.pid), "mosquitto"], capture_output=True, text=True)
    pids = found.stdout.split()
    assert pids
    with Probe.for_thing(credentials, "--keep-alive", 5) as probe:
        probe.expect("state ready")
        began = probe.stamp
        os.kill(int(pids[0]), signal.SIGSTOP)
        try:
            probe.expect("state offline")
            assert 4 < probe.stamp - began < 10     # 7.5 on an idle machine
            probe.wait_log("silent")
        finally:
            os.kill(int(pids[0]), signal.SIGCONT)
        probe.expect("state ready", 30)


def test_keep_alive_is_enough(sandbox, credentials):
    """An idle link with a short keep-alive stays."""
    with Probe.for_thing(credentials, "--keep-alive", 5) as probe:
        probe.expect("state ready")
        sandbox.notify(THING)
        probe.quiet("state", 12)


def settled(probe):
    """How often it had run when it had nothing left to do for a second."""
    deadline, before = time.monotonic() + 20, None
    while probe.switches() != before:
        assert time.monotonic() < deadline, "never idle"
        before = probe.switches()
        time.sleep(1)
    return before


def test_idle_wakes_rarely(sandbox, credentials):
    with Probe.for_thing(credentials) as probe:
        probe.say("room", 1)
        probe.expect("state ready")
        before = settled(probe)
        time.sleep(5)
        assert probe.switches() - before <= 2


def test_refused_filters_are_named_and_asked_for_again():
    codes = bytes([1, 0x80, 1, 1, 1, 0x80])
    with FakeBroker(suback=codes) as broker, plain(broker.port, scale=100) as probe:
        probe.say("room", 1)
        probe.expect("state ready")
        line = probe.wait_log("refused the subscription to $aws/things/gw-1/jobs/notify-next")
        assert "iot:Subscribe" in line and "topicfilter/" in line and "gw-1" in line
        probe.wait_log("+/update/+")
        deadline = time.monotonic() + 10
        while len(broker.subscribes) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(broker.subscribes) >= 4 and all(len(filters) == 6 for filters in broker.subscribes)
        assert broker.published[0][0] == "$aws/things/gw-1/jobs/$next/get"
        assert len(broker.connects) == 1
        assert len([line for line in probe.log_lines if "notify-next" in line]) <= 4


@pytest.mark.parametrize("hang_up", ["subscribe", "suback", "publish"])
def test_the_policy_is_named_when_subscribe_ends_the_link(hang_up):
    with FakeBroker(hang_up=hang_up) as broker, plain(broker.port, scale=50) as probe:
        probe.say("room", 1)
        line = probe.wait_log("right after SUBSCRIBE")
        for part in ("iot:Connect", "iot:Subscribe", "topicfilter/$aws/things/gw-1/jobs/", "iot:Publish",
                     "iot:Receive"):
            assert part in line
        deadline = time.monotonic() + 10
        while len(broker.connects) < 7 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len([text for text in probe.log_lines if "right after SUBSCRIBE" in text]) == 1


def test_a_missing_suback_ends_the_link():
    with FakeBroker(suback=None) as broker, plain(broker.port, scale=100) as probe:
        probe.expect("state subscribing")
        probe.expect("state offline")
        probe.wait_log("SUBSCRIBE in time")


def test_a_refusing_connack_names_the_policy():
    with FakeBroker(connack=5) as broker, plain(broker.port, scale=100) as probe:
        probe.expect("state offline")
        assert "iot:Connect" in probe.wait_log("CONNACK 5")


def test_a_second_client_of_our_name_is_named(sandbox, credentials):
    start = sandbox.last()
    with Probe.for_thing(credentials, scale=10) as probe:
        probe.say("room", 1)
        for _ in range(3):
            probe.expect("state ready")
            sandbox.expect(start, kind="request")
            start = sandbox.last()
            sandbox.kick(THING)
            probe.expect("state offline")
        assert "client id gw-1" in probe.wait_log("stolen")
