"""A test for each vector of the contract, 34 to 52: cancel, order, retries, isolation, faults, documents."""

import json

import pytest
from conversation import T, THING, Device, Some, done, execution, rejection, summary

RETRY_ONCE = {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}}


def test_tv34_cancel_a_queued_head(two):
    two.cancel("jobA")
    two.expect_both({"QUEUED": [summary("jobB")]}, execution("jobB", jobDocument={"op": "b"}))
    two.rejected("jobA/update", {"status": "IN_PROGRESS"},
                 rejection("InvalidStateTransition", state={"status": "CANCELED", "versionNumber": 2}))


def test_tv34_version_may_stay(two):
    two.switch("service-change-version", "keep")
    two.cancel("jobA")
    two.drop_messages()
    two.rejected("jobA/update", {"status": "IN_PROGRESS"},
                 rejection("InvalidStateTransition", state={"status": "CANCELED", "versionNumber": 1}))


def test_tv35_plain_cancel_leaves_the_running_one(started):
    started.cancel("jobA")
    started.quiet()
    started.accepted("jobA/update", {"status": "SUCCEEDED", "clientToken": "c35"}, done("c35"))


def test_tv36_forced_cancel_of_the_running_head(one):
    one.run("jobQ")
    one.cancel("jobQ", force=True)
    one.expect_both({})
    one.rejected("jobQ/update", {"status": "SUCCEEDED", "clientToken": "c36"},
                 rejection("InvalidStateTransition", "c36", Some(status="CANCELED")))


def test_tv37_forced_delete_of_a_running_one(one):
    one.run("jobQ")
    one.delete_execution("jobQ", force=True)
    one.expect_both({})
    one.rejected("jobQ/update", {"status": "SUCCEEDED"}, rejection("ResourceNotFound"))
    one.rejected("jobQ/get", {}, rejection("ResourceNotFound"))


def test_tv38_and_39_out_of_order(bench):
    bench.queued("jobB", {"op": "b"})
    bench.queued("jobC", {"op": "c"})
    bench.accepted("jobC/update", {"status": "IN_PROGRESS"}, done())
    bench.expect("notify-next", {"timestamp": T, "execution": execution(
        "jobC", "IN_PROGRESS", 2, startedAt=T, jobDocument={"op": "c"})})
    bench.quiet()
    bench.accepted("jobB/update", {"status": "REJECTED"}, done())
    bench.expect("notify", {"timestamp": T, "jobs": {"IN_PROGRESS": [summary("jobC", 2, startedAt=T)]}})
    bench.quiet()


def test_tv40_two_running(two):
    two.accepted("jobB/update", {"status": "IN_PROGRESS"}, done())
    two.expect("notify-next", Some(execution=Some(jobId="jobB")))
    two.accepted("jobA/update", {"status": "IN_PROGRESS"}, done())
    two.expect("notify-next", Some(execution=Some(jobId="jobA", status="IN_PROGRESS")))
    two.quiet()


def test_tv40_the_newer_starts_second(two):
    two.accepted("jobA/update", {"status": "IN_PROGRESS"}, done())
    two.accepted("jobB/update", {"status": "IN_PROGRESS"}, done())
    two.quiet()


def test_tv41_retry(bench):
    bench.queued("jobA", {"op": "a"}, **RETRY_ONCE)
    bench.accepted("jobA/update", {"status": "FAILED"}, done())
    bench.expect_both({})
    bench.expect_both({"QUEUED": [summary("jobA", number=2)]}, execution("jobA", number=2, jobDocument={"op": "a"}))
    bench.rejected("jobA/get", {"executionNumber": 1}, rejection("TerminalStateReached"))
    bench.accepted("jobA/update", {"status": "REJECTED"}, done())
    bench.expect_both({})
    bench.quiet()
    bench.rejected("jobA/get", {"executionNumber": 1}, rejection("TerminalStateReached"))


def test_tv41_without_the_empty_pair(bench):
    bench.switch("retry-empty-pair", "off")
    bench.queued("jobA", {"op": "a"}, **RETRY_ONCE)
    bench.accepted("jobA/update", {"status": "FAILED"}, done())
    bench.expect_both({"QUEUED": [summary("jobA", number=2)]}, execution("jobA", number=2, jobDocument={"op": "a"}))
    bench.accepted("jobA/update", {"status": "FAILED"}, done())
    bench.expect_both({})
    bench.quiet()


def test_tv41_rejected_is_never_retried(bench):
    criteria = [{"failureType": "ALL", "numberOfRetries": 5}]
    bench.queued("jobA", jobExecutionsRetryConfig={"criteriaList": criteria})
    bench.accepted("jobA/update", {"status": "REJECTED"}, done())
    bench.expect_both({})
    bench.quiet()
    bench.accepted("get", {}, {"inProgressJobs": [], "queuedJobs": [], "timestamp": T})


