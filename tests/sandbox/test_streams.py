"""What a device may ask of a file stream, in both formats, and what it is refused."""

import json
import random

import cbor2
import pytest
from conversation import THING
from streaming import FORMS, STREAM, StreamBench, bitmap, encode, pattern

CONTENT = pattern(10_000)       # 40 blocks of 256 bytes, the last one has 16


@pytest.fixture
def bench(tmp_path):
    bench = StreamBench(tmp_path)
    bench.stream({0: CONTENT, 255: b"tiny"}, description="two files")
    return bench


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


def test_describe(bench, form):
    files = [{"f": 0, "z": 10_000}, {"f": 255, "z": 4}]
    assert bench.ask("describe", {"c": "token"}, form) == [
        ("description", {"c": "token", "s": 1, "d": "two files", "r": files})]
    assert bench.ask("describe", b"", form) == [("description", {"s": 1, "d": "two files", "r": files})]
    assert bench.ask("describe", {"c": None, "x": 7}, form)[0][0] == "description"
    bench.streams.update(STREAM, description="new")
    assert bench.ask("describe", {}, form)[0][1]["s"] == 2
    assert bench.refusal("describe", {}, form, "other") == "ResourceNotFound"


def test_blocks(bench, form):
    blocks = bench.get(form, c="t", s=1, f=0, l=256, o=38, n=2)
    assert blocks == [{"c": "t", "f": 0, "l": 256, "i": 38, "p": CONTENT[9728:9984]},
                      {"c": "t", "f": 0, "l": 16, "i": 39, "p": CONTENT[9984:]}]
    assert bench.get(form, f=255, l=256, n=1) == [{"f": 255, "l": 4, "i": 0, "p": b"tiny"}]
    blocks = bench.get(form, **{"f": 0, "l": 1000, "n": 10})
    assert b"".join(block["p"] for block in blocks) == CONTENT
    assert bench.numbers(form, f=0, l=256, o=39, n=98304) == [39]
    assert bench.numbers(form, f=0, l=256, n=0) == []
    assert bench.numbers(form, f=0, l=4096) == [0, 1, 2]
    assert bench.numbers(form, f=0, l=4096, o=None, n=None, s=None, b=None) == [0, 1, 2]


def test_the_default_number_of_blocks(bench, form):
    bench.stream({0: pattern(300_000)}, "large")
    assert bench.numbers(form, stream="large", f=0, l=65536) == [0, 1]
    assert bench.numbers(form, stream="large", f=0, l=65535) == [0, 1]
    assert bench.numbers(form, stream="large", f=0, l=50_000, o=1) == [1, 2]


def test_one_get_brings_128_kib(bench, form):
    bench.stream({0: pattern(32768 * 5)}, "large")
    assert bench.numbers(form, stream="large", f=0, l=32768, n=5) == [0, 1, 2, 3]
    assert bench.numbers(form, stream="large", f=0, l=32768, o=4, n=5) == [4]
    assert bench.numbers(form, stream="large", f=0, l=256, n=98304) == list(range(512))
    assert bench.numbers(form, stream="large", f=0, l=32769, n=5) == [0, 1, 2]
    marked = bitmap(0, [0, 1, 2, 3, 4], form)
    assert bench.numbers(form, stream="large", f=0, l=32768, b=marked, n=98304) == [0, 1, 2, 3]
    bench.stream({0: pattern(131072 + 1)}, "edge")
    assert bench.numbers(form, stream="edge", f=0, l=65536, n=3) == [0, 1]
    assert bench.numbers(form, stream="edge", f=0, l=65536, o=1, n=2) == [1, 2]


def test_bitmap(bench, form):
    example = "0x130080" if form == "json" else b"\x13\x00\x80"
    assert bench.numbers(form, f=0, l=128 * 2, o=12, b=example) == [12, 13, 16, 35]
    assert bench.numbers(form, f=0, l=256, o=12, b=example, n=3) == [12, 13, 16]
    assert bench.numbers(form, f=0, l=256, o=12, b=example, n=0) == []
    assert bench.numbers(form, f=0, l=256, o=20, b=example, n=98304) == [20, 21, 24]    # 43 is behind the end
    assert bench.numbers(form, f=0, l=256, b=example[:0]) == []
    [block] = bench.get(form, **{"f": 0, "l": 256, "b": bitmap(0, [39], form)})
    assert (block["i"], block["l"], block["p"]) == (39, 16, CONTENT[9984:])


def test_bitmaps_of_json(bench):
    assert bench.numbers(f=0, l=256, b="13") == bench.numbers(f=0, l=256, b="0X13") == [0, 1, 4]
    assert bench.numbers(f=0, l=256, b="0xAb") == bench.numbers(f=0, l=256, b="0xaB") == [0, 1, 3, 5, 7]


