"""Services, runners and bad luck against file streams: the job ends, the daemon lives, and the next job runs."""

import base64
import hashlib
import json
import os
import threading
import time
from pathlib import Path

import cbor2
import pytest
from device import RUNNER
from scripted_service import Service

HOSTILE = Path(__file__).resolve().with_name("hostile_streams.py")
DATA = bytes(range(256)) * 16
BLOCK = 256


def document(device, **more):
    return {"operation": "download", "stream": "s-1", "file": 3, "path": str(device.downloads / "file"),
            "sha256": hashlib.sha256(DATA).hexdigest(), **more}


def pack(form, body):
    return json.dumps(body).encode() if form == "json" else cbor2.dumps(body)


def unpack(form, payload):
    return json.loads(payload) if form == "json" else cbor2.loads(payload)


def block(form, token, index, **more):
    data = DATA[index * BLOCK:(index + 1) * BLOCK]
    body = {"c": token, "f": 3, "l": len(data), "i": index, "p": data, **more}
    if form == "json" and isinstance(body["p"], bytes):
        body["p"] = base64.b64encode(body["p"]).decode()
    return pack(form, body)


class Honest:
    """Answers as the service does; what is given replaces its answers to one kind of request."""

    def __init__(self, describe=None, get=None):
        self.twists = {"describe": describe, "get": get}

    def __call__(self, word, form, payload):
        try:
            request = unpack(form, payload)
            assert isinstance(request, dict)
        except Exception:       # no decoder's own errors are listed anywhere
            return [("rejected", pack(form, {"o": "InvalidRequest", "m": "what?"}))]
        twist = self.twists[word]
        if twist is not None:
            answer = twist(form, request)
            if answer is not None:
                return answer
        return self.describe(form, request) if word == "describe" else self.get(form, request)

    @staticmethod
    def describe(form, request, **more):
        return [("description", pack(form, {"c": request["c"], "s": 1, "r": [{"f": 3, "z": len(DATA)}], **more}))]

    @staticmethod
    def get(form, request):
        return [("data", block(form, request["c"], request["o"] + n)) for n in range(request["n"])]


@pytest.fixture
def device(device):
    """Waits of daemon and runner are short."""
    program = device.directory / "runner"
    program.write_text(f"#!/bin/sh\nERRAND_TEST_TIME_SCALE=20 exec {RUNNER}\n")
    program.chmod(0o755)
    device.groups["paths"]["runner"] = program
    device.environment["ERRAND_TEST_TIME_SCALE"] = "20"
    device.groups["plugin download"].update({"stream-block-size": str(BLOCK), "retry-delay": "50ms", "retries": "2"})
    device.form = "cbor"
    return device


@pytest.fixture(params=["json", "cbor"])
def form(device, request):
    device.groups["plugin download"]["stream-format"] = device.form = request.param


def arrived(device):
    assert (device.downloads / "file").read_bytes() == DATA
    assert os.listdir(device.downloads) == ["file"]


def asked_for(service):
    return [name for filters in service.subscribes for name in filters if "/streams/" in name]


def still_works(device, service):
    """And nothing is left subscribed or on disk."""
    assert device.alive()
    service.stream = Honest()
    service.add("next", document(device))
    service.notify()
    status, details = service.wait_final("next")
    assert status == "SUCCEEDED", details
    arrived(device)
    device.wait_empty()
    # A subscription that was not answered in time may have been asked for twice.
    assert set(service.unsubscribes) == set(asked_for(service))


def describes(**more):
    return lambda form, request: Honest.describe(form, request, **more)


