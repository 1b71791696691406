"""What a service may say about jobs that no document describes: jobs run once, and none stands in the others' way."""

import time

import pytest
from device import wait_for
from scripted_service import FINAL, Service


@pytest.fixture
def device(device):
    device.environment["ERRAND_TEST_TIME_SCALE"] = "20"
    device.groups["jobs"]["request-timeout"] = "1s"
    return device


@pytest.fixture(params=["next", "start-next", "available"])
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    return request.param


def marks(device, word):
    return {"operation": "shell", "command": ["sh", "-c", f"echo {word} >> {device.marker}"]}


def works_on(device, service, name="last-one"):
    service.add(name, marks(device, "last"))
    service.notify()
    status, details = service.wait_final(name, 40)
    assert status == "SUCCEEDED", details
    assert device.marker_lines().count("last") == 1
    assert device.alive()
    device.wait_empty()


@pytest.mark.parametrize("name", ["get", "notify", "notify-next", "start-next", "update", "accepted", "rejected",
                                  "jobs", "-", "_", "-" * 64, "null", "0", "CON", "-rf", "__proto__"])
def test_names_that_are_words_of_topics_or_commands(device, workflow, name):
    with Service(device) as service:
        service.add(name, marks(device, "one"))
        device.start(ready=False)
        assert service.wait_final(name)[0] == "SUCCEEDED"
        assert device.marker_lines() == ["one"]
        works_on(device, service)


@pytest.mark.parametrize("document", [None, [], ["x"], 7, "text", True, {}, "missing", [[[[]]]]])
def test_documents_that_are_none(device, workflow, document):
    with Service(device) as service:
        entry = service.add("odd", document)
        if document == "missing":
            del entry["jobDocument"]
        device.start(ready=False)
        status, details = service.wait_final("odd")
        assert (status, details["reason"]) == ("REJECTED", "invalid-document"), details
        works_on(device, service)


ODD_EXECUTIONS = {
    "number 0": {"executionNumber": 0}, "a large number": {"executionNumber": (1 << 53) + 1},
    "the largest number": {"executionNumber": (1 << 63) - 1}, "milliseconds": {"queuedAt": int(time.time() * 1000)},
    "queued never": {"queuedAt": 0}, "queued before time": {"queuedAt": -1},
    "a version": {"versionNumber": (1 << 63) - 1},
    "no version": {"versionNumber": None},
    "seconds left": {"approximateSecondsBeforeTimedOut": -1},
    "many seconds left": {"approximateSecondsBeforeTimedOut": (1 << 63) - 1},
    "numbers as details": {"statusDetails": {"a": 1, "b": None, "c": {}, "d": [1], "e": 1.5, "f": True}},
    "details as a list": {"statusDetails": [1, 2]}, "details as text": {"statusDetails": "x"},
    "own words as details": {"statusDetails": {"reason": "succeeded", "progress": "-5", "step": "99", "exitCode": "x",
                                               "startedBy": "errand-0-0"}},
}


@pytest.mark.parametrize("name", sorted(ODD_EXECUTIONS))
def test_odd_executions(device, workflow, name):
    with Service(device) as service:
        service.add("odd", marks(device, "one"), **ODD_EXECUTIONS[name])
        device.start(ready=False)
        assert service.wait_final("odd")[0] == "SUCCEEDED"
        assert device.marker_lines() == ["one"]
        works_on(device, service)


def first_time(change):
    """Changes the first answer to each kind of request."""
    seen = set()

    def twist(api, job, request, answers):
        key = (api, job, request.get("status"))
        if key in seen:
            return answers
        seen.add(key)
        return change(*answers[0])
    return twist


ODD_ANSWERS = {
    "empty": lambda topic, body: [(topic, b"")],
    "html": lambda topic, body: [(topic.replace("accepted", "rejected"), b"<html>503 Slow Down</html>")],
    "nothing": lambda topic, body: [],
    "another's first": lambda topic, body: [(topic, {**body, "clientToken": "somebody-else"}), (topic, body)],
    "another's refusal first": lambda topic, body: [
        (topic.replace("accepted", "rejected"), {"clientToken": "errand-1-1", "code": "ResourceNotFound"}),
        (topic, body)],
    "no token": lambda topic, body: [(topic, {key: body[key] for key in body if key != "clientToken"})],
    "a token of another type": lambda topic, body: [(topic, {**body, "clientToken": 7})],
    "thrice": lambda topic, body: [(topic, body)] * 3,
    "refused by nothing": lambda topic, body: [
        (topic.replace("accepted", "rejected"), {"clientToken": body["clientToken"]})],
    "a refusal without words": lambda topic, body: [
        (topic.replace("accepted", "rejected"), {"clientToken": body["clientToken"], "code": None, "message": {}})],
    "both": lambda topic, body: [(topic, body), (topic.replace("accepted", "rejected"),
                                                 {"clientToken": body["clientToken"], "code": "ResourceNotFound"})],
}


@pytest.mark.parametrize("name", sorted(ODD_ANSWERS))
def test_odd_first_answers(device, workflow, name):
    with Service(device, twist=first_time(ODD_ANSWERS[name])) as service:
        service.add("one", marks(device, "one"))
        device.start(ready=False)
        assert service.wait_final("one", 60)[0] == "SUCCEEDED"
        assert device.marker_lines() == ["one"]
        works_on(device, service)


def test_a_storm_of_notifications(device, workflow):
    with Service(device) as service:
        service.add("one", {"operation": "shell", "command": ["sh", "-c", f"echo one >> {device.marker}; sleep 1"]})
        device.start(ready=False)
        wait_for(lambda: device.marker_lines(), "the job")
        for _ in range(500):
            service.notify()
        assert service.wait_final("one")[0] == "SUCCEEDED"
        for _ in range(500):
            service.notify()
        works_on(device, service)
        assert device.marker_lines() == ["one", "last"]
        # Each is worth a question at most now and then.
        assert len(service.heard) < 200, len(service.heard)


def test_two_executions_of_one_job_in_a_list(device):
    device.groups["jobs"].update({"workflow": "available", "max-parallel": "2"})
    with Service(device) as service:
        entry = service.add("twin", marks(device, "one"))
        honest = service.pending

        def pending(status):
            twins = honest(status)
            return [{**twin, "executionNumber": number} for twin in twins for number in
                    ((1, 2) if twin["jobId"] == "twin" else (1,))]
        service.pending = pending
        device.start(ready=False)
        assert service.wait_final("twin")[0] == "SUCCEEDED"
        assert entry["status"] in FINAL
        works_on(device, service)
        assert device.marker_lines().count("one") == 1


def test_what_another_device_runs(device, workflow):
    """Another device with this thing's name works on it: it is not done here as well."""
    with Service(device) as service:
        service.add("theirs", marks(device, "one"), status="IN_PROGRESS", versionNumber=5,
                    statusDetails={"progress": "40"})
        device.start(ready=False)
        status, details = service.wait_final("theirs")
        print(status, details)
        assert device.marker_lines() == []
        works_on(device, service)


def test_a_claim_that_is_accepted_for_something_else(device, workflow):
    def twist(api, job, request, answers):
        if api == "update":
            answers[0][1]["executionState"] = {"status": "CANCELED", "versionNumber": 0, "statusDetails": {"a": 1}}
        return answers
    with Service(device, twist=twist) as service:
        service.add("one", marks(device, "one"))
        device.start(ready=False)
        service.wait_final("one")
        works_on(device, service)
