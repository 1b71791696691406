"""Backend swupdate alone: with the real SWUpdate, and with a script that does what the real one cannot be told to."""

import os
import subprocess

import pytest
from device import wait_for
from swupdate_drive import CANCELLED, FAILED, SUCCEEDED, Drive, drive
from swupdate_fake import FAILURE, MESSAGE, PROGRESS, RUN, START, SUCCESS, Fake, progress
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


@pytest.fixture
def fake():
    service = Fake()
    yield service
    service.close()


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.swu"
    path.write_bytes(os.urandom(2_000_000))
    return path


# ---- the real one ----

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
    looked = drive(swupdate.sockets, "inspect", swupdate.image(), swupdate_wait="1s")
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
    second = Drive(swupdate.sockets, "again", swupdate.image(payload=b"second\n" * 1000), swupdate_wait="1s")
    for _ in range(2):      # five seconds apart, and the wait for others is over
        second.wait_progress("waiting")
    swupdate.open_gate()
    assert second.wait() == (SUCCEEDED, None)
    assert swupdate.written().startswith(b"second\n")


def test_no_swupdate(tmp_path, image):
    absent = drive(tmp_path, "install", image, swupdate_wait="1s")
    assert (absent.result, absent.reason) == (FAILED, "internal")
    assert "swupdate.service" in absent.message


def test_swupdate_that_starts_late_is_waited_for():
    service = Swupdate()
    try:
        install = Drive(service.sockets, "install", service.image())
        install.wait_progress("install")
        service.start()
        assert install.wait() == (SUCCEEDED, None)
    finally:
        service.close()


# ---- the script ----

def serve_well(fake, connection):
    fake.accept(connection)
    fake.take(connection)
    fake.finish(connection)


def test_vanishes_in_mid_stream(fake, image):
    def serve(fake, connection):
        fake.accept(connection)
        fake.take(connection, 100_000)
        fake.vanish()

    fake.serve = serve
    done = drive(fake.sockets, "install", image)
    assert (done.result, done.reason) == (FAILED, "install-failed")
    assert done.seconds < VANISHED_S


def test_vanishes_instead_of_an_answer(fake, image):
    fake.serve = lambda fake, connection: fake.vanish()
    done = drive(fake.sockets, "install", image, swupdate_wait="1s")
    assert (done.result, done.reason) == (FAILED, "internal")


@pytest.mark.parametrize("answers", [True, False])
def test_never_answers(fake, image, answers):
    fake.answers, fake.serve = answers, lambda fake, connection: None
    done = drive(fake.sockets, "install", image, swupdate_wait="1s")
    assert done.result == FAILED
    assert done.reason in ("internal", "not-allowed")


def test_closes_its_ears_at_once(fake, image):
    """Writing to it must not end the process."""
    def serve(fake, connection):
        fake.notes.append(b"ERROR core/parser.c : parse : 164 : Signature verification failed")
        fake.accept(connection)
        fake.finish(connection, FAILURE)

    fake.serve = serve
    done = drive(fake.sockets, "install", image)
    assert (done.result, done.reason) == (FAILED, "bad-signature")
    assert done.message.endswith(": Signature verification failed")


def test_refuses_for_ever(fake, image):
    fake.serve = Fake.refuse
    done = drive(fake.sockets, "install", image, swupdate_wait="60s")
    assert (done.result, done.reason) == (FAILED, "not-allowed")
    assert len(fake.requests) == 3


def test_busy_for_ever(fake, image):
    fake.running = True
    done = drive(fake.sockets, "install", image, swupdate_wait="1s")
    assert (done.result, done.reason) == (FAILED, "install-failed")
    assert not fake.requests


@pytest.mark.parametrize("times", [1, 99])
def test_forgets_an_accepted_request(fake, image, times):
    def serve(fake, connection):
        if len(fake.requests) > times:
            serve_well(fake, connection)
        else:
            fake.accept(connection)
            fake.running = False

    fake.serve = serve
    done = drive(fake.sockets, "install", image)
    assert (done.result, done.reason) == ((SUCCEEDED, None) if times == 1 else (FAILED, "install-failed"))
    assert len(fake.requests) == (2 if times == 1 else 3)


def test_a_final_word_that_its_state_denies(fake, image):
    def serve(fake, connection):
        fake.accept(connection)
        fake.take(connection)
        fake.say(progress(SUCCESS))
        fake.hang_up(connection)
        fake.last_result, fake.running = FAILURE, False

    fake.serve = serve
    assert drive(fake.sockets, "install", image).result == FAILED


@pytest.mark.parametrize("result", [SUCCESS, FAILURE])
def test_a_final_word_that_was_not_heard(fake, image, result):
    def serve(fake, connection):
        fake.accept(connection)
        fake.take(connection)
        fake.hang_up(connection)
        fake.last_result, fake.running = result, False

    fake.serve = serve
    assert drive(fake.sockets, "install", image).result == (SUCCEEDED if result == SUCCESS else FAILED)


