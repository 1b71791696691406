"""The service: rules, faults and ledger behind one lock, and the messages that wait to be published.

Any thread may call; nothing blocks while the lock is held. `wake` is called when there is something new to publish.
"""

import heapq
import json
import threading
from collections import deque

from . import topics
from .errors import DeviceError
from .faults import Faults
from .fields import JOB_ID, THING_NAME
from .ledger import Ledger
from .rules import DESCRIBE, Rules, START_NEXT, UPDATE


def encode(body):
    try:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:      # a lone surrogate that came in escaped goes out escaped
        return json.dumps(body, separators=(",", ":")).encode("ascii")


class Service:
    def __init__(self, rules: Rules):
        self.rules = rules
        self.switches = rules.switches
        self.clock = rules.clock
        self.lock = threading.RLock()
        self.ledger = Ledger()
        self.faults = Faults()
        self.outbox = deque()       # (topic, payload, qos), first in first out
        self._delayed = []          # heap of (due, order, topic, payload, qos)
        self._order = 0
        self.dirty = threading.Event()
        self.wake = lambda: None
        self.kick = lambda thing, client_id: None
        self.streams = None         # the StreamService where there is a file store

    def control(self, change, reads_only=False):
        """Run change(rules) as an operator's request; what devices must hear of it is on its way afterwards."""
        with self.lock:
            try:
                return change(self.rules)
            finally:
                if not reads_only:
                    self._post_notes(self.rules.take_notes())
                    self.dirty.set()
                    self.wake()

    def tick(self):
        """Do what time asks for. Returns the seconds until there is more to do."""
        with self.lock:
            now = self.clock.now()
            if now >= self.rules.next_tick:
                self.rules.tick()
                notes = self.rules.take_notes()
                if notes:
                    self._post_notes(notes)
                    self.dirty.set()
            while self._delayed and self._delayed[0][0] <= now:
                self.outbox.append(heapq.heappop(self._delayed)[2:])
            due = self.rules.next_tick
            if self._delayed:
                due = min(due, self._delayed[0][0])
            return max(0.0, due - now)

    def on_message(self, topic, payload):
        """One publish of a device."""
        if self.streams is not None and topics.is_stream(topic):
            with self.lock:
                self.streams.on_message(topic, payload)
            return
        thing, api, job_id = topics.classify(topic)
        if api is None:
            self.ledger.add("ignored", topic=topic)
            return
        with self.lock:
            if not api or not THING_NAME.fullmatch(thing) or not self._job_id_fits(api, job_id):
                self._invalid_topic(thing, topic, payload)
                return
            self._mqtt_request(thing, api, job_id, topic, payload)

    @staticmethod
    def _job_id_fits(api, job_id):
        return job_id is None or job_id == "$next" or bool(JOB_ID.fullmatch(job_id))

    def _invalid_topic(self, thing, topic, payload):
        self.ledger.add("request", thing=thing, api="", topic=topic, payload=readable(payload))
        if self.switches["invalid-topic"] == "answer":
            self._post_answer(thing, "", None, topic, self.rules.refuse("InvalidTopic", payload), {})

    def _mqtt_request(self, thing, api, job_id, topic, payload):
        self.ledger.add("request", thing=thing, api=api, jobId=job_id, topic=topic, payload=readable(payload))
        fault = self._take_fault(thing, api, job_id, payload) if self.faults.active else None
        answer, notes = self._handle(thing, api, job_id, payload, fault)
        action = fault["action"] if fault else None
        if action == "disconnect":
            self.kick(thing, fault["clientId"])
        if action == "reorder":
            self._post_notes(notes)
            notes = ()
        if answer is not None and action not in ("drop-answer", "disconnect") and answer.code != "silent":
            self._post_answer(thing, api, job_id, topic, answer, fault or {})
        self._post_notes(notes)

    def device_request(self, thing, api, job_id, body):
        """One request over HTTPS. Returns the answer, None when a fault swallowed it."""
        with self.lock:
            self.ledger.add("request", thing=thing, api=api, jobId=job_id, topic="https", payload=body)
            fault = self._take_fault(thing, api, job_id, encode(body)) if self.faults.active else None
            answer, notes = self._handle(thing, api, job_id, body, fault)
            self._post_notes(notes)
            if answer is not None:
                self.ledger.add("answer", thing=thing, api=api, jobId=job_id, topic="https",
                                accepted=answer.accepted, code=answer.code, payload=answer.body)
        self.wake()
        return None if fault and fault["action"] in ("drop-answer", "disconnect") else answer

    def _take_fault(self, thing, api, job_id, payload):
        body = readable(payload)
        status = body.get("status") if isinstance(body, dict) else None
        fault = self.faults.take((api, "*"), thing=thing, job=job_id, status=status)
        if fault:
            self.ledger.add("fault", thing=thing, api=api, jobId=job_id, action=fault["action"], fault=fault["id"])
        return fault

    def _handle(self, thing, api, job_id, payload, fault):
        """(answer or None, notifications)"""
        if fault and fault["action"] == "drop":
            return None, ()
        if fault and fault["action"] == "error":
            raw = payload if isinstance(payload, (bytes, bytearray)) else encode(payload)
            return self.rules.refuse(fault["code"], raw, fault["message"] or None), ()
        answer = self.rules.request(thing, api, job_id, payload)
        if answer.accepted and api in (START_NEXT, UPDATE):
            self.dirty.set()
        return answer, self.rules.take_notes()

    def _post_answer(self, thing, api, job_id, topic, answer, fault):
        topic = f"{topic}/{'accepted' if answer.accepted else 'rejected'}"
        copies = fault["copies"] if fault.get("action") == "duplicate" else 1
        if self.switches["duplicate-answers"] == "on":
            copies *= 2
        delay = fault["seconds"] if fault.get("action") == "delay" else 0
        payload, qos = encode(answer.body), int(self.switches["answer-qos"])
        for _ in range(copies):
            self.ledger.add("answer", thing=thing, api=api, jobId=job_id, topic=topic, accepted=answer.accepted,
                            code=answer.code, payload=answer.body, delay=delay)
            self.post(topic, payload, qos, delay)

    def _post_notes(self, notes):
        for note in notes:
            fault = None
            if self.faults.active:
                fault = self.faults.take((note.kind, "notifications"), thing=note.thing)
            self._post_note(note, fault)

    def _post_note(self, note, fault):
        action = fault["action"] if fault else None
        topic, qos = topics.notification(note.thing, note.kind), int(self.switches["notify-qos"])
        copies = {"drop": 0, "duplicate": fault["copies"]}.get(action, 1) if fault else 1
        if fault:
            self.ledger.add("fault", thing=note.thing, api=note.kind, action=action, fault=fault["id"])
        for copy in range(copies):
            body = note.body
            if copy and note.execution is not None:
                fresh = self.rules.document(note.execution)
                body = {**body, "execution": {**body["execution"], "jobDocument": fresh}}
            self.ledger.add("notification", thing=note.thing, api=note.kind, topic=topic, payload=body)
            self.post(topic, encode(body), qos, fault["seconds"] if action == "delay" else 0)

    def post(self, topic, payload, qos, delay):
        if not delay:
            self.outbox.append((topic, payload, qos))
            return
        self._order += 1
        heapq.heappush(self._delayed, (self.clock.now() + delay, self._order, topic, payload, qos))

    def push_notifications(self, thing):
        """Send both notifications once more although nothing changed."""
        with self.lock:
            self._post_notes(self.rules.current_notes(thing))
        self.wake()

    def release_delayed(self):
        """Send every delayed message now."""
        with self.lock:
            while self._delayed:
                self.outbox.append(heapq.heappop(self._delayed)[2:])
        self.wake()

    def snapshot(self):
        with self.lock:
            return {**self.rules.store.to_json(), "switches": self.switches.changed(), "ahead": self.clock.ahead}


def readable(payload):
    """A payload as the ledger shows it: parsed where possible."""
    if isinstance(payload, dict):
        return payload
    try:
        return json.loads(payload) if payload else {}
    except (ValueError, RecursionError, DeviceError):
        return payload[:1000].decode("utf-8", "replace")


__all__ = ["Service", "encode", "readable", "DESCRIBE"]
