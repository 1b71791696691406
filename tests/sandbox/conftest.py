import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conversation import THING, BrokerBench, Device, RulesBench  # noqa: E402
from errand_sandbox.client import Sandbox  # noqa: E402


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    """One server for all tests that do not mind; each resets it first."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), "--plain-port", "0") as server:
        yield server


@pytest.fixture(scope="session")
def credentials(sandbox):
    return sandbox.thing(THING)


@pytest.fixture(scope="session")
def device(credentials):
    device = Device(credentials)
    yield device
    device.close()


@pytest.fixture
def over_broker(sandbox, device):
    bench = BrokerBench(sandbox, device)
    yield bench
    sandbox.reset()


@pytest.fixture
def in_process():
    return RulesBench()


@pytest.fixture(params=("rules", "broker"))
def bench(request):
    """The same test twice: pure, and over the wire."""
    return request.getfixturevalue("in_process" if request.param == "rules" else "over_broker")


@pytest.fixture
def two(bench):
    """jobA at the head, jobB behind it."""
    bench.queued("jobA", {"op": "a"})
    bench.queued("jobB", {"op": "b"})
    return bench


@pytest.fixture
def started(two):
    """As two, and jobA IN_PROGRESS with details."""
    two.send("start-next", {"statusDetails": {"step": "1"}})
    two.drop_messages()
    return two


@pytest.fixture
def one(bench):
    bench.queued("jobQ")
    return bench
