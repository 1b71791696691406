"""Topics of the Jobs service and of file streams, told apart by their segments and never by substrings."""

from .rules import DESCRIBE, GET, START_NEXT, UPDATE

PREFIX = "$aws/things/"
TOPIC_MAX = 256
FILTERS = ("$aws/things/+/jobs/#", "$aws/things/+/streams/#")
ANSWER_ENDS = ("accepted", "rejected")
PUSHED = ("notify", "notify-next")


def notification(thing, kind):
    return f"{PREFIX}{thing}/jobs/{kind}"


def classify(topic):
    """(thing, api, job id). The api is "" where a request belongs to none, None where it is nothing to answer."""
    parts = topic.split("/") if len(topic) <= TOPIC_MAX else ()
    if len(parts) < 5 or parts[0] != "$aws" or parts[1] != "things" or parts[3] != "jobs":
        return None, None, None
    thing, rest = parts[2], parts[4:]
    if rest == ["get"]:
        return thing, GET, None
    if rest == ["start-next"]:
        return thing, START_NEXT, None
    if len(rest) == 2 and rest[1] == "get":
        return thing, DESCRIBE, rest[0]
    if len(rest) == 2 and rest[1] == "update":
        return thing, UPDATE, rest[0]
    if rest[-1] in ANSWER_ENDS or rest in (["notify"], ["notify-next"]):
        return thing, None, None
    if any(part.startswith(("namespace-", "notify-namespace-", "notify-next-namespace-")) for part in rest):
        return thing, None, None
    return thing, "", None


def stream(thing, stream_id, kind, form):
    return f"{PREFIX}{thing}/streams/{stream_id}/{kind}/{form}"


def is_stream(topic):
    return topic.split("/", 4)[3:4] == ["streams"]


def split_stream(topic):
    """(thing, what follows streams/ as segments)"""
    parts = topic.split("/")
    return parts[2], parts[4:]
