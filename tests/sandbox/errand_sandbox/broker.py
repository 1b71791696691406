"""A real Mosquitto: its configuration, its process, and what its log says about connections."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from .durable import write_file
from .pki import SERVICE

MESSAGE_MAX = 131072            # 128 KiB, the service's payload limit
PACKET_MAX = MESSAGE_MAX + 512  # and its topic
START_SECONDS = 10
CONNECTED = re.compile(r"New client connected from (\S+) as (.+) \(p\d, c(\d), k(\d+)(?:, u'(.*)')?\)\.")
DISCONNECTED = re.compile(
    r"Client (?P<client>.+?) (?:disconnected|has exceeded timeout|closed its connection|already connected).*"
    r"|Bad socket read/write on client (?P<cut>.+?): .*")


def find_program():
    for path in ("/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"):
        if os.access(path, os.X_OK):
            return path
    raise FileNotFoundError("mosquitto is not installed: apt install mosquitto")


def hold_port(wanted, address):
    """A socket with the wanted port if it can be had, else with any. While it is open, nobody who asks for any port
    gets this one; who names it and sets SO_REUSEADDR can listen there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in dict.fromkeys((wanted or 0, 0)):
        held = socket.socket(family)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind((address, port))
            return held
        except OSError:
            held.close()
    raise OSError(f"no free port on {address}")


def free_port(wanted, address):
    """The wanted port if it can be had, else any; to be listened on at once."""
    with hold_port(wanted, address) as held:
        return held.getsockname()[1]


class Broker:
    """start() must be called by a thread that lives as long as the broker shall: the kernel ends it with its parent."""

    def __init__(self, directory, pki, port, plain_port=None, bind="localhost"):
        self.directory = Path(directory) / "broker"
        self.pki = pki
        self.port = port
        self.plain_port = plain_port
        self.bind = bind
        self.process = None
        self.clients = {}           # client id -> thing
        self.on_event = lambda event, client_id, thing: None
        self.isolate_answers = False

    def _write_files(self):
        write_file(self.directory / "acl", self._acl())
        write_file(self.directory / "acl-plain", "topic readwrite $aws/#\n")
        certificate, key = self.pki.broker
        lines = [
            "user root", "per_listener_settings true", "persistence false", "sys_interval 0", "log_dest stderr",
            "log_timestamp false", "log_type error", "log_type warning", "log_type notice", "set_tcp_nodelay true",
            f"max_packet_size {PACKET_MAX}", "max_inflight_messages 1000",
            "max_queued_messages 10000",
            "retain_available false",       # the service refuses RETAIN, and QoS 2
            f"listener {self.port} {self.bind}", "protocol mqtt", "max_qos 1", f"cafile {self.pki.ca_file}",
            f"certfile {certificate}", f"keyfile {key}", "require_certificate true",
            "use_identity_as_username true", f"acl_file {self.directory / 'acl'}",
        ]
        if self.plain_port is not None:
            lines += [f"listener {self.plain_port} 127.0.0.1", "protocol mqtt", "max_qos 1", "allow_anonymous true",
                      f"acl_file {self.directory / 'acl-plain'}"]
        write_file(self.directory / "mosquitto.conf", "\n".join(lines) + "\n")

    def _acl(self):
        head = f"user {SERVICE}\ntopic readwrite $aws/#\n\n"
        if not self.isolate_answers:
            return head + "pattern readwrite $aws/things/%u/#\n"
        jobs = "$aws/things/%u/jobs"
        return head + "".join(f"pattern {line}\n" for line in (
            "write $aws/things/%u/#", f"read {jobs}/notify", f"read {jobs}/notify-next",
            "read $aws/things/%c/jobs/+/accepted", "read $aws/things/%c/jobs/+/rejected",
            "read $aws/things/%c/jobs/+/+/accepted", "read $aws/things/%c/jobs/+/+/rejected",
            "read $aws/things/%c/streams/+/description/+", "read $aws/things/%c/streams/+/data/+",
            "read $aws/things/%c/streams/+/rejected/+"))

    def start(self):
        """Returns when connections are accepted. Raises RuntimeError with what Mosquitto said."""
        self._write_files()
        command = ["setpriv", "--pdeathsig", "KILL", find_program(), "-c", str(self.directory / "mosquitto.conf")]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, start_new_session=True)
        tail = []
        threading.Thread(target=self._read_log, args=(self.process.stderr, tail), daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"mosquitto ended at once: {' | '.join(tail[-5:])}")
            try:
                socket.create_connection((self.connect_address(), self.port), 1).close()
                return
            except OSError:
                time.sleep(0.005)
        raise RuntimeError(f"mosquitto does not answer on port {self.port}")

    def connect_address(self):
        return "localhost" if self.bind in ("localhost", "0.0.0.0", "::") else self.bind

    def stop(self):
        process, self.process = self.process, None      # from here on its end is no accident
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.clients.clear()

    def set_isolation(self, isolate):
        """Takes effect at once, without a restart."""
        self.isolate_answers = isolate
        write_file(self.directory / "acl", self._acl())
        if self.process is not None:
            self.process.send_signal(signal.SIGHUP)

    def _read_log(self, stream, tail):
        with open(self.directory / "mosquitto.log", "ab") as log:
            for line in stream:
                log.write(line)
                log.flush()
                text = line.decode("utf-8", "replace").rstrip("\n")
                tail.append(text)
                del tail[:-50]
                self._note_connection(text)

    def _note_connection(self, text):
        match = CONNECTED.fullmatch(text)
        if match:
            client, thing = match.group(2), match.group(5) or ""
            if thing != SERVICE:
                self.clients[client] = thing
                self.on_event("connected", client, thing)
            return
        match = DISCONNECTED.fullmatch(text)
        client = match and (match["client"] or match["cut"])
        if client in self.clients:
            self.on_event("disconnected", client, self.clients.pop(client))
