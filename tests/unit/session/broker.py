"""A scripted MQTT broker without TLS for what a real one does not do: refuse filters, hang up, fall silent."""

import socket
import struct
import threading
import time

from peers import Listener


class FakeBroker(Listener):
    """suback: the code of each filter (or a function of the filter), or None for no SUBACK.
    hang_up: after which packet the connection ends."""

    def __init__(self, suback=1, connack=0, hang_up=None):
        self.suback, self.connack, self.hang_up = suback, connack, hang_up
        self.connects, self.subscribes, self.published = [], [], []
        self.qos, self.unsubscribes, self.client = {}, [], None
        super().__init__(self._serve)

    def _serve(self, client):
        try:
            while self._packet(client):
                pass
        except (OSError, EOFError):
            pass
        client.close()

    def _read(self, client, count):
        data = b""
        while len(data) < count:
            more = client.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _packet(self, client):
        """False to hang up."""
        head = self._read(client, 1)[0]
        length, shift = 0, 0
        while True:
            byte = self._read(client, 1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        body = self._read(client, length)
        kind = head >> 4
        if kind == 1:
            self.connects.append(time.monotonic())
            self.client = client
            client.sendall(bytes((0x20, 2, 0, self.connack)))
            return self.connack == 0
        if kind == 8:
            return self._subscribe(client, body)
        if kind == 3:
            size = struct.unpack(">H", body[:2])[0]
            self.published.append((body[2:2 + size].decode(), body[2 + size:]))
            return self.hang_up != "publish"
        if kind == 10:
            self.unsubscribes += filters_of(body, 0)
        if kind == 12:
            client.sendall(bytes((0xD0, 0)))
        return True

    def _subscribe(self, client, body):
        filters = filters_of(body, 1)
        self.subscribes.append(filters)
        self.qos.update((name, body[body.index(name.encode()) + len(name)]) for name in filters)
        if self.hang_up == "subscribe":
            return False
        if self.suback is not None:
            codes = self.suback
            if callable(codes):
                codes = bytes(map(codes, filters))
            elif not isinstance(codes, bytes):
                codes = bytes([codes]) * len(filters)
            client.sendall(bytes((0x90, 2 + len(codes))) + body[:2] + codes)
        return self.hang_up != "suback"

    def say(self, topic, payload):
        """Publishes to the last client."""
        body = struct.pack(">H", len(topic)) + topic.encode() + payload
        length, size = len(body), b""
        while length or not size:
            size += bytes([length % 128 | (128 if length > 127 else 0)])
            length //= 128
        self.client.sendall(b"\x30" + size + body)


def filters_of(body, extra):
    """Of SUBSCRIBE (one byte extra after each) or UNSUBSCRIBE."""
    filters, rest = [], body[2:]
    while rest:
        size = struct.unpack(">H", rest[:2])[0]
        filters.append(rest[2:2 + size].decode())
        rest = rest[2 + extra + size:]
    return filters


class Tunnel(Listener):
    """An HTTP proxy that knows CONNECT with Basic authentication. leads_to: a local port instead of the one asked."""

    def __init__(self, authorization=None, leads_to=None):
        self.authorization, self.leads_to, self.requests = authorization, leads_to, []
        super().__init__(self._serve)

    def _serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        request = head.decode()
        self.requests.append(request)
        if self.authorization and f"Basic {self.authorization}" not in request:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        host, _, port = request.split()[1].rpartition(":")
        far_end = socket.create_connection(("127.0.0.1", self.leads_to) if self.leads_to else (host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=self._copy, args=(client, far_end), daemon=True).start()
        self._copy(far_end, client)

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
