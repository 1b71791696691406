"""The Jobs conversation against the stand-in for the service, on a real broker with mutual TLS."""

import time

import pytest
from probe import Probe

THING = "gw-1"
DOCUMENT = {"operation": "x"}
NEXT, START_NEXT, AVAILABLE = 0, 1, 2


@pytest.fixture
def probe(credentials):
    with Probe.for_thing(credentials, "--verbose", scale=100) as probe:
        probe.expect("state ready")
        yield probe


def offer(sandbox, probe, job_id, **settings):
    """The name of a job's execution, once offered."""
    sandbox.create_job(DOCUMENT, THING, job_id, **settings)
    words = probe.expect(f"offered {job_id}.")
    assert words[2] == "QUEUED"
    return words[1]


def claim(sandbox, probe, job_id, **settings):
    name = offer(sandbox, probe, job_id, **settings)
    probe.say("claim", name, 5)
    assert probe.expect(f"claimed {name}")[2] == "accepted"
    return name


def test_one_job(sandbox, probe):
    probe.say("room", 1)
    name = offer(sandbox, probe, "one")
    assert sandbox.execution("one", THING)["status"] == "QUEUED"
    probe.say("claim", name, 7, "step=1/1")
    assert probe.expect("claimed")[2] == "accepted"
    update = sandbox.expect(kind="request", jobId="one", api="UpdateJobExecution")
    assert update["payload"]["stepTimeoutInMinutes"] == 7
    assert sandbox.execution("one", THING)["status"] == "IN_PROGRESS"
    probe.say("finish", name, "SUCCEEDED", "message=done")
    assert probe.expect("reported")[2] == "taken"
    execution = sandbox.execution("one", THING)
    assert (execution["status"], execution["statusDetails"]) == ("SUCCEEDED", {"message": "done"})
    probe.say("room", 0)
    assert probe.expect("unsettled")[1] == "0"


def test_pulled_when_room_comes(sandbox, probe):
    sandbox.create_job(DOCUMENT, THING, "early")
    probe.quiet("offered", 0.3)
    probe.say("room", 1)
    assert probe.expect("offered early")[3] == '{"operation":"x"}'


def test_offered_once(sandbox, probe):
    probe.say("room", 5)
    name = offer(sandbox, probe, "twice")
    for _ in range(10):
        sandbox.notify(THING)
    probe.quiet("offered", 0.3)
    probe.say("claim", name, 5)
    probe.expect("claimed")
    sandbox.notify(THING)
    probe.quiet("offered", 0.3)
    probe.say("finish", name, "FAILED")
    probe.expect("reported")
    probe.quiet("offered", 0.3)


def test_release(sandbox, probe):
    probe.say("room", 1)
    name = offer(sandbox, probe, "later")
    probe.say("release", name, "later")
    sandbox.notify(THING)
    probe.say("room", 2)
    assert probe.expect("offered later")[1] == name
    probe.say("release", name, "never")
    probe.say("room", 3)
    sandbox.notify(THING)
    probe.quiet("offered", 0.3)


def test_retry_is_another_execution(sandbox, probe):
    probe.say("room", 2)
    name = claim(sandbox, probe, "again", retries=1)
    probe.say("finish", name, "FAILED")
    probe.expect("reported")
    probe.say("room", 3)
    words = probe.expect("offered again.2.")
    assert words[2] == "QUEUED"


def test_progress_is_coalesced(sandbox, credentials):
    with Probe.for_thing(credentials, "--progress-ms", 700) as probe:
        probe.say("room", 1)
        name = claim(sandbox, probe, "busy")
        start = sandbox.last()
        for percent in range(50):
            probe.say("progress", name, 5, "later", f"progress={percent}")
        probe.say("progress", name, 5, "later", "progress=99")
        time.sleep(1.2)
        sent = sandbox.ledger(start, api="UpdateJobExecution", kind="request")
        assert 1 <= len(sent) <= 3
        assert sandbox.execution("busy", THING)["statusDetails"] == {"progress": "99"}
        probe.say("progress", name, 5, "later", "progress=100")
        probe.say("progress", name, 5, "urgent", "step=2/2")
        probe.say("finish", name, "SUCCEEDED", "message=end")
        probe.say("progress", name, 5, "urgent", "step=3/2")
        probe.expect("reported")
        assert sandbox.execution("busy", THING)["statusDetails"] == {"message": "end"}


