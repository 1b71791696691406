"""Two ways to run the same conversation: against the rules in this process, and over a real broker."""

import json
import queue
import ssl

import paho.mqtt.client as mqtt
from errand_sandbox.clock import FakeClock
from errand_sandbox.model import Store
from errand_sandbox.presign import Documents, Presigner
from errand_sandbox.rules import Rules
from errand_sandbox.service import Service
from errand_sandbox.switches import Switches

THING = "gw-1"
PREFIX = f"$aws/things/{THING}/jobs/"
FILTERS = ("notify", "notify-next", "get/+", "start-next/+", "+/get/+", "+/update/+")
PATIENCE = 10


class Stamp:
    """Equal to any whole number of seconds since 1970."""

    def __eq__(self, other):
        return isinstance(other, int) and not isinstance(other, bool) and 10 ** 9 <= other < 10 ** 10

    def __repr__(self):
        return "#"


class Text:
    """Equal to any text but the empty one."""

    def __eq__(self, other):
        return isinstance(other, str) and other != ""

    def __repr__(self):
        return "<text>"


class Some(dict):
    """Equal to an object that has at least these members."""

    def __eq__(self, other):
        return isinstance(other, dict) and all(name in other and value == other[name] for name, value in self.items())

    __hash__ = None


T, MESSAGE = Stamp(), Text()


def rejection(code, token=None, state=None):
    body = {"code": code, "message": MESSAGE, "timestamp": T}
    if token is not None:
        body["clientToken"] = token
    if state is not None:
        body["executionState"] = state
    return body


def summary(job_id, version=1, number=1, **more):
    return {"jobId": job_id, "queuedAt": T, "lastUpdatedAt": T, "versionNumber": version, "executionNumber": number,
            **more}


def execution(job_id, status="QUEUED", version=1, number=1, **more):
    return {**summary(job_id, version, number), "status": status, **more}


def done(token=None):
    return {"timestamp": T} if token is None else {"timestamp": T, "clientToken": token}


def raw(payload):
    if isinstance(payload, str):
        return payload.encode()
    return payload if isinstance(payload, bytes) else json.dumps(payload).encode()


class Bench:
    """What a test says; the two kinds below differ in how it travels."""

    def ask(self, suffix, payload, answer, body):
        """Publish, and expect exactly that answer as the next message."""
        self.send(suffix, payload)
        return self.expect(f"{suffix}/{answer}", body)

    def accepted(self, suffix, payload, body):
        return self.ask(suffix, payload, "accepted", body)

    def rejected(self, suffix, payload, body):
        return self.ask(suffix, payload, "rejected", body)

    def expect(self, suffix, body):
        topic, received = self.receive()
        assert topic == suffix, f"{suffix} {body} was expected, {topic} {received} came"
        assert received == body, f"{topic}: {body} was expected, {received} came"
        return received

    def expect_both(self, jobs, execution=None):
        """notify with these lists, then notify-next with this execution or none."""
        self.expect("notify", {"timestamp": T, "jobs": jobs})
        self.expect("notify-next", {"timestamp": T, "execution": execution} if execution else {"timestamp": T})

    def queued(self, job_id, document=None, **settings):
        """A job, and nothing left over of its notifications."""
        self.create(job_id, {"op": job_id} if document is None else document, **settings)
        self.drop_messages()

    def run(self, job_id):
        """The job's execution is IN_PROGRESS."""
        self.send(f"{job_id}/update", {"status": "IN_PROGRESS"})
        self.drop_messages()


