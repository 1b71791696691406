"""A real SWUpdate for one test: keys, signed images, two slots that are files, the daemon in a directory of its own.

The build of Debian takes signed images only. What a boot loader would remember is a file, next, which images write.
"""

import datetime
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from device import wait_for

SWUPDATE = shutil.which("swupdate", path="/usr/bin:/usr/sbin")
BOARD = "errand-board"
DAY = datetime.timedelta(days=1)


class Signer:
    """A certificate authority of its own, and a certificate of it that may sign images."""

    def __init__(self, directory, name):
        self.authority = directory / f"{name}-ca.crt"
        self.certificate = directory / f"{name}.crt"
        self.key = directory / f"{name}.key"
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca = self._certificate(f"{name} CA", ca_key.public_key(), f"{name} CA", ca_key, authority=True)
        leaf = self._certificate(name, key.public_key(), f"{name} CA", ca_key, authority=False)
        self.authority.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))

    @staticmethod
    def _certificate(name, public, issuer, issuer_key, authority):
        def common(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(common(name)).issuer_name(common(issuer)).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - DAY)
                   .not_valid_after(now + 3650 * DAY)
                   .add_extension(x509.BasicConstraints(authority, None), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False))
        if not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        return builder.sign(issuer_key, hashes.SHA256())

    def sign(self, data):
        command = ["openssl", "cms", "-sign", "-signer", self.certificate, "-inkey", self.key, "-outform", "DER",
                   "-nosmimecap", "-binary"]
        return subprocess.run(command, input=data, stdout=subprocess.PIPE, timeout=60, check=True).stdout


def cpio(members):
    """An archive as `cpio -o -H crc` makes it."""
    archive = b""
    for number, (name, data) in enumerate([*members, ("TRAILER!!!", b"")]):
        text = name.encode() + b"\0"
        fields = [number, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(text), sum(data) & 0xffffffff]
        entry = b"070702" + b"".join(b"%08x" % field for field in fields) + text
        entry += b"\0" * (-len(entry) % 4) + data
        archive += entry + b"\0" * (-len(entry) % 4)
    return archive + b"\0" * (-len(archive) % 512)


class Swupdate:
    def __init__(self):
        # Short: the paths of sockets end at 108 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="swu-"))
        self.sockets = self.directory / "s"
        self.sockets.mkdir()
        self.slots = {name: self.directory / f"slot-{name}" for name in "ab"}
        self.slots["a"].write_bytes(b"the system that runs\n")
        self.slots["b"].write_bytes(b"the other slot\n")
        self.next = self.directory / "next"
        self.reached, self.gate = self.directory / "reached", self.directory / "gate"
        os.mkfifo(self.gate)
        self._gate = os.open(self.gate, os.O_RDWR | os.O_NONBLOCK)
        self.log_file = self.directory / "log"
        self.signer = Signer(self.directory, "errand")
        self.process = None

    # ---- the daemon ----

    def start(self):
        config = self.directory / "swupdate.cfg"
        config.write_text(f"""globals : {{ verbose = true; loglevel = 5; syslog = false; bootloader = "none";
            public-key-file = "{self.signer.authority}"; }};\n""")
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [SWUPDATE, "-f", config, "-H", f"{BOARD}:1.0", "-l", "5", "-q", "stable,main", "-q", "stable,alt"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(self.sockets)},
                start_new_session=True)
        wait_for(self._answers, "SWUpdate's sockets")
        return self

    def _answers(self):
        for name in ("sockinstctrl", "swupdateprog"):
            with socket.socket(socket.AF_UNIX) as client:
                try:
                    client.connect(str(self.sockets / name))
                except OSError:
                    return False
        return True

    def kill(self):
        """As a crash ends it: at once, its sockets stay."""
        self._signal(signal.SIGKILL)
        self.process.wait(20)
        wait_for(lambda: not self._others(), "the end of SWUpdate's scripts")    # one may be about to write a file

    def _others(self):
        """The other processes of its group that have not ended."""
        found = subprocess.run(["ps", "-e", "-o", "pgid=,stat="], stdout=subprocess.PIPE, text=True, timeout=20,
                               check=True).stdout
        rows = [line.split() for line in found.splitlines()]
        return [stat for group, stat in rows if int(group) == self.process.pid and not stat.startswith("Z")]

    def freeze(self):
        self._signal(signal.SIGSTOP)

    def thaw(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        os.killpg(self.process.pid, number)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        os.close(self._gate)
        shutil.rmtree(self.directory)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    # ---- images ----

    def image(self, name="image.swu", version="2.0.0", payload=b"the new system\n" * 1000, hardware="1.0", mode="main",
              signer=None, slot="b", place=None, waits=False, direct=True, tamper=False, cut=0):
        """Builds NAME. `waits`: its installation stops at a gate once the slot is written; open_gate() lets it on.
        `direct`: the slot is written while the image arrives. `place`: where it is written to instead of the slot."""
        script = f'#!/bin/sh\n[ "$1" = postinst ] || exit 0\n{self._wait() if waits else ""}echo {slot} >{self.next}\n'
        description = f"""software = {{ version = "{version}"; hardware-compatibility: [ "{hardware}" ];
            stable: {{ {mode}: {{
                images: ( {{ filename = "rootfs.img"; device = "{place or self.slots[slot]}"; type = "raw";
                             installed-directly = {str(direct).lower()};
                             sha256 = "{hashlib.sha256(payload).hexdigest()}"; }} );
                scripts: ( {{ filename = "update.sh"; type = "shellscript";
                              sha256 = "{hashlib.sha256(script.encode()).hexdigest()}"; }} ); }}; }}; }};""".encode()
        signature = (signer or self.signer).sign(description)
        if tamper:
            payload = payload[:-1] + b"?"
        archive = cpio([("sw-description", description), ("sw-description.sig", signature),
                        ("update.sh", script.encode()), ("rootfs.img", payload)])
        path = self.directory / name
        path.write_bytes(archive[:-cut] if cut else archive)
        return path

    def _wait(self):
        return f": >{self.reached}\nread line <{self.gate}\n"

    def wait_reached(self):
        wait_for(self.reached.exists, "the installation reached the gate")

    def open_gate(self):
        os.write(self._gate, b"go\n")

    def written(self, slot="b"):
        return self.slots[slot].read_bytes()

    def next_slot(self):
        return self.next.read_text().strip() if self.next.exists() else None


@pytest.fixture
def swupdate():
    service = Swupdate()
    try:
        yield service.start()
    finally:
        service.close()
