"""TLS, credentials and the way through a proxy: what is wrong is named, secrets are not, and nothing spins."""

import base64
import socket
import time
from pathlib import Path

import pytest
from broker import Tunnel
from peers import Listener, key_on_token, make_ca, read_then, reset, tls_server
from probe import BUSY, Probe

THING = "gw-1"


@pytest.mark.parametrize("treat", [
    reset, lambda client: client.close(), read_then(reset), read_then(lambda client: client.close()),
    read_then(lambda client: client.shutdown(socket.SHUT_RDWR)),
    read_then(lambda client: client.sendall(b"HTTP/1.1 400 no\r\n")),
], ids=["reset", "close", "read-reset", "read-close", "read-shutdown", "not-tls"])
def test_breaks_in_the_handshake_do_not_spin(credentials, treat):
    """libmosquitto 2.0.11 would spin here."""
    with Listener(treat) as listener, Probe.for_thing(credentials, port=listener.port, scale=10) as probe:
        for _ in range(3):
            probe.expect("state offline")
        time.sleep(2)
        assert probe.cpu_seconds() < BUSY


def test_a_certificate_for_another_host_is_refused(credentials):
    with Tunnel(leads_to=credentials["port"]) as tunnel:
        with Probe.for_thing(credentials, "--proxy", f"http://127.0.0.1:{tunnel.port}", host="other.example",
                             scale=10) as probe:
            assert "other.example" in probe.wait_log("not made out to")


def test_a_certificate_of_another_authority_is_refused(tmp_path, credentials):
    key, certificate = make_ca(tmp_path, "localhost")
    with Listener(tls_server(certificate, key)) as listener:
        with Probe.for_thing(credentials, port=listener.port, scale=10) as probe:
            probe.wait_log("not signed by [broker] ca-file")


def test_a_wrong_clock_is_named(credentials, monkeypatch):
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


def test_an_unknown_client_certificate_is_named(tmp_path, credentials):
    key, certificate = make_ca(tmp_path, "stranger")
    with Probe.for_thing({**credentials, "certificate": certificate, "key": key}, scale=10) as probe:
        assert "certificate" in probe.wait_log("no connection to")


@pytest.mark.parametrize("fault, part", [
    ("readable", "chmod"), ("missing", "private"), ("not-a-key", "private key"), ("other", "does not belong"),
    ("no-ca", "ca-file"), ("no-certificate", "certificate-file"),
])
def test_bad_credential_files_are_named(tmp_path, credentials, fault, part):
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
def test_bad_options_are_refused(words, part):
    with Probe(*words) as probe:
        assert part in " ".join(probe.expect("error"))


def test_a_key_in_a_token_works(tmp_path, credentials, monkeypatch):
    uri = key_on_token(tmp_path, credentials["key"], monkeypatch)
    with Probe.for_thing({**credentials, "key": uri + "1234"}) as probe:
        probe.expect("state ready")
    with Probe.for_thing({**credentials, "key": uri + "9999"}) as probe:
        text = " ".join(probe.expect("error"))
        assert "PKCS#11" in text and "9999" not in text
    assert "9999" not in "\n".join(probe.log_lines)


def test_port_443_has_alpn_every_time(tmp_path, credentials):
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


def test_a_proxy_is_used_every_time(sandbox, credentials):
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
        wrong = f"http://me:wrong@127.0.0.1:{tunnel.port}"
        with Probe.for_thing(credentials, "--verbose", "--proxy", wrong, scale=20) as probe:
            probe.expect("state offline")
            probe.wait_log("authentication")
            assert "wrong" not in "\n".join(line for line in probe.log_lines if "errand" in line)
