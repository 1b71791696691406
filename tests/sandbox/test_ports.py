"""The broker's port stays the service's own also while the broker does not listen."""

import socket

import pytest

from errand_sandbox.app import App
from errand_sandbox.broker import hold_port


def bound(port):
    other = socket.socket()
    try:
        other.bind(("127.0.0.1", port))
    except OSError:
        other.close()
        raise
    return other


def test_a_held_port_is_given_to_nobody_but_who_names_it():
    held = hold_port(None, "127.0.0.1")
    port = held.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)
    with pytest.raises(OSError):
        bound(port)
    with socket.create_server(("127.0.0.1", port)):
        socket.create_connection(("127.0.0.1", port), 5).close()
    held.close()


def test_the_service_holds_the_port_of_its_broker():
    app = App.__new__(App)
    app._held = []
    port = app._hold(None, "127.0.0.1")
    with pytest.raises(OSError):
        bound(port)
    app._held[0].close()
    bound(port).close()
