"""What a test reads off a daemon from outside: its time, its wake-ups, its descriptors, and whether its loop turns."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

# Sleeps as the daemon's timer does, and says how late the machine itself woke it: the worst, in seconds.
OWN_LATENESS = """
import sys, threading, time
worst, going = 0.0, True
def wait():
    global going
    sys.stdin.read()
    going = False
threading.Thread(target=wait, daemon=True).start()
while going:
    before = time.monotonic()
    time.sleep(0.1)
    worst = max(worst, time.monotonic() - before - 0.1)
print(worst)
"""


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def switches(pid):
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        total += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return total


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def private_kilobytes(pid):
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))


class Watchdog:
    """Listens where systemd would: the daemon says it lives every 100 ms. late(): the longest it was overdue beyond
    what a sleeping process of this machine was, in seconds."""

    PERIOD = 0.1

    def __init__(self, directory, device):
        self.path = directory / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        device.environment["NOTIFY_SOCKET"] = str(self.path)
        device.environment["WATCHDOG_USEC"] = str(int(self.PERIOD * 2e6))
        self.worst, self.ticks, self.last = 0.0, 0, None
        self.own = subprocess.Popen([sys.executable, "-c", OWN_LATENESS], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                text = self.socket.recv(4096)
            except OSError:
                return
            if text != b"WATCHDOG=1":
                continue
            now = time.monotonic()
            if self.last is not None:
                self.worst = max(self.worst, now - self.last - self.PERIOD)
            self.last = now
            self.ticks += 1

    def late(self):
        self.worst = max(self.worst, time.monotonic() - self.last - self.PERIOD)
        own = float(self.own.communicate("")[0])
        return self.worst - own

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.own.kill()
        self.own.wait()
        self.socket.close()
