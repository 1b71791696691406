"""Whatever arrives, the daemon lives, and the next job runs."""

import json

import pytest


def shell(script, **more):
    return {"operation": "shell", "command": ["sh", "-c", script], **more}


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


@pytest.mark.parametrize("payload", [
    b"", b"{", b"[]", b"null", b"\xff\xfe", b"\x00\x00", b'{"execution":null}', b'{"execution":[]}',
    b'{"execution":{}}',
    b'{"execution":{"jobId":7}}', b'{"execution":{"jobId":"../../etc/passwd","executionNumber":1,"queuedAt":1}}',
    b'{"execution":{"jobId":"x","status":"QUEUED","queuedAt":"soon","executionNumber":1,"versionNumber":1}}',
    b'{"execution":{"jobId":"x","status":"WAITING","queuedAt":1,"executionNumber":1,"versionNumber":1}}',
    b'{"execution":{"jobId":"x","status":"QUEUED","queuedAt":1,"executionNumber":1e99,"versionNumber":1}}',
    b"[" * 50000, b'{"a":' * 20000, b'{"execution":"' + b"A" * 120000 + b'"}',
    b'{"timestamp":1,"jobs":{"QUEUED":7}}', b'{"jobs":[]}',
], ids=range(19))
def test_malformed_messages(running, sandbox, payload):
    base = f"$aws/things/{running.name}/jobs"
    topics = ("notify", "notify-next", "$next/get/accepted", "$next/get/rejected", "x/update/accepted",
              "x/update/rejected", "get/accepted", "start-next/accepted", "x/get/accepted", "x/y/z/accepted")
    for topic in topics:
        sandbox.publish(f"{base}/{topic}", payload)
    assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.alive()


@pytest.mark.parametrize("document", [
    {"operation": "shell", "command": ["true"] * 3000},
    {"operation": "shell", "command": ["echo", "a\u0000b"]},
    {"operation": "shell", "command": [nested(30)]},
    {"operation": "x" * 30000},
    {"operation": "shell", "command": ["true"], "x" * 20000: 1},
    {"operation": "../../bin/sh", "command": ["true"]},
    {"steps": {"action": 1}},
    {"steps": [nested(25)]},
    {"version": 1.0, "steps": [{"action": {"name": "x", "type": "runHandler",
                                           "input": {"handler": "../../../bin/sh", "args": ["-c", "true"]}}}]},
    {"operation": "shell", "command": ["${aws:iot:package:x:version:y:attributes:z}"]},
    {"payload": "e30", "protected": "e30", "signature": "AA"},
], ids=range(11))
def test_documents_nobody_should_send(running, document):
    status, details = running.run(document)
    assert status in ("REJECTED", "FAILED", "SUCCEEDED")
    if status != "SUCCEEDED":
        assert details["reason"]
        assert details["message"]
    assert running.run(shell("true"))[0] == "SUCCEEDED"


def test_details_are_always_acceptable(running):
    """Whatever a program prints, the service takes the update at the first try."""
    job = running.create(shell(r"printf 'a\tb\001\033[31mred\033[0m\342\200\213\000\377\nlast'"))
    status, details = running.wait(job)
    assert status == "SUCCEEDED"
    assert details["stdout"].endswith("| last")
    finals = [u for u in running.updates(job) if u["payload"]["status"] == "SUCCEEDED"]
    assert len(finals) == 1
