"""Installers that lie or fall silent, as no real one can be made to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from backend import FAILED as BACKEND_FAILED
from backend import SUCCEEDED as BACKEND_SUCCEEDED
from backend import Call
from device import wait_for
from rauc_service import Bus
from swupdate_drive import FAILED, SUCCEEDED, drive
from swupdate_fake import PROGRESS, RUN, SUCCESS, progress

HOSTILE = Path(__file__).with_name("rauc_hostile.py")


# ---- SWUpdate ----

def test_a_success_before_the_image_was_sent(fake, image):
    """Of an update before this one, most likely; its state has nothing better to say."""
    def serve(fake, connection):
        fake.accept(connection)
        fake.take(connection, 1000)
        fake.last_result = SUCCESS
        fake.say(progress(SUCCESS))
        fake.running = False

    fake.serve = serve
    assert drive(fake.sockets, "install", image).result == FAILED


def test_a_success_of_somebody_elses_then_our_own(fake, image):
    def serve(fake, connection):
        fake.accept(connection)
        fake.say(progress(SUCCESS))
        fake.take(connection)
        fake.finish(connection)

    fake.serve = serve
    assert drive(fake.sockets, "install", image).result == SUCCEEDED
    assert fake.taken == image.read_bytes()


def test_a_flood_of_progress(fake, image):
    def serve(fake, connection):
        fake.accept(connection)
        for _ in range(2000):
            fake.say(progress(RUN, os.urandom(2000)) + progress(PROGRESS, nsteps=1, cur_step=1, cur_percent=50))
        fake.take(connection)
        fake.finish(connection)

    fake.serve = serve
    assert drive(fake.sockets, "install", image).result == SUCCEEDED


def test_answers_that_are_noise(fake, image):
    fake.serve = lambda fake, connection: connection.sendall(os.urandom(20_000))
    fake.damage = lambda answer: os.urandom(20_000)
    done = drive(fake.sockets, "install", image, swupdate_wait="2s", busy_timeout="2s")
    assert (done.result, done.reason) == (FAILED, "internal")


# ---- RAUC ----

class Hostile:
    def __init__(self, directory):
        self.directory, self.bus, self.process = directory, Bus(directory), None

    def run(self, scenario, *words, timeout=60):
        self.process = subprocess.Popen([sys.executable, HOSTILE, scenario],
                                        env={**os.environ, **self.bus.environment})
        wait_for(lambda: self.bus.has("de.pengutronix.rauc"), "the service on the bus")
        return Call(self.bus.environment, self.directory, *words).end(timeout)

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait(20)
        self.bus.close()


@pytest.fixture
def hostile(tmp_path):
    service = Hostile(tmp_path)
    yield service
    service.close()


@pytest.mark.parametrize("scenario", ["types", "giant", "errors", "nothing", "noise"])
@pytest.mark.parametrize("words", [("booted",), ("inspect", "/x.raucb"), ("install", "/x.raucb"), ("confirm",),
                                   ("reject", "rootfs.1")], ids=lambda words: words[0])
def test_a_service_that_makes_no_sense(hostile, scenario, words):
    answer = hostile.run(scenario, *words)
    if words == ("confirm",) and scenario in ("giant", "nothing"):
        return      # it was not called an error
    assert answer.result != BACKEND_SUCCEEDED, answer
    assert answer.reason, answer
    assert len(answer.message) < 5000, len(answer.message)


@pytest.mark.parametrize("name", ["", "a\nb", "a\tb", "x" * 255, "x" * 256])
def test_slots_with_names_that_cannot_be_kept(hostile, name):
    """A name that the journal would change is another slot after the reboot."""
    os.environ["SLOT_NAME"] = name
    try:
        answer = hostile.run("slot", "booted")
    finally:
        del os.environ["SLOT_NAME"]
    if len(name) == 255:
        assert answer.result == BACKEND_SUCCEEDED, answer
    else:
        assert (answer.result, answer.reason) == (BACKEND_FAILED, "not-booted"), answer
