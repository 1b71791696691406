"""Streams: whose refusal it is, how much a runner may ask for, and what an outage of the gateway's link costs."""

import errno
import hashlib
from pathlib import Path

import pytest
from device import RUNNER, wait_for
from scripted_service import Service
from stream_source import Stream
from test_attack_streams import DATA, Honest, asked_for, attack, document, pack

HOSTILE = Path(__file__).resolve().with_name("hostile_streams.py")
REFUSAL = {"o": "ResourceNotFound", "m": "none"}


@pytest.fixture
def parallel(device):
    device.groups["jobs"].update({"workflow": "available", "max-parallel": "2"})
    device.groups["plugin download"].update({"stream-block-size": "256", "retries": "1"})
    return device


class Together:
    """Refuses without a token once both jobs have asked, and only then answers them."""

    def __init__(self, ask):
        self.ask, self.requests = ask, []

    def __call__(self, form, request):
        self.requests.append(request)
        if len(self.requests) == 1:
            return []
        if len(self.requests) > 2:
            return None
        refusal = ("rejected", pack(form, REFUSAL))
        return [refusal] + [answer for asked in self.requests for answer in self.ask(form, asked)]


@pytest.mark.parametrize("word, ask", [("describe", Honest.describe), ("get", Honest.get)])
def test_a_refusal_without_a_token_is_for_nobody_when_two_wait(parallel, word, ask):
    """Each has one try only."""
    with Service(parallel, stream=Honest(**{word: Together(ask)})) as service:
        for name in ("one", "two"):
            service.add(name, document(parallel, path=str(parallel.downloads / name)))
        parallel.start(ready=False)
        for name in ("one", "two"):
            status, details = service.wait_final(name, 60)
            assert status == "SUCCEEDED", details
            assert (parallel.downloads / name).read_bytes() == DATA
    parallel.wait_log("does not say which of 2 requests")


def test_a_refusal_without_a_token_is_for_the_one_who_waits(parallel):
    def get(form, request):
        return [("rejected", pack(form, REFUSAL))]

    with Service(parallel, stream=Honest(get=get)) as service:
        service.add("one", document(parallel))
        parallel.start(ready=False)
        status, details = service.wait_final("one")
    assert (status, details["reason"]) == ("FAILED", "download-failed")
    assert "no such stream" in details["message"]


# ---- Runners ----

@pytest.fixture
def hostile(device):
    program = device.directory / "runner"
    program.write_text(f"#!/bin/sh\nexec /usr/bin/python3 {HOSTILE} {RUNNER}\n")
    program.chmod(0o755)
    device.groups["paths"]["runner"] = program
    return device


def test_who_asks_for_too_many_streams_is_told_to_come_again(hostile):
    """Of a thousand names in two seconds; each that is new costs three filters."""
    with Service(hostile, stream=Honest()) as service:
        service.add("evil", attack("many_names"))
        hostile.start(ready=False)
        assert service.wait_final("evil", 60)[0] == "SUCCEEDED"
        names = {name.split("/")[4] for name in asked_for(service)}
        # Eight at once, and one more every 10 s.
        assert 8 <= len(names) <= 12
        service.add("polite", attack("refused_at_last"))
        service.notify()
        status, details = service.wait_final("polite")
        assert status == "SUCCEEDED"
        assert details["refused"].endswith(f" {errno.EAGAIN}")


def test_who_asks_without_waiting_is_told_to_come_again(hostile):
    requests = []
    with Service(hostile, stream=lambda *request: requests.append(request) or []) as service:
        service.add("evil", attack("refused_at_last", 1))
        hostile.start(ready=False)
        status, details = service.wait_final("evil")
    assert (status, details["refused"]) == ("SUCCEEDED", f"h-0 {errno.EAGAIN}")
    assert len(requests) <= 4


# ---- The link ----

def test_an_outage_is_not_counted_against_a_stream(device, sandbox):
    device.environment["ERRAND_TEST_TIME_SCALE"] = "10"
    device.groups["plugin download"].update({"stream-block-size": "4096", "retry-delay": "100ms", "retries": "2"})
    stream = Stream(device, sandbox)
    stream.fault("GetStream", "delay", seconds=0.2, count=0)
    device.start()
    job = device.create(stream.document())
    wait_for(lambda: len(stream.sent()) > 64, "some blocks")
    since = sandbox.last()
    sandbox.broker("stop")
    device.wait_log("the gateway is offline: the stream goes on")
    sandbox.clear_faults()
    sandbox.broker("start")
    status, details = device.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    stream.arrived()
    assert details["bytes"] == str(len(stream.data))
    assert hashlib.sha256(stream.target.read_bytes()).digest() == hashlib.sha256(stream.data).digest()
    assert device.updates(job, after=since)
