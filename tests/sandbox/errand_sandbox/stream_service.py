"""The conversation about file streams: topics, faults, ledger, and the messages that go out."""

import sys
from collections import namedtuple

from . import stream_codec, topics
from .broker import PACKET_MAX
from .errors import DeviceError
from .fields import THING_NAME
from .streams import STREAM_ID, Get, Streams, read_token

API = {"describe": "DescribeStream", "get": "GetStream"}
OUTGOING = ("description", "data", "rejected")
REQUEST_ACTIONS = ("drop", "delay", "duplicate", "error", "disconnect")
BLOCK_ACTIONS = ("drop", "delay", "duplicate", "reorder", "corrupt")
FRAME = 16      # MQTT's own bytes around topic and payload

Ask = namedtuple("Ask", "thing stream api form")


class StreamService:
    """on_message() is called with the service's lock held."""

    def __init__(self, service, files):
        self.service = service
        self.ledger = service.ledger
        self.switches = service.switches
        self.streams = Streams(service.rules.store, service.clock, service.switches, files)

    def on_message(self, topic, payload):
        thing, rest = topics.split_stream(topic)
        if not rest or (len(rest) == 3 and rest[1] in OUTGOING):
            self.ledger.add("ignored", topic=topic)
            return
        form = "cbor" if rest[-1] == "cbor" and stream_codec.cbor2 else "json"
        ask = Ask(thing, rest[0], API.get(rest[1]) if len(rest) == 3 else None, form)
        shown = stream_codec.readable(payload, form)
        self.ledger.add("request", thing=thing, api=ask.api or "", stream=ask.stream, topic=topic, format=form,
                        payload=shown)
        if rest[-1] == "cbor" and form != "cbor":
            print("errand-sandbox: CBOR needs python3-cbor2", file=sys.stderr, flush=True)
            self._reject(ask, DeviceError("InternalError", "The sandbox lacks python3-cbor2"), None, {})
        elif not ask.api or rest[2] not in stream_codec.FORMATS or not STREAM_ID.fullmatch(ask.stream) or \
                not THING_NAME.fullmatch(thing):
            if self.switches["invalid-topic"] == "answer":
                self._reject(ask, DeviceError("InvalidTopic", "The topic is none of a stream's"), None, {})
        else:
            self._request(ask, payload, shown)

    def _request(self, ask, payload, shown):
        fault = self._request_fault(ask, shown) or {}
        if fault.get("action") == "disconnect":
            self.service.kick(ask.thing, fault["clientId"])
        if fault.get("action") in ("drop", "disconnect"):
            return
        token = None
        try:
            body = stream_codec.parse(payload, ask.form, self.switches)
            token = read_token(body)
            if fault.get("action") == "error":
                raise DeviceError(fault["code"], fault["message"] or f"{fault['code']} was asked for")
            if ask.api == "DescribeStream":
                self._describe(ask, token, fault)
            else:
                self._get(ask, Get(body, ask.form), token, fault)
        except DeviceError as error:
            self._reject(ask, error, token, fault)

    def _request_fault(self, ask, shown):
        faults = self.service.faults
        file = shown.get("f") if isinstance(shown, dict) else None
        facts = {"thing": ask.thing, "stream": ask.stream, "file": str(file)}
        fault = faults.take((ask.api,), REQUEST_ACTIONS, **facts) or faults.take(("stream",), ("error",), **facts)
        if fault:
            self._note_fault(ask, fault)
        return fault

    def _note_fault(self, ask, fault, **more):
        self.ledger.add("fault", thing=ask.thing, api=fault["api"], stream=ask.stream, action=fault["action"],
                        fault=fault["id"], **more)

    def _describe(self, ask, token, fault):
        body = with_token(self.streams.description(ask.stream), token)
        self._answer(ask, "description", body, fault, accepted=True, code=None)

    def _reject(self, ask, error, token, fault):
        if self.switches["stream-rejected-names"] == "long":
            body = {"code": error.code, "message": error.message}
            body.update({} if token is None else {"clientToken": token})
        else:
            body = with_token({"o": error.code, "m": error.message}, token)
        self._answer(ask, "rejected", body, fault, accepted=False, code=error.code)

    def _answer(self, ask, kind, body, fault, **entry):
        entry.update(kind="answer", payload=body)
        self._post(ask, kind, stream_codec.encode(body, ask.form), entry, fault)

    def _get(self, ask, get, token, fault):
        """A block that is to be reordered comes after all others, the last one first."""
        blocks = self.streams.blocks(ask.stream, get)
        if blocks and not self._fits(ask, blocks[0], token):
            if self.switches["stream-large-block"] == "silent":
                return
            raise DeviceError("BlockSizeOutOfBounds", f"A message cannot hold {get.size} bytes as {ask.form}")
        self.ledger.add("answer", thing=ask.thing, api=ask.api, stream=ask.stream, format=ask.form, accepted=True,
                        code=None, blocks=len(blocks))
        late = []
        for block in blocks:
            trouble = self._block_fault(ask, block)
            if trouble.get("action") == "reorder":
                late.append(block)
            elif trouble.get("action") != "drop":
                self._send(ask, block, token, trouble or fault)
        for block in reversed(late):
            self._send(ask, block, token, fault)

    def _fits(self, ask, block, token):
        topic = topics.stream(ask.thing, ask.stream, "data", ask.form)
        return len(self._encode(ask, block, token)) + len(topic) + FRAME <= PACKET_MAX

    def _encode(self, ask, block, token):
        return stream_codec.encode(with_token(block.body(), token), ask.form, self.switches["stream-json-payload"])

    def _block_fault(self, ask, block):
        if not self.service.faults.active:
            return {}
        fault = self.service.faults.take(("stream",), BLOCK_ACTIONS, thing=ask.thing, stream=ask.stream,
                                         file=str(block.file), block=str(block.number))
        if fault:
            self._note_fault(ask, fault, file=block.file, block=block.number)
        return fault or {}

    def _send(self, ask, block, token, fault):
        entry = {"kind": "block", "file": block.file, "block": block.number, "size": len(block.data)}
        if fault.get("action") == "corrupt":
            data = bytearray(block.data)
            data[min(fault["after"], len(data) - 1)] ^= 0xff
            block.data = bytes(data)
        self._post(ask, "data", self._encode(ask, block, token), entry, fault)

    def _post(self, ask, kind, payload, entry, fault):
        topic = topics.stream(ask.thing, ask.stream, kind, ask.form)
        copies = fault["copies"] if fault.get("action") == "duplicate" else 1
        if self.switches["duplicate-answers"] == "on":
            copies *= 2
        delay = fault["seconds"] if fault.get("action") == "delay" else 0
        for _ in range(copies):
            self.ledger.add(thing=ask.thing, api=ask.api or "", stream=ask.stream, topic=topic, format=ask.form,
                            delay=delay, **entry)
            self.service.post(topic, payload, int(self.switches["answer-qos"]), delay)


def with_token(body, token):
    return body if token is None else {"c": token, **body}