@pytest.mark.parametrize("fault", [
    {"action": "drop"}, {"action": "drop-answer"}, {"action": "disconnect"}, {"action": "duplicate"},
    {"action": "error", "code": "InternalError", "count": 5}, {"action": "error", "code": "RequestThrottled"},
    {"action": "error", "code": "VersionMismatch"}, {"action": "error", "code": "ResourceNotFound", "count": 2},
    {"action": "error", "code": "InvalidRequest"}, {"action": "error", "code": "InvalidJson"},
    {"action": "error", "code": "NeverHeardOf"}, {"action": "delay", "seconds": 1.5},
])
def test_final_status_survives(sandbox, credentials, fault):
    with Probe.for_thing(credentials, "--timeout-ms", 500, scale=100) as probe:
        probe.expect("state ready")
        probe.say("room", 1)
        name = claim(sandbox, probe, "final")
        sandbox.fault("UpdateJobExecution", status="SUCCEEDED", **fault)
        probe.say("finish", name, "SUCCEEDED", "message=done")
        assert probe.expect("reported", 20)[2] == "taken"
        assert sandbox.execution("final", THING)["status"] == "SUCCEEDED"


def test_not_found_is_given_up(sandbox, probe):
    probe.say("room", 1)
    name = claim(sandbox, probe, "lost")
    sandbox.fault("notifications", "drop", count=0)
    sandbox.delete_execution("lost", THING, force=True)
    start = sandbox.last()
    probe.say("finish", name, "SUCCEEDED")
    assert probe.expect("reported")[2] == "refused"
    assert len(sandbox.ledger(start, api="UpdateJobExecution", kind="request")) == 3


@pytest.mark.parametrize("unheard", [None, "notify", "notify-next"])
@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_taken_away(sandbox, probe, end, unheard):
    probe.say("room", 1)
    name = claim(sandbox, probe, "taken")
    if unheard:
        sandbox.fault(unheard, "drop")
    if end == "cancel":
        sandbox.cancel("taken", force=True)
    else:
        sandbox.delete_execution("taken", THING, force=True)
    assert probe.expect("gone")[1] == name
    probe.say("room", 2)
    offer(sandbox, probe, "after")


@pytest.mark.parametrize("workflow", [NEXT, START_NEXT, AVAILABLE])
def test_taken_away_without_a_word(sandbox, credentials, workflow):
    with Probe.for_thing(credentials, "--resync-ms", 700, "--workflow", workflow) as probe:
        probe.say("room", 1)
        name = claim(sandbox, probe, "silent")
        sandbox.fault("notifications", "drop", count=0)
        sandbox.cancel("silent", force=True)
        assert probe.expect("gone")[1] == name
        sandbox.create_job(DOCUMENT, THING, "next")
        probe.say("room", 2)
        probe.expect("offered next")


def test_plain_cancel_does_not_disturb(sandbox, probe):
    probe.say("room", 1)
    name = claim(sandbox, probe, "calm")
    sandbox.cancel("calm")
    sandbox.notify(THING)
    probe.quiet("gone", 0.5)
    probe.say("finish", name, "SUCCEEDED")
    assert probe.expect("reported")[2] == "taken"


def test_cancelled_before_the_claim(sandbox, probe):
    probe.say("room", 1)
    name = offer(sandbox, probe, "late")
    sandbox.cancel("late")
    probe.say("claim", name, 5)
    assert probe.expect("claimed")[2] == "refused"
    probe.say("room", 2)
    offer(sandbox, probe, "fine")


def test_cancelled_before_the_final_status(sandbox, probe):
    sandbox.fault("notifications", "drop", count=0)
    sandbox.create_job(DOCUMENT, THING, "over")
    probe.say("room", 1)
    name = probe.expect("offered")[1]
    probe.say("claim", name, 5)
    probe.expect("claimed")
    sandbox.cancel("over", force=True)
    probe.say("finish", name, "SUCCEEDED")
    words = probe.expect("reported")
    assert words[2] == "refused" and "CANCELED" in words


