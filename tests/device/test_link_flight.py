"""A peer that says all of its part of the TLS handshake and is gone: what the client has to say then goes nowhere, each
time it is tried, and libmosquitto calls that a success."""

import os
import signal
import ssl

from device import wait_for
from gauges import cpu_seconds
from peers import Listener, reset

RECORD_MAX = 16384


class Flight:
    """Answers the first words of a client with a whole flight, and resets before the client can look at it."""

    def __init__(self, device, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.load_verify_locations(certificate.parent / "ca.pem")
        self.device, self.flown = device, 0

    def __call__(self, client):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = self.context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(client.recv(RECORD_MAX))
        try:
            server.do_handshake()
        except ssl.SSLWantReadError:
            pass
        pid = wait_for(lambda: self.device.process, "the daemon").pid
        os.kill(pid, signal.SIGSTOP)
        try:
            client.sendall(outgoing.read())
            reset(client)
            self.flown += 1
        finally:
            os.kill(pid, signal.SIGCONT)


def test_req_20_reset_behind_a_whole_flight(device, sandbox):
    pki = sandbox.directory / "pki"
    flight = Flight(device, pki / "broker.pem", pki / "broker.key")
    with Listener(flight) as listener:
        device.groups["broker"]["port"] = listener.port
        device.start(ready=False)
        wait_for(lambda: flight.flown >= 4, "the next tries")
        assert cpu_seconds(device.process.pid) < 1
        assert device.alive()
        device.wait_log("no connection to")
