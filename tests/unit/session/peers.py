"""What a client may meet at the other end, and what it may show there."""

import shutil
import socket
import ssl
import subprocess
import threading

import pytest


class Listener:
    """Accepts and does as told with each connection."""

    def __init__(self, treat):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.treat, self.kept = treat, []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.kept.append(client)
            threading.Thread(target=self.treat, args=(client,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        for client in self.kept:
            client.close()


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()


def read_then(what):
    def treat(client):
        client.recv(10)
        what(client)
    return treat


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


def key_on_token(directory, key, monkeypatch):
    """Puts a key into a software token whose PIN is 1234: its URI, to which the PIN must be added."""
    if shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    tokens = directory / "tokens"
    tokens.mkdir()
    config = directory / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(config))
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # the engine's own
    monkeypatch.setenv("PKCS11_MODULE_PATH", "/usr/lib/softhsm/libsofthsm2.so")
    p8 = directory / "key.p8"
    subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", p8], check=True)
    for words in (["--init-token", "--free", "--label", "probe", "--pin", "1234", "--so-pin", "5678"],
                  ["--import", p8, "--token", "probe", "--label", "thing", "--id", "01", "--pin", "1234"]):
        subprocess.run(["softhsm2-util", *map(str, words)], check=True, capture_output=True)
    return "pkcs11:token=probe;object=thing;type=private;pin-value="
