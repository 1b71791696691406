"""Notifications are hints: repeated, reordered, empty, odd or hostile, they start nothing twice, break nothing."""

import json

import pytest

from device import wait_for
from exchange import requests, settle, shell, WORKFLOWS, works_on


@pytest.fixture(params=WORKFLOWS)
def workflow(request, device):
    device.groups["jobs"]["workflow"] = request.param
    return request.param


def with_url(device, sandbox, script):
    """Each copy of the document has a presigned URL of its own."""
    url = sandbox.put_file("anything", b"x")["placeholder"]
    return shell(script.format(marker=device.marker, directory=device.directory) + f"; : {url!r}")


def test_req_09_copies_with_fresh_urls_across_a_reconnect(workflow, device, sandbox):
    """Before, during and after the run."""
    device.start(ERRAND_TEST_TIME_SCALE="10")
    sandbox.fault("notifications", "duplicate", thing=device.name, copies=25, count=4)
    job = device.create(with_url(device, sandbox, "echo run >> {marker}; "
                                                  "while [ ! -e {directory}/go ]; do sleep 0.02; done"))
    wait_for(device.marker_lines, "the action started")
    since = sandbox.last()
    sandbox.notify(device.name)
    sandbox.kick(device.name)
    sandbox.expect(after=since, timeout=20, kind="request", thing=device.name)
    sandbox.notify(device.name)
    (device.directory / "go").touch()
    assert device.wait(job)[0] == "SUCCEEDED"
    sandbox.notify(device.name)
    works_on(device)
    settle(device)
    assert device.marker_lines() == ["run"]


def test_req_09_late_copies_of_a_finished_job(workflow, device, sandbox):
    """Notifications that name it as queued arrive when it is long over."""
    sandbox.fault("notifications", "delay", thing=device.name, seconds=10 ** 9, count=2)
    device.groups["jobs"]["resync-interval"] = "1s"
    device.start()
    job = device.create(with_url(device, sandbox, "echo run >> {marker}"))
    assert device.wait(job)[0] == "SUCCEEDED"
    settle(device)
    sandbox.release()
    works_on(device)
    assert device.marker_lines() == ["run"]


@pytest.mark.parametrize("switches", [{"bare-empty-next": "on"}, {"notify-empty-lists": "on"}, {"thing-name": "on"},
                                      {"notify-qos": "0"}, {"answer-qos": "1"}, {"status-details": "merge"},
                                      {"unknown-keys": "reject"}, {"check-order": "state-first"}],
                         ids=lambda switches: next(iter(switches)))
def test_shapes_the_documents_leave_open(workflow, device, sandbox, switches):
    before = sandbox.call("GET", "/_sandbox/switches")["switches"]
    for name, value in switches.items():
        sandbox.switch(name, value)
    try:
        device.start()
        assert device.run(shell("true"))[0] == "SUCCEEDED"
        assert device.run(shell("exit 3"))[0] == "FAILED"
        assert device.run({"operation": "no-such-operation"})[0] == "REJECTED"
        works_on(device)
    finally:
        for name in switches:
            sandbox.switch(name, before[name])


ODD = [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"execution":', b'{"execution":null}', b'{"execution":{}}',
       b'{"execution":[]}', b'{"execution":"x"}', b'{"execution":{"jobId":5}}', b'{"jobs":5}',
       b'{"jobs":{"QUEUED":{}}}',
       b'{"jobs":{"QUEUED":[5,null,{}]}}', b'{"inProgressJobs":null,"queuedJobs":5}', b'{"timestamp":1e999}',
       b'{"execution":{"jobId":"../../x","status":"QUEUED","queuedAt":1,"versionNumber":1,"executionNumber":1}}',
       b'{"execution":{"jobId":"x","status":"NEW","queuedAt":1,"versionNumber":1,"executionNumber":1}}',
       b'{"execution":{"jobId":"x","status":"QUEUED","queuedAt":-1,"versionNumber":-5,"executionNumber":-1}}',
       b'{"execution":{"jobId":"x","status":"SUCCEEDED","queuedAt":1,"versionNumber":1,"executionNumber":1}}',
       b"[" * 100_000, b'{"code":5}', b'{"code":"InvalidJson"}', b'{"code":"","message":null,"executionState":7}',
       b'{"a":"' + b"x" * 200_000 + b'"}']
TOPICS = ["notify", "notify-next", "$next/get/accepted", "$next/get/rejected", "get/accepted", "get/rejected",
          "start-next/accepted", "start-next/rejected", "{job}/update/accepted", "{job}/update/rejected",
          "{job}/get/accepted", "{job}/get/rejected", "nonsense", "{job}/nonsense/accepted"]


def test_req_13_odd_messages_on_every_topic(workflow, device, sandbox):
    """While a job runs; it ends as it would have, and the daemon goes on."""
    device.start()
    pid = device.process.pid
    wait = f"while [ ! -e {device.directory}/go ]; do sleep 0.02; done"
    job = device.create(shell(f"echo run >> {device.marker}; {wait}"))
    wait_for(device.marker_lines, "the action started")
    for topic in TOPICS:
        for payload in ODD:
            sandbox.publish(f"$aws/things/{device.name}/jobs/{topic.format(job=job)}", payload)
    (device.directory / "go").touch()
    assert device.wait(job)[0] == "SUCCEEDED"
    works_on(device)
    settle(device)
    assert device.process.pid == pid
    assert device.marker_lines() == ["run"]
    assert len(requests(device)) < 200
    loud = [line for line in device.log().splitlines() if line.startswith("WARNING")]
    assert len(loud) <= 20, loud[:30]


ANSWERS = [{}, {"execution": None}, {"execution": {}}, {"execution": {"jobId": "only-an-id"}}, {"execution": 5},
           {"execution": {"jobId": "x", "status": "QUEUED", "queuedAt": 1, "versionNumber": 1, "executionNumber": 1}},
           {"inProgressJobs": 5, "queuedJobs": []}, {"inProgressJobs": [{}], "queuedJobs": [{"jobId": ""}]},
           {"execution": {"jobId": "x", "status": "QUEUED", "queuedAt": 1, "versionNumber": 1, "executionNumber": 1,
                          "jobDocument": "text, no object"}}]


@pytest.mark.parametrize("answer", ANSWERS, ids=json.dumps)
def test_req_13_odd_answers_to_what_was_asked(workflow, device, sandbox, answer):
    """With the right token: the gateway idles or refuses what is named, and takes the next job."""
    device.groups["jobs"]["request-timeout"] = "500ms"
    since = sandbox.last()
    sandbox.fault("*", "drop-answer", thing=device.name, count=1)
    device.start(ERRAND_TEST_TIME_SCALE="20")
    asked = sandbox.expect(after=since, kind="request", thing=device.name)
    body = {**answer, "timestamp": 1, "clientToken": asked["payload"]["clientToken"]}
    sandbox.publish(asked["topic"] + "/accepted", body)
    works_on(device)
    settle(device)