def test_odd_messages(fake, image):
    odd = [progress(PROGRESS, nsteps=0), progress(PROGRESS, nsteps=1, cur_step=2**32 - 1, cur_percent=2**32 - 1),
           progress(PROGRESS, nsteps=2**32 - 1, cur_step=2**32 - 1, cur_percent=7), progress(77), progress(2**32 - 1),
           progress(START, b"\xff" * 2048, infolen=2**32 - 1), progress(RUN, b"\xff" * 2048),
           progress(RUN, b'{"0": {"VERSION" : "' + b"1" * 2028), progress(RUN, b'{"VERSION" : "1.\x01"}'),
           progress(RUN, b'{"VERSION"'), progress(RUN, b'{"VERSION" : "')]

    def serve(fake, connection):
        fake.accept(connection)
        fake.take(connection, 1_000)
        fake.say(b"".join(odd))
        fake.take(connection)
        fake.finish(connection)

    fake.serve = serve
    done = drive(fake.sockets, "inspect", image)
    assert (done.result, done.details["version"]) == (SUCCEEDED, "")
    assert all(-1 <= percent <= 100 for percent, _ in done.progress)


@pytest.mark.parametrize("tail", [b"", b"x" * 2415, os.urandom(5_000)], ids=["none", "almost", "noise"])
def test_noise_on_the_progress_socket(fake, image, tail):
    def serve(fake, connection):
        fake.accept(connection)
        fake.say(os.urandom(100_000) + tail)
        fake.vanish()

    fake.serve = serve
    assert drive(fake.sockets, "install", image).result == FAILED


def test_a_message_in_pieces(fake, image):
    def serve(fake, connection):
        fake.accept(connection)
        fake.take(connection)
        message = progress(RUN, b'{"0": {"VERSION" : "7.1"}}')
        for at in range(0, len(message), 300):
            fake.say(message[at:at + 300])
            wait_for(fake.all_read, "the piece was read")
        fake.finish(connection)

    fake.serve = serve
    done = drive(fake.sockets, "inspect", image)
    assert (done.result, done.details["version"]) == (SUCCEEDED, "7.1")


DAMAGE = {
    "magic": lambda answer: b"\0\0\0\0" + answer[4:],
    "refused": lambda answer: answer[:4] + b"\2\0\0\0" + answer[8:],
    "short": lambda answer: answer[:100],
    "none": lambda answer: b"",
    "long": lambda answer: answer + os.urandom(5_000),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_answers(fake, image, name):
    fake.damage, fake.serve = DAMAGE[name], serve_well
    done = drive(fake.sockets, "install", image, swupdate_wait="1s")
    assert (done.result, done.reason) == ((SUCCEEDED, None) if name == "long" else (FAILED, "internal"))


def test_complaints_without_an_end(fake, image):
    def serve(fake, connection):
        fake.notes += [b"A" * 2048, b"\xff\x1b[31m\n" * 300, b"ERROR " + b" : " * 600] * 30
        fake.accept(connection)
        fake.finish(connection, FAILURE)

    fake.serve = serve
    done = drive(fake.sockets, "install", image)
    assert (done.result, done.reason) == (FAILED, "install-failed")
    assert len(done.message) < 1000
    assert done.message.isprintable()


def test_a_socket_of_somebody_else_is_not_talked_to(fake, image):
    if os.geteuid() != 0:
        pytest.skip("takes root")
    fake.serve = serve_well
    fake.give_away()
    done = drive(fake.sockets, "install", image, swupdate_wait="1s")
    assert (done.result, done.reason) == (FAILED, "internal")
    assert "belongs to user 65534" in done.message
    assert not fake.connections


def test_cancel_while_verifying(fake, image):
    def serve(fake, connection):
        fake.accept(connection)
        fake.say(progress(PROGRESS, nsteps=2, cur_step=1, cur_percent=10))

    fake.serve = serve
    run = Drive(fake.sockets, "inspect", image)
    run.wait_progress("inspect")
    run.cancel()
    assert run.wait(VANISHED_S) == (CANCELLED, None)
    assert run.seconds < 2


def test_cancel_while_busy(fake, image):
    fake.running = True
    run = Drive(fake.sockets, "inspect", image)
    run.wait_progress("waiting")
    run.cancel()
    assert run.wait(VANISHED_S) == (CANCELLED, None)
    assert run.seconds < 2


def test_an_image_that_is_not_there(fake, tmp_path):
    done = drive(fake.sockets, "install", tmp_path / "none")
    assert (done.result, done.reason) == (FAILED, "internal")
    assert not fake.connections


def test_what_is_asked_for(fake, image):
    fake.serve = serve_well
    for operation in ("inspect", "install"):
        assert drive(fake.sockets, operation, image).result == SUCCEEDED
    dry, wet = fake.requests
    assert len(dry) == MESSAGE
    assert (dry[16:20], wet[16:20]) == (b"\1\0\0\0", b"\2\0\0\0")    # a dry run, and none whatever its own default is
    assert b"job-1" in wet and b"stable" in wet and b"main" in wet


BAD_SETTINGS = {"swupdate-selection": "stable", "swupdate-directory": "tmp", "swupdate-wait": "soon",
                "swupdate-timeout": "-1s"}


@pytest.mark.parametrize("key", BAD_SETTINGS)
def test_bad_settings(tmp_path, key):
    slots = {"booted": "/bin/true", "confirm": "/bin/true", "rollback": "/bin/true"}
    assert drive(tmp_path, "check", "-", **slots).result == SUCCEEDED
    refused = drive(tmp_path, "check", "-", **slots, **{key: BAD_SETTINGS[key]})
    assert (refused.result, refused.reason) == (2, "internal")
    assert f"[plugin firmware] {key}" in refused.message
