"""Certificates, keys and versions of TLS, and what is said about the wrong ones."""

import datetime
import shutil
import ssl

import pytest
from broker import FakeBroker
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from peers import Listener, key_on_token, make_ca, tls_server

TRUE = {"operation": "shell", "command": ["true"]}
PIN, WRONG_PIN = "1234", "8642"


class SecureBroker:
    """The scripted broker behind TLS with settings a real one does not offer."""

    def __init__(self, context):
        self.versions = []
        self.broker = FakeBroker()
        self.context = context
        self.listener = Listener(self._treat)
        self.port = self.listener.port

    def _treat(self, client):
        try:
            secure = self.context.wrap_socket(client, server_side=True)
            self.versions.append(secure.version())
            self.broker._serve(secure)
        except (OSError, ssl.SSLError):
            client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.__exit__()
        self.broker.__exit__()


def server_context(device, directory, version=None):
    """Asks for the device's certificate, as AWS does."""
    key, certificate = make_ca(directory, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(device.sandbox.endpoint["ca"])
    context.verify_mode = ssl.CERT_REQUIRED
    if version:
        context.minimum_version = context.maximum_version = version
    device.groups["broker"]["ca-file"] = certificate
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions(device, tmp_path, version):
    with SecureBroker(server_context(device, tmp_path, version)) as broker:
        device.groups["broker"]["port"] = broker.port
        device.start(ready=False)
        device.wait_log("connected to")
        assert broker.versions == [version.name.replace("_", ".")]


def test_old_tls_is_refused(device, tmp_path):
    context = server_context(device, tmp_path)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with SecureBroker(context) as broker:
        device.groups["broker"]["port"] = broker.port
        device.start(ready=False)
        device.wait_log("no connection to")
        assert "the TLS handshake failed" in device.log() and broker.versions == []


def revocation_list(device, path):
    """Names the device's certificate, signed by the sandbox's authority."""
    pki = device.sandbox.directory / "pki"
    authority = x509.load_pem_x509_certificate((pki / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((pki / "ca.key").read_bytes(), None)
    mine = x509.load_pem_x509_certificate(open(device.groups["broker"]["certificate-file"], "rb").read())
    now = datetime.datetime.utcnow()
    revoked = x509.RevokedCertificateBuilder().serial_number(mine.serial_number).revocation_date(now).build()
    signed = (x509.CertificateRevocationListBuilder().issuer_name(authority.subject)
              .last_update(now - datetime.timedelta(days=1)).next_update(now + datetime.timedelta(days=1))
              .add_revoked_certificate(revoked).sign(key, hashes.SHA256()))
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_revoked_device_is_told(device, tmp_path, version):
    context = server_context(device, tmp_path, version)
    context.load_verify_locations(revocation_list(device, tmp_path / "crl.pem"))
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    with SecureBroker(context) as broker:
        device.groups["broker"]["port"] = broker.port
        device.start(ready=False)
        device.wait_log("no connection to")
        line = next(line for line in device.log().splitlines() if "no connection to" in line)
        assert "revoked" in line and "check the certificate" in line
        assert device.alive()


def test_an_unknown_authority_is_named(device, tmp_path):
    key, certificate = make_ca(tmp_path, "localhost")
    with Listener(tls_server(certificate, key)) as listener:
        device.groups["broker"]["port"] = listener.port
        device.start(ready=False)
        device.wait_log("not signed by [broker] ca-file")


def test_another_host_is_named(device, tmp_path):
    key, certificate = make_ca(tmp_path, "other.example")
    device.groups["broker"]["ca-file"] = certificate
    with Listener(tls_server(certificate, key)) as listener:
        device.groups["broker"]["port"] = listener.port
        device.start(ready=False)
        device.wait_log("not made out to localhost; check [broker] host")


def test_a_key_on_a_token(device, tmp_path, monkeypatch):
    uri = key_on_token(tmp_path, device.groups["broker"]["private-key-file"], monkeypatch)
    device.groups["broker"]["private-key-file"] = f"{uri}{PIN}"
    device.start(ERRAND_TEST_TIME_SCALE="20")
    assert device.run(TRUE)[0] == "SUCCEEDED"
    device.sandbox.kick(device.name)
    assert device.run(TRUE)[0] == "SUCCEEDED"
    assert f"pin-value={PIN}" not in device.log()


@pytest.mark.parametrize("change", [(PIN, WRONG_PIN), ("object=thing", "object=nothing")], ids=["pin", "object"])
def test_a_wrong_uri_of_a_token_is_named(device, tmp_path, monkeypatch, change):
    uri = key_on_token(tmp_path, device.groups["broker"]["private-key-file"], monkeypatch) + PIN
    device.groups["broker"]["private-key-file"] = uri.replace(*change)
    device.start(ready=False)
    assert device.wait_exit() != 0
    assert "check token, object and pin-value in the pkcs11: URI" in device.log()
    assert PIN not in device.log().replace(device.name, "") and WRONG_PIN not in device.log()


def test_a_missing_token_is_named(device, tmp_path, monkeypatch):
    uri = key_on_token(tmp_path, device.groups["broker"]["private-key-file"], monkeypatch) + PIN
    shutil.rmtree(tmp_path / "tokens")
    (tmp_path / "tokens").mkdir()
    device.groups["broker"]["private-key-file"] = uri
    device.start(ready=False)
    assert device.wait_exit() != 0
    assert "PKCS#11" in device.log() and "pin-value=" + PIN not in device.log()