def test_tv41_a_timeout_is_retried(bench):
    criteria = [{"failureType": "FAILED", "numberOfRetries": 5}, {"failureType": "TIMED_OUT", "numberOfRetries": 1}]
    bench.queued("jobA", jobExecutionsRetryConfig={"criteriaList": criteria})
    for number in (1, 2):
        bench.accepted("start-next", {"stepTimeoutInMinutes": 5}, Some(execution=Some(executionNumber=number)))
        bench.advance(301)
        bench.drop_messages()
    bench.accepted("start-next", {}, done())


def test_tv42_twelve_jobs(bench):
    names = [f"job{n:02}" for n in range(12)]
    for name in names[:-1]:
        bench.queued(name)
    bench.create(names[-1], {})
    bench.expect("notify", {"timestamp": T, "jobs": {"QUEUED": [summary(name) for name in names[:10]]}})
    bench.accepted("get", {}, {"inProgressJobs": [], "queuedJobs": [summary(n) for n in names[:10]], "timestamp": T})
    for name in names:
        bench.accepted("start-next", {}, Some(execution=Some(jobId=name)))
        bench.accepted(f"{name}/update", {"status": "SUCCEEDED"}, done())
        bench.drop_messages()
    bench.accepted("start-next", {}, done())


def test_tv43_answers_are_plain_messages(over_broker):
    """Stock brokers push nothing to those who do not subscribe; QoS and RETAIN are as the service's."""
    over_broker.send("get", {"clientToken": "c43"})
    message = over_broker.device.messages.get(timeout=10)
    assert (message.qos, message.retain) == (0, False)
    over_broker.switch("answer-qos", "1")
    over_broker.send("get", {"clientToken": "c43"})
    assert over_broker.device.messages.get(timeout=10).qos == 1


def test_tv44_others_get_notifications_but_no_answers(over_broker, credentials):
    over_broker.switch("isolate-answers", "on")
    other = Device(credentials, ("notify", "notify-next", "+/update/+"), client_id="someone-else")
    try:
        over_broker.create("jobA", {"op": "a"})
        over_broker.expect_both({"QUEUED": [summary("jobA")]}, Some(jobId="jobA"))
        over_broker.accepted("jobA/update", {"status": "SUCCEEDED"}, done())
        over_broker.expect_both({})
        heard = [other.messages.get(timeout=10).topic.rpartition("/")[2] for _ in range(4)]
        assert heard == ["notify", "notify-next", "notify", "notify-next"]
    finally:
        other.close()


def test_tv44_other_things_hear_nothing(over_broker, sandbox):
    stranger = Device(sandbox.thing("gw-2"), filters=())
    try:
        stranger.client.subscribe(f"$aws/things/{THING}/jobs/notify", 1)
        stranger.granted.get(timeout=10)
        stranger.client.subscribe("$aws/things/gw-2/jobs/#", 1)
        stranger.granted.get(timeout=10)
        over_broker.create("jobA", {"op": "a"})
        over_broker.drop_messages()
        stranger.client.publish(f"$aws/things/{THING}/jobs/jobA/update", '{"status":"FAILED"}', 1)
        stranger.client.publish("$aws/things/gw-2/jobs/get", '{"clientToken":"mine"}', 1)
        while True:
            message = stranger.messages.get(timeout=10)
            assert THING not in message.topic
            if message.topic.endswith("/get/accepted"):
                break
        over_broker.accepted("jobA/get", {}, Some(execution=Some(status="QUEUED")))
    finally:
        stranger.close()


def test_tv45_nothing_is_retained(over_broker, credentials):
    over_broker.queued("jobA")
    late = Device(credentials, ("notify", "notify-next", "get/+"), client_id="late")
    try:
        late.client.publish(f"$aws/things/{THING}/jobs/get", b"", 1)
        assert late.messages.get(timeout=10).topic.endswith("/get/accepted")
    finally:
        late.close()
    over_broker.expect("get/accepted", Some())


def test_tv46_the_same_update_twice(one):
    one.run("jobQ")
    update = {"status": "SUCCEEDED", "expectedVersion": 2, "clientToken": "c46"}
    one.accepted("jobQ/update", update, done("c46"))
    one.expect_both({})
    state = {"status": "SUCCEEDED", "versionNumber": 3}
    one.rejected("jobQ/update", update, rejection("VersionMismatch", "c46", state))
    one.switch("check-order", "state-first")
    one.rejected("jobQ/update", update, rejection("InvalidStateTransition", "c46", state))


def test_tv47_update_of_next(one):
    one.rejected("$next/update", {"status": "IN_PROGRESS"}, rejection("InvalidRequest"))
    one.switch("next-update", "InvalidTopic")
    one.rejected("$next/update", {"status": "IN_PROGRESS"}, rejection("InvalidTopic"))
    one.switch("next-update", "silent")
    one.send("$next/update", {"status": "IN_PROGRESS"})
    one.quiet()
    one.accepted("jobQ/get", {}, Some(execution=Some(status="QUEUED", versionNumber=1)))