@pytest.mark.parametrize("change, code", (
    ({"l": 255}, "BlockSizeOutOfBounds"), ({"l": 131073}, "BlockSizeOutOfBounds"), ({"l": 0}, "BlockSizeOutOfBounds"),
    ({"l": -256}, "BlockSizeOutOfBounds"), ({"l": 2 ** 63}, "BlockSizeOutOfBounds"),
    ({"o": -1}, "OffsetOutOfBounds"), ({"o": 98305}, "OffsetOutOfBounds"), ({"o": 40}, "OffsetOutOfBounds"),
    ({"o": 98304}, "OffsetOutOfBounds"),
    ({"n": -1}, "BlockCountLimitExceeded"), ({"n": 98305}, "BlockCountLimitExceeded"),
    ({"s": 2}, "VersionMismatch"), ({"s": 0}, "VersionMismatch"),
    ({"f": 1}, "ResourceNotFound"), ({"f": 254}, "ResourceNotFound"),
    ({"f": -1}, "InvalidRequest"), ({"f": 256}, "InvalidRequest"),
    ({"f": None}, "InvalidRequest"), ({"l": None}, "InvalidRequest"), ({"f": "0"}, "InvalidRequest"),
    ({"l": 256.0}, "InvalidRequest"), ({"l": True}, "InvalidRequest"), ({"o": "1"}, "InvalidRequest"),
    ({"n": []}, "InvalidRequest"), ({"s": {}}, "InvalidRequest"), ({"s": "1"}, "InvalidRequest"),
    ({"c": 7}, "InvalidRequest"), ({"c": "x" * 65}, "InvalidRequest"), ({"c": "\u00e9" * 33}, "InvalidRequest"),
    ({"b": 7}, "InvalidRequest"), ({"b": [1]}, "InvalidRequest")))
def test_refused(bench, form, change, code):
    good = {"f": 0, "l": 256, "n": 1}
    assert bench.numbers(form, **good) == [0]
    assert bench.refusal("get", {**good, **change}, form) == code


def test_limits_that_are_still_taken(bench, form):
    bench.stream({0: b"x" * 131072, 1: pattern(98304 * 256)}, "large")
    assert bench.numbers(form, stream="large", f=1, l=256, o=98303, n=98304) == [98303]
    token = "\u00e9" * 32
    assert bench.get(form, f=255, l=256, n=1, c=token)[0]["c"] == token
    assert bench.ask("describe", {"c": "x" * 64}, form)[0][1]["c"] == "x" * 64
    for taken, file, size in (("cbor", 0, 131072), ("json", 1, 98000)):
        [block] = bench.get(taken, "large", **{"f": file, "l": size, "n": 1})
        assert block["l"] == len(block["p"]) == size


@pytest.mark.parametrize("length, code", ((12287, None), (12288, "BlockBitmapLimitExceeded"),
                                          (20000, "BlockBitmapLimitExceeded")))
def test_the_longest_bitmap(bench, form, length, code):
    data = b"\x01" + bytes(length - 1)
    request = {"f": 0, "l": 256, "b": "0x" + data.hex() if form == "json" else data}
    if code is None:
        assert bench.numbers(form, **request) == [0]
    else:
        assert bench.refusal("get", request, form) == code


@pytest.mark.parametrize("text", ("0x1", "0xg0", "x13", "0x 13", "13\n", "0x13 ", "\u0663\u0663"))
def test_bitmaps_that_are_no_hexadecimal_text(bench, text):
    assert bench.refusal("get", {"f": 0, "l": 256, "b": text}) == "InvalidRequest"


def test_a_bitmap_in_cbor_is_bytes(bench):
    assert bench.refusal("get", {"f": 0, "l": 256, "b": "0x13"}, "cbor") == "InvalidRequest"


def test_tokens_of_refusals(bench, form):
    request = {"c": "mine", "f": 0, "l": 1}
    assert bench.ask("get", request, form)[0][1]["c"] == "mine"
    assert bench.ask("describe", {"c": "mine"}, form, "none")[0][1]["c"] == "mine"
    assert "c" not in bench.ask("get", {**request, "c": "x" * 65}, form)[0][1]
    assert "c" not in bench.ask("get", {"f": 0, "l": 1}, form)[0][1]


