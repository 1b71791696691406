"""Gateways that lose their broker together do not come back together."""

import os
import socket
import subprocess
import threading
import time

from device import DEADLINE, ERRANDD, Device, wait_for

GATEWAYS = 16
TRIES = 6
SCALE = 20


def test_req_27_reconnects_spread(tmp_path):
    """The spread of 1,000 at the cap is in the unit test of the back-off; here are real daemons, all begun at once."""
    arrivals, lock = [], threading.Lock()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with lock:
                arrivals.append(time.monotonic())
            client.close()

    threading.Thread(target=accept, daemon=True).start()
    daemons = [begin(tmp_path / str(number), listener.getsockname()[1]) for number in range(GATEWAYS)]
    try:
        wait_for(lambda: len(arrivals) >= GATEWAYS * TRIES, "the tries", 3 * DEADLINE)
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()
        listener.close()
    later = sorted(arrivals)[GATEWAYS * 3:GATEWAYS * TRIES]
    window = (later[-1] - later[0]) / 10
    busiest = max(sum(1 for other in later if begin_of <= other < begin_of + window) for begin_of in later)
    assert busiest <= len(later) / 2, "more than half of the tries in a tenth of the time"


def begin(directory, port):
    device = Device(directory, None)
    device.groups["broker"] = {"host": "127.0.0.1", "port": port, "tls": "false"}
    device.groups["thing"]["name"] = f"gateway-{directory.name}"
    return subprocess.Popen([str(ERRANDD), "--config", str(device.write_config())], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env={**os.environ, "ERRAND_TEST_TIME_SCALE": str(SCALE)})
