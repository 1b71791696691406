"""The link itself: refusals, silence, take-overs, proxies. What must not happen is a busy loop, a block or a crash."""

import base64
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from broker import FakeBroker, Tunnel
from peers import Listener, key_on_token, make_ca, read_then, reset, tls_server
from probe import Probe

THING = "gw-1"
BUSY = 0.25  # CPU seconds a quiet probe may need over the seconds of a test; a spinning one needs all of them


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


def test_refused_port(credentials):
    with Probe.for_thing(credentials, port=1, scale=20) as probe:
        for _ in range(4):
            probe.expect("state offline")
        probe.wait_log("refused")
        assert probe.cpu_seconds() < BUSY
        time.sleep(2)
        told = [line for line in probe.log_lines if "no connection to" in line]
        assert 1 <= len(told) <= 8, told


def test_one_connect_a_second():
    with FakeBroker(hang_up="subscribe") as broker, plain(broker.port) as probe:
        probe.expect("state offline")
        deadline = time.monotonic() + 20
        while len(broker.connects) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        apart = [later - earlier for earlier, later in zip(broker.connects, broker.connects[1:])]
        assert len(apart) == 2 and min(apart) >= 0.99, apart


@pytest.mark.parametrize("treat", [
    reset, lambda client: client.close(), read_then(reset), read_then(lambda client: client.close()),
    read_then(lambda client: client.shutdown(socket.SHUT_RDWR)), read_then(lambda client: client.sendall(b"HTTP/1.1 400 no\r\n")),
], ids=["reset", "close", "read-reset", "read-close", "read-shutdown", "not-tls"])
def test_breaks_in_the_handshake(credentials, treat):
    """libmosquitto 2.0.11 would spin here."""
    with Listener(treat) as listener, Probe.for_thing(credentials, port=listener.port, scale=10) as probe:
        for _ in range(3):
            probe.expect("state offline")
        time.sleep(1)
        assert probe.cpu_seconds() < BUSY


def test_silent_peer(credentials):
    with Listener(lambda client: None) as listener:
        with Probe.for_thing(credentials, port=listener.port, scale=20) as probe:
            probe.expect("state connecting")
            probe.expect("state offline", 8)
            assert "handshake" in probe.wait_log("in time")
            assert probe.stamp > 2.9
            assert probe.cpu_seconds() < BUSY


def test_full_backlog(credentials):
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
        with Probe.for_thing(credentials, port=port, host="127.0.0.1", scale=20) as probe:
            probe.expect("state connecting")
            began = time.monotonic()
            probe.say("room", 1)
            probe.expect("unsettled")
            assert time.monotonic() - began < 0.25
            probe.expect("state offline", 5)
            probe.wait_log("did not answer in time")
        for filler in fillers:
            filler.close()


def test_wrong_host_name(credentials):
    with Tunnel(leads_to=credentials["port"]) as tunnel:
        with Probe.for_thing(credentials, "--proxy", f"http://127.0.0.1:{tunnel.port}", host="other.example",
                             scale=10) as probe:
            assert "other.example" in probe.wait_log("not made out to")


def test_wrong_authority(tmp_path, credentials):
    key, certificate = make_ca(tmp_path, "localhost")
    with Listener(tls_server(certificate, key)) as listener:
        with Probe.for_thing(credentials, port=listener.port, scale=10) as probe:
            probe.wait_log("not signed by [broker] ca-file")


