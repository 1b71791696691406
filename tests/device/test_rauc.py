"""The RAUC backend by itself, with the real service: what it tells of every way an installation can go."""

import signal

import pytest
from backend import CANCELLED, FAILED, REJECTED, SUCCEEDED, Call
from rauc_service import COMPATIBLE, SLOT_SIZE, Bus, Rauc


@pytest.fixture
def call(rauc):
    return lambda *words: begin(rauc, *words).end()


def begin(rauc, *words):
    return Call(rauc.environment, rauc.directory, *words)


# ---- the system that runs ----

def test_the_slot_that_runs_and_its_version(rauc, call):
    assert call("booted").details == {"slot": "rootfs.0", "version": ""}
    assert tuple(call("install", rauc.bundle(version="2.1.0"))) == (SUCCEEDED, None)
    assert call("booted").details == {"slot": "rootfs.0", "version": ""}
    assert rauc.reboot() == "B"
    assert call("booted").details == {"slot": "rootfs.1", "version": "2.1.0"}


def test_a_service_that_does_not_know_its_slot(rauc, call):
    rauc.stop()
    rauc.start(known=False)
    answer = call("booted")
    assert tuple(answer) == (FAILED, "not-booted")
    assert "device of booted slot not found" in answer.message
    assert tuple(call("install", rauc.bundle())) == (FAILED, "install-failed")
    assert tuple(call("confirm")) == (FAILED, "internal")


def test_no_service(rauc, call):
    rauc.stop()
    answer = call("booted")
    assert tuple(answer) == (FAILED, "internal")
    assert "rauc-service" in answer.message and "systemctl status rauc" in answer.message


def test_no_bus(rauc, tmp_path):
    answer = Call({"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"}, tmp_path, "booted").end()
    assert tuple(answer) == (FAILED, "internal")
    assert f"{tmp_path}/none" in answer.message


def test_a_service_that_is_just_starting_is_waited_for(rauc):
    rauc.stop()
    asked = begin(rauc, "booted")
    rauc.start()
    assert asked.end().details["slot"] == "rootfs.0"


def test_a_bad_setting(call):
    assert tuple(call("busy-timeout=soon", "check")) == (REJECTED, "internal")
    assert tuple(call("busy-timeout=10s", "check")) == (SUCCEEDED, None)


def test_the_slot_that_runs_while_somebody_installs(rauc, call):
    rauc.hold()
    theirs = rauc.begin_install(rauc.bundle())
    rauc.wait_installing()
    answer = call("busy-timeout=1s", "booted")
    assert tuple(answer) == (FAILED, "install-failed")
    assert "busy" in answer.message
    asked = begin(rauc, "booted")
    rauc.release()
    assert asked.end().details["slot"] == "rootfs.0"
    assert theirs.wait(20) == 0


# ---- an image is looked at ----

def test_a_good_image(rauc, call):
    answer = call("inspect", rauc.bundle(version="3.0"))
    assert tuple(answer) == (SUCCEEDED, None)
    assert answer.details == {"compatible": COMPATIBLE, "version": "3.0"}
    assert rauc.boot_log() == []


def test_an_image_for_another_board(rauc, call):
    answer = call("inspect", rauc.bundle(compatible="other-board"))
    assert tuple(answer) == (REJECTED, "not-allowed")
    assert "'other-board'" in answer.message and f"'{COMPATIBLE}'" in answer.message


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
    return path


def cut(path):
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)
    return path


@pytest.fixture(params=["foreign", "flipped", "cut", "unsigned", "empty"])
def bad_bundle(request, rauc):
    if request.param == "foreign":
        return rauc.bundle(signer="rogue")
    path = rauc.bundle()
    if request.param == "flipped":
        return flip(path, 200)
    if request.param == "cut":
        return cut(path)
    path.write_bytes(b"hsqs" + bytes(70000) if request.param == "unsigned" else b"")
    return path


def test_what_nobody_trusted_signed(rauc, call, bad_bundle):
    answer = call("inspect", bad_bundle)
    assert tuple(answer) == (FAILED, "bad-signature")
    assert str(bad_bundle) in answer.message
    assert call("install", bad_bundle).result == FAILED
    assert rauc.content("B") == b"old b"
    assert rauc.boot_log() == [] or not any("set" in line for line in rauc.boot_log())


def test_a_cancel_ends_a_check(rauc, call):
    rauc.process.send_signal(signal.SIGSTOP)
    try:
        asked = begin(rauc, "inspect", rauc.bundle())
        asked.cancel()
        assert asked.end(20).result == CANCELLED
    finally:
        rauc.process.send_signal(signal.SIGCONT)


# ---- an installation ----

def test_good(rauc, call):
    answer = call("install", rauc.bundle())
    assert tuple(answer) == (SUCCEEDED, None)
    assert rauc.content("B") == b"new" and rauc.content("A") == b"old a"
    assert rauc.primary() == "B"
    percents = [percent for percent, step in answer.progress if step == "install"]
    assert percents == sorted(percents) and percents[-1] == 99


