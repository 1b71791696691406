"""File streams against a broker that answers late, and links that take nothing."""

import struct
import threading

import pytest
from broker import FakeBroker
from test_stream import JOB, P, start, stream_published, stream_subscribes, until


class LateBroker(FakeBroker):
    """Answers each SUBSCRIBE of a stream only when it is told to."""

    def __init__(self):
        self.late = []
        super().__init__()

    def _subscribe(self, client, body):
        size = struct.unpack(">H", body[2:4])[0]
        if not body[4:4 + size].decode().startswith(P):
            return super()._subscribe(client, body)
        self.suback = None
        more = super()._subscribe(client, body)
        self.suback = 1
        self.late.append(body[:2])
        return more

    def answer(self):
        for name in self.late:
            self.client.sendall(bytes((0x90, 5)) + name + bytes(3))
        self.late.clear()


@pytest.mark.parametrize("how", ["closed", "asked again"])
def test_a_late_answer_to_a_subscription_says_nothing_about_the_jobs(how):
    with LateBroker() as broker, start(broker, JOB) as probe:
        probe.say("stream", JOB, "s-1", "cbor", "get", "x")
        until(lambda: len(broker.late) == 1, "asked")
        if how == "closed":
            probe.say("unstream", JOB)
            until(lambda: broker.unsubscribes, "closed")
        else:
            until(lambda: not probe.say("stream", JOB, "s-1", "cbor", "get", "x") and len(broker.late) > 1, "again")
        jobs = len(broker.subscribes) - len(stream_subscribes(broker))
        broker.answer()
        # Whatever the answer leads to has happened when this is there.
        probe.say("stream", JOB, "s-2", "cbor", "get", "x")
        until(lambda: broker.late, "asked for another one")
        probe.quiet("state", 2)
        assert not [line for line in probe.log_lines if "refused" in line]
        assert len(broker.subscribes) - len(stream_subscribes(broker)) == jobs


class DeafBroker(FakeBroker):
    """Stops reading once something was published for a stream, until it is told to go on."""

    def __init__(self):
        self.go_on = threading.Event()
        super().__init__()

    def _packet(self, client):
        if any(topic.startswith(P) for topic, _ in self.published):
            self.go_on.wait(60)
        return super()._packet(client)


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def is_sanitized(pid):
    """Sanitizers keep what is freed for a while."""
    with open(f"/proc/{pid}/maps") as maps:
        return "libasan" in maps.read()


def test_requests_do_not_pile_up_before_a_link_that_takes_nothing():
    with DeafBroker() as broker, start(broker, JOB) as probe:
        probe.say("stream", JOB, "s-1", "cbor", "get", "first")
        until(lambda: stream_published(broker), "published")
        before = resident_kib(probe.process.pid)
        for _ in range(4000):
            probe.say("stream", JOB, "s-1", "cbor", "get", "x" * 20000)
        # Whatever was said before this has been done when it is answered.
        probe.say("stream", "job-9.1.5", "s-1", "cbor", "get", "x")
        probe.wait_log("is not running", 60)
        after = resident_kib(probe.process.pid)
        broker.go_on.set()
        until(lambda: not probe.say("stream", JOB, "s-1", "cbor", "get", "last")
              and stream_published(broker)[-1][1] == b"last", "published again")
        assert after - before < 16 << 10 or is_sanitized(probe.process.pid)
