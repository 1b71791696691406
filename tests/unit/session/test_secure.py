"""TLS, credentials and the way through a proxy: what is wrong is named, secrets are not, and nothing spins."""

import base64
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from broker import Tunnel
from listener import Listener
from probe import BUSY, Probe

THING = "gw-1"


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def read_then(what):
    def treat(client):
        client.recv(10)
        what(client)
    return treat


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
        time.sleep(1)
        assert probe.cpu_seconds() < BUSY


def make_ca(directory, name):
    key, certificate = directory / f"{name}.key", directory / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-subj", f"/CN={name}", "-days", "10"],
                   check=True, capture_output=True)
    return key, certificate


def tls_server(certificate, key, alpn=None, seen=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if alpn:
        context.set_alpn_protocols([alpn])

    names = []
    context.sni_callback = lambda secure, name, _: names.append(name)

    def treat(client):
        try:
            with context.wrap_socket(client, server_side=True) as secure:
                if seen is not None:
                    seen.append((secure.selected_alpn_protocol(), names[-1] if names else None))
                secure.recv(100)
        except (OSError, ssl.SSLError):
            pass
    return treat


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
    if shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    tokens = tmp_path / "tokens"
    tokens.mkdir()
    config = tmp_path / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(config))
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # the engine's own
    monkeypatch.setenv("PKCS11_MODULE_PATH", "/usr/lib/softhsm/libsofthsm2.so")
    p8 = tmp_path / "key.p8"
    subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", credentials["key"], "-out", p8], check=True)
    for words in (["--init-token", "--free", "--label", "probe", "--pin", "1234", "--so-pin", "5678"],
                  ["--import", p8, "--token", "probe", "--label", "thing", "--id", "01", "--pin", "1234"]):
        subprocess.run(["softhsm2-util", *map(str, words)], check=True, capture_output=True)
    uri = "pkcs11:token=probe;object=thing;type=private;pin-value="
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
