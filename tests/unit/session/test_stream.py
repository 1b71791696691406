"""File streams against a scripted broker: what is subscribed, published, passed on and given up, and when."""

import time

import pytest
from broker import FakeBroker
from probe import Probe

JOB = "job-1.1.5"
OTHER = "job-2.1.5"
P = "$aws/things/gw-1/streams/"
MESSAGE_MAX = 116 * 1024


def filters(stream, form="cbor"):
    return [f"{P}{stream}/{word}/{form}" for word in ("description", "data", "rejected")]


def until(condition, what, timeout=10):
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def stream_subscribes(broker):
    return [entry for entry in broker.subscribes if entry[0].startswith(P)]


def stream_published(broker):
    return [(topic[len(P):], payload) for topic, payload in list(broker.published) if topic.startswith(P)]


def start(broker, *jobs, scale=100):
    probe = Probe("--plain", "--port", broker.port, "--verbose", scale=scale)
    probe.expect("state ready")
    for job in jobs:
        probe.say("hold", job)
    return probe


@pytest.fixture
def broker():
    with FakeBroker() as broker:
        yield broker


@pytest.fixture
def probe(broker):
    with start(broker, JOB, OTHER) as probe:
        yield probe


def test_subscribed_before_the_first_request_and_once(broker, probe):
    probe.say("stream", JOB, "s-1", "cbor", "describe", "one")
    probe.say("stream", JOB, "s-1", "cbor", "get", "two")
    until(lambda: stream_published(broker), "published")
    # Of what waits for the SUBACK the latest is sent.
    probe.say("stream", JOB, "s-1", "cbor", "get", "three")
    until(lambda: stream_published(broker)[-1] == ("s-1/get/cbor", b"three"), "published")
    assert stream_subscribes(broker) == [filters("s-1")]
    assert [broker.qos[name] for name in filters("s-1")] == [0, 0, 0]


def test_messages_are_passed_on_unread(broker, probe):
    probe.say("stream", JOB, "s-1", "json", "get", "x")
    until(lambda: stream_published(broker), "published")
    broker.say(f"{P}s-1/data/json", b"anything")
    assert probe.expect("streamed")[1:] == [JOB, "s-1", "json", "data", "0", "8", "anything"]
    broker.say(f"{P}s-1/rejected/json", b"")
    assert probe.expect("streamed")[4:7] == ["rejected", "0", "0"]
    for topic in ("s-2/data/json", "s-1/data/cbor", "s-1/get/json", "s-1/data/xml", "s-1/data/json/more",
                  "s.1/data/json"):
        broker.say(P + topic, b"not for us")
    broker.say(f"{P}s-1/data/json", b"x" * (MESSAGE_MAX + 1))
    broker.say(f"{P}s-1/data/json", b"y" * MESSAGE_MAX)
    assert probe.expect("streamed")[6] == str(MESSAGE_MAX)
    assert f"{P}s-1/data/json" in probe.wait_log(f"{MESSAGE_MAX + 1} bytes, at most {MESSAGE_MAX}")


def test_two_executions_share_a_stream(broker, probe):
    for job in (JOB, OTHER):
        probe.say("stream", job, "s-1", "cbor", "get", job)
    until(lambda: len(stream_published(broker)) == 2, "published")
    broker.say(f"{P}s-1/data/cbor", b"x")
    assert {probe.expect("streamed")[1], probe.expect("streamed")[1]} == {JOB, OTHER}
    probe.say("unstream", JOB)
    broker_unsubscribes = list(broker.unsubscribes)
    broker.say(f"{P}s-1/data/cbor", b"x")
    assert probe.expect("streamed")[1] == OTHER
    assert broker_unsubscribes == []
    probe.say("unstream", OTHER)
    until(lambda: broker.unsubscribes == filters("s-1"), "unsubscribed")


@pytest.mark.parametrize("end", [("release", JOB, "never"), ("unstream", JOB)])
def test_the_subscriptions_go_with_the_execution(broker, probe, end):
    probe.say("stream", JOB, "s-1", "cbor", "get", "x")
    until(lambda: stream_published(broker), "published")
    probe.say(*end)
    until(lambda: broker.unsubscribes == filters("s-1"), "unsubscribed")
    broker.say(f"{P}s-1/data/cbor", b"x")
    probe.quiet("streamed", 0.3)


