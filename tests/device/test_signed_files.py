"""Files that must come from a signer this gateway trusts: signatures made with the openssl command."""

import base64
import os
import subprocess
import threading

import pytest

from device import wait_for

SIZE = 400_000
KEYS = {
    "SHA256withECDSA": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "SHA256withRSA": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "SHA1withRSA": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "Ed25519": ["-algorithm", "ed25519"],
}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Signer:
    """A key of its own; its public half goes into the gateway's trust directory."""

    def __init__(self, directory, name, algorithm="SHA256withECDSA"):
        self.directory, self.algorithm = directory, algorithm
        self.key = directory / f"{name}.key"
        openssl("genpkey", *KEYS[algorithm], "-out", self.key)

    def trust(self, path, usage=None):
        if usage is None:
            openssl("pkey", "-in", self.key, "-pubout", "-out", path)
        else:
            openssl("req", "-x509", "-new", "-key", self.key, "-subj", "/CN=signer", "-days", "1", "-out", path,
                    "-addext", "keyUsage=digitalSignature", "-addext", f"extendedKeyUsage={usage}")

    def sign(self, data):
        payload, signature = self.directory / "payload", self.directory / "signature"
        payload.write_bytes(data)
        if self.algorithm == "Ed25519":
            openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.key, "-in", payload, "-out", signature)
        else:
            digest = "-" + self.algorithm.split("with")[0].lower()
            openssl("dgst", digest, "-sign", self.key, "-out", signature, payload)
        return {"signature": base64.b64encode(signature.read_bytes()).decode(), "rawPayloadSize": len(data),
                "signatureAlgorithm": self.algorithm, "payloadLocation": {"s3": {"bucketName": "b", "key": "k"}}}


@pytest.fixture
def gateway(device):
    device.trust = device.directory / "trust.d"
    device.trust.mkdir(mode=0o755)
    device.groups["trust"] = {"directory": device.trust}
    return device


@pytest.fixture
def signer(gateway):
    signer = Signer(gateway.directory, "prod")
    signer.trust(gateway.trust / "prod.pem", "codeSigning")
    return signer


def document(gateway, sandbox, data, **more):
    placed = sandbox.put_file(f"{gateway.name}.bin", data)
    return {"operation": "download", "url": placed["placeholder"], "path": str(gateway.downloads / "file"), **more}


def asked_for(gateway, sandbox, since):
    return [entry for entry in sandbox.ledger(after=since, kind="file") if entry["name"] == f"{gateway.name}.bin"]


@pytest.mark.parametrize("algorithm", KEYS)
def test_req_31_a_file_of_a_trusted_signer_is_placed(gateway, sandbox, algorithm):
    signer, data, since = Signer(gateway.directory, "prod", algorithm), os.urandom(SIZE), sandbox.last()
    signer.trust(gateway.trust / "prod.pem")
    gateway.groups["plugin download"].update({"allow-sha1": "true", "require-signature": "true"})
    gateway.start()
    for more in ({"signer": "prod"}, {}):
        status, details = gateway.run(document(gateway, sandbox, data, codesign=signer.sign(data), **more))
        assert status == "SUCCEEDED", details
        assert (gateway.downloads / "file").read_bytes() == data
    assert len(asked_for(gateway, sandbox, since)) == 2


def unsigned(codesign):
    return {}


def of_a_stranger(codesign):
    return {"codesign": codesign, "signer": "nobody"}


def with_sha1(codesign):
    return {"codesign": codesign | {"signatureAlgorithm": "SHA1withECDSA"}, "signer": "prod"}


def with_another_kind_of_key(codesign):
    return {"codesign": codesign | {"signatureAlgorithm": "SHA256withRSA"}, "signer": "prod"}


def of_a_web_server(codesign):
    return {"codesign": codesign, "signer": "web"}


def of_a_file_anybody_can_write(codesign):
    return {"codesign": codesign, "signer": "open"}


def garbled(codesign):
    return {"codesign": codesign | {"signature": codesign["signature"] + "\n"}, "signer": "prod"}


@pytest.mark.parametrize("change", [
    unsigned, of_a_stranger, with_sha1, with_another_kind_of_key, of_a_web_server, of_a_file_anybody_can_write,
    garbled])
def test_req_31_what_nobody_could_verify_is_rejected_before_a_byte(gateway, signer, sandbox, change):
    data, since = os.urandom(1000), sandbox.last()
    signer.trust(gateway.trust / "web.pem", "serverAuth")
    signer.trust(gateway.trust / "open.pem")
    (gateway.trust / "open.pem").chmod(0o666)
    gateway.groups["plugin download"]["require-signature"] = "true"
    gateway.start()
    status, details = gateway.run(document(gateway, sandbox, data, **change(signer.sign(data))))
    assert (status, details["reason"]) == ("REJECTED", "bad-signature")
    assert asked_for(gateway, sandbox, since) == []


