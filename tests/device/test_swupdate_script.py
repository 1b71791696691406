"""Backend swupdate alone, with a script behind SWUpdate's sockets that does what the real one cannot be told to."""

import os

import pytest
from device import wait_for
from swupdate_drive import CANCELLED, FAILED, SUCCEEDED, Drive, drive
from swupdate_fake import FAILURE, MESSAGE, PROGRESS, RUN, START, SUCCESS, Fake, progress

CANCELLED_S = 8     # two on an idle machine
VANISHED_S = 20


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
    done = drive(fake.sockets, "install", image, busy_timeout="1s")
    assert (done.result, done.reason) == (FAILED, "install-failed")
    assert not fake.requests


@pytest.mark.parametrize("times", [1, 99])
def test_forgets_an_accepted_request(fake, image, times):
    image.write_bytes(os.urandom(20_000))       # all of it is on its way by then

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
    if times == 1:
        assert fake.taken == image.read_bytes()


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


@pytest.mark.parametrize("times", [1, 9])
def test_a_beginning_that_was_not_heard(fake, image, times):
    """The version is told then; the image is verified once more to hear it."""
    def serve(fake, connection):
        fake.accept(connection)
        if len(fake.requests) > times:
            fake.say(progress(START) + progress(RUN, b'{"0": {"VERSION" : "7.1"}}'))
        fake.take(connection)
        fake.finish(connection)

    fake.serve = serve
    done = drive(fake.sockets, "inspect", image)
    assert (done.result, done.details["version"]) == (SUCCEEDED, "7.1" if times == 1 else "")
    assert len(fake.requests) == 2


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
    assert run.seconds < CANCELLED_S


def test_cancel_while_busy(fake, image):
    fake.running = True
    run = Drive(fake.sockets, "inspect", image)
    run.wait_progress("waiting")
    run.cancel()
    assert run.wait(VANISHED_S) == (CANCELLED, None)
    assert run.seconds < CANCELLED_S


def test_the_slot_is_taken_back_after_what_still_runs(fake, tmp_path):
    """An update that was cut off with its job would have the last word."""
    told = tmp_path / "told"
    fake.running = True
    run = Drive(fake.sockets, "reject", "B", rollback=f"touch;{told}")
    run.wait_progress("waiting")
    assert not told.exists()
    fake.running = False
    assert run.wait() == (SUCCEEDED, None)
    assert told.exists()


def test_an_image_that_is_not_there(fake, tmp_path):
    done = drive(fake.sockets, "install", tmp_path / "none")
    assert (done.result, done.reason) == (FAILED, "internal")
    assert not fake.connections


def test_what_is_asked_for(fake, image):
    fake.serve = serve_well
    for operation in ("inspect", "install"):
        assert drive(fake.sockets, operation, image).result == SUCCEEDED
    dry, wet = fake.requests[0], fake.requests[-1]
    assert len(dry) == MESSAGE
    assert (dry[16:20], wet[16:20]) == (b"\1\0\0\0", b"\2\0\0\0")    # a dry run, and none whatever its own default is
    assert b"job-1" in wet and b"stable" in wet and b"main" in wet


BAD_SETTINGS = {"swupdate-selection": "stable", "swupdate-directory": "tmp", "swupdate-wait": "soon",
                "swupdate-timeout": "-1s", "busy-timeout": "5"}


@pytest.mark.parametrize("key", BAD_SETTINGS)
def test_bad_settings(tmp_path, key):
    slots = {"booted": "/bin/true", "confirm": "/bin/true", "rollback": "/bin/true"}
    assert drive(tmp_path, "check", "-", **slots).result == SUCCEEDED
    refused = drive(tmp_path, "check", "-", **slots, **{key: BAD_SETTINGS[key]})
    assert (refused.result, refused.reason) == (2, "internal")
    assert f"[plugin firmware] {key}" in refused.message
