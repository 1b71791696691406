"""A test for each vector of the contract, 1 to 33: lists, the queue, updates, errors, timers."""

import pytest
from conversation import T, Some, done, execution, rejection, summary


def test_tv01_empty_list(bench):
    bench.accepted("get", {"clientToken": "c1"},
                   {"inProgressJobs": [], "queuedJobs": [], "timestamp": T, "clientToken": "c1"})


def test_tv02_empty_payload_is_an_object(bench):
    bench.accepted("$next/get", b"", done())


def test_tv03_nothing_to_start_is_a_success(bench):
    bench.accepted("start-next", {"clientToken": "c3"}, done("c3"))


def test_tv04_first_job_both_notifications(bench):
    bench.create("jobA", {"op": "a"})
    bench.expect_both({"QUEUED": [summary("jobA")]}, execution("jobA", jobDocument={"op": "a"}))
    bench.quiet()


def test_tv05_second_job_behind_the_head(bench):
    bench.queued("jobA")
    bench.create("jobB", {"op": "b"})
    bench.expect("notify", {"timestamp": T, "jobs": {"QUEUED": [summary("jobA"), summary("jobB")]}})
    bench.quiet()


def test_tv06_next_only_looks(two):
    for _ in range(2):
        two.accepted("$next/get", {"clientToken": "c6"},
                     {"execution": execution("jobA", jobDocument={"op": "a"}), **done("c6")})


def test_tv07_without_document_and_the_topic_wins(two):
    two.accepted("jobB/get", {"jobId": "jobA", "includeJobDocument": False, "clientToken": "c7"},
                 {"execution": execution("jobB"), **done("c7")})
    two.switch("body-job-id", "reject")
    two.rejected("jobB/get", {"jobId": "jobA"}, rejection("InvalidRequest"))


def test_tv08_start_next(two):
    two.accepted("start-next", {"statusDetails": {"step": "1"}, "clientToken": "c8"},
                 {"execution": execution("jobA", "IN_PROGRESS", 2, statusDetails={"step": "1"}, startedAt=T,
                                         jobDocument={"op": "a"}), **done("c8")})
    two.quiet()


def test_tv09_start_next_again(started):
    started.accepted("start-next", {"statusDetails": {"step": "OTHER"}, "clientToken": "c9"},
                     {"execution": execution("jobA", "IN_PROGRESS", 2, statusDetails={"step": "1"}, startedAt=T,
                                             jobDocument={"op": "a"}), **done("c9")})
    started.quiet()


def test_tv09_its_timer_is_ignored_too(started):
    started.accepted("start-next", {"stepTimeoutInMinutes": 1}, Some(execution=Some(versionNumber=2)))
    started.send("jobA/get", {})
    assert "approximateSecondsBeforeTimedOut" not in started.receive()[1]["execution"]


def test_tv10_list_shows_both_sides(started):
    started.accepted("get", {"clientToken": "c10"},
                     {"inProgressJobs": [summary("jobA", 2, startedAt=T)], "queuedJobs": [summary("jobB")],
                      **done("c10")})


def test_tv11_minimal_update(started):
    started.accepted("jobA/update", {"status": "IN_PROGRESS", "clientToken": "c11"}, done("c11"))
    started.quiet()
    started.accepted("jobA/get", {}, {"timestamp": T, "execution": Some(
        versionNumber=3, statusDetails={"step": "1"})})


def test_tv12_both_includes(started):
    update = {"status": "IN_PROGRESS", "statusDetails": {"pct": "50"}, "includeJobExecutionState": True,
              "includeJobDocument": True, "clientToken": "c12"}
    state = {"status": "IN_PROGRESS", "statusDetails": {"pct": "50"}, "versionNumber": 3}
    started.accepted("jobA/update", update, {"executionState": state, "jobDocument": {"op": "a"}, **done("c12")})
    started.switch("status-details", "merge")
    update["statusDetails"] = {"new": "1"}
    state.update(statusDetails={"pct": "50", "new": "1"}, versionNumber=4)
    started.accepted("jobA/update", update, {"executionState": state, "jobDocument": {"op": "a"}, **done("c12")})


def test_tv13_expected_version_as_number_and_text(started):
    started.accepted("jobA/update", {"status": "IN_PROGRESS", "expectedVersion": 2, "clientToken": "a"}, done("a"))
    started.accepted("jobA/update", {"status": "IN_PROGRESS", "expectedVersion": "3", "clientToken": "b"}, done("b"))
    started.accepted("jobA/get", {}, Some(execution=Some(versionNumber=4)))