def test_only_for_executions_that_run(broker, probe):
    probe.say("stream", "job-9.1.5", "s-1", "cbor", "get", "x")
    probe.wait_log("is not running")
    probe.say("stream", JOB, "s/1", "cbor", "get", "x")
    probe.say("stream", JOB, "s-2", "cbor", "get", "x")
    until(lambda: stream_published(broker), "published")
    assert stream_subscribes(broker) == [filters("s-2")]


def test_as_many_streams_as_it_may_have(broker, probe):
    for number in range(5):
        probe.say("stream", JOB, f"s-{number}", "cbor", "get", "x")
        until(lambda: len(stream_published(broker)) == number + 1, "published")
    until(lambda: broker.unsubscribes == filters("s-0"), "the oldest goes")
    probe.say("stream", OTHER, "s-0", "cbor", "get", "x")
    until(lambda: len(stream_published(broker)) == 6, "published")
    assert broker.unsubscribes == filters("s-0")


def test_subscribed_again_after_a_reconnect(broker, probe):
    probe.say("stream", JOB, "s-1", "cbor", "get", "before")
    until(lambda: stream_published(broker), "published")
    broker.client.shutdown(2)
    probe.expect("state offline")
    probe.say("stream", JOB, "s-1", "cbor", "get", "offline")
    probe.expect("state ready")
    until(lambda: stream_subscribes(broker) == [filters("s-1")] * 2, "subscribed again")
    # What was asked for while offline is not kept.
    probe.say("stream", JOB, "s-1", "cbor", "get", "after")
    until(lambda: len(stream_published(broker)) == 2, "published")
    assert [payload for _, payload in stream_published(broker)] == [b"before", b"after"]


def test_a_link_that_ends_right_after_a_request_is_blamed_on_it(broker):
    """Within two seconds, which a scaled clock would make too few for a busy machine."""
    with start(broker, JOB, scale=1) as probe:
        probe.say("stream", JOB, "s-1", "cbor", "get", "x")
        until(lambda: stream_published(broker), "published")
        broker.client.shutdown(2)
        assert "iot:Publish" in probe.wait_log("right after a request for stream s-1")


def test_a_refused_subscription_is_named_and_told():
    with FakeBroker(suback=lambda name: 0x80 if "/data/" in name else 1) as broker, start(broker, JOB) as probe:
        probe.say("stream", JOB, "s-1", "cbor", "get", "x")
        assert probe.expect("streamed")[1:6] == [JOB, "s-1", "cbor", "rejected", "13"]
        line = probe.wait_log("refused the subscription")
        for part in (f"{P}s-1/data/cbor", "client gw-1", "iot:Subscribe", "iot:Receive"):
            assert part in line
        # Not more often than it is worth.
        probe.say("stream", JOB, "s-1", "cbor", "get", "x")
        until(lambda: len(stream_subscribes(broker)) == 1, "asked once")
        assert stream_published(broker) == []
        until(lambda: not probe.say("stream", JOB, "s-1", "cbor", "get", "x") and len(stream_subscribes(broker)) > 1,
              "asked again later")


def test_no_answer_to_subscribe():
    with FakeBroker() as broker, start(broker, JOB) as probe:
        broker.suback = None
        probe.say("stream", JOB, "s-1", "cbor", "get", "x")
        until(lambda: len(stream_subscribes(broker)) == 1, "asked")
        broker.suback = 1
        until(lambda: not probe.say("stream", JOB, "s-1", "cbor", "get", "x") and stream_published(broker),
              "asked again")
        assert len(stream_subscribes(broker)) == 2


def test_a_real_broker(sandbox, credentials):
    sandbox.create_stream("s-1", {0: b"0123456789"})
    with Probe.for_thing(credentials, "--verbose", scale=100) as probe:
        probe.expect("state ready")
        probe.say("room", 1)
        sandbox.create_job({"operation": "x"}, "gw-1", "one")
        name = probe.expect("offered one.")[1]
        probe.say("claim", name, 5)
        assert probe.expect("claimed")[2] == "accepted"
        probe.say("stream", name, "s-1", "json", "describe", "{}")
        assert '"z":10' in probe.expect("streamed")[7].replace(" ", "")
