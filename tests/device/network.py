"""Two network namespaces joined by a cable: the device's end, where tests break things, and the far end, where relays
lead to the sandbox on this machine's loopback. Everything goes with the processes that hold the namespaces."""

import ctypes
import os
import re
import socket
import subprocess
import threading

import pytest
from broker import Tunnel
from device import wait_for

NEAR, FAR = "10.77.0.2", "10.77.0.1"
NEAR6, FAR6 = "fd77::2", "fd77::1"
NAME = "broker.errand.test"         # known only to a device whose private hosts file says so
CLONE_NEWNET = 0x40000000

# Files that only the device's process tree sees: $1 over /etc/hosts, $2 over /etc/resolv.conf.
PRIVATE_FILES = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'


class Namespace:
    """A network namespace that lives as long as a process of its own."""

    def __init__(self):
        self.holder = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "3600"],
                                       stderr=subprocess.PIPE, text=True)
        self.path = f"/proc/{self.holder.pid}/ns/net"
        wait_for(self._is_there, "a network namespace")

    def _is_there(self):
        if self.holder.poll() is not None:
            raise OSError(f"no network namespace: {self.holder.stderr.read().strip()}")
        return os.readlink(self.path) != os.readlink("/proc/self/ns/net")

    def run(self, *words):
        return subprocess.run(["nsenter", f"--net={self.path}", *map(str, words)], check=True, capture_output=True,
                              text=True).stdout

    def ip(self, words):
        self.run("ip", *words.split())

    def listen(self, address, port=0):
        """A listening socket that stays in this namespace; made by a thread that visits it."""
        made = []

        def visit():
            with open(self.path) as place:
                if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made.append(socket.create_server((address, port), family=family))
        thread = threading.Thread(target=visit)
        thread.start()
        thread.join()
        return made[0]

    def end(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stderr.close()


def refused_port():
    """A socket with a port of this machine's loopback where nobody listens and that nobody else can get meanwhile."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


class Relay:
    """Leads from a listening socket to a port on this machine's loopback. hellos: the first bytes of each client."""

    def __init__(self, listener, port):
        self.listener, self.port, self.hellos, self.open = listener, port, [], []
        self.own_port = listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            far_end = socket.create_connection(("127.0.0.1", self.port))
            hello = client.recv(65536)
            if hello:       # else it gave up before it said anything
                self.hellos.append(hello)
            far_end.sendall(hello)
        except OSError:
            client.close()
            return
        self.open += [client, far_end]
        threading.Thread(target=Tunnel._copy, args=(client, far_end), daemon=True).start()
        Tunnel._copy(far_end, client)

    def cut(self):
        """Ends every connection."""
        for end in self.open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
        self.open = []

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut()


class Network:
    def __init__(self, directory):
        self.directory = directory
        self.relays = []
        self.near, self.far = Namespace(), Namespace()
        self.near.ip(f"link add near type veth peer name far netns {self.far.holder.pid}")
        for place, name, address, address6 in ((self.near, "near", NEAR, NEAR6), (self.far, "far", FAR, FAR6)):
            place.ip("link set lo up")
            place.ip(f"address add {address}/24 dev {name}")
            place.ip(f"link set {name} up")
            place.ip(f"-6 address add {address6}/64 dev {name} nodad")
        self.hosts, self.resolv = directory / "hosts", directory / "resolv.conf"
        self.hosts.write_text("127.0.0.1 localhost\n")
        self.resolv.write_text(f"nameserver {FAR}\n")

    def close(self):
        for relay in self.relays:
            relay.close()
        self.near.end()
        self.far.end()

    def move(self, device, host=FAR):
        """The device runs at the near end, with hosts and resolv.conf of its own, and knows the broker as host."""
        device.prefix = ["nsenter", f"--net={self.near.path}", "unshare", "--mount", "sh", "-c", PRIVATE_FILES, "sh",
                         str(self.hosts), str(self.resolv)]
        device.groups["broker"]["host"] = host

    def relay(self, to, address=FAR, port=0):
        relay = Relay(self.far.listen(address, port), to)
        self.relays.append(relay)
        return relay

    def know(self, *addresses):
        """What the name leads to; nothing: the name servers are asked. Written in place: the file is mounted."""
        self.hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{address} {NAME}\n" for address in addresses))

    def drop(self, match=""):
        """What arrives at the far end and matches is lost without a word; with no match everything is, both ways."""
        self.far.run("nft", "add table inet cut; "
                     "add chain inet cut in { type filter hook input priority 0; }; "
                     "add chain inet cut out { type filter hook output priority 0; }; "
                     f"add rule inet cut in iifname far {match} counter drop")
        if not match:
            self.far.run("nft", "add rule inet cut out oifname far counter drop")

    def dropped(self):
        """How many packets were lost since drop()."""
        return sum(map(int, re.findall(r"packets (\d+)", self.far.run("nft", "list table inet cut"))))

    def heal(self):
        self.far.run("nft", "delete table inet cut")


@pytest.fixture
def network(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    directory = tmp_path / "network"
    directory.mkdir()
    try:
        made = Network(directory)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no network namespaces joined by a veth here: {getattr(error, 'stderr', '') or error}")
    yield made
    made.close()