def test_tv14_stale_version_changes_nothing(started):
    state = {"status": "IN_PROGRESS", "statusDetails": {"step": "1"}, "versionNumber": 2}
    started.rejected("jobA/update", {"status": "SUCCEEDED", "expectedVersion": 1, "clientToken": "c14"},
                     rejection("VersionMismatch", "c14", state))
    started.accepted("jobA/get", {}, Some(execution=Some(status="IN_PROGRESS", versionNumber=2)))


def test_tv15_state_without_details(one):
    one.rejected("jobQ/update", {"status": "IN_PROGRESS", "expectedVersion": 99},
                 rejection("VersionMismatch", state={"status": "QUEUED", "versionNumber": 1}))


def test_tv16_finish_the_head(started):
    started.accepted("jobA/update", {"status": "SUCCEEDED", "clientToken": "c16"}, done("c16"))
    started.expect_both({"QUEUED": [summary("jobB")]}, execution("jobB", jobDocument={"op": "b"}))
    started.quiet()


def test_tv17_update_of_a_finished_one(started):
    started.send("jobA/update", {"status": "SUCCEEDED"})
    started.drop_messages()
    state = {"status": "SUCCEEDED", "statusDetails": {"step": "1"}, "versionNumber": 3}
    update = {"status": "IN_PROGRESS", "clientToken": "c17"}
    started.rejected("jobA/update", update, rejection("InvalidStateTransition", "c17", state))
    started.switch("terminal-update-code", "TerminalStateReached")
    started.rejected("jobA/update", update, rejection("TerminalStateReached", "c17", state))
    started.switch("terminal-update-code", "InvalidStateTransition")
    repeat = {"status": "SUCCEEDED"}
    started.rejected("jobA/update", repeat, rejection("InvalidStateTransition", state=state))
    started.switch("repeated-final-update", "accept")
    started.accepted("jobA/update", repeat, done())


def test_tv18_describe_of_a_finished_one(started):
    started.send("jobA/update", {"status": "SUCCEEDED"})
    started.drop_messages()
    started.rejected("jobA/get", {"clientToken": "c18"}, rejection("TerminalStateReached", "c18"))


def test_tv19_queued_straight_to_failed(one):
    one.accepted("jobQ/update", {"status": "FAILED", "statusDetails": {"reason": "no space"}, "clientToken": "c19"},
                 done("c19"))
    one.expect_both({})
    one.quiet()


def test_tv20_unknown_job(bench):
    bench.rejected("ghost/update", {"status": "SUCCEEDED", "clientToken": "c20"}, rejection("ResourceNotFound", "c20"))
    bench.rejected("ghost/get", {"clientToken": "c20b"}, rejection("ResourceNotFound", "c20b"))


def test_tv21_broken_json(bench):
    bench.rejected("start-next", '{"clientToken":"c21"', rejection("InvalidJson"))


def test_tv22_no_utf8(bench):
    bench.rejected("start-next", b'{"clientToken":"\xff\xfe"}', rejection("InvalidJson"))


@pytest.mark.parametrize("payload", ("[]", "1", "null", '"text"', "true"))
def test_tv23_json_but_no_object(bench, payload):
    bench.rejected("get", payload, rejection("InvalidJson"))
    bench.switch("non-object-code", "InvalidRequest")
    bench.rejected("get", payload, rejection("InvalidRequest"))


@pytest.mark.parametrize("body", ({}, {"status": "succeeded"}, {"status": "SUCCESS"}, {"status": ""}))
def test_tv24_bad_status(one, body):
    one.rejected("jobQ/update", {**body, "clientToken": "c24"}, rejection("InvalidRequest", "c24"))
    one.accepted("jobQ/get", {}, Some(execution=Some(status="QUEUED", versionNumber=1)))


@pytest.mark.parametrize("status", ("CANCELED", "TIMED_OUT", "REMOVED"))
def test_tv25_status_of_the_service(one, status):
    one.rejected("jobQ/update", {"status": status}, rejection("InvalidRequest"))
    one.switch("device-canceled-code", "InvalidStateTransition")
    one.rejected("jobQ/update", {"status": status},
                 rejection("InvalidStateTransition", state={"status": "QUEUED", "versionNumber": 1}))


def test_tv25_status_queued(one):
    one.rejected("jobQ/update", {"status": "QUEUED"},
                 rejection("InvalidStateTransition", state={"status": "QUEUED", "versionNumber": 1}))
    one.switch("device-queued-code", "InvalidRequest")
    one.rejected("jobQ/update", {"status": "QUEUED"}, rejection("InvalidRequest"))


def update_with(details):
    return {"status": "IN_PROGRESS", "statusDetails": details}


