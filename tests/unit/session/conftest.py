import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "sandbox")]

from errand_sandbox.client import Sandbox  # noqa: E402

THING = "gw-1"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("sandbox"), "--plain-port", "0") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server):
    yield server
    server.reset()


@pytest.fixture(scope="session")
def credentials(server):
    return server.thing(THING)
