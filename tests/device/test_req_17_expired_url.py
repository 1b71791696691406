"""A presigned URL runs out in mid-transfer: a fresh one is fetched, and the same execution goes on at the same byte."""

import hashlib
import os
import re
import ssl
import urllib.error
import urllib.request
from urllib.parse import quote

import pytest

SIZE, CUT = 900_000, 350_000
EXPIRES = 60
SECRET = re.compile(r"X-Amz-(?!\w+=\*)\w+=|ASIASANDBOX")
ODD_NAME = "päth with spaces & 100%25 +plus,~tilde'quote(1).bin"


@pytest.fixture
def patient(device):
    """Time for a test to do something between two tries."""
    device.groups["plugin download"]["retry-delay"] = "2s"
    return device.start()


def put(device, sandbox, name):
    data, key = os.urandom(SIZE), f"{device.name}-{name}"
    sandbox.put_file(quote(key), data)
    return data, key


def create(device, data, key, **more):
    url = "${aws:iot:s3-presigned-url:https://s3.region.amazonaws.com/bucket/" + quote(key) + "}"
    return device.create({"operation": "download", "url": url, "path": str(device.downloads / "file"),
                          "sha256": hashlib.sha256(data).hexdigest(), **more},
                         presignedUrlConfig={"expiresInSec": EXPIRES})


def files(sandbox, since, key):
    return [entry for entry in sandbox.ledger(after=since, kind="file") if entry["name"] == key]


def assert_nothing_told(device, sandbox, job, since):
    """Neither in the log, at debug level, nor in anything that was reported."""
    assert device.arguments == ["--verbose"]
    assert not SECRET.search(device.log())
    for update in device.updates(job, after=since):
        assert not SECRET.search(str(update["payload"]))


def test_req_17_the_transfer_goes_on_at_the_same_byte_with_a_fresh_url(patient, sandbox):
    since = sandbox.last()
    data, key = put(patient, sandbox, ODD_NAME)
    sandbox.fault("file", "cut", name=key, after=CUT)
    job = create(patient, data, key)
    sandbox.expect(after=since, kind="file", name=key, timeout=20)
    sandbox.advance(EXPIRES + 1)
    status, details = patient.wait(job, timeout=40)
    assert status == "SUCCEEDED", details
    assert (patient.downloads / "file").read_bytes() == data
    seen = files(sandbox, since, key)
    assert [(entry["method"], entry["status"], entry["range"]) for entry in seen] == [
        ("GET", 200, None), ("GET", 403, f"bytes={CUT}-"), ("GET", 206, f"bytes={CUT}-")]
    assert_same_execution(patient, sandbox, job, since)
    assert_nothing_told(patient, sandbox, job, since)


def assert_same_execution(device, sandbox, job, since):
    executions = sandbox.executions(job)
    assert [entry["executionNumber"] for entry in executions] == [1]
    words = [update["payload"].get("status") for update in device.updates(job, after=since)]
    assert words.count("SUCCEEDED") == 1
    assert set(words) <= {"IN_PROGRESS", "SUCCEEDED"}


def test_req_17_several_times_in_one_transfer(patient, sandbox):
    """Each byte gained makes the next fresh URL worth asking for."""
    since = sandbox.last()
    data, key = put(patient, sandbox, "often.bin")
    sandbox.fault("file", "cut", name=key, after=CUT, count=2)
    job = create(patient, data, key)
    for count in (1, 3):
        seen = since
        for _ in range(count):
            seen = sandbox.expect(after=seen, kind="file", name=key, timeout=20)["n"]
        sandbox.advance(EXPIRES + 1)
    status, details = patient.wait(job, timeout=60)
    assert status == "SUCCEEDED", details
    assert (patient.downloads / "file").read_bytes() == data
    assert [entry["status"] for entry in files(sandbox, since, key)] == [200, 403, 206, 403, 206]
    assert_same_execution(patient, sandbox, job, since)


def test_req_17_a_fresh_url_that_is_refused_too_is_the_end(patient, sandbox):
    since = sandbox.last()
    data, key = put(patient, sandbox, "never.bin")
    sandbox.fault("file", "error", name=key, httpStatus=403, code="AccessDenied", count=0)
    job = create(patient, data, key)
    status, details = patient.wait(job, timeout=40)
    assert (status, details["reason"]) == ("FAILED", "expired-url")
    assert len(files(sandbox, since, key)) == 2
    assert os.listdir(patient.downloads) == []
    assert_nothing_told(patient, sandbox, job, since)


def test_req_17_the_url_is_sent_byte_for_byte(patient, sandbox):
    """The signature covers path and query as they were written: the server of this test refuses what was altered."""
    since = sandbox.last()
    data, key = put(patient, sandbox, ODD_NAME)
    job = create(patient, data, key)
    status, details = patient.wait(job)
    assert status == "SUCCEEDED", details
    assert [entry["status"] for entry in files(sandbox, since, key)] == [200]
    url = sandbox.presign(key)
    assert refusal(sandbox, url) is None
    for escape, other in (("%20", "+"), ("%C3", "%c3"), ("%27", "'"), ("~", "%7E")):
        assert escape in url
        assert refusal(sandbox, url.replace(escape, other, 1)) == 403


def refusal(sandbox, url):
    """The status that the file server refuses a GET with; None when it does not."""
    try:
        urllib.request.urlopen(url, context=ssl.create_default_context(cafile=sandbox.endpoint["ca"])).close()
        return None
    except urllib.error.HTTPError as error:
        return error.code


def test_req_17_head_is_never_sent(patient, sandbox):
    """A URL signed for GET answers HEAD with 403."""
    since = sandbox.last()
    data, key = put(patient, sandbox, "head.bin")
    status, details = patient.wait(create(patient, data, key, size=SIZE))
    assert status == "SUCCEEDED", details
    assert {entry["method"] for entry in files(sandbox, since, key)} == {"GET"}
