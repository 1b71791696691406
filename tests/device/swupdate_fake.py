"""SWUpdate's two sockets with a script behind them: for what the real SWUpdate does not do on demand."""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import tempfile
import termios
import threading
from pathlib import Path

import pytest

INSTALL, ACK, NACK, STATUS = 0, 1, 2, 3
IDLE, START, RUN, SUCCESS, FAILURE, PROGRESS = 0, 1, 2, 3, 4, 8
MAGIC = 0x14052001
# The control socket's messages, as C lays them out: magic, type, and the largest member of a union.
MESSAGE = 3120
STATUS_FORMAT = "<iiiii2048s"


class Progress(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint), ("status", ctypes.c_uint), ("dwl_percent", ctypes.c_uint),
                ("dwl_bytes", ctypes.c_ulonglong), ("nsteps", ctypes.c_uint), ("cur_step", ctypes.c_uint),
                ("cur_percent", ctypes.c_uint), ("cur_image", ctypes.c_char * 256), ("hnd_name", ctypes.c_char * 64),
                ("source", ctypes.c_uint), ("infolen", ctypes.c_uint), ("info", ctypes.c_char * 2048)]


def progress(status, info=b"", **fields):
    return bytes(Progress(status=status, info=info, **{"infolen": len(info), **fields}))


class Fake:
    """`serve(fake, connection)` is called for each request to install, on a thread of its own; it may use accept(),
    refuse(), take() and say()."""

    def __init__(self, serve=None):
        self.sockets = Path(tempfile.mkdtemp(prefix="swu-"))
        self.serve = serve
        self.running, self.last_result, self.notes = False, 0, []
        self.answers = True     # to questions for its state
        self.damage = None      # what is done to such an answer
        self.requests, self.clients, self.connections = [], [], []
        self.client_came = threading.Event()
        self._listeners = [self._listen("swupdateprog", self._watch), self._listen("sockinstctrl", self._control)]

    def _listen(self, name, handle):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.sockets / name))
        listener.listen()

        def loop():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                self.connections.append(connection)
                threading.Thread(target=handle, args=[connection], daemon=True).start()

        threading.Thread(target=loop, daemon=True).start()
        return listener

    def _watch(self, connection):
        self.clients.append(connection)
        self.client_came.set()

    def _control(self, connection):
        message = connection.recv(MESSAGE, socket.MSG_WAITALL)
        if len(message) < MESSAGE:
            return
        kind = struct.unpack_from("<ii", message)[1]
        if kind == STATUS and self.answers:
            self._tell_status(connection)
        elif kind == INSTALL:
            self.requests.append(message)
            self.client_came.wait(20)
            self.serve(self, connection)

    def _tell_status(self, connection):
        note = self.notes.pop(0) if self.notes else b""
        current = FAILURE if note else RUN if self.running else IDLE
        answer = struct.pack(STATUS_FORMAT, MAGIC, ACK, current, self.last_result, 0, note).ljust(MESSAGE, b"\0")
        connection.sendall(self.damage(answer) if self.damage else answer)
        connection.close()

    # ---- for scripts ----

    def accept(self, connection):
        self.running = True
        connection.sendall(struct.pack("<ii", MAGIC, ACK).ljust(MESSAGE, b"\0"))

    def refuse(self, connection):
        connection.sendall(struct.pack("<ii", MAGIC, NACK).ljust(MESSAGE, b"\0"))
        connection.close()

    def take(self, connection, size=None):
        """Reads the image, or so many bytes of it, to `taken`."""
        self.taken = b""
        while size is None or len(self.taken) < size:
            piece = connection.recv(65536 if size is None else min(65536, size - len(self.taken)))
            if not piece:
                break
            self.taken += piece

    def say(self, data):
        for client in list(self.clients):
            try:
                client.sendall(data)
            except OSError:
                self.clients.remove(client)

    def all_read(self):
        """Whether all that was said has been taken from the sockets."""
        left = [fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)) for client in self.clients]
        return not any(map(any, left))

    def finish(self, connection, result=SUCCESS):
        self.last_result = result
        self.say(progress(result))
        self.hang_up(connection)
        self.running = False

    @staticmethod
    def hang_up(connection):
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def vanish(self):
        for listener in self._listeners:
            listener.close()
        for connection in self.connections:
            try:
                self.hang_up(connection)
            except OSError:
                connection.close()

    def close(self):
        self.vanish()
        shutil.rmtree(self.sockets)

    def give_away(self):
        """The sockets become somebody else's."""
        for path in self.sockets.iterdir():
            os.chown(path, 65534, 65534)


@pytest.fixture
def fake():
    service = Fake()
    yield service
    service.close()


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.swu"
    path.write_bytes(os.urandom(3_000_000))
    return path
