"""Fixtures for tests of the whole daemon on a real broker with mutual TLS."""

import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "sandbox"))
sys.path.append(str(HERE.parent / "unit/session"))    # scripted brokers, proxies and peers

import groups  # noqa: E402
from clocked import clocked, plain_cloud  # noqa: E402,F401
from device import Device, end_marked, thing_name  # noqa: E402
from errand_sandbox.client import Sandbox  # noqa: E402
from exchange import assert_all_explained  # noqa: E402
from network import FAR, FAR6, NAME, network  # noqa: E402,F401
from rauc_gateway import down, rauc, rauc_keys, up  # noqa: E402,F401
from swupdate_fake import fake, image  # noqa: E402,F401
from swupdate_service import swupdate  # noqa: E402,F401

ALARM = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|CRITICAL|GLib.*-ERROR|\*\* ERROR|core dumped")
SECRET = re.compile(r"X-Amz-Signature=(?!\*)[0-9a-fA-F]{8}|BEGIN [A-Z ]*PRIVATE KEY")


def pytest_configure(config):
    groups.configure(config)


def pytest_collection_modifyitems(items):
    groups.arrange(items)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """One Jobs service for all tests; each test has a thing of its own."""
    names = [word for name in ("localhost", FAR, FAR6, NAME, "::1") for word in ("--name", name)]
    with Sandbox(tmp_path_factory.mktemp("sandbox"), *names) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(cloud):
    cloud.clear_faults()
    yield cloud
    cloud.clear_faults()


@pytest.fixture(autouse=True)
def tidy(tmp_path):
    """Set up first, so that it comes last."""
    yield
    end_marked(tmp_path)


@pytest.fixture
def device(sandbox, tmp_path, request):
    name = thing_name(request.node.name)
    gateway = Device(tmp_path / "device", sandbox, name)
    yield gateway
    if gateway.alive():
        gateway.kill()
    log = gateway.log()
    alarm = ALARM.search(log)
    assert not alarm, f"{alarm.group()} in {gateway.log_file}"
    secret = SECRET.search(log)
    assert not secret, f"a secret in {gateway.log_file}: {secret.group()}"
    assert_all_explained(gateway)


@pytest.fixture
def running(device):
    return device.start()
