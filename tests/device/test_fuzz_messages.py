"""Thousands of almost right messages and documents, the same on every run: the daemon lives, and the next job runs."""

import copy
import json
import random

MESSAGES = 3000
DOCUMENTS = 100
TOKEN_EVERY = 50        # messages between two looks at what the daemon waits for

ODD = [None, True, False, 0, -1, 1.5, 2 ** 31, 2 ** 63, -2 ** 63 - 1, 2 ** 64, 1e308, "", " ", "x", "\u0000", "\u202e",
       "../../etc/passwd", "x" * 5000, "${aws:iot:x}", "%s%n", [], {}, [[]], [None], {"": {}}, {"a": [{"b": {}}]}]
SURROGATES = ["\ud800", "\udc00", "a\ud83d"]


def shell(*command, **more):
    return {"operation": "shell", "command": list(command), **more}


DOCS = [
    shell("true"),
    shell("echo", "a b", timeout=30, user="root"),
    {"version": "1.0", "steps": [{"action": {"name": "one", "type": "runCommand", "input": {"command": "echo,a\\,b"},
                                             "runAsUser": "root", "allowStdErr": 1, "ignoreStepFailure": "true"}},
                                 {"action": {"name": "two", "type": "runHandler",
                                             "input": {"handler": "none.sh", "args": ["x"]}}}],
     "conditions": [{"key": "operatingSystem", "value": ["debian"], "type": "stringEqual"}]},
    {"operation": "download", "url": "https://127.0.0.1:1/x?X-Amz-Signature=0", "path": "x", "sha256": "0" * 64,
     "size": 5, "mode": "0644", "codesign": {"signature": "AA", "signatureAlgorithm": "SHA256withECDSA"}},
    {"payload": "e30", "protected": "e30", "signature": "AA"},
]


def execution(job, status="QUEUED"):
    return {"jobId": job, "status": status, "queuedAt": 1700000000, "lastUpdatedAt": 1700000000, "versionNumber": 1,
            "executionNumber": 1, "statusDetails": {"step": "1/2 a"}, "approximateSecondsBeforeTimedOut": 60,
            "jobDocument": shell("true")}


def summary(job):
    return {key: execution(job)[key] for key in
            ("jobId", "queuedAt", "lastUpdatedAt", "versionNumber", "executionNumber")}


def messages(job):
    """(topic below P, payload): everything the service says."""
    refusal = {"code": "InvalidStateTransition", "message": "see https://h/?q=1", "timestamp": 1,
               "executionState": {"status": "IN_PROGRESS", "statusDetails": {}, "versionNumber": 2}}
    one = {"timestamp": 1, "execution": execution(job)}
    listed = {"timestamp": 1, "inProgressJobs": [summary(job)], "queuedJobs": [summary("x"), summary("y")]}
    return [
        ("notify", {"timestamp": 1, "jobs": {"QUEUED": [summary(job)], "IN_PROGRESS": [summary("x")]}}),
        ("notify-next", one), ("$next/get/accepted", one), ("start-next/accepted", one), (f"{job}/get/accepted", one),
        ("get/accepted", listed), ("$next/get/rejected", refusal), ("start-next/rejected", refusal),
        ("get/rejected", refusal), (f"{job}/get/rejected", refusal), (f"{job}/update/rejected", refusal),
        (f"{job}/update/accepted", {"timestamp": 1, "executionState": refusal["executionState"],
                                    "jobDocument": shell("true")}),
    ]


def places(node):
    """(container, key) of every value inside."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from places(node[key])


def mutate(chance, value, odd):
    """A copy with one to three values replaced, removed, doubled or swapped."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        found = list(places(value))
        if not found:
            break
        container, key = chance.choice(found)
        other, other_key = chance.choice(found)
        action = chance.randrange(5)
        if action == 0:
            del container[key]
        elif action == 1:
            container[key] = copy.deepcopy(other[other_key])
        elif action == 2 and isinstance(container, dict):
            container[chance.choice(["", "jobId", "execution", "x" * 200])] = container[key]
        elif action == 3 and isinstance(container, list):
            container.extend(container[:] * 3)
        else:
            container[key] = copy.deepcopy(chance.choice(odd))
    return value


def spoil(chance, data):
    """Bytes changed, cut out, doubled or cut off."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        action = chance.randrange(4)
        if action == 0 and at < len(data):
            data[at] = chance.choice(b'{}[]",:\\u0e-\x00\xff\xc3')
        elif action == 1:
            del data[at:at + chance.randint(1, 8)]
        elif action == 2:
            data[at:at] = data[at:at + chance.randint(1, 40)]
        elif chance.random() < 0.3:
            del data[at:]
    return bytes(data)


def payload_of(chance, message, token):
    if token and chance.random() < 0.7:
        message = {"clientToken": token, **message}
    data = json.dumps(mutate(chance, message, ODD + SURROGATES)).encode()
    return spoil(chance, data) if chance.random() < 0.3 else data


def last_request(running, sandbox, after):
    """(its clientToken, its jobId, its number), of the newest the daemon sent."""
    requests = sandbox.ledger(after=after, kind="request", thing=running.name)
    if not requests:
        return None, None, after
    payload = requests[-1].get("payload")
    token = payload.get("clientToken") if isinstance(payload, dict) else None
    return token, requests[-1].get("jobId"), requests[-1]["n"]


def test_mutated_messages(running, sandbox):
    """Half of them answer a request that the daemon waits with, as the service itself is kept silent."""
    chance = random.Random(1)
    base = f"$aws/things/{running.name}/jobs"
    sandbox.fault("*", "drop", thing=running.name)
    sandbox.notify(running.name)
    token, job, seen = None, None, 0
    for number in range(MESSAGES):
        if number % TOKEN_EVERY == 0:
            assert running.alive()
            newest, named, seen = last_request(running, sandbox, seen)
            token, job = newest or token, named or job
        topic, message = chance.choice(messages(job or "jobA"))
        sandbox.publish(f"{base}/{topic}", payload_of(chance, message, token))
    sandbox.clear_faults()
    assert running.run(shell("true"), timeout=60)[0] == "SUCCEEDED"
    assert running.alive()


def test_mutated_documents(running, sandbox):
    chance = random.Random(2)
    jobs = [running.create(mutate(chance, chance.choice(DOCS), ODD)) for _ in range(DOCUMENTS)]
    for job in jobs:
        status, details = running.wait(job, timeout=60)
        assert status in ("SUCCEEDED", "FAILED", "REJECTED")
        assert status == "SUCCEEDED" or (details["reason"] and details["message"])
    assert running.run(shell("true"), timeout=60)[0] == "SUCCEEDED"
    assert running.alive()
