"""How servers are reached: the owner's proxy and its exceptions, authorities, a certificate of the gateway's own."""

import os
import socket
import urllib.request

import pytest
from broker import Tunnel
from cryptography.hazmat.primitives import serialization
from file_source import FileSource, tls
from peers import Listener

SIZE = 300_000
SECRET = "s3cret"


@pytest.fixture
def settings(device):
    device.groups["plugin download"]["retries"] = 1
    return device.groups["plugin download"]


@pytest.fixture
def pki(sandbox):
    """(Authority, certificate and key of a server at localhost)."""
    directory = sandbox.directory / "pki"
    return directory / "ca.pem", directory / "broker.pem", directory / "broker.key"


class Forwarder(Listener):
    """An HTTP proxy for http: URLs: GET with the whole URL."""

    def __init__(self):
        self.requests = []
        super().__init__(self._serve)

    def _serve(self, client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        self.requests.append(request.decode())
        url = request.split()[1].decode()
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
            body = answer.read()
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        client.shutdown(socket.SHUT_RDWR)


def fetch(device, source, url=None):
    if not device.alive():
        device.start()
    status, details = device.run({"operation": "download", "url": url or source.url(),
                                  "path": str(device.downloads / "file")}, timeout=40)
    assert SECRET not in device.log()
    assert SECRET not in str(details)
    return status, details


def assert_fetched(device, source, url=None):
    status, details = fetch(device, source, url)
    assert status == "SUCCEEDED", details
    assert (device.downloads / "file").read_bytes() == source.content


def test_http_goes_through_the_proxy(device, settings):
    with FileSource(os.urandom(SIZE)) as source, Forwarder() as proxy:
        settings["proxy"] = f"http://user:{SECRET}@127.0.0.1:{proxy.port}"
        assert_fetched(device, source)
        assert len(proxy.requests) == 1
        assert proxy.requests[0].startswith(f"GET {source.url()} ")
        assert "Proxy-Authorization: Basic" in proxy.requests[0]


def test_https_goes_through_the_proxy(device, settings, pki):
    ca, certificate, key = pki
    with FileSource(os.urandom(SIZE), context=tls(certificate, key)) as source, Tunnel() as proxy:
        settings.update({"proxy": f"http://user:{SECRET}@127.0.0.1:{proxy.port}", "ca-file": ca})
        assert_fetched(device, source)
        assert len(proxy.requests) == 1
        assert proxy.requests[0].startswith(f"CONNECT localhost:{source.port} ")


@pytest.mark.parametrize("exception, direct", [
    ("127.0.0.1", True), ("127.0.0.0/8", True), ("10.0.0.0/8", False), ("example.com;127.0.0.1", True),
    ("*", True), ("example.com", False), ("127.0.0.2", False)])
def test_no_proxy_for_an_address(device, settings, exception, direct):
    with FileSource(os.urandom(SIZE)) as source, Forwarder() as proxy:
        settings.update({"proxy": f"http://127.0.0.1:{proxy.port}", "no-proxy": exception})
        assert_fetched(device, source)
        assert len(proxy.requests) == (0 if direct else 1)


@pytest.mark.parametrize("exception, direct", [
    ("localhost", True), (".localhost", True), ("host", False), ("other;localhost", True),
    ("localhost.example", False)])
def test_no_proxy_for_a_name(device, settings, exception, direct):
    with FileSource(os.urandom(SIZE)) as source, Forwarder() as proxy:
        settings.update({"proxy": f"http://127.0.0.1:{proxy.port}", "no-proxy": exception})
        assert_fetched(device, source, f"http://localhost:{source.port}/file")
        assert len(proxy.requests) == (0 if direct else 1)


@pytest.mark.parametrize("name, value", [
    ("http_proxy", "http://127.0.0.1:1"), ("all_proxy", "http://127.0.0.1:1"), ("no_proxy", "*")])
def test_the_environment_has_no_say(device, settings, name, value):
    with FileSource(os.urandom(SIZE)) as source, Forwarder() as proxy:
        if name == "no_proxy":
            settings["proxy"] = f"http://127.0.0.1:{proxy.port}"
        device.start(**{name: value})
        assert_fetched(device, source)
        assert len(proxy.requests) == (name == "no_proxy")


def test_a_server_of_another_authority_is_refused(device, settings, pki, tmp_path):
    _, certificate, key = pki
    settings["ca-file"] = "/etc/ssl/certs/ca-certificates.crt"
    with FileSource(b"x", context=tls(certificate, key)) as source:
        status, details = fetch(device, source)
        assert source.requests == []
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "certificate" in details["message"]


@pytest.fixture
def own(device, sandbox):
    """Certificate and key of the gateway, as the broker knows it."""
    paths = sandbox.thing(device.name)
    return paths["certificate"], paths["key"]


@pytest.fixture
def strict(pki):
    ca, certificate, key = pki
    with FileSource(os.urandom(SIZE), context=tls(certificate, key, ca)) as source:
        yield source


def test_a_server_that_asks_for_a_certificate_is_shown_it(device, settings, own, strict):
    settings.update({"certificate-file": own[0], "private-key-file": own[1]})
    assert_fetched(device, strict)


def test_without_one_it_says_no(device, settings, strict):
    status, details = fetch(device, strict)
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert strict.requests == []


def copy_of(key, directory, mode):
    copy = directory / "key.pem"
    copy.write_bytes(open(key, "rb").read())
    copy.chmod(mode)
    return copy


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_not_used(device, settings, own, strict, tmp_path, mode):
    key = copy_of(own[1], tmp_path, mode)
    settings.update({"certificate-file": own[0], "private-key-file": key})
    status, details = fetch(device, strict)
    assert status == "REJECTED"
    assert f"chmod 600 {key}" in details["message"]
    assert strict.requests == []


@pytest.mark.parametrize("given", ["certificate-file", "private-key-file"])
def test_half_of_a_pair_is_told(device, settings, own, strict, given):
    settings[given] = own[0 if given == "certificate-file" else 1]
    status, details = fetch(device, strict)
    assert (status, details["reason"]) == ("REJECTED", "internal")
    assert "both or none" in details["message"]


@pytest.mark.parametrize("content", ["nonsense", "encrypted"])
def test_a_key_that_is_of_no_use_ends_it_at_once(device, settings, own, strict, tmp_path, content):
    """Nor does anything ask for a password."""
    key = copy_of(own[1], tmp_path, 0o600)
    if content == "encrypted":
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        key.write_bytes(loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.BestAvailableEncryption(b"password")))
    else:
        key.write_text(content)
    settings.update({"certificate-file": own[0], "private-key-file": key, "retries": 50})
    status, details = fetch(device, strict)
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "gave up" not in details["message"]