@pytest.mark.parametrize("form, payload, code", (
    ("json", b"{", "InvalidJson"), ("json", b"[1]", "InvalidJson"), ("json", b"\xff\xfe", "InvalidJson"),
    ("json", b"[" * 100_000, "InvalidJson"), ("json", b'{"f":NaN}', "InvalidJson"),
    ("json", cbor2.dumps({"f": 0}), "InvalidJson"),
    ("cbor", b"\xff", "InvalidCbor"), ("cbor", b"\xa1\x61", "InvalidCbor"), ("cbor", b"\x80", "InvalidCbor"),
    ("cbor", b"{}", "InvalidCbor"), ("cbor", cbor2.dumps({"f": 0}) + b"\x00", "InvalidCbor"),
    ("cbor", b"\x81" * 100_000, "InvalidCbor"), ("cbor", b"\x5b" + b"\xff" * 8, "InvalidCbor"),
    ("cbor", b"\x9b\x7f" + b"\xff" * 7, "InvalidCbor"), ("cbor", b"\xa1\xa0\x00", "InvalidRequest"),
    ("cbor", b"\xa1\x61c\xd8\x1d\x00", "InvalidCbor"), ("cbor", b"\xa1\x80\xd8\x25\x40", "InvalidCbor")))
@pytest.mark.parametrize("verb", ("describe", "get"))
def test_malformed_payloads(bench, verb, form, payload, code):
    if code == "InvalidRequest" and verb == "describe":
        assert bench.ask(verb, payload, form)[0][0] == "description"    # a map, if a strange one
        return
    assert bench.refusal(verb, payload, form) == code


def test_numbers_without_end_do_no_harm(bench):
    huge = cbor2.dumps({"f": 0, "l": 2 ** 80_000, "n": 1})
    assert bench.refusal("get", huge, "cbor") == "BlockSizeOutOfBounds"
    assert bench.refusal("get", b'{"f":0,"n":1,"l":1' + b"0" * 4000 + b"}") == "BlockSizeOutOfBounds"
    assert bench.refusal("get", b'{"f":0,"n":1,"l":1' + b"0" * 9000 + b"}") == "InvalidJson"


@pytest.mark.parametrize("rest", ("firmware/get/xml", "firmware/fetch/json", "firmware/get", "firmware/get/json/x",
                                  "fir.ware/get/json", "x" * 129 + "/get/json", "/get/json", "firmware"))
def test_topics_that_are_none_of_a_stream(bench, rest):
    bench.service.on_message(f"$aws/things/{THING}/streams/{rest}", b'{"c":"t"}')
    [(kind, body)] = bench.received()
    assert kind == "rejected" and body["o"] == "InvalidTopic"
    bench.switch("invalid-topic", "silent")
    bench.service.on_message(f"$aws/things/{THING}/streams/{rest}", b"{}")
    assert bench.received() == []


def test_topics_of_answers_are_no_requests(bench):
    for rest in ("firmware/data/json", "firmware/description/cbor", "firmware/rejected/json"):
        bench.service.on_message(f"$aws/things/{THING}/streams/{rest}", b"{}")
    bench.service.on_message(f"$aws/things/{THING}/streams", b"{}")
    assert bench.received() == []
    assert len(bench.entries(kind="ignored")) == 4


def test_a_file_that_changes_or_goes(bench, form):
    request = {"f": 255, "l": 256, "n": 1}
    bench.put(f"{STREAM}/255", b"other")
    assert bench.refusal("get", request, form) == "ETagMismatch"
    assert bench.refusal("describe", {}, form) == "ETagMismatch"
    assert bench.numbers(form, f=0, l=256, n=1) == [0]
    bench.streams.update(STREAM, [{"fileId": 255, "s3Location": {"bucket": "b", "key": f"{STREAM}/255"}}])
    assert bench.refusal("get", {**request, "s": 1}, form) == "VersionMismatch"
    assert bench.get(form, s=2, **request)[0]["p"] == b"other"
    bench.files.path(f"{STREAM}/255").unlink()
    assert bench.refusal("get", request, form) == "ResourceNotFound"


def test_an_empty_file(bench, form):
    bench.stream({0: b""}, "empty")
    assert bench.ask("describe", {}, form, "empty")[0][1]["r"] == [{"f": 0, "z": 0}]
    assert bench.refusal("get", {"f": 0, "l": 256, "n": 1}, form, "empty") == "OffsetOutOfBounds"


def test_damaged_requests_are_answered_or_refused(bench, form):
    chance, topic = random.Random(form), f"$aws/things/{THING}/streams/{STREAM}"
    good = encode({"c": "t", "s": 1, "f": 0, "l": 256, "o": 2, "n": 3, "b": bitmap(2, [2, 4], form)}, form)
    kinds = set()
    for _ in range(2000):
        damaged = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(damaged))
            damaged[at:at + chance.randint(0, 1)] = bytes([chance.randrange(256)] * chance.randint(0, 1))
        bench.service.on_message(f"{topic}/{chance.choice(('get', 'describe'))}/{form}", bytes(damaged))
        kinds.update(kind for kind, _ in bench.received(form))
    assert kinds == {"data", "description", "rejected"}
    json.dumps(bench.entries())