def test_clock_is_named(credentials, monkeypatch):
    """The machine believes it is thirty years ago: certificates are not valid yet."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries:
        pytest.skip("libfaketime is not installed")
    monkeypatch.setenv("LD_PRELOAD", str(libraries[0]))
    monkeypatch.setenv("ASAN_OPTIONS", "verify_asan_link_order=0")
    monkeypatch.setenv("FAKETIME", "-30y")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    with Probe.for_thing(credentials, scale=10) as probe:
        assert "clock" in probe.wait_log("not yet valid")


def test_revoked_certificate(tmp_path, credentials):
    key, certificate = make_ca(tmp_path, "stranger")
    with Probe.for_thing({**credentials, "certificate": certificate, "key": key}, scale=10) as probe:
        assert "certificate" in probe.wait_log("no connection to")


@pytest.mark.parametrize("fault, part", [
    ("readable", "chmod"), ("missing", "private"), ("not-a-key", "private key"), ("other", "does not belong"),
    ("no-ca", "ca-file"), ("no-certificate", "certificate-file"),
])
def test_files(tmp_path, credentials, fault, part):
    mine = dict(credentials)
    key = tmp_path / "private.key"
    key.write_bytes(open(credentials["key"], "rb").read())
    key.chmod(0o600)
    mine["key"] = key
    if fault == "readable":
        key.chmod(0o644)
    elif fault == "missing":
        key.unlink()
    elif fault == "not-a-key":
        key.write_text("hello")
    elif fault == "other":
        mine["key"] = make_ca(tmp_path, "other")[0]
    else:
        mine["ca" if fault == "no-ca" else "certificate"] = tmp_path / "nothing.pem"
    with Probe.for_thing(mine) as probe:
        text = " ".join(probe.expect("error"))
        assert part in text and "hello" not in text


@pytest.mark.parametrize("words, part", [
    (["--plain", "--host", "example.org", "--port", "1883"], "loopback"),
    (["--plain", "--port", "1883", "--thing", "a/b"], "[thing] name"),
    (["--plain", "--port", "1883", "--client-id", "$x"], "client-id"), (["--plain", "--port", "0"], "port"),
])
def test_options(words, part):
    with Probe(*words) as probe:
        assert part in " ".join(probe.expect("error"))


def test_pkcs11(tmp_path, credentials, monkeypatch):
    uri = key_on_token(tmp_path, credentials["key"], monkeypatch)
    with Probe.for_thing({**credentials, "key": uri + "1234"}) as probe:
        probe.expect("state ready")
    with Probe.for_thing({**credentials, "key": uri + "9999"}) as probe:
        text = " ".join(probe.expect("error"))
        assert "PKCS#11" in text and "9999" not in text
    assert "9999" not in "\n".join(probe.log_lines)


def test_alpn_on_443_every_time(tmp_path, credentials):
    key, certificate = make_ca(tmp_path, "localhost")
    seen = []
    with Listener(tls_server(certificate, key, "x-amzn-mqtt-ca", seen)) as listener:
        with Tunnel(leads_to=listener.port) as tunnel:
            with Probe.for_thing({**credentials, "ca": certificate}, "--proxy", f"http://127.0.0.1:{tunnel.port}",
                                 port=443, host="localhost", scale=50) as probe:
                for _ in range(5):
                    probe.expect("state offline")
                assert "CONNECT localhost:443" in tunnel.requests[0]
    assert len(seen) >= 4 and set(seen) == {("x-amzn-mqtt-ca", "localhost")}


def test_proxy(sandbox, credentials):
    secret = base64.b64encode(b"me:s3cret").decode()
    with Tunnel(secret) as tunnel:
        with Probe.for_thing(credentials, "--proxy", f"http://me:s3cret@127.0.0.1:{tunnel.port}", scale=20) as probe:
            probe.expect("state ready")
            for _ in range(5):
                sandbox.kick(THING)
                probe.expect("state offline")
                probe.expect("state ready")
            assert f"CONNECT localhost:{credentials['port']}" in tunnel.requests[-1]
            assert len(tunnel.requests) >= 6
        with Probe.for_thing(credentials, "--verbose", "--proxy", f"http://me:wrong@127.0.0.1:{tunnel.port}", scale=20) as probe:
            probe.expect("state offline")
            probe.wait_log("authentication")
            assert "wrong" not in "\n".join(line for line in probe.log_lines if "errand" in line)


def test_half_open(sandbox, credentials):
    """The broker's process stands still: noticed within one and a half keep-alive times."""
    pids = subprocess.run(["pgrep", "-P", str(sandbox.process.pid), "mosquitto"], capture_output=True, text=True).stdout.split()
    assert pids
    with Probe.for_thing(credentials, "--keep-alive", 5) as probe:
        probe.expect("state ready")
        began = time.monotonic()
        os.kill(int(pids[0]), signal.SIGSTOP)
        try:
            probe.expect("state offline", 12)
            assert 4 < time.monotonic() - began < 7.6
            probe.wait_log("silent")
        finally:
            os.kill(int(pids[0]), signal.SIGCONT)
        probe.expect("state ready", 10)


def test_keep_alive_is_enough(sandbox, credentials):
    """An idle link with a short keep-alive stays."""
    with Probe.for_thing(credentials, "--keep-alive", 5) as probe:
        probe.expect("state ready")
        sandbox.notify(THING)
        probe.quiet("state", 12)


def test_idle_wakes_rarely(sandbox, credentials):
    with Probe.for_thing(credentials) as probe:
        probe.say("room", 1)
        probe.expect("state ready")
        time.sleep(1)
        before = probe.switches()
        time.sleep(5)
        assert probe.switches() - before <= 2


def test_refused_filters():
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
def test_policy_is_named(hang_up):
    with FakeBroker(hang_up=hang_up) as broker, plain(broker.port, scale=50) as probe:
        probe.say("room", 1)
        line = probe.wait_log("right after SUBSCRIBE")
        for part in ("iot:Connect", "iot:Subscribe", "topicfilter/$aws/things/gw-1/jobs/", "iot:Publish", "iot:Receive"):
            assert part in line
        deadline = time.monotonic() + 10
        while len(broker.connects) < 7 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len([text for text in probe.log_lines if "right after SUBSCRIBE" in text]) == 1


def test_no_suback():
    with FakeBroker(suback=None) as broker, plain(broker.port, scale=100) as probe:
        probe.expect("state subscribing")
        probe.expect("state offline")
        probe.wait_log("SUBSCRIBE in time")


def test_connack_refused():
    with FakeBroker(connack=5) as broker, plain(broker.port, scale=100) as probe:
        probe.expect("state offline")
        assert "iot:Connect" in probe.wait_log("CONNACK 5")


def test_take_over(sandbox, credentials):
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
