"""The conversation about file streams, against the rules in this process."""

import base64
import json

import cbor2
from conversation import THING, RulesBench
from errand_sandbox.files import Files
from errand_sandbox.stream_service import StreamService

STREAM = "firmware"
FORMS = ("json", "cbor")


def pattern(size):
    """Content of which no two blocks are alike."""
    return b"".join(n.to_bytes(4, "big") for n in range(size // 4 + 1))[:size]


def encode(body, form):
    if isinstance(body, bytes):
        return body
    return json.dumps(body).encode() if form == "json" else cbor2.dumps(body)


def decode(payload, form):
    """The payload of a block as bytes in either format."""
    body = json.loads(payload) if form == "json" else cbor2.loads(payload)
    if "p" in body:
        assert isinstance(body["p"], str if form == "json" else bytes)
        body["p"] = base64.b64decode(body["p"], validate=True) if form == "json" else body["p"]
    return body


def bitmap(offset, blocks, form):
    """The field b for these block numbers."""
    bits = sum(1 << block - offset for block in blocks)
    data = bits.to_bytes((max(blocks) - offset) // 8 + 1, "little")
    return "0x" + data.hex() if form == "json" else data


class StreamBench(RulesBench):
    def __init__(self, directory):
        super().__init__()
        self.files = Files(directory, None, self.service)
        self.service.streams = StreamService(self.service, self.files)
        self.streams = self.service.streams.streams

    def put(self, key, data):
        self.files.put(self.files.path(key), data)
        return {"bucket": "b", "key": key}

    def stream(self, files, name=STREAM, **members):
        """files: {fileId: content}"""
        listed = [{"fileId": number, "s3Location": self.put(f"{name}/{number}", data)}
                  for number, data in files.items()]
        self.streams.create(name, listed, **members)

    def ask(self, verb, body, form="json", stream=STREAM):
        """All that comes back: [(kind, body)]."""
        self.service.on_message(f"$aws/things/{THING}/streams/{stream}/{verb}/{form}", encode(body, form))
        return self.received(form)

    def received(self, form="json"):
        found = []
        while self.service.outbox:
            topic, payload, _ = self.service.outbox.popleft()
            head, kind, answered = topic.rsplit("/", 2)
            assert head.startswith(f"$aws/things/{THING}/streams/") and answered == form
            found.append((kind, decode(payload, form)))
        return found

    def get(self, form="json", stream=STREAM, **fields):
        """The blocks of one get."""
        answers = self.ask("get", fields, form, stream)
        assert all(kind == "data" for kind, _ in answers), answers
        return [body for _, body in answers]

    def numbers(self, form="json", **fields):
        return [block["i"] for block in self.get(form, **fields)]

    def refusal(self, verb, body, form="json", stream=STREAM):
        """The code of the one rejection that comes back."""
        [(kind, answer)] = self.ask(verb, body, form, stream)
        assert kind == "rejected" and answer["m"]
        return answer["o"]

    def entries(self, **wanted):
        return self.service.ledger.after(0, lambda e: all(e.get(name) == value for name, value in wanted.items()))
