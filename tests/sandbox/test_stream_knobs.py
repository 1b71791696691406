"""Faults, switches and ledger of file streams."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conversation import THING
from streaming import FORMS, STREAM, StreamBench, pattern

CONTENT = pattern(8 * 256)
ALL = {"f": 0, "l": 256, "n": 8}


@pytest.fixture
def bench(tmp_path):
    bench = StreamBench(tmp_path)
    bench.stream({0: CONTENT, 1: CONTENT})
    return bench


def test_drop_blocks(bench):
    bench.fault("stream", "drop", block=3)
    bench.fault("stream", "drop", skip=4, count=2)      # of what the first fault leaves over
    assert bench.numbers(**ALL) == [0, 1, 2, 4, 7]
    assert bench.numbers(**ALL) == list(range(8))
    bench.fault("stream", "drop", block="7", file=1, count=0)
    assert bench.numbers(**ALL) == list(range(8))
    assert bench.numbers(f=1, l=256, n=8) == bench.numbers(f=1, l=256, n=8) == list(range(7))


def test_duplicate_blocks(bench):
    bench.fault("stream", "duplicate", skip=1)
    bench.fault("stream", "duplicate", copies=3, block=7)
    assert bench.numbers(**ALL) == [0, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7]


def test_reorder_blocks(bench):
    bench.fault("stream", "reorder", block=2)
    assert bench.numbers(**ALL) == [0, 1, 3, 4, 5, 6, 7, 2]
    bench.fault("stream", "reorder", count=3)
    assert bench.numbers(**ALL) == [3, 4, 5, 6, 7, 2, 1, 0]


def test_delay_blocks(bench):
    bench.fault("stream", "delay", seconds=60, block=0)
    assert bench.numbers(**ALL) == list(range(1, 8))
    bench.advance(59)
    assert bench.received() == []
    bench.advance(1)
    [(kind, body)] = bench.received()
    assert (kind, body["i"]) == ("data", 0)
    bench.fault("GetStream", "delay", seconds=60)
    assert bench.numbers(**ALL) == []
    bench.release()
    assert [body["i"] for _, body in bench.received()] == list(range(8))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("after, changed", ((0, 0), (17, 17), (9999, 255)))
def test_corrupt_blocks(bench, form, after, changed):
    bench.fault("stream", "corrupt", block=1, after=after)
    first, second = bench.get(form, f=0, l=256, n=2)
    assert first["p"] == CONTENT[:256] and second["l"] == 256
    assert [n for n in range(256) if second["p"][n] != CONTENT[256 + n]] == [changed]
    assert bench.get(form, f=0, l=256, n=2)[1]["p"] == CONTENT[256:512]


@pytest.mark.parametrize("api, verb", (("GetStream", "get"), ("DescribeStream", "describe"), ("stream", "get"),
                                       ("stream", "describe")))
def test_refused_by_a_fault(bench, api, verb):
    bench.fault(api, "error", code="Unauthorized", message="not today", stream=STREAM)
    assert bench.ask(verb, {"c": "t", **ALL}) == [
        ("rejected", {"c": "t", "o": "Unauthorized", "m": "not today"})]
    assert bench.ask(verb, ALL)[0][0] != "rejected"
    bench.fault(api, "error", stream="other")
    bench.fault(api, "error", thing="other")
    bench.fault(api, "error", file=1)
    assert bench.ask(verb, ALL)[0][0] != "rejected"
    assert bench.refusal(verb, {**ALL, "f": 1}) == "InternalError"


def test_faults_of_one_request_only(bench):
    bench.fault("DescribeStream", "drop")
    assert bench.numbers(**ALL) == list(range(8))
    assert bench.ask("describe", {}) == []
    bench.fault("GetStream", "drop")
    assert bench.ask("describe", {}) != []
    assert bench.numbers(**ALL) == []
    bench.fault("DescribeStream", "duplicate", copies=3)
    assert len(bench.ask("describe", {})) == 3
    bench.fault("GetStream", "duplicate")
    assert bench.numbers(f=0, l=256, n=2) == [0, 0, 1, 1]
    bench.fault("*", "drop", count=0)       # the requests of Jobs
    assert bench.numbers(**ALL) == list(range(8))


def test_disconnect(bench):
    kicked = []
    bench.service.kick = lambda thing, client: kicked.append((thing, client))
    bench.fault("GetStream", "disconnect", clientId="c")
    assert bench.numbers(**ALL) == [] and kicked == [(THING, "c")]
    assert bench.numbers(**ALL) == list(range(8)) and len(kicked) == 1


@pytest.mark.parametrize("api, action, fields", (
    ("stream", "disconnect", {}), ("stream", "cut", {}), ("GetStream", "corrupt", {}),
    ("DescribeStream", "reorder", {}), ("stream", "drop", {"block": 1.5}), ("stream", "drop", {"file": None}),
    ("stream", "corrupt", {"after": -1}), ("streams", "drop", {}), ("file", "corrupt", {}), ("*", "corrupt", {})))
def test_faults_that_are_none(bench, api, action, fields):
    with pytest.raises(ValueError):
        bench.fault(api, action, **fields)


def test_names_of_a_rejection(bench):
    bench.switch("stream-rejected-names", "long")
    [(kind, body)] = bench.ask("get", {**ALL, "l": 1, "c": "t"})
    assert kind == "rejected" and body["code"] == "BlockSizeOutOfBounds" and body["clientToken"] == "t"
    assert body.keys() == {"code", "message", "clientToken"}
    assert bench.ask("get", {**ALL, "l": 1})[0][1].keys() == {"code", "message"}


def test_payload_as_hexadecimal_text(bench):
    bench.switch("stream-json-payload", "hex")
    bench.service.on_message(f"$aws/things/{THING}/streams/{STREAM}/get/json", b'{"f":0,"l":256,"n":1}')
    assert json.loads(bench.service.outbox.popleft()[1])["p"] == CONTENT[:256].hex()
    assert bench.get("cbor", f=0, l=256, n=1)[0]["p"] == CONTENT[:256]


@pytest.mark.parametrize("request_fields, refused", (
    ({"n": 9}, True), ({"n": 8}, False), ({"o": 4, "n": 5}, True), ({"o": 4, "n": 4}, False), ({}, True),
    ({"b": "0xffff"}, False)))
def test_requests_past_the_end(bench, request_fields, refused):
    request = {"f": 0, "l": 256, **request_fields}
    assert bench.numbers(**request)
    bench.switch("stream-past-end", "refuse")
    if refused:
        assert bench.refusal("get", request) == "InvalidRequest"
    else:
        assert bench.numbers(**request)


@pytest.mark.parametrize("code", ("ResourceNotFound", "InvalidRequest", "OffsetOutOfBounds"))
def test_code_of_an_offset_past_the_end(bench, code):
    bench.switch("stream-offset-code", code)
    assert bench.refusal("get", {"f": 0, "l": 256, "o": 8, "n": 1}) == code
    assert bench.refusal("get", {"f": 0, "l": 256, "o": 98305, "n": 1}) == "OffsetOutOfBounds"


def test_a_changed_file_can_be_served(bench):
    bench.put(f"{STREAM}/0", b"changed")
    bench.switch("stream-changed-file", "serve")
    assert bench.get(f=0, l=256, n=1)[0]["p"] == b"changed"
    assert bench.ask("describe", {})[0][1]["r"][0]["z"] == 7


def test_blocks_no_message_can_hold(bench):
    bench.stream({0: pattern(131072)}, "large")
    request = {"f": 0, "l": 131072, "n": 1}
    assert bench.refusal("get", request, stream="large") == "BlockSizeOutOfBounds"
    assert bench.get("cbor", "large", **request)[0]["l"] == 131072
    bench.switch("stream-large-block", "silent")
    assert bench.ask("get", request, stream="large") == []


def test_switches_of_every_answer(bench):
    bench.switch("duplicate-answers", "on")
    assert bench.numbers(f=0, l=256, n=2) == [0, 0, 1, 1]
    assert len(bench.ask("describe", {})) == len(bench.ask("describe", {}, stream="none")) == 2
    bench.switch("answer-qos", "1")
    bench.service.on_message(f"$aws/things/{THING}/streams/{STREAM}/describe/json", b"")
    assert {qos for _, _, qos in bench.service.outbox} == {1}
    bench.switch("non-object-code", "InvalidRequest")
    bench.switch("duplicate-answers", "off")
    bench.service.outbox.clear()
    assert bench.refusal("get", b"[1]") == bench.refusal("get", b"\x80", "cbor") == "InvalidRequest"


@pytest.mark.parametrize("form", FORMS)
def test_the_ledger(bench, form):
    bench.fault("stream", "drop", block=1)
    request = {"c": "t", "f": 0, "l": 1000, "b": "0x07" if form == "json" else b"\x07"}
    bench.ask("get", request, form)
    bench.refusal("get", {"f": 0}, form)
    entries = bench.entries(stream=STREAM, thing=THING)
    assert [(e["kind"], e["api"]) for e in entries] == [
        ("request", "GetStream"), ("answer", "GetStream"), ("block", "GetStream"), ("fault", "stream"),
        ("block", "GetStream"), ("request", "GetStream"), ("answer", "GetStream")]
    assert entries[0]["payload"] == {"c": "t", "f": 0, "l": 1000, "b": "0x07"} and entries[0]["format"] == form
    assert entries[1]["accepted"] and entries[1]["blocks"] == 3
    assert (entries[3]["action"], entries[3]["file"], entries[3]["block"]) == ("drop", 0, 1)
    assert [(e["file"], e["block"], e["size"]) for e in bench.entries(kind="block")] == [(0, 0, 1000), (0, 2, 48)]
    assert not entries[6]["accepted"] and entries[6]["code"] == "InvalidRequest"
    json.dumps(entries)


def test_the_ledger_shows_any_payload(bench):
    """What the ledger has must be JSON whatever came in."""
    for payload in (b"\xff", b"\xa1\x01\xc2\x59\x30\x00" + b"\xff" * 12288, b"\xa1\x61c\xd8\x1c\x81\xd8\x1d\x00",
                    b"\xa1\xf7\xf9\x7e\x00", b"\xa1\x61f\xc1\x00", b"\xa1\x80\xa1\xa0\xa0"):
        bench.ask("get", payload, "cbor")
    bench.ask("get", b"\xff\x00{")
    for entry in bench.entries(kind="request"):
        json.dumps(entry)
    assert len(bench.entries(kind="request")) == 7


def test_without_the_library_for_cbor(bench, monkeypatch):
    monkeypatch.setattr("errand_sandbox.stream_codec.cbor2", None)
    assert bench.numbers(**ALL) == list(range(8))
    bench.service.on_message(f"$aws/things/{THING}/streams/{STREAM}/describe/cbor", b"\xa0")
    [(kind, body)] = bench.received("json")
    assert kind == "rejected" and "python3-cbor2" in body["m"]
    script = ("import sys; sys.modules['cbor2'] = None; sys.path.insert(0, sys.argv[1]);"
              "from errand_sandbox import app, stream_codec; print(stream_codec.cbor2)")
    words = [sys.executable, "-c", script, Path(__file__).parent]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert done.stdout == "None\n", done.stderr
