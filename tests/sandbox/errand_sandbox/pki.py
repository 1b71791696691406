"""The sandbox's own certificate authority, and certificates for the broker, the service and things."""

import ipaddress
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .durable import write_file

SERVICE = "errand.sandbox"      # the dot keeps it apart from every thing's name
COMMON_NAME_MAX = 64            # upper bound of X.520
LIFE = timedelta(days=3650)
NAMES = ("localhost", "127.0.0.1", "::1")


def _alternative_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Pki:
    def __init__(self, directory, names=()):
        """Makes what is missing; extra names get a new broker certificate."""
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.ca_file = self.directory / "ca.pem"
        self._ca_key_file = self.directory / "ca.key"
        if not self.ca_file.exists() or not self._ca_key_file.exists():
            self._make_ca()
        self._ca = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        self._ca_key = serialization.load_pem_private_key(self._ca_key_file.read_bytes(), None)
        self.broker = self._pair("broker", "localhost", list(dict.fromkeys((*NAMES, *names))))
        self.service = self._pair("service", SERVICE, None)

    def _pair(self, name, common_name, alternatives):
        """Paths of certificate and key."""
        certificate, key = self.directory / f"{name}.pem", self.directory / f"{name}.key"
        if not certificate.exists() or not key.exists() or not self._covers(certificate, alternatives):
            self.issue(certificate, key, common_name, alternatives)
        return certificate, key

    @staticmethod
    def _covers(certificate, alternatives):
        if alternatives is None:
            return True
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
        there = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return all(_alternative_name(name) in there for name in alternatives)

    def issue(self, certificate, key, common_name, alternatives=None):
        """A client certificate, or with alternative names a server's."""
        if len(common_name) > COMMON_NAME_MAX:
            raise ValueError(f"{common_name}: a certificate's common name has at most {COMMON_NAME_MAX} characters")
        private = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if alternatives else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = self._builder(common_name, private.public_key(), self._ca.subject)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._ca_key.public_key()), critical=False)
        if alternatives:
            names = [_alternative_name(name) for name in alternatives]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        write_key(key, private)
        write_file(certificate, builder.sign(self._ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _make_ca(self):
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "errand-sandbox CA " + os.urandom(4).hex())])
        builder = self._builder(None, private.public_key(), name, name)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        write_key(self._ca_key_file, private)
        write_file(self.ca_file, builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    @staticmethod
    def _builder(common_name, public_key, issuer, subject=None):
        if subject is None:
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        now = datetime.now(timezone.utc)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
                .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
                .not_valid_after(now + LIFE))


def write_key(path, private):
    write_file(path, private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), mode=0o600)
