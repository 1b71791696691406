"""The service's own connection to the broker: one thread that reads requests, does what time asks, and publishes."""

import selectors
import socket
import ssl
import sys
import threading
import time
from collections import deque

import paho.mqtt.client as mqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from .topics import FILTERS

KEEP_ALIVE = 60
HOUSEKEEPING = 5.0
CONNECT_SECONDS = 10
RETRY_SECONDS = 0.05


class Front(threading.Thread):
    def __init__(self, service, broker, pki):
        super().__init__(name="front")
        self.service = service
        self.broker = broker
        self.pki = pki
        self.ready = threading.Event()
        self._stopping = False
        self._inbox = []
        self._commands = deque()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._woken = False
        self._client = None
        self._granted = False
        service.wake = self.wake
        service.kick = lambda thing, client_id: self.call(lambda: self.kick(thing, client_id))

    def wake(self):
        if threading.get_ident() == self.ident or self._woken:
            return
        self._woken = True
        self._wake_out.send(b"w")

    def call(self, command):
        """Run command() in this thread, soon."""
        self._commands.append(command)
        self.wake()

    def call_and_wait(self, command, timeout=20):
        done, result = threading.Event(), []

        def run():
            try:
                result.append((command(), None))
            except Exception as error:      # handed to the caller, who knows what it means
                result.append((None, error))
            done.set()
        self.call(run)
        if not done.wait(timeout):
            raise TimeoutError("the broker's thread did not answer")
        value, error = result[0]
        if error is not None:
            raise error
        return value

    def stop(self):
        self._stopping = True
        self.wake()
        self.join(10)

    def run(self):
        while not self._stopping:
            try:
                self._connect()
                self._serve()
            except (OSError, ssl.SSLError, ValueError, ConnectionError):
                self._run_commands()
                self.service.tick()
                time.sleep(RETRY_SECONDS)
        if self._client is not None:
            self._client.disconnect()

    def tls_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.pki.ca_file)
        context.load_cert_chain(*self.pki.service)
        context.check_hostname = False      # the broker is our own child; its certificate is still verified
        return context

    def _connect(self):
        self.ready.clear()
        self._granted = False
        # MQTT 5 for its no-local subscriptions, which keep our own answers away
        client = self._client = mqtt.Client(client_id="errand-sandbox", protocol=mqtt.MQTTv5)
        client.tls_set_context(self.tls_context())
        client.max_inflight_messages_set(500)
        client.max_queued_messages_set(0)
        client.on_message = lambda c, u, message: self._inbox.append(message)
        client.on_subscribe = lambda c, u, mid, codes, properties: setattr(self, "_granted", True)
        client.on_connect = lambda c, u, flags, code, properties: c.subscribe(
            [(topic, SubscribeOptions(qos=0, noLocal=True)) for topic in FILTERS])
        client.connect(self.broker.connect_address(), self.broker.port, KEEP_ALIVE, clean_start=True)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline = time.monotonic() + CONNECT_SECONDS
        while not self._granted:
            client.socket().settimeout(CONNECT_SECONDS)
            if client.loop(0.05) != mqtt.MQTT_ERR_SUCCESS or time.monotonic() > deadline:
                raise ConnectionError("the broker refused the service")
        client.socket().settimeout(0)

    def _serve(self):
        client, connection = self._client, self._client.socket()
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._wake_in, selectors.EVENT_READ)
            self.ready.set()
            housekeeping, watched = 0.0, selectors.EVENT_READ
            while not self._stopping:
                wait = min(self.service.tick(), HOUSEKEEPING)
                self._publish()
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.want_write() else 0)
                if wanted != watched:
                    selector.modify(connection, wanted)
                    watched = wanted
                for key, events in selector.select(wait):
                    if key.fileobj is self._wake_in:
                        self._drain_wake()
                    elif events & selectors.EVENT_WRITE:
                        self._need(client.loop_write())
                    if key.fileobj is connection and events & selectors.EVENT_READ:
                        self._read(client, connection)
                self._run_commands()
                if self._client.socket() is not connection:
                    raise ConnectionError("the connection is another one")
                if time.monotonic() >= housekeeping:
                    housekeeping = time.monotonic() + HOUSEKEEPING
                    self._need(client.loop_misc())

    @staticmethod
    def _need(code):
        if code not in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_AGAIN):
            raise ConnectionError(mqtt.error_string(code))

    def _drain_wake(self):
        """First the bytes, then the flag: the other way round a byte sent in between is eaten and no other follows."""
        try:
            while self._wake_in.recv(4096):
                pass
        except BlockingIOError:
            pass
        self._woken = False

    def _run_commands(self):
        while self._commands:
            self._commands.popleft()()

    def _read(self, client, connection):
        """Everything there is, TLS keeps bytes that no select() tells of."""
        while True:
            self._need(client.loop_read())
            inbox, self._inbox = self._inbox, []
            for message in inbox:
                self._hand_over(message)
                self._publish()
            if not connection.pending():
                return

    def _hand_over(self, message):
        """Nothing a device sends may end this thread, not even by a fault of ours."""
        try:
            self.service.on_message(message.topic, message.payload)
        except Exception as error:
            self.service.ledger.add("fault-of-the-sandbox", error=repr(error))
            print(f"errand-sandbox: a message made {error!r}", file=sys.stderr, flush=True)

    def _publish(self):
        outbox = self.service.outbox
        while outbox:
            topic, payload, qos = outbox.popleft()
            self._client.publish(topic, payload, qos)

    def kick(self, thing, client_id=""):
        """Take over the connection of a client, which ends it; without an id, of all clients of that thing."""
        clients = [client_id] if client_id else [c for c, t in list(self.broker.clients.items()) if t == thing]
        for name in clients or [thing]:
            self._take_over(name)

    def _take_over(self, client_id):
        name = client_id.encode()
        body = b"\x00\x04MQTT\x04\x00\x00\x0a" + len(name).to_bytes(2, "big") + name
        address = (self.broker.connect_address(), self.broker.port)
        with socket.create_connection(address, CONNECT_SECONDS) as plain:
            with self.tls_context().wrap_socket(plain) as link:
                link.sendall(b"\x10" + _remaining_length(len(body)) + body)
                link.recv(4)
                link.sendall(b"\xe0\x00")


def _remaining_length(length):
    encoded = bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | (0x80 if length else 0))
        if not length:
            return bytes(encoded)