@pytest.mark.parametrize("wrong", ["file", "key", "size"])
def test_req_31_a_file_that_is_not_what_was_signed_leaves_nothing(gateway, signer, sandbox, wrong):
    data = os.urandom(SIZE)
    codesign = signer.sign(data)
    if wrong == "key":
        codesign = Signer(gateway.directory, "other").sign(data)
    elif wrong == "size":
        codesign["rawPayloadSize"] += 1
    else:
        data = data[:SIZE // 2] + bytes([data[SIZE // 2] ^ 1]) + data[SIZE // 2 + 1:]
    gateway.start()
    status, details = gateway.run(document(gateway, sandbox, data, codesign=codesign, signer="prod"))
    assert (status, details["reason"]) == ("FAILED", "bad-signature")
    assert os.listdir(gateway.downloads) == []


class Swapper(threading.Thread):
    """Gives the name of every part file to another file, as fast as it can."""

    def __init__(self, directory, evil):
        super().__init__(daemon=True)
        self.directory, self.evil, self.swaps, self.over = directory, evil, 0, threading.Event()

    def swap(self, name):
        other = self.directory / "evil"
        other.write_bytes(self.evil)
        try:
            os.stat(self.directory / name)
            os.rename(other, self.directory / name)
            self.swaps += 1
        except FileNotFoundError:
            pass

    def run(self):
        while not self.over.is_set():
            for name in os.listdir(self.directory):
                if name.endswith(".part"):
                    self.swap(name)

    def stop(self):
        self.over.set()
        self.join()
        (self.directory / "evil").unlink(missing_ok=True)


def test_req_31_a_file_swapped_after_its_check_does_not_win(gateway, signer, sandbox):
    data, evil = os.urandom(SIZE), b"evil" * 1000
    codesign = signer.sign(data)
    gateway.start()
    swapper = Swapper(gateway.downloads, evil)
    swapper.start()
    for _ in range(5):
        status, details = gateway.run(document(gateway, sandbox, data, codesign=codesign, signer="prod"))
        found = (gateway.downloads / "file").read_bytes() if (gateway.downloads / "file").exists() else None
        assert found in (None, data)
        assert status == "FAILED" or found == data, details
    swapper.stop()
    assert swapper.swaps >= 1


def test_a_signed_file_does_not_go_where_others_can_write(gateway, signer, sandbox):
    data, since = os.urandom(1000), sandbox.last()
    gateway.downloads.chmod(0o777)
    gateway.start()
    status, details = gateway.run(document(gateway, sandbox, data, codesign=signer.sign(data), signer="prod"))
    assert (status, details["reason"]) == ("REJECTED", "not-allowed")
    assert asked_for(gateway, sandbox, since) == []


@pytest.mark.parametrize("good", [True, False])
def test_a_signature_by_presigned_url(gateway, signer, sandbox, good):
    data, since = os.urandom(SIZE), sandbox.last()
    text = f'{{"signature":"{signer.sign(data)["signature"]}","signatureAlgorithm":"SHA256withECDSA"}}'
    placed = sandbox.put_file(f"{gateway.name}.json", (text if good else text[1:]).encode())
    gateway.start()
    status, details = gateway.run(document(gateway, sandbox, data, codesign=placed["placeholder"], signer="prod"))
    if good:
        assert status == "SUCCEEDED", details
        assert (gateway.downloads / "file").read_bytes() == data
    else:
        assert (status, details["reason"]) == ("REJECTED", "bad-signature")
        assert asked_for(gateway, sandbox, since) == []


def test_a_signed_transfer_goes_on_after_a_power_cut(gateway, signer, sandbox):
    data, since = os.urandom(1_000_000), sandbox.last()
    codesign = signer.sign(data)
    sandbox.fault("file", "stall", name=f"{gateway.name}.bin", after=600_000, seconds=60)
    gateway.start()
    job = gateway.create(document(gateway, sandbox, data, codesign=codesign, signer="prod"))
    wait_for(lambda: any(p.stat().st_size > 0 for p in gateway.downloads.glob(".*.part")), "a part file")
    gateway.kill()
    gateway.start()
    status, details = gateway.wait(job, 40)
    assert status == "SUCCEEDED", details
    assert (gateway.downloads / "file").read_bytes() == data
    assert [bool(entry["range"]) for entry in asked_for(gateway, sandbox, since)] == [False, True]