def test_tv48_a_fresh_url_in_each_delivery(bench):
    bench.queued("jobA", {"url": "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/b/k}", "keep": "${x}"})
    urls = []
    for _ in range(2):
        bench.send("jobA/get", {})
        document = bench.receive()[1]["execution"]["jobDocument"]
        assert document["keep"] == "${x}"
        urls.append(document["url"].partition("?"))
    assert urls[0][0] == urls[1][0] and urls[0][0].endswith("/files/k")
    assert urls[0][2] != urls[1][2]


def test_tv49_requests_that_go_wrong(bench):
    bench.fault("GetPendingJobExecutions", "error", code="RequestThrottled")
    bench.rejected("get", {"clientToken": "t"}, rejection("RequestThrottled", "t"))
    bench.fault("GetPendingJobExecutions", "error", code="InternalError", count=2)
    for _ in range(2):
        bench.rejected("get", {}, rejection("InternalError"))
    bench.fault("GetPendingJobExecutions", "drop")
    bench.send("get", {"clientToken": "lost"})
    bench.quiet()
    bench.fault("GetPendingJobExecutions", "delay", seconds=11)
    bench.send("get", {"clientToken": "late"})
    bench.accepted("get", {"clientToken": "next"}, Some(clientToken="next"))
    bench.advance(11)
    bench.expect("get/accepted", Some(clientToken="late"))


def test_tv49_notifications_that_go_wrong(bench):
    document = {"url": "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/b/k}"}
    bench.fault("notify-next", "duplicate", copies=2)
    bench.create("jobA", document)
    bench.expect("notify", Some())
    first, second = bench.receive()[1], bench.receive()[1]
    assert first["execution"].pop("jobDocument") != second["execution"].pop("jobDocument")
    assert first == second
    bench.fault("UpdateJobExecution", "reorder")
    bench.send("jobA/update", {"status": "SUCCEEDED"})
    bench.expect_both({})
    bench.expect("jobA/update/accepted", done())
    bench.fault("notifications", "drop", count=2)
    bench.create("jobB", document)
    bench.quiet()


def test_tv49_the_connection_ends_before_the_answer(over_broker, sandbox, credentials):
    over_broker.queued("jobA")
    before = sandbox.last()
    victim = Device(sandbox.thing("gw-3"), ("start-next/+",))
    try:
        sandbox.fault("StartNextPendingJobExecution", "disconnect", thing="gw-3")
        info = victim.client.publish("$aws/things/gw-3/jobs/start-next", b"", 1)
        victim.disconnected.get(timeout=10)
        assert info.is_published()
        assert sandbox.ledger(before, kind="answer", thing="gw-3") == []
        sandbox.expect(before, kind="fault", thing="gw-3", action="disconnect")
    finally:
        victim.close()


def test_tv50_maintenance_window(bench):
    window = {"startTime": "cron(0 18 ? * MON *)", "durationInMinutes": 60}
    bench.create("jobW", {"op": "w"}, targetSelection="CONTINUOUS", schedulingConfig={"maintenanceWindows": [window]})
    bench.window("jobW", False)
    bench.drop_messages()
    bench.accepted("get", {}, {"inProgressJobs": [], "queuedJobs": [], "timestamp": T})
    bench.accepted("$next/get", {}, done())
    bench.accepted("jobW/get", {}, Some(execution=Some(status="QUEUED")))
    bench.switch("window-explicit-id", "not-found")
    bench.rejected("jobW/get", {}, rejection("ResourceNotFound"))
    bench.window("jobW", True)
    bench.expect_both({"QUEUED": [summary("jobW")]}, execution("jobW", jobDocument={"op": "w"}))
    bench.run("jobW")
    bench.window("jobW", False)
    bench.quiet()
    bench.accepted("get", {}, {"inProgressJobs": [summary("jobW", 2, startedAt=T)], "queuedJobs": [], "timestamp": T})
    bench.accepted("jobW/update", {"status": "SUCCEEDED"}, done())


@pytest.mark.parametrize("token", ("\u00e9\U0001f600\"\\", "a" * 1000, "\ud800", "\0", ""))
def test_tv51_token_is_echoed_exactly(bench, token):
    bench.accepted("start-next", json.dumps({"clientToken": token}), done(token))


def test_tv52_signed_document_is_unchanged(bench):
    location = {"s3": {"bucketName": "b", "key": "k", "version": "1"}}
    document = {"presign": "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/b/k}",
                "codesign": {"rawPayloadSize": 120, "signature": "MEUCIQ+/=", "payloadLocation": location,
                             "signatureAlgorithm": "SHA256withECDSA"}}
    bench.queued("jobA", document)
    bench.send("jobA/get", {})
    received = bench.receive()[1]["execution"]["jobDocument"]
    assert received.pop("presign").startswith("https://")
    assert received == {"codesign": document["codesign"]}