def test_progress_tells_that_it_is_gone(sandbox, probe):
    sandbox.fault("notifications", "drop", count=0)
    sandbox.create_job(DOCUMENT, THING, "told")
    probe.say("room", 1)
    name = probe.expect("offered")[1]
    probe.say("claim", name, 5)
    probe.expect("claimed")
    sandbox.cancel("told", force=True)
    probe.say("progress", name, 5, "urgent", "step=2")
    assert probe.expect("gone")[1] == name


def test_rejected_while_running(sandbox, probe):
    probe.say("room", 1)
    name = claim(sandbox, probe, "refuse")
    sandbox.fault("UpdateJobExecution", "error", code="InvalidStateTransition", status="REJECTED")
    probe.say("finish", name, "REJECTED", "reason=not-allowed")
    assert probe.expect("reported")[2] == "taken"
    execution = sandbox.execution("refuse", THING)
    assert (execution["status"], execution["statusDetails"]) == ("FAILED", {"reason": "not-allowed"})


def test_refusal_without_a_token(sandbox, probe):
    """A request that could not be read is refused without its clientToken."""
    probe.say("room", 1)
    name = claim(sandbox, probe, "unread")
    sandbox.fault("UpdateJobExecution", "drop", status="SUCCEEDED")
    start = sandbox.last()
    probe.say("finish", name, "SUCCEEDED", "message=strange")
    sandbox.expect(start, kind="request", api="UpdateJobExecution")
    sandbox.publish(f"$aws/things/{THING}/jobs/unread/update/rejected", {"code": "InvalidJson", "message": "m"})
    assert probe.expect("reported")[2] == "taken"
    assert "message" not in sandbox.execution("unread", THING).get("statusDetails", {})


def test_a_life_before(sandbox, credentials):
    with Probe.for_thing(credentials) as first:
        first.say("room", 1)
        name = claim(sandbox, first, "before")
    with Probe.for_thing(credentials) as second:
        second.say("hold", name)
        second.say("room", 1)
        second.expect("state ready")
        second.quiet("offered", 0.3)
        sandbox.cancel("before", force=True)
        assert second.expect("gone")[1] == name


def test_cancelled_between_two_lives(sandbox, credentials):
    with Probe.for_thing(credentials) as first:
        first.say("room", 1)
        name = claim(sandbox, first, "between")
    sandbox.cancel("between", force=True)
    with Probe.for_thing(credentials) as second:
        second.say("hold", name)
        assert second.expect("gone")[1] == name


def test_final_status_of_an_earlier_life(sandbox, credentials):
    with Probe.for_thing(credentials) as first:
        first.say("room", 1)
        name = claim(sandbox, first, "verdict")
        first.say("finish", name, "SUCCEEDED")
        first.expect("reported")
    with Probe.for_thing(credentials) as second:
        second.say("finish", name, "SUCCEEDED")
        assert second.expect("reported")[2] == "taken"


def test_lost_record(sandbox, credentials):
    with Probe.for_thing(credentials) as first:
        first.say("room", 1)
        claim(sandbox, first, "record")
    with Probe.for_thing(credentials) as second:
        second.say("room", 1)
        assert second.expect("offered record")[2] == "IN_PROGRESS"


def test_refresh(sandbox, credentials):
    with Probe.for_thing(credentials, "--timeout-ms", 400) as probe:
        probe.say("room", 1)
        name = claim(sandbox, probe, "fresh")
        probe.say("refresh", name)
        assert probe.expect("refreshed")[2:] == ["0", '{"operation":"x"}']
        sandbox.fault("DescribeJobExecution", "drop", count=0)
        probe.say("refresh", name)
        assert probe.expect("refreshed")[2] == "110"
        sandbox.clear_faults()
        sandbox.fault("notifications", "drop", count=0)
        sandbox.delete_execution("fresh", THING, force=True)
        probe.say("refresh", name)
        assert probe.expect("refreshed")[2] == "2"


def test_start_next(sandbox, credentials):
    with Probe.for_thing(credentials, "--workflow", START_NEXT) as probe:
        probe.say("room", 1)
        name = offer(sandbox, probe, "started")
        assert sandbox.execution("started", THING)["status"] == "IN_PROGRESS"
        probe.say("claim", name, 5)
        probe.expect("claimed")
        probe.say("finish", name, "REJECTED", "reason=unknown-operation")
        assert probe.expect("reported")[2] == "taken"
        probe.say("room", 2)
        name = offer(sandbox, probe, "started-2")
    with Probe.for_thing(credentials, "--workflow", START_NEXT) as probe:
        probe.say("room", 1)
        assert probe.expect("offered started-2")[2] == "QUEUED"         # begun, but by nobody worked on
        probe.say("claim", name, 5)
        probe.expect("claimed")
    with Probe.for_thing(credentials, "--workflow", START_NEXT) as probe:
        probe.say("room", 1)
        assert probe.expect("offered started-2")[2] == "IN_PROGRESS"


