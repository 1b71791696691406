"""errandctl sign makes what a gateway that asks for signatures accepts, and nothing else is accepted."""

import json
import subprocess

import pytest

from device import Device, control_json, errandctl

KINDS = {
    "EdDSA": ["-algorithm", "ed25519"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "PS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
}
DOCUMENT = {"operation": "shell", "command": ["echo", "signed"]}


@pytest.fixture
def gateway(tmp_path):
    device = Device(tmp_path / "gateway", None)
    del device.groups["broker"]
    trust = tmp_path / "trust.d"
    trust.mkdir(mode=0o755)
    device.groups["trust"] = {"directory": trust, "require-signed-documents": "true"}
    device.trust = trust
    return device


def make_key(gateway, name, kind):
    key = gateway.directory / f"{name}.key"
    subprocess.run(["openssl", "genpkey", *KINDS[kind], "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", gateway.trust / f"{name}.pem"], check=True)
    return key


def run(gateway, document):
    path = gateway.directory / "document.json"
    path.write_text(document)
    return control_json("run", path, "--config", gateway.write_config())


def sign(gateway, key, document=None):
    path = gateway.directory / "plain.json"
    path.write_text(json.dumps(document or DOCUMENT))
    return errandctl("sign", "--key", key, path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_document_runs(gateway, kind):
    signed = sign(gateway, make_key(gateway, "prod", kind))
    assert signed.returncode == 0, signed.stderr
    code, answer = run(gateway, signed.stdout)
    assert (code, answer["status"]) == (0, "SUCCEEDED")
    assert answer["statusDetails"]["stdout"] == "signed"


def test_an_unsigned_document_is_rejected(gateway):
    code, answer = run(gateway, json.dumps(DOCUMENT))
    assert (code, answer["statusDetails"]["reason"]) == (2, "bad-signature")


def test_a_changed_document_is_rejected(gateway):
    key = make_key(gateway, "prod", "EdDSA")
    other = json.loads(sign(gateway, key, {"operation": "shell", "command": ["echo", "other"]}).stdout)
    changed = json.loads(sign(gateway, key).stdout) | {"payload": other["payload"]}
    code, answer = run(gateway, json.dumps(changed))
    assert (code, answer["statusDetails"]["reason"]) == (2, "bad-signature")


def test_a_stranger_s_key_is_rejected(gateway):
    signed = sign(gateway, make_key(gateway, "prod", "EdDSA")).stdout
    make_key(gateway, "prod", "EdDSA")
    code, answer = run(gateway, signed)
    assert (code, answer["statusDetails"]["reason"]) == (2, "bad-signature")


@pytest.mark.parametrize("content, wrong", [("", "private key"), ("-----BEGIN PUBLIC KEY-----\n", "private key")])
def test_a_file_that_is_no_key_is_named(gateway, content, wrong):
    path = gateway.directory / "bad.key"
    path.write_text(content)
    result = sign(gateway, path)
    assert result.returncode == 65
    assert wrong in result.stderr and str(path) in result.stderr


def test_only_an_object_is_signed(gateway):
    key = make_key(gateway, "prod", "EdDSA")
    path = gateway.directory / "list.json"
    path.write_text("[1]")
    result = errandctl("sign", "--key", key, path)
    assert result.returncode == 65
    assert "no JSON object" in result.stderr
