"""Backend swupdate alone, with the real SWUpdate."""

import os
import subprocess

import pytest
from swupdate_drive import FAILED, SUCCEEDED, Drive, drive
from swupdate_service import SWUPDATE, Signer, Swupdate

pytestmark = pytest.mark.skipif(SWUPDATE is None, reason="swupdate is not installed")
VANISHED_S = 10


@pytest.fixture
def swupdate():
    service = Swupdate()
    try:
        yield service.start()
    finally:
        service.close()


def test_an_image_is_verified_without_writing_and_then_installed(swupdate):
    payload = os.urandom(8_000_000)
    image = swupdate.image(version="2.4.0-rc1", payload=payload)
    looked = drive(swupdate.sockets, "inspect", image)
    assert (looked.result, looked.details["version"]) == (SUCCEEDED, "2.4.0-rc1"), looked.message
    assert swupdate.written() == b"the other slot\n"
    assert swupdate.next_slot() is None
    done = drive(swupdate.sockets, "install", image)
    assert done.result == SUCCEEDED, done.message
    assert swupdate.written() == payload
    assert swupdate.next_slot() == "b"
    percents = [percent for percent, _ in done.progress]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert len(set(percents)) > 20


def test_many_updates_in_a_row(swupdate):
    """SWUpdate says to be idle a little before it can be woken: a request may get lost then."""
    image = swupdate.image()
    for _ in range(10):
        for operation in ("inspect", "install"):
            done = drive(swupdate.sockets, operation, image)
            assert done.result == SUCCEEDED, done.message


BAD = {
    "hardware": ({"hardware": "9.9"}, "install-failed"),
    "signer": ({"signer": "foreign"}, "bad-signature"),
    "tampered": ({"tamper": True}, "bad-signature"),
    "tampered-copied": ({"tamper": True, "direct": False}, "bad-signature"),
    "truncated": ({"cut": 100_000}, "bad-signature"),
    "other-selection": ({"mode": "alt"}, "install-failed"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_is_refused_before_the_slot_is_touched(swupdate, name):
    options, word = BAD[name]
    if "signer" in options:
        options = {"signer": Signer(swupdate.directory, "foreign")}
    looked = drive(swupdate.sockets, "inspect", swupdate.image(payload=os.urandom(3_000_000), **options))
    assert (looked.result, looked.reason) == (FAILED, word), looked.message
    assert swupdate.written() == b"the other slot\n"
    assert swupdate.next_slot() is None


@pytest.mark.parametrize("content", [b"", b"x", b"070701" + b"f" * 104, os.urandom(500_000)], ids=len)
def test_no_image_at_all(swupdate, tmp_path, content):
    path = tmp_path / "image.swu"
    path.write_bytes(content)
    assert drive(swupdate.sockets, "inspect", path).result == FAILED
    assert drive(swupdate.sockets, "inspect", swupdate.image()).result == SUCCEEDED


def test_no_space_where_swupdate_puts_its_files():
    service = Swupdate()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", service.sockets]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        service.close()
        pytest.skip("no tmpfs can be mounted")
    try:
        service.start()
        looked = drive(service.sockets, "inspect", service.image(payload=os.urandom(5_000_000), direct=False))
        assert (looked.result, looked.reason) == (FAILED, "no-space"), looked.message
    finally:
        service.kill()
        subprocess.run(["umount", "--lazy", service.sockets], check=True)
        service.close()


def test_a_selection_that_swupdate_does_not_allow(swupdate):
    refused = drive(swupdate.sockets, "inspect", swupdate.image(), swupdate_selection="stable,other")
    assert (refused.result, refused.reason) == (FAILED, "not-allowed")
    assert "stable,other" in refused.message


def test_swupdate_killed_in_mid_install(swupdate):
    install = Drive(swupdate.sockets, "install", swupdate.image(waits=True))
    swupdate.wait_reached()
    swupdate.kill()
    assert install.wait(VANISHED_S) == (FAILED, "install-failed")
    swupdate.open_gate()
    swupdate.start()
    again = drive(swupdate.sockets, "again", swupdate.image())
    assert (again.result, swupdate.next_slot()) == (SUCCEEDED, "b"), again.message


def test_swupdate_stopped_in_mid_install_is_given_up(swupdate):
    install = Drive(swupdate.sockets, "install", swupdate.image(waits=True), swupdate_timeout="1s")
    swupdate.wait_reached()
    swupdate.freeze()
    assert install.wait() == (FAILED, "install-failed")
    assert "no sign of life" in install.message
    swupdate.thaw()
    swupdate.open_gate()


def test_a_long_silent_step_is_waited_for(swupdate):
    """What it installs may be silent for long; it still answers when asked."""
    install = Drive(swupdate.sockets, "install", swupdate.image(waits=True), swupdate_timeout="6s")
    swupdate.wait_reached()
    told = len(install.progress)
    while len(install.progress) < told + 4:     # heartbeats, five seconds apart
        install.wait_progress("install")
    swupdate.open_gate()
    assert install.wait() == (SUCCEEDED, None)


def foreign_update(swupdate):
    image = swupdate.image("foreign.swu", waits=True)
    client = subprocess.Popen(["swupdate-client", "-e", "stable,main", image], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(swupdate.sockets)})
    swupdate.wait_reached()
    return client


def test_busy_with_another_update(swupdate):
    client = foreign_update(swupdate)
    looked = drive(swupdate.sockets, "inspect", swupdate.image(), busy_timeout="1s")
    assert (looked.result, looked.reason) == (FAILED, "install-failed")
    assert "busy with another update" in looked.message
    waiting = Drive(swupdate.sockets, "install", swupdate.image())
    waiting.wait_progress("waiting")
    swupdate.open_gate()
    assert waiting.wait() == (SUCCEEDED, None)
    client.wait(20)


def test_what_an_interrupted_install_left_running_is_waited_for(swupdate):
    first = Drive(swupdate.sockets, "install", swupdate.image("first.swu", payload=b"first\n" * 1000, waits=True))
    swupdate.wait_reached()
    first.process.kill()
    first.process.wait(20)
    second = Drive(swupdate.sockets, "again", swupdate.image(payload=b"second\n" * 1000), busy_timeout="1s")
    for _ in range(2):      # five seconds apart, and the wait for others is over
        second.wait_progress("waiting")
    swupdate.open_gate()
    assert second.wait() == (SUCCEEDED, None)
    assert swupdate.written().startswith(b"second\n")


def test_no_swupdate(tmp_path):
    absent = drive(tmp_path, "install", __file__, swupdate_wait="1s")
    assert (absent.result, absent.reason) == (FAILED, "internal")
    assert "swupdate.service" in absent.message


def test_a_dead_swupdate_is_asked_in_silence(swupdate):
    swupdate.kill()     # its sockets stay
    absent = drive(swupdate.sockets, "install", __file__, swupdate_wait="2s")
    assert (absent.result, absent.reason) == (FAILED, "internal")
    assert absent.errors == ""


def test_swupdate_that_starts_late_is_waited_for():
    service = Swupdate()
    try:
        install = Drive(service.sockets, "install", service.image())
        install.wait_progress("install")
        service.start()
        assert install.wait() == (SUCCEEDED, None)
    finally:
        service.close()