def test_start_next_answer_lost(sandbox, credentials):
    with Probe.for_thing(credentials, "--workflow", START_NEXT, "--timeout-ms", 300) as probe:
        probe.expect("state ready")
        sandbox.create_job(DOCUMENT, THING, "unheard")
        sandbox.fault("StartNextPendingJobExecution", "drop-answer")
        probe.say("room", 1)
        assert probe.expect("offered unheard")[2] == "QUEUED"


def test_available(sandbox, credentials):
    with Probe.for_thing(credentials, "--workflow", AVAILABLE) as probe:
        probe.expect("state ready")
        for number in range(4):
            sandbox.create_job(DOCUMENT, THING, f"many-{number}")
        probe.say("room", 3)
        names = [probe.expect("offered")[1] for _ in range(3)]
        assert sorted(name.split(".")[0] for name in names) == ["many-0", "many-1", "many-2"]
        probe.quiet("offered", 0.3)
        for name in names:
            probe.say("claim", name, 5)
        for _ in names:
            words = probe.expect("claimed")
            assert words[2:] == ["accepted", '{"operation":"x"}']
        sandbox.notify(THING)
        probe.quiet("gone", 0.3)
        sandbox.cancel("many-1", force=True)
        assert probe.expect("gone")[1].startswith("many-1")
        probe.say("room", 1)
        assert probe.expect("offered")[1].startswith("many-3")


def test_empty_answer_is_doubted(sandbox, probe):
    """$next right after a list that names something may still be empty."""
    probe.say("room", 1)
    sandbox.fault("notify-next", "drop")
    offer(sandbox, probe, "behind")


@pytest.mark.parametrize("payload", [
    b"", b"{}", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 60000, b"{" + b" " * 131072 + b"}",
    b'{"execution":{"jobId":"../../x","status":"QUEUED","queuedAt":1,"executionNumber":1}}',
    b'{"execution":{"jobId":"x","status":"DONE","queuedAt":1,"executionNumber":1}}',
    b'{"execution":7}', b'{"execution":{"jobId":7}}', b'{"jobs":[]}', b'{"jobs":{"QUEUED":[{}]}}',
], ids=lambda payload: f"{len(payload)}-{payload[:12]!r}")
def test_garbage(sandbox, probe, payload):
    probe.say("room", 1)
    for topic in ("notify", "notify-next", "$next/get/accepted", "x/get/rejected", "get/accepted", "x/update/accepted"):
        sandbox.publish(f"$aws/things/{THING}/jobs/{topic}", payload)
    probe.quiet("offered", 0.1)
    offer(sandbox, probe, "sane")


def test_stop_sends_what_is_left(sandbox, probe):
    probe.say("room", 1)
    name = claim(sandbox, probe, "stop")
    probe.say("progress", name, 5, "urgent", "a=1")
    probe.say("progress", name, 5, "later", "a=2")
    probe.say("stop", 5000)
    probe.expect("stopped")
    assert sandbox.execution("stop", THING)["statusDetails"] == {"a": "2"}


def test_stop_without_a_link(credentials):
    with Probe.for_thing(credentials, port=1) as probe:
        probe.say("finish", "x.1.1", "FAILED")
        began = time.monotonic()
        probe.say("stop", 300)
        probe.expect("stopped")
        assert 0.25 < time.monotonic() - began < 8


def test_secrets_stay_out_of_the_log(sandbox, probe):
    probe.say("room", 1)
    sandbox.create_job({"operation": "x", "url": "https://h/p?X-Amz-Signature=verysecret"}, THING, "secret")
    probe.expect("offered")
    sandbox.publish(f"$aws/things/{THING}/jobs/notify-next", b'{"u":"https://h/?verysecret" verysecret')
    probe.wait_log("left aside")
    assert "verysecret" not in "\n".join(probe.log_lines)
