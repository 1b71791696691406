"""The file store: signatures, expiry, ranges, and servers that misbehave."""

import http.client
import json
import ssl
from urllib.parse import urlsplit

import pytest
from conversation import THING
from errand_sandbox.presign import object_key

DATA = bytes(range(256)) * 4096


@pytest.fixture
def store(sandbox, over_broker):
    sandbox.put_file("dir/data.bin", DATA)
    return sandbox


def fetch(sandbox, url, method="GET", headers=None, body=None):
    """(status, headers, body); a body that ends early is given as it is."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=sandbox.endpoint["ca"])
        connection = http.client.HTTPSConnection(parts.netloc, context=context, timeout=10)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request(method, url[len(parts.scheme) + 3 + len(parts.netloc):], body, headers or {})
    answer = connection.getresponse()
    try:
        data = answer.read()
    except http.client.IncompleteRead as error:
        data = error.partial
    connection.close()
    return answer.status, answer.headers, data


@pytest.mark.parametrize("target, key", (
    ("https://s3.us-east-1.amazonaws.com/bucket/a/b.bin", "a/b.bin"), ("https://s3.amazonaws.com/bucket/k", "k"),
    ("https://bucket.s3.eu-west-1.amazonaws.com/a/b", "a/b"), ("s3://bucket/a/b@version", "a/b"),
    ("https://s3-eu-west-1.amazonaws.com/bucket/with%20space", "with space"), ("plain/key", "plain/key")))
def test_object_keys(target, key):
    assert object_key(target) == key


@pytest.mark.parametrize("scheme", ("http", "https"))
def test_presigned_download(store, scheme):
    store.switch("presign-scheme", scheme)
    url = store.presign("dir/data.bin")
    status, headers, data = fetch(store, url)
    assert (status, data) == (200, DATA) and headers["Content-Length"] == str(len(DATA))
    assert url.startswith(scheme + ":") and "X-Amz-Signature=" in url and "X-Amz-Expires=3600" in url


def test_wrong_signatures(store):
    url = store.presign("dir/data.bin")
    for bad in (url[:-1] + ("0" if url[-1] != "0" else "1"), url.replace("data.bin", "data.bim"),
                url.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999"), url.partition("?")[0], url + "&x=y",
                url.partition("&X-Amz-Signature")[0]):
        assert fetch(store, bad)[0] == 403
    assert fetch(store, url, "HEAD")[0] == 403
    assert fetch(store, url, "PUT", body=b"x")[0] == 403
    assert fetch(store, url)[0] == 200


def test_urls_expire(store):
    url = store.presign("dir/data.bin", expires=60)
    assert fetch(store, url)[0] == 200
    store.advance(60)
    status, _, body = fetch(store, url)
    assert status == 403 and b"Expired" in body


@pytest.mark.parametrize("header, first, last", (
    ("bytes=0-0", 0, 0), ("bytes=100-", 100, len(DATA) - 1), ("bytes=5-9", 5, 9), ("bytes=-7", len(DATA) - 7,
                                                                                   len(DATA) - 1),
    ("bytes=0-99999999", 0, len(DATA) - 1)))
def test_ranges(store, header, first, last):
    status, headers, data = fetch(store, store.presign("dir/data.bin"), headers={"Range": header})
    assert status == 206 and data == DATA[first:last + 1]
    assert headers["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"


def test_odd_ranges(store):
    url = store.presign("dir/data.bin")
    status, headers, _ = fetch(store, url, headers={"Range": f"bytes={len(DATA)}-"})
    assert status == 416 and headers["Content-Range"] == f"bytes */{len(DATA)}"
    for header in ("bytes=", "items=0-1", "bytes=x-y", "bytes=0-1,4-5"):
        assert fetch(store, url, headers={"Range": header})[0] == 200
    etag = fetch(store, url)[1]["ETag"]
    assert fetch(store, url, headers={"Range": "bytes=0-1", "If-Range": etag})[0] == 206
    assert fetch(store, url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})[0] == 200
    assert fetch(store, url, headers={"If-Match": '"other"'})[0] == 412


def test_empty_file(store):
    store.put_file("empty", b"")
    assert fetch(store, store.presign("empty"))[::2] == (200, b"")
    assert fetch(store, store.presign("empty"), headers={"Range": "bytes=0-"})[0] == 416


def test_unsigned_access_and_missing_files(store):
    base = store.endpoint["http"]
    assert fetch(store, base + "/public/dir/data.bin")[::2] == (200, DATA)
    assert fetch(store, base + "/public/dir/data.bin", "HEAD")[0] == 200
    for path in ("/public/none", "/public/../pki/ca.key", "/public/%2e%2e/pki/ca.key", "/public/..%2fpki%2fca.key",
                 "/public/", "/public//etc/passwd"):
        assert fetch(store, base + path)[0] == 404
    assert fetch(store, store.presign("none"))[0] == 404


def test_upload(store, over_broker):
    document = {"to": "${aws:iot:s3-presigned-url-upload:https://s3.us-east-1.amazonaws.com/b/logs/${thingName}"
                "/${jobId}-${executionNumber}.txt}"}
    store.create_job(document, THING, "jobU")
    over_broker.drop_messages()
    over_broker.send("jobU/get", {})
    url = over_broker.receive()[1]["execution"]["jobDocument"]["to"]
    assert fetch(store, url)[0] == 403
    assert fetch(store, url, "PUT", body=b"the log")[0] == 200
    path = store.directory / "files" / "logs" / THING / "jobU-1.txt"
    assert path.read_bytes() == b"the log"


def test_document_from_the_store(store):
    store.put_file("document.json", json.dumps({"op": "stored"}).encode())
    store.call("PUT", "/jobs/jobA", {"targets": [f"arn:aws:iot:us-east-1:000000000000:thing/{THING}"],
                                     "documentSource": "https://s3.us-east-1.amazonaws.com/b/document.json"})
    assert json.loads(store.call("GET", "/jobs/jobA/job-document")["document"]) == {"op": "stored"}


def test_server_faults(store):
    url = store.presign("dir/data.bin")
    store.fault("file", "error", name="dir/data.bin", httpStatus=404, code="NoSuchKey")
    assert fetch(store, url)[0] == 404
    store.fault("file", "ignore-range")
    assert fetch(store, url, headers={"Range": "bytes=5-9"})[::2] == (200, DATA)
    store.fault("file", "cut", after=1000)
    status, _, data = fetch(store, url)
    assert status == 200 and data == DATA[:1000]
    etag = fetch(store, url)[1]["ETag"]
    store.fault("file", "change-etag")
    assert fetch(store, url)[1]["ETag"] != etag
    store.fault("file", "stall", after=10, seconds=0.2)
    assert fetch(store, url)[2] == DATA[:10]
    store.fault("file", "slow", rate=len(DATA) * 20)
    assert fetch(store, url)[2] == DATA
