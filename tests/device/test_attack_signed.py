"""Signatures, keys and what lies beside them, made to be mistaken."""

import base64
import os
import subprocess

import pytest
from raw_server import CONTENT, RawServer, fetch, head


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_odd_keys(trust):
    """What may lie beside a good key."""
    keys = {"weak-rsa": ["RSA", "rsa_keygen_bits:512"], "p192": ["EC", "ec_paramgen_curve:prime192v1"],
            "p521": ["EC", "ec_paramgen_curve:secp521r1"], "binary": ["EC", "ec_paramgen_curve:sect283k1"],
            "explicit": ["EC", "ec_paramgen_curve:P-256", "ec_param_enc:explicit"], "x25519": ["X25519"],
            "ed448": ["ED448"], "pss": ["RSA-PSS", "rsa_keygen_bits:2048"]}
    for name, (algorithm, *options) in keys.items():
        words = [word for option in options for word in ("-pkeyopt", option)]
        openssl("genpkey", "-algorithm", algorithm, *words, "-out", trust / "key")
        openssl("pkey", "-in", trust / "key", "-pubout", "-out", trust / f"{name}.pem")
    (trust / "key").rename(trust / "private.pem")
    os.mkfifo(trust / "fifo.pem")
    (trust / "directory.pem").mkdir()
    (trust / "link.pem").symlink_to("p521.pem")
    (trust / "large.pem").write_bytes(b"A" * (1 << 20))
    (trust / "empty.pem").write_bytes(b"")
    marks = (b"-----BEGIN CERTIFICATE-----\n", b"\n-----END CERTIFICATE-----\n")
    (trust / "noise.pem").write_bytes(b"QUJD".join([marks[0], marks[1]]))
    (trust / "open.pem").write_bytes((trust / "p521.pem").read_bytes())
    (trust / "open.pem").chmod(0o666)


@pytest.fixture
def signed(device, tmp_path):
    """(Its document's codesign for CONTENT, the trust directory) with a good key among others."""
    trust = device.directory / "trust.d"
    trust.mkdir(mode=0o755)
    make_odd_keys(trust)
    key = tmp_path / "key"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", trust / "good.pem")
    (trust / "good.pem").write_bytes((trust / "good.pem").read_bytes().replace(b"\n", b"\r\n"))
    (tmp_path / "payload").write_bytes(CONTENT)
    openssl("dgst", "-sha256", "-sign", key, "-out", tmp_path / "signature", tmp_path / "payload")
    device.groups["trust"] = {"directory": trust}
    device.groups["plugin download"].update({"retry-delay": "50ms", "retries": "2", "require-signature": "true"})
    device.start()
    text = base64.b64encode((tmp_path / "signature").read_bytes()).decode()
    return {"signature": text, "signatureAlgorithm": "SHA256withECDSA", "rawPayloadSize": len(CONTENT)}, trust


def whole(connection, *_):
    connection.sendall(head("200 OK", f"Content-Length: {len(CONTENT)}") + CONTENT)


def test_a_good_key_among_bad_company(device, signed):
    with RawServer(whole) as server:
        status, details, found = fetch(device, server, codesign=signed[0])
        assert (status, found) == ("SUCCEEDED", CONTENT), details
        for name in ("weak-rsa", "p192", "p521", "binary", "explicit", "x25519", "ed448", "pss", "private", "fifo",
                     "directory", "link", "large", "empty", "noise", "open", "nobody", "../trust.d/p521"):
            status, details, _ = fetch(device, server, codesign=signed[0], signer=name)
            assert status in ("REJECTED", "FAILED"), (name, details)
            assert details["reason"] == "bad-signature", (name, details)


@pytest.mark.parametrize("change", [
    {"signatureAlgorithm": "sha256withecdsa"}, {"signatureAlgorithm": "NONEwithECDSA"}, {"signatureAlgorithm": None},
    {"signatureAlgorithm": ["SHA256withECDSA"]}, {"signatureAlgorithm": "SHA256withRSA"}, {"rawPayloadSize": -1},
    {"rawPayloadSize": float(len(CONTENT))}, {"rawPayloadSize": 1 << 20}, {"rawPayloadSize": "65536"},
    {"rawPayloadSize": len(CONTENT) + 1}, {"signature": ""}, {"signature": None}, {"signature": 7},
    {"signature": "A" * 4096}, {"signature": "===="}, {"signature": "MAYCAQACAQA="},
], ids=str)
def test_a_codesign_that_is_off(device, signed, change):
    with RawServer(whole) as server:
        status, details, _ = fetch(device, server, codesign={**signed[0], **change})
    assert (status in ("REJECTED", "FAILED"), details["reason"]) == (True, "bad-signature"), details


@pytest.mark.parametrize("codesign", [[], 7, True, "", "no-scheme", "file:///etc/passwd", {}, None], ids=str)
def test_a_codesign_that_is_none(device, signed, codesign):
    with RawServer(whole) as server:
        status, details, _ = fetch(device, server, codesign=codesign)
        assert not server.requests
    assert status == "REJECTED", details
    assert details["reason"] in ("bad-signature", "invalid-document", "not-allowed")


def test_a_trust_directory_full_of_nothing(device, signed):
    for number in range(2_000):
        (signed[1] / f"n{number}.pem").write_bytes(b"x")
    with RawServer(whole) as server:
        status, details, found = fetch(device, server, codesign=signed[0], timeout=60)
        assert (status, found) == ("SUCCEEDED", CONTENT), details
        status, details, found = fetch(device, server, codesign=signed[0], signer="good")
        assert (status, found) == ("SUCCEEDED", CONTENT), details