NESTED = b"[" * 50000
BAD_DESCRIPTIONS = {
    "negative": describes(r=[{"f": 3, "z": -1}]), "two to the 63": describes(r=[{"f": 3, "z": 1 << 63}]),
    "a day's size": describes(r=[{"f": 3, "z": (1 << 63) - 1}]), "no file": describes(r=[]),
    "twice": describes(r=[{"f": 3, "z": 1}, {"f": 3, "z": 4096}]), "no list": describes(r={"f": 3}),
    "a fraction": describes(r=[{"f": 3, "z": 4096.5}]), "text": describes(r=[{"f": "3", "z": "4096"}]),
    "many": describes(r=[{"f": n % 256, "z": 1} for n in range(4000)]), "version": describes(s=1 << 40),
    "no version": describes(s=None), "token": describes(c="somebody-else"), "token type": describes(c=7),
    "empty": lambda *_: [("description", b"")], "nested": lambda *_: [("description", NESTED)],
    "map bomb": lambda *_: [("description", b"\xbb" + b"\xff" * 8)],
    "array bomb": lambda *_: [("description", b"\xa1\x61r\x9b" + b"\xff" * 8)],
    "text bomb": lambda *_: [("description", b"\x7b" + b"\xff" * 8)],
    "tags": lambda *_: [("description", b"\xc6" * 100000)],
    "huge": lambda *_: [("description", b"x" * 2_000_000)],
    "empty rejection": lambda *_: [("rejected", b"")],
    "rejection bomb": lambda form, request: [("rejected", pack(form, {"o": "x" * 90000, "m": "\0" * 90, "c": None}))],
    "html": lambda *_: [("rejected", b"<html><body>503</body></html>")],
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("name", sorted(BAD_DESCRIPTIONS))
def test_bad_descriptions(device, name):
    with Service(device, stream=Honest(describe=BAD_DESCRIPTIONS[name])) as service:
        service.add("j", document(device))
        device.start(ready=False)
        status, details = service.wait_final("j", 40)
        assert (status, details["reason"]) == ("FAILED", "download-failed"), details
        assert os.listdir(device.downloads) == []
        still_works(device, service)


def blocks(**more):
    def answer(form, request):
        return [("data", block(form, request["c"], request["o"] + n, **more)) for n in range(request["n"])]
    return answer


BAD_BLOCKS = {
    "other file": blocks(f=4), "no file": blocks(f=None), "far": blocks(i=98303), "farther": blocks(i=1 << 62),
    "negative": blocks(i=-1), "shorter": blocks(l=255), "longer": blocks(l=1 << 62), "other size": blocks(l=1, p=b"x"),
    "other token": blocks(c="errand-3-2-256"), "nothing": blocks(p=b"", l=0), "no payload": blocks(p=None),
    "text": blocks(p="####"), "too large": blocks(p=b"x" * 90000, l=90000),
    "larger": lambda *_: [("data", b"x" * 1_000_000)], "not asked": lambda *_: [("description", b"{}")],
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("name", sorted(BAD_BLOCKS))
def test_bad_blocks(device, name):
    with Service(device, stream=Honest(get=BAD_BLOCKS[name])) as service:
        service.add("j", document(device))
        device.start(ready=False)
        status, details = service.wait_final("j", 40)
        assert (status, details["reason"]) == ("FAILED", "download-failed"), details
        assert os.listdir(device.downloads) == []
        still_works(device, service)


@pytest.mark.usefixtures("form")
def test_an_empty_file(device):
    with Service(device, stream=Honest(describe=describes(r=[{"f": 3, "z": 0}]))) as service:
        service.add("j", document(device, sha256=hashlib.sha256(b"").hexdigest()))
        service.add("k", document(device))
        device.start(ready=False)
        assert service.wait_final("j")[0] == "SUCCEEDED"
        status, details = service.wait_final("k")
        assert (status, details["reason"]) == ("FAILED", "checksum-mismatch"), details
        still_works(device, service)


@pytest.mark.usefixtures("form")
def test_a_version_that_changes_with_each_answer(device):
    versions = iter(range(1, 1 << 20))
    seen = []

    def get(form, request):
        seen.append(request)
        return [("rejected", pack(form, {"o": "VersionMismatch", "m": "changed", "c": request["c"]}))]

    def describe(form, request):
        return Honest.describe(form, request, s=next(versions))
    with Service(device, stream=Honest(describe=describe, get=get)) as service:
        service.add("j", document(device))
        device.start(ready=False)
        status, details = service.wait_final("j")
        assert (status, details["reason"]) == ("FAILED", "download-failed"), details
        assert len(seen) < 5
        still_works(device, service)


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("size", [1, 60000])
def test_a_flood_nobody_asked_for(device, size):
    """Ten thousand messages while a file is fetched: the file arrives, and memory stays where it was."""
    device.groups["plugin download"]["retries"] = "8"
    with Service(device, stream=Honest()) as service:
        service.add("warm", document(device))
        device.start(ready=False)
        assert service.wait_final("warm")[0] == "SUCCEEDED"
        device.wait_empty()
        before = resident(device.process.pid)
        going = threading.Event()

        def flood():
            going.wait(20)
            for n in range(10000 if size == 1 else 3000):
                service.tell(f"streams/s-{1 + n % 2}/data/{device.form}", b"x" * size)
        thread = threading.Thread(target=flood)
        thread.start()

        def describe(form, request):
            going.set()
        service.stream = Honest(describe=describe)
        begun = time.monotonic()
        service.add("j", document(device))
        service.notify()
        status, details = service.wait_final("j", 60)
        took = time.monotonic() - begun
        thread.join()
        print(f"{size}: {took:.1f} s, daemon {before} -> {resident(device.process.pid)} kB")
        assert status == "SUCCEEDED", details
        arrived(device)
        if "ERRAND_SANITIZED" not in os.environ:
            assert resident(device.process.pid) - before < 8 << 10
        still_works(device, service)


@pytest.fixture
def hostile(device):
    device.directory.joinpath("runner").write_text(
        f"#!/bin/sh\nERRAND_TEST_TIME_SCALE=20 exec /usr/bin/python3 {HOSTILE} {RUNNER}\n")
    device.groups["jobs"].update({"workflow": "available", "max-parallel": "2", "default-timeout": "15s"})
    # Who asks without end takes the connection from the others as long as that lasts.
    device.groups["plugin download"]["retries"] = "30"
    return device


def attack(mode, *arguments):
    return {"operation": "shell", "command": ["true"], "mode": mode, "arguments": list(arguments)}


@pytest.mark.parametrize("mode, status", [
    ("many_names", "SUCCEEDED"), ("full_speed_and_never_reads", "SUCCEEDED"), ("before_go", None),
    ("after_result", "SUCCEEDED"), ("garbage", "FAILED"), ("too_large", "FAILED"), ("answers", "FAILED")])
def test_hostile_runners(hostile, mode, status):
    """Another job fetches its file meanwhile."""
    with Service(hostile, stream=Honest()) as service:
        service.add("evil", attack(mode))
        service.add("good", document(hostile))
        hostile.start(ready=False)
        begun = time.monotonic()
        status_of_good, details = service.wait_final("good", 40)
        assert status_of_good == "SUCCEEDED", details
        print(f"good after {time.monotonic() - begun:.1f} s")
        got, details = service.wait_final("evil", 40)
        print(got, details, len(asked_for(service)), len(service.published))
        if status is not None:
            assert got == status, details
        if "ERRAND_SANITIZED" not in os.environ:
            assert resident(hostile.process.pid) < 40 << 10
        hostile.downloads.joinpath("file").unlink()
        still_works(hostile, service)


@pytest.mark.parametrize("name", ["../jobs/#", "#", "+", "s-1/data/cbor", "", "s:1", "\u00e4", "x" * 129, None, 7])
def test_crafted_names_are_never_subscribed(hostile, name):
    hostile.groups["jobs"]["default-timeout"] = "2s"
    with Service(hostile, stream=Honest()) as service:
        service.add("evil", attack("crafted", name))
        hostile.start(ready=False)
        assert service.wait_final("evil")[0] == "FAILED"
        assert asked_for(service) == []
        still_works(hostile, service)


def test_two_jobs_on_one_stream(hostile):
    with Service(hostile, stream=Honest()) as service:
        for name in ("one", "two", "three"):
            service.add(name, document(hostile, path=str(hostile.downloads / name)))
        hostile.start(ready=False)
        for name in ("one", "two", "three"):
            assert service.wait_final(name)[0] == "SUCCEEDED"
            assert (hostile.downloads / name).read_bytes() == DATA
            (hostile.downloads / name).unlink()
        still_works(hostile, service)
