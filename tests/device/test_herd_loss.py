"""Gateways whose connections of long standing end at the same instant: already their first try is spread."""

import threading
import time

import pytest

from broker import FakeBroker
from device import wait_for
from test_herd import begin

GATEWAYS = 20
SPREAD = 15.0       # SESSION_SPREAD_MS
STABLE = 60.0       # LINK_HEALTH_STABLE_MS
SCALE = 6


@pytest.fixture
def herd(tmp_path, monkeypatch):
    monkeypatch.setattr("test_herd.SCALE", SCALE)
    with FakeBroker() as broker:
        daemons = [begin(tmp_path / str(number), broker.port) for number in range(GATEWAYS)]
        wait_for(lambda: len(broker.subscribes) >= GATEWAYS and len(broker.published) >= GATEWAYS, "all are connected")
        connected = time.monotonic()
        wait_for(lambda: time.monotonic() > connected + STABLE / SCALE + 1, "their connections have lasted")
        yield broker
        for daemon in daemons:
            daemon.kill()
            daemon.wait()


def test_req_27_the_first_try_is_spread(herd):
    """Over the whole time: with so few, no tenth of it holds more than half of them, and some come late."""
    lost = time.monotonic()
    before = len(herd.connects)
    for client in list(herd.kept):
        threading.Thread(target=client.shutdown, args=(2,)).start()
    wait_for(lambda: len(herd.connects) >= before + GATEWAYS, "all are back", 2 * SPREAD / SCALE + 20)
    back = sorted(at - lost for at in herd.connects[before:before + GATEWAYS])
    tenth = SPREAD / SCALE / 10
    busiest = max(sum(1 for other in back if at <= other < at + tenth) for at in back)
    assert busiest <= GATEWAYS / 2, back
    assert back[-1] > 4 * tenth, back