def test_failures_in_its_own_words(rauc, call):
    answer = call("install", rauc.bundle("other.raucb", compatible="other-board"))
    assert tuple(answer) == (FAILED, "not-allowed")
    assert "Compatible mismatch" in answer.message
    answer = call("install", rauc.bundle("rogue.raucb", signer="rogue"))
    assert tuple(answer) == (FAILED, "bad-signature")
    answer = call("install", "/nonexistent.raucb")
    assert tuple(answer) == (FAILED, "install-failed")
    assert "No such file" in answer.message
    assert rauc.content("B") == b"old b" and rauc.primary() == "A"


def test_a_query_is_not_told(rauc, call):
    answer = call("install", "https://localhost:1/x.raucb?X-Amz-Signature=0123456789abcdef")
    assert tuple(answer) == (FAILED, "install-failed")
    assert "https://localhost:1/x.raucb" in answer.message
    assert "Amz" not in answer.message


def test_killed_and_started_again(rauc):
    rauc.hold()
    install = begin(rauc, "install", rauc.bundle())
    rauc.wait_installing()
    rauc.kill()
    rauc.start()
    answer = install.end(15)
    assert tuple(answer) == (FAILED, "install-failed")
    assert "started again it is 'idle'" in answer.message
    rauc.release()
    assert tuple(begin(rauc, "again", rauc.bundle()).end()) == (SUCCEEDED, None)
    assert rauc.content("B") == b"new"


def test_the_bus_goes_away(rauc):
    rauc.hold()
    install = begin(rauc, "install", rauc.bundle())
    rauc.wait_installing()
    rauc.bus.close()
    assert tuple(install.end(15)) == (FAILED, "install-failed")
    rauc.bus = Bus(rauc.directory)


def test_an_interrupted_call_finds_its_installation(rauc):
    rauc.hold()
    bundle = rauc.bundle()
    first = begin(rauc, "install", bundle)
    rauc.wait_installing()
    first.kill()
    again = begin(rauc, "again", bundle)
    again.wait_log("still installing from before")
    rauc.release()
    assert tuple(again.end()) == (SUCCEEDED, None)
    assert rauc.boot_log().count("set-primary B") == 1


def test_an_interrupted_call_hears_of_its_failure(tmp_path, rauc_keys):
    with_loops = Rauc(tmp_path / "l", rauc_keys, loop=True).start()
    try:
        with_loops.hold()
        bundle = with_loops.bundle(size=2 * SLOT_SIZE)
        first = begin(with_loops, "install", bundle)
        with_loops.wait_installing()
        first.kill()
        again = begin(with_loops, "again", bundle)
        again.wait_log("still installing from before")
        with_loops.release()
        assert tuple(again.end()) == (FAILED, "no-space")
        assert with_loops.primary() == "A" and with_loops.state("B") == "bad"
    finally:
        with_loops.close()


def test_somebody_elses_installation(rauc, call):
    rauc.hold()
    theirs = rauc.begin_install(rauc.bundle("theirs.raucb", content=b"theirs"))
    rauc.wait_installing()
    answer = call("busy-timeout=1s", "install", rauc.bundle())
    assert tuple(answer) == (FAILED, "install-failed")
    assert "busy" in answer.message and "did not start" in answer.message
    ours = begin(rauc, "install", rauc.bundle())
    rauc.release()
    assert tuple(ours.end()) == (SUCCEEDED, None)
    assert theirs.wait(20) == 0
    assert rauc.content("B") == b"new"


# ---- the boot loader ----

def test_confirm(rauc, call):
    call("install", rauc.bundle())
    rauc.reboot()
    assert rauc.state("B") == "bad"
    assert tuple(call("confirm")) == (SUCCEEDED, None)
    assert rauc.state("B") == "good"
    assert rauc.status()["rootfs.1"]["boot_status"] == "good"
    assert tuple(call("confirm")) == (SUCCEEDED, None)


def test_reject_the_slot_that_runs(rauc, call):
    call("install", rauc.bundle())
    assert rauc.reboot() == "B"
    for _ in range(2):
        assert tuple(call("reject", "rootfs.1")) == (SUCCEEDED, None)
        assert (rauc.state("B"), rauc.state("A"), rauc.primary()) == ("bad", "good", "A")
    assert rauc.reboot() == "A"


@pytest.mark.parametrize("slot", ["rootfs.1", "other"])
def test_reject_the_slot_that_was_fallen_back_from(rauc, call, slot):
    call("install", rauc.bundle())
    rauc.reboot("A")
    assert rauc.primary() == "B"
    for _ in range(2):
        assert tuple(call("reject", slot)) == (SUCCEEDED, None)
        assert (rauc.state("B"), rauc.primary()) == ("bad", "A")


def test_reject_a_slot_that_is_not_there(rauc, call):
    answer = call("reject", "rootfs.7")
    assert tuple(answer) == (FAILED, "internal")
    assert "rootfs.7" in answer.message
    assert rauc.primary() == "A"
