"""The RAUC backend with a service that misbehaves as the real one cannot be made to."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from backend import FAILED, SUCCEEDED, Call
from device import wait_for
from rauc_service import Bus

FAKE = Path(__file__).with_name("rauc_fake.py")
NAME = "de.pengutronix.rauc"


class Fakes:
    def __init__(self, directory):
        self.directory = directory
        self.bus = Bus(directory)
        self.processes = []

    def start(self, *words):
        self.processes.append(subprocess.Popen([sys.executable, FAKE, *words],
                                               env={**os.environ, **self.bus.environment}))
        wait_for(lambda: self.bus.has(NAME), "the service on the bus")
        return self.processes[-1]

    def begin(self, *words):
        return Call(self.bus.environment, self.directory, *words)

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait(20)
        self.bus.close()


@pytest.fixture
def fakes(tmp_path):
    several = Fakes(tmp_path)
    yield several
    several.close()


def run(fakes, scenario, *words):
    fakes.start(scenario)
    return fakes.begin(*(words or ("install", "/x.raucb"))).end()


def test_what_follows_is_about_the_service(fakes):
    answer = run(fakes, "succeed")
    assert tuple(answer) == (SUCCEEDED, None)
    assert (40, "install") in answer.progress and (99, "install") in answer.progress


def test_it_vanishes(fakes):
    fakes.start("vanish")
    call = fakes.begin("install", "/x.raucb")
    call.wait_progress(40)
    begin = time.monotonic()
    answer = call.end(30)
    assert tuple(answer) == (FAILED, "install-failed")
    assert time.monotonic() - begin < 20
    assert "vanished" in answer.message


def test_it_vanishes_and_is_asked_when_it_is_back(fakes):
    gone = fakes.start("vanish")
    call = fakes.begin("install", "/x.raucb")
    gone.wait(20)
    fakes.start("succeed", "Installation error: the medium was pulled")
    answer = call.end(30)
    assert tuple(answer) == (FAILED, "install-failed")
    assert "the medium was pulled" in answer.message


def test_another_process_that_installs_is_not_ours(fakes):
    gone = fakes.start("vanish")
    call = fakes.begin("install", "/x.raucb")
    gone.wait(20)
    fakes.start("busy")
    answer = call.end(30)
    assert tuple(answer) == (FAILED, "install-failed")
    assert "'installing'" in answer.message


def test_it_loses_its_name_and_succeeds(fakes):
    answer = run(fakes, "rename")
    assert tuple(answer) == (SUCCEEDED, None)
    assert (90, "install") in answer.progress


def test_a_hundred_percent_is_no_success(fakes):
    answer = run(fakes, "lie")
    assert tuple(answer) == (FAILED, "install-failed")
    assert "it was a lie" in answer.message
    assert all(-1 <= percent <= 99 for percent, _ in answer.progress)


def test_it_stops_without_a_result(fakes):
    answer = run(fakes, "silent")
    assert tuple(answer) == (FAILED, "install-failed")
    assert "without a result" in answer.message


def test_a_result_that_is_no_number(fakes):
    assert tuple(run(fakes, "garbage")) == (FAILED, "install-failed")


def test_it_hangs_and_the_heart_beats(fakes):
    fakes.start("hang")
    call = fakes.begin("install", "/x.raucb")
    call.wait_progress(40)
    count = len(call.so_far().progress)
    wait_for(lambda: len(call.so_far().progress) > count, "a heartbeat")
    assert call.so_far().result is None
    call.kill()


def test_it_is_busy_for_ever(fakes):
    answer = run(fakes, "busy", "busy-timeout=1s", "install", "/x.raucb")
    assert tuple(answer) == (FAILED, "install-failed")
    assert "busy for 1 s" in answer.message


def test_somebody_else_is_quicker(fakes):
    assert tuple(run(fakes, "quicker")) == (SUCCEEDED, None)


def test_what_an_earlier_call_began_ends_well(fakes):
    assert tuple(run(fakes, "ends", "again", "/x.raucb")) == (SUCCEEDED, None)


def test_answers_that_fit_nowhere(fakes):
    fakes.start("succeed")
    assert tuple(fakes.begin("inspect", "/x.raucb").end()) == (FAILED, "install-failed")
    assert tuple(fakes.begin("booted").end()) == (FAILED, "not-booted")


def test_an_image_named_like_a_format(fakes):
    assert tuple(run(fakes, "succeed", "install", "/%s%n.raucb")) == (SUCCEEDED, None)


@pytest.mark.parametrize("text, word", [
    ("Installation error: Compatible mismatch: Expected 'a' but bundle manifest has 'b'", "not-allowed"),
    ("signature verification failed: Verify error: unable to get local issuer certificate", "bad-signature"),
    ("Failed updating slot: Error writing to file descriptor: No space left on device", "no-space"),
    ("Failed to download https://host/signature?X: 404", "install-failed"),
    ("x" * 100000, "install-failed"),
    ("\N{PILE OF POO}%n%s", "install-failed"),
])
def test_words_of_errors(fakes, text, word):
    fakes.start("fail", text)
    answer = fakes.begin("install", "/x.raucb").end()
    assert tuple(answer) == (FAILED, word)
    assert text[:60] in answer.message
