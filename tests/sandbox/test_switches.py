"""Switches of undocumented behaviour that no test vector is about."""

import pytest
from conversation import THING, Some


@pytest.mark.parametrize("name, value, job, body", (
    ("thing-name", "on", "jobA", Some(thingName=THING)), ("approximate-seconds", "in-progress", "jobA",
                                                          Some(approximateSecondsBeforeTimedOut=1200)),
    ("approximate-seconds", "step", "jobA", Some(approximateSecondsBeforeTimedOut=1500)),
    ("start-next-timer", "set", "jobA", Some(approximateSecondsBeforeTimedOut=60)),
    ("update-without-timer", "cancel", "jobA", Some(approximateSecondsBeforeTimedOut=1200))))
def test_switches_of_the_view(in_process, name, value, job, body):
    in_process.switch(name, value)
    in_process.queued(job, timeoutConfig={"inProgressTimeoutInMinutes": 20})
    in_process.send("start-next", {"stepTimeoutInMinutes": 25})
    if name == "start-next-timer":
        in_process.send("start-next", {"stepTimeoutInMinutes": 1})
    if name == "update-without-timer":
        in_process.send(f"{job}/update", {"status": "IN_PROGRESS"})
    in_process.drop_messages()
    in_process.accepted(f"{job}/get", {}, Some(execution=body))


@pytest.mark.parametrize("name, value, topic, payload, code", (
    ("unknown-keys", "reject", "get", {"extra": 1}, "InvalidRequest"),
    ("client-token-max", "4", "get", {"clientToken": "12345"}, "InvalidRequest"),
    ("start-next-minus-one", "reject", "start-next", {"stepTimeoutInMinutes": -1}, "InvalidRequest"),
    ("terminal-step-timeout", "reject", "jobQ/update", {"status": "FAILED", "stepTimeoutInMinutes": 1},
     "InvalidRequest")))
def test_switches_that_refuse(in_process, name, value, topic, payload, code):
    in_process.queued("jobQ")
    in_process.switch(name, value)
    in_process.rejected(topic, payload, Some(code=code))
    in_process.switch(name, {"client-token-max": "0", "start-next-minus-one": "accept"}.get(name, "ignore"))
    in_process.accepted(topic, payload, Some())


def test_switches_of_messages(in_process):
    in_process.switch("notify-empty-lists", "on")
    in_process.switch("bare-empty-next", "on")
    in_process.switch("duplicate-answers", "on")
    in_process.queued("jobQ")
    in_process.accepted("jobQ/update", {"status": "SUCCEEDED"}, Some())
    in_process.expect("jobQ/update/accepted", Some())
    in_process.expect("notify", Some(jobs={"IN_PROGRESS": [], "QUEUED": []}))
    in_process.expect("notify-next", {})
    in_process.quiet()
    in_process.send("nonsense/topic", {})
    in_process.expect("nonsense/topic/rejected", Some(code="InvalidTopic"))
    in_process.drop_messages()
    in_process.switch("invalid-topic", "silent")
    in_process.send("nonsense/topic", {})
    in_process.quiet()


def test_switches_of_documents(in_process):
    in_process.switch("document-any-json", "on")
    in_process.queued("jobL", [1, 2])
    in_process.accepted("$next/get", {}, Some(execution=Some(jobDocument=[1, 2])))
    url = "${aws:iot:s3-presigned-url:https://s3.amazonaws.com/b/k}"
    in_process.queued("jobU", {"url": url})
    in_process.switch("delivered-document-max", "50")
    in_process.accepted("jobU/get", {}, Some(execution=Some(jobDocument={"url": url})))
