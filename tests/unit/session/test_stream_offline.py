"""Requests for file streams while there is no link."""

import errno

from broker import FakeBroker
from test_stream import JOB, start, stream_published, until


def test_offline_is_told_at_once_and_nothing_is_kept():
    with FakeBroker() as broker, start(broker, JOB) as probe:
        probe.say("stream", JOB, "s-1", "cbor", "get", "before")
        until(lambda: stream_published(broker), "published")
        broker.client.shutdown(2)
        probe.expect("state offline")
        probe.say("stream", JOB, "s-1", "cbor", "get", "offline")
        probe.say("stream", JOB, "s-2", "json", "describe", "offline")
        assert probe.expect("streamed")[1:6] == [JOB, "s-1", "cbor", "rejected", str(errno.ENETDOWN)]
        assert probe.expect("streamed")[1:6] == [JOB, "s-2", "json", "rejected", str(errno.ENETDOWN)]
        probe.say("stream", "job-9.1.5", "s-1", "cbor", "get", "not running")
        probe.expect("state ready")
        probe.say("stream", JOB, "s-1", "cbor", "get", "after")
        until(lambda: len(stream_published(broker)) == 2, "published")
        assert [payload for _, payload in stream_published(broker)] == [b"before", b"after"]