class RulesBench(Bench):
    def __init__(self):
        self.clock = FakeClock()
        self.switches = Switches()
        presigner = Presigner(b"secret", self.clock.now, lambda: "https://localhost:1")
        self.rules = Rules(Store(), self.clock, self.switches, Documents(presigner, self.switches).deliver)
        self.service = Service(self.rules)
        self.rules.create_thing(THING)

    def control(self, name, *arguments, **options):
        return self.service.control(lambda rules: getattr(rules, name)(*arguments, **options))

    def create(self, job_id, document, things=(THING,), groups=(), **settings):
        targets = [["thing", thing] for thing in things] + [["group", group] for group in groups]
        self.control("create_job", job_id, targets, json.dumps(document), settings)

    def cancel(self, job_id, force=False):
        self.control("cancel_job", job_id, force)

    def delete_execution(self, job_id, number=1, force=False):
        self.control("delete_execution", job_id, THING, number, force)

    def window(self, job_id, is_open):
        self.control("override_window", job_id, is_open)

    def switch(self, name, value):
        self.switches.set(name, value)

    def fault(self, api, action, **fields):
        self.service.faults.add({"api": api, "action": action, **fields})

    def release(self):
        self.service.release_delayed()

    def advance(self, seconds):
        self.clock.advance(seconds)
        self.service.tick()

    def send(self, suffix, payload):
        self.service.on_message(PREFIX + suffix, raw(payload))

    def receive(self):
        assert self.service.outbox, "a message was expected, none came"
        topic, payload, _ = self.service.outbox.popleft()
        return topic.removeprefix(PREFIX), json.loads(payload)

    def quiet(self):
        assert not self.service.outbox, f"nothing was expected: {list(self.service.outbox)}"

    def drop_messages(self):
        self.service.outbox.clear()


class Device:
    """A paho client with a thing's certificate that keeps what it receives."""

    def __init__(self, credentials, filters=FILTERS, client_id=None, protocol=mqtt.MQTTv311):
        self.messages = queue.Queue()
        self.disconnected = queue.Queue()
        self.granted = queue.Queue()
        name = credentials["thingName"]
        self.client = mqtt.Client(client_id=client_id or name, protocol=protocol)
        context = ssl.create_default_context(cafile=credentials["ca"])
        context.load_cert_chain(credentials["certificate"], credentials["key"])
        self.client.tls_set_context(context)
        self.client.on_message = lambda c, u, message: self.messages.put(message)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda c, u, code: self.disconnected.put(code)
        self.client.on_subscribe = lambda c, u, mid, codes: self.granted.put(codes)
        self.client.reconnect_delay_set(0.05, 0.05)
        self.filters = [(f"$aws/things/{name}/jobs/{f}", 1) for f in filters]
        self.client.connect(credentials["host"], credentials["port"])
        self.client.loop_start()
        self.granted.get(timeout=PATIENCE)

    def _on_connect(self, client, userdata, flags, code):
        """`granted` gets something after each connect that came through."""
        if code == 0 and self.filters:
            client.subscribe(self.filters)
        elif code == 0:
            self.granted.put(())

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class BrokerBench(Bench):
    def __init__(self, sandbox, device):
        self.sandbox = sandbox
        self.device = device
        self.barriers = 0
        sandbox.reset()
        self.drop_messages()

    def create(self, job_id, document, things=(THING,), **settings):
        arns = [f"arn:aws:iot:us-east-1:000000000000:thing/{thing}" for thing in things]
        self.sandbox.create_job(document, targets=arns, job_id=job_id, **settings)

    def cancel(self, job_id, force=False):
        self.sandbox.cancel(job_id, force)

    def delete_execution(self, job_id, number=1, force=False):
        self.sandbox.delete_execution(job_id, THING, number, force)

    def window(self, job_id, is_open):
        self.sandbox.window(job_id, is_open)

    def switch(self, name, value):
        self.sandbox.switch(name, value)

    def fault(self, api, action, **fields):
        self.sandbox.fault(api, action, **fields)

    def release(self):
        self.sandbox.release()

    def advance(self, seconds):
        self.sandbox.advance(seconds)

    def send(self, suffix, payload):
        self.device.client.publish(PREFIX + suffix, raw(payload), qos=1)

    def receive(self):
        message = self.device.messages.get(timeout=PATIENCE)
        return message.topic.removeprefix(PREFIX), json.loads(message.payload)

    def _until_barrier(self):
        """All that came before the answer to a request made now: messages keep their order."""
        self.barriers += 1
        token = f"barrier-{self.barriers}"
        self.send("barrier/get", {"clientToken": token})
        found = []
        while True:
            topic, body = self.receive()
            if body.get("clientToken") == token:
                return found
            found.append((topic, body))

    def quiet(self):
        found = self._until_barrier()
        assert not found, f"nothing was expected: {found}"

    def drop_messages(self):
        self._until_barrier()