def refused(bench, update, code="InvalidRequest"):
    bench.rejected("jobQ/update", update, rejection(code))
    bench.accepted("jobQ/get", {}, {"timestamp": T, "execution": execution("jobQ", jobDocument={"op": "jobQ"})})


@pytest.mark.parametrize("value", ("line1\nline2", "a\tb", "a\r", "\x1b[0m", "\0", "a\u200db", "\ufeff", "\u00ad",
                                   "\ue000", "\u202e", "\ud800"))
def test_tv26_forbidden_characters(one, value):
    refused(one, update_with({"out": value}))


def test_tv27_length_of_values(one):
    refused(one, update_with({"k": ""}))
    refused(one, update_with({"k": "a" * 1025}))
    refused(one, update_with({"k": "\U0001f600" * 513}))
    one.accepted("jobQ/update", update_with({"k": "a" * 1024}), done())
    one.switch("details-length-unit", "codepoint")
    one.accepted("jobQ/update", update_with({"k": "\U0001f600" * 1024}), done())
    one.accepted("jobQ/update", update_with({"k": "no-break\u00a0space, caf\u00e9"}), done())


def test_tv28_number_of_pairs(one):
    refused(one, update_with({f"k{n}": "v" for n in range(11)}))
    one.accepted("jobQ/update", update_with({f"k{n}": "v" for n in range(10)}), done())


def test_tv29_keys(one):
    for key in ("a.b", "a b", "", "k" * 129, "a/b", "ä", "a\n"):
        refused(one, update_with({key: "v"}))
    one.accepted("jobQ/update", update_with({"aZ09:_-" + "k" * 121: "v"}), done())


@pytest.mark.parametrize("details", ({"pct": 50}, "{}", [], {"k": None}, {"k": {"a": "b"}}, True))
def test_tv30_types_of_details(one, details):
    refused(one, update_with(details))
    one.switch("wrong-type-code", "InvalidJson")
    refused(one, update_with(details), "InvalidJson")


def test_tv31_step_timeout_range(one):
    one.run("jobQ")
    for minutes, answer in ((1, done()), (10080, done()), (0, None), (10081, None), (-2, None), ("1", None),
                            (True, None), (1.5, None), (-1, done()), (-1, done())):
        update = {"status": "IN_PROGRESS", "stepTimeoutInMinutes": minutes}
        if answer is None:
            one.rejected("jobQ/update", update, rejection("InvalidRequest"))
        else:
            one.accepted("jobQ/update", update, answer)
    one.accepted("jobQ/get", {"includeJobDocument": False}, {"timestamp": T, "execution": execution(
        "jobQ", "IN_PROGRESS", 6, startedAt=T)})


def test_tv32_step_timer_expires(one):
    one.run("jobQ")
    one.accepted("jobQ/update", {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 1}, done())
    one.send("$next/get", {})
    left = one.receive()[1]["execution"]["approximateSecondsBeforeTimedOut"]
    assert 0 < left <= 60
    one.advance(61)
    one.expect_both({})
    one.rejected("jobQ/update", {"status": "SUCCEEDED", "clientToken": "c32"},
                 rejection("InvalidStateTransition", "c32", Some(status="TIMED_OUT")))


def minutes_left(bench):
    bench.send("$next/get", {})
    return bench.receive()[1]["execution"]["approximateSecondsBeforeTimedOut"] / 60


def test_tv33_timers_combined(in_process):
    bench = in_process
    bench.queued("jobA", timeoutConfig={"inProgressTimeoutInMinutes": 20})
    bench.run("jobA")
    assert minutes_left(bench) == 20
    bench.advance(5 * 60)
    bench.accepted("jobA/update", {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 7}, done())
    assert minutes_left(bench) == 7
    bench.advance(5 * 60)
    bench.accepted("jobA/update", {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 5}, done())
    assert minutes_left(bench) == 5
    bench.advance(3 * 60)
    bench.accepted("jobA/update", {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 9}, done())
    assert minutes_left(bench) == 7
    bench.advance(7 * 60 - 1)
    bench.quiet()
    bench.advance(1)
    bench.expect_both({})


def test_tv33_over_the_broker(over_broker):
    over_broker.queued("jobA", timeoutConfig={"inProgressTimeoutInMinutes": 20})
    over_broker.run("jobA")
    over_broker.advance(13 * 60)
    over_broker.accepted("jobA/update", {"status": "IN_PROGRESS", "stepTimeoutInMinutes": 9}, done())
    assert 6.9 < minutes_left(over_broker) <= 7
    over_broker.advance(7 * 60)
    over_broker.expect_both({})
