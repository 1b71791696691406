"""Streams and OTA updates as an operator makes them: REST, the command lines of AWS and ours, the Python client."""

import base64
import json
import os
import re
import ssl
import subprocess
import sys
import urllib.request

import pytest
from conversation import THING, Some
from errand_sandbox.client import PROGRAM
from errand_sandbox.remote import RemoteError
from errand_sandbox.streams import FILE_MAX

AWS = "/usr/bin/aws"
ARN = f"arn:aws:iot:us-east-1:000000000000:thing/{THING}"
ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture
def fresh(sandbox, over_broker):
    sandbox.put_file("a", b"a" * 1000)
    sandbox.put_file("b", b"b" * 10)
    return sandbox


def refused(name, status, call, *arguments, **options):
    with pytest.raises(RemoteError) as caught:
        call(*arguments, **options)
    assert (caught.value.name, caught.value.status) == (name, status)


def entry(number, key):
    return {"fileId": number, "s3Location": {"bucket": "any", "key": key}}


def test_life_of_a_stream(fresh):
    made = fresh.call("POST", "/streams/S", {"files": [entry(0, "a"), entry(7, "b")], "description": "d",
                                             "roleArn": ROLE})
    assert made == {"streamId": "S", "streamArn": "arn:aws:iot:us-east-1:000000000000:stream/S", "description": "d",
                    "streamVersion": 1}
    info = fresh.describe_stream("S")
    assert info == {**made, "files": [entry(0, "a"), entry(7, "b")], "roleArn": ROLE, "createdAt": info["createdAt"],
                    "lastUpdatedAt": info["createdAt"]}
    assert fresh.call("PUT", "/streams/S", {"description": "new"}) == {**made, "description": "new",
                                                                       "streamVersion": 2}
    assert fresh.describe_stream("S")["files"] == info["files"]
    fresh.call("PUT", "/streams/S", {"files": [entry(1, "b")]})
    info = fresh.describe_stream("S")
    assert (info["files"], info["description"], info["streamVersion"]) == ([entry(1, "b")], "new", 3)
    assert info["lastUpdatedAt"] > info["createdAt"]
    fresh.delete_stream("S")
    for method in ("GET", "DELETE", "PUT"):
        refused("ResourceNotFoundException", 404, fresh.call, method, "/streams/S")


def test_pages_of_streams(fresh):
    for name in ("S1", "S2", "S3"):
        fresh.create_stream(name, {0: "a"})
    first = fresh.call("GET", "/streams", query={"maxResults": 2, "isAscendingOrder": "true"})
    second = fresh.call("GET", "/streams", query={"maxResults": 2, "nextToken": first["nextToken"],
                                                  "isAscendingOrder": "true"})
    assert [s["streamId"] for s in first["streams"] + second["streams"]] == ["S1", "S2", "S3"]
    assert [s["streamId"] for s in fresh.call("GET", "/streams")["streams"]] == ["S3", "S2", "S1"]


@pytest.mark.parametrize("change", (
    {"files": None}, {"files": []}, {"files": {}}, {"files": [7]}, {"files": [entry(-1, "a")]},
    {"files": [entry(256, "a")]}, {"files": [entry(True, "a")]}, {"files": [entry("0", "a")]},
    {"files": [entry(0, "a"), entry(0, "b")]}, {"files": [entry(0, "none")]}, {"files": [entry(0, "../../pki/ca.key")]},
    {"files": [entry(0, "")]}, {"files": [entry(0, 7)]}, {"files": [{"fileId": 0}]},
    {"files": [{"fileId": 0, "s3Location": {"key": "a"}}]}, {"files": [entry(n, "a") for n in range(51)]},
    {"description": 7}, {"description": "x" * 2029}, {"description": "a\nb"}, {"roleArn": "short"}, {"roleArn": 7}))
def test_bad_streams(fresh, change):
    body = {"files": [entry(0, "a")], **change}
    refused("InvalidRequestException", 400, fresh.call, "POST", "/streams/S", body)
    fresh.create_stream("T", {0: "a"})
    if change != {"files": None}:
        refused("InvalidRequestException", 400, fresh.call, "PUT", "/streams/T", body)
    assert fresh.describe_stream("T")["streamVersion"] == 1


def test_limits_of_streams(fresh):
    refused("InvalidRequestException", 400, fresh.call, "POST", ["streams", "a.b"], {"files": [entry(0, "a")]})
    refused("InvalidRequestException", 400, fresh.call, "POST", ["streams", "x" * 129], {"files": [entry(0, "a")]})
    fresh.call("POST", ["streams", "x" * 128], {"files": [entry(n, "a") for n in range(50)], "description": "x" * 2028})
    refused("ResourceAlreadyExistsException", 409, fresh.call, "POST", ["streams", "x" * 128],
            {"files": [entry(0, "a")]})
    assert FILE_MAX == 24 * 1024 * 1024
    os.truncate(fresh.directory / "files" / "a", FILE_MAX)
    fresh.create_stream("S", {0: "a"})
    os.truncate(fresh.directory / "files" / "a", FILE_MAX + 1)
    refused("InvalidRequestException", 400, fresh.create_stream, "S", {0: "a"})


def test_streams_of_the_client(fresh, tmp_path):
    (tmp_path / "local").write_bytes(b"l" * 30)
    assert fresh.create_stream("S", {0: b"bytes", 1: tmp_path / "local", 2: "a"}, "d") == 1
    first = fresh.describe_stream("S")["files"]
    sizes = [(fresh.directory / "files" / f["s3Location"]["key"]).stat().st_size for f in first]
    assert sizes == [5, 30, 1000] and first[2]["s3Location"]["key"] == "a"
    assert fresh.update_stream("S", {0: b"other"}) == 2
    second = fresh.describe_stream("S")["files"]
    assert len(second) == 1 and second[0] != first[0]
    assert (fresh.directory / "files" / first[0]["s3Location"]["key"]).read_bytes() == b"bytes"
    fresh.reset()
    refused("ResourceNotFoundException", 404, fresh.describe_stream, "S")


def document(sandbox, job):
    """(the first file, all of afr_ota) with placeholders as they are stored."""
    assert sandbox.execution(job, THING)["status"] == "QUEUED"
    ota = json.loads(sandbox.call("GET", ["jobs", job, "job-document"])["document"])["afr_ota"]
    return ota["files"][0], ota


def test_ota_update_over_mqtt(fresh, over_broker):
    signature = b"\x30\x44\x02\xff" * 18
    file = fresh.ota_file(b"image" * 100, signature=signature, certificate="prod-signer", file_type=7)
    assert fresh.create_ota_update("u1", THING, file) == "AFR_OTA-u1"
    over_broker.expect("notify", Some())
    ota = over_broker.receive()[1]["execution"]["jobDocument"]["afr_ota"]
    assert ota == {"protocols": ["MQTT"], "streamname": ota["streamname"], "files": [
        {"filepath": None, "filesize": 500, "fileid": 0, "fileType": 7, "certfile": "prod-signer",
         "update_data_url": None, "auth_scheme": None, "sig-sha256-ecdsa": base64.b64encode(signature).decode()}]}
    assert re.fullmatch(r"AFR_OTA-[0-9a-f-]{36}", ota["streamname"])
    assert [f["fileId"] for f in fresh.describe_stream(ota["streamname"])["files"]] == [0]


def test_ota_update_over_http(fresh, over_broker):
    file = fresh.ota_file(b"image" * 100, signature="dummy", algorithm="sha1-rsa", file_name="rootfs.raucb")
    fresh.create_ota_update("u1", THING, file, protocols=("HTTP",), awsJobPresignedUrlConfig={"expiresInSec": 60})
    over_broker.expect("notify", Some())
    ota = over_broker.receive()[1]["execution"]["jobDocument"]["afr_ota"]
    assert "streamname" not in ota and ota["protocols"] == ["HTTP"]
    assert fresh.call("GET", "/streams") == {"streams": []}
    [file] = ota["files"]
    assert file == {"filepath": "rootfs.raucb", "filesize": 500, "fileid": 0, "certfile": "signer",
                    "sig-sha1-rsa": "dummy", "auth_scheme": "aws.s3.presigned",
                    "update_data_url": file["update_data_url"]}
    assert "X-Amz-Expires=60&" in file["update_data_url"]
    context = ssl.create_default_context(cafile=fresh.endpoint["ca"])
    with urllib.request.urlopen(file["update_data_url"], context=context, timeout=10) as answer:
        assert answer.read() == b"image" * 100


def test_ota_update_over_both(fresh):
    job = fresh.create_ota_update("u1", THING, "a", b"second", protocols=("HTTP", "MQTT"), targetSelection="SNAPSHOT",
                                  awsJobTimeoutConfig={"inProgressTimeoutInMinutes": 7}, description="d")
    file, ota = document(fresh, job)
    assert ota["protocols"] == ["HTTP", "MQTT"] and [f["fileid"] for f in ota["files"]] == [0, 1]
    assert file["update_data_url"].startswith("${aws:iot:s3-presigned-url:") and "certfile" not in file
    described = fresh.describe(job)
    assert described["timeoutConfig"] == {"inProgressTimeoutInMinutes": 7} and described["description"] == "d"
    assert described["presignedUrlConfig"] == {"expiresInSec": 1800}
    assert len(fresh.describe_stream(ota["streamname"])["files"]) == 2


def test_ota_update_of_a_stream_that_is_there(fresh):
    fresh.create_stream("S", {4: "a", 9: "b"})
    body = {"targets": [ARN], "files": [{"fileLocation": {"stream": {"streamId": "S", "fileId": 9}}}]}
    job = fresh.call("POST", "/otaUpdates/u1", body)["awsIotJobId"]
    file, ota = document(fresh, job)
    assert ota["streamname"] == "S" and (file["fileid"], file["filesize"]) == (9, 10)
    for location in ({"streamId": "S", "fileId": 5}, {"fileId": 5}, {"streamId": "none", "fileId": 5}):
        body["files"] = [{"fileLocation": {"stream": location}}]
        with pytest.raises(RemoteError):
            fresh.call("POST", "/otaUpdates/u2", body)
    body["files"] = [{"fileLocation": {"stream": {"streamId": "S", "fileId": 9}}},
                     {"fileLocation": {"s3Location": {"bucket": "b", "key": "a"}}}]
    refused("InvalidRequestException", 400, fresh.call, "POST", "/otaUpdates/u2", body)


def custom(**change):
    signing = {"signature": {"inlineDocument": "AAEC"}, "hashAlgorithm": "SHA-256", "signatureAlgorithm": "ECDSA",
               "certificateChain": {"certificateName": "c"}, **change}
    return {"codeSigning": {"customCodeSigning": signing}}


LOCATION = {"fileLocation": {"s3Location": {"bucket": "b", "key": "a"}}}


@pytest.mark.parametrize("change", (
    {"targets": []}, {"targets": None}, {"targets": ["x"]}, {"protocols": ["FTP"]}, {"protocols": "MQTT"},
    {"protocols": ["MQTT", "MQTT"]}, {"files": []}, {"files": None}, {"files": [7]}, {"files": [{}]},
    {"files": [{"fileLocation": {"s3Location": {"bucket": "b", "key": "none"}}}]},
    {"files": [{**LOCATION, "fileType": 256}]}, {"files": [{**LOCATION, "fileType": "x"}]},
    {"files": [{**LOCATION, "fileName": 7}]}, {"files": [{**LOCATION, "codeSigning": {"awsSignerJobId": "j"}}]},
    {"files": [{**LOCATION, **custom(hashAlgorithm="MD5")}]}, {"files": [{**LOCATION, **custom(signature={})}]},
    {"files": [{**LOCATION, **custom(signatureAlgorithm="DSA")}]}, {"files": [{**LOCATION, **custom(signature=7)}]},
    {"files": [{**LOCATION, **custom(signature={"inlineDocument": "?"})}]},
    {"files": [{**LOCATION, **custom(certificateChain=None)}]}, {"awsJobPresignedUrlConfig": {"expiresInSec": 59}},
    {"awsJobPresignedUrlConfig": [1]}, {"awsJobTimeoutConfig": {"inProgressTimeoutInMinutes": 0}}))
def test_bad_ota_updates(fresh, change):
    good = {"targets": [ARN], "files": [{**LOCATION, **custom()}], "roleArn": ROLE}
    refused("InvalidRequestException", 400, fresh.call, "POST", "/otaUpdates/u1", {**good, **change})
    refused("ResourceNotFoundException", 404, fresh.call, "GET", "/otaUpdates/u1")
    assert fresh.call("GET", "/streams") == {"streams": []} and fresh.call("GET", "/jobs") == {"jobs": []}
    assert fresh.call("POST", "/otaUpdates/u1", good)["otaUpdateStatus"] == "CREATE_COMPLETE"
    assert document(fresh, "AFR_OTA-u1")[0]["sig-sha256-ecdsa"] == "AAEC"


def test_life_of_an_ota_update(fresh):
    refused("InvalidRequestException", 400, fresh.create_ota_update, "a.b", THING, "a")
    refused("InvalidRequestException", 400, fresh.create_ota_update, "x" * 57, THING, "a")     # the job's id is longer
    refused("InvalidRequestException", 400, fresh.create_ota_update, "u1", THING, b"")
    refused("ResourceNotFoundException", 404, fresh.create_ota_update, "u1", "other", "a")
    assert fresh.call("GET", "/streams") == {"streams": []}
    fresh.create_ota_update("u1", THING, "a")
    refused("ResourceAlreadyExistsException", 409, fresh.create_ota_update, "u1", THING, "a")
    info = fresh.call("GET", "/otaUpdates/u1")["otaUpdateInfo"]
    assert info["awsIotJobId"] == "AFR_OTA-u1" and info["targets"] == [ARN] and info["otaUpdateFiles"]
    assert [u["otaUpdateId"] for u in fresh.call("GET", "/otaUpdates")["otaUpdates"]] == ["u1"]
    assert fresh.call("GET", "/otaUpdates", query={"otaUpdateStatus": "CREATE_FAILED"}) == {"otaUpdates": []}
    refused("InvalidStateTransitionException", 409, fresh.call, "DELETE", "/otaUpdates/u1")
    fresh.call("DELETE", "/otaUpdates/u1", query={"deleteStream": "true", "forceDeleteAWSJob": "true"})
    assert fresh.call("GET", "/streams") == {"streams": []} and fresh.call("GET", "/jobs") == {"jobs": []}
    refused("ResourceNotFoundException", 404, fresh.call, "DELETE", "/otaUpdates/u1")


def aws(sandbox, *words):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "us-east-1",
                   "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run([AWS, "iot", *words, "--endpoint-url", sandbox.endpoint["http"], "--output", "json"],
                          env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else {}


@pytest.mark.skipif(not os.access(AWS, os.X_OK), reason="awscli is not installed")
def test_the_aws_cli(fresh):
    files = "fileId=0,s3Location={bucket=any,key=a}"
    made = aws(fresh, "create-stream", "--stream-id", "S", "--files", files, "--role-arn", ROLE, "--description", "d")
    assert (made["streamVersion"], made["description"]) == (1, "d")
    assert aws(fresh, "update-stream", "--stream-id", "S", "--description", "e")["streamVersion"] == 2
    assert aws(fresh, "list-streams")["streams"][0]["streamId"] == "S"
    assert aws(fresh, "describe-stream", "--stream-id", "S")["streamInfo"]["files"] == [entry(0, "a")]
    aws(fresh, "delete-stream", "--stream-id", "S")
    signed = json.dumps([{"fileName": "f", "fileType": 3, **LOCATION, **custom(
        signature={"inlineDocument": base64.b64encode(b"\x30\xff\x00").decode()})}])
    made = aws(fresh, "create-ota-update", "--ota-update-id", "u1", "--targets", ARN, "--protocols", "MQTT", "HTTP",
               "--files", signed, "--role-arn", ROLE)
    assert made["awsIotJobId"] == "AFR_OTA-u1" and made["otaUpdateStatus"] == "CREATE_COMPLETE"
    assert document(fresh, "AFR_OTA-u1")[0]["sig-sha256-ecdsa"] == base64.b64encode(b"\x30\xff\x00").decode()
    assert aws(fresh, "get-ota-update", "--ota-update-id", "u1")["otaUpdateInfo"]["protocols"] == ["MQTT", "HTTP"]
    assert len(aws(fresh, "list-ota-updates")["otaUpdates"]) == 1
    aws(fresh, "delete-ota-update", "--ota-update-id", "u1", "--delete-stream", "--force-delete-aws-job")
    assert aws(fresh, "list-streams")["streams"] == []


def command(sandbox, *words, status=0):
    done = subprocess.run([sys.executable, str(PROGRAM), *map(str, words)], text=True, timeout=30, capture_output=True,
                          env={**os.environ, "ERRAND_SANDBOX_DIRECTORY": str(sandbox.directory)})
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr if status else done.stdout


def test_commands(fresh, tmp_path):
    for name, data in (("a.bin", b"a" * 300), ("b.bin", b"b"), ("raw.sig", b"\x30\xff\x0a"), ("text.sig", b"MP8K\n")):
        (tmp_path / name).write_bytes(data)
    a, b = tmp_path / "a.bin", tmp_path / "b.bin"
    assert command(fresh, "put-stream", "S", a, b, "--description", "d") == "S version 1\n"
    assert [f["fileId"] for f in fresh.describe_stream("S")["files"]] == [0, 1]
    assert command(fresh, "put-stream", "S", a) == "S version 2\n"
    assert json.loads(command(fresh, "put-stream", "S", a, "--json"))["streamVersion"] == 3
    assert "Stream id" in command(fresh, "put-stream", "a.b", a, status=3)
    assert "No such file" in command(fresh, "put-stream", "S", "/none", status=3)
    for number, name in enumerate(("raw.sig", "text.sig")):
        job = command(fresh, "create-ota-update", a, "--thing", THING, "--update-id", f"u{number}", "--signature",
                      tmp_path / name, "--certificate", "c", "--algorithm", "sha256-rsa", "--protocol", "HTTP",
                      "--file-type", 9, "--file-name", "a.bin").strip()
        assert job == f"AFR_OTA-u{number}"
        file, ota = document(fresh, job)
        assert ota["protocols"] == ["HTTP"] and file["sig-sha256-rsa"] == "MP8K"
        assert (file["certfile"], file["fileType"], file["filepath"], file["filesize"]) == ("c", 9, "a.bin", 300)
    assert document(fresh, command(fresh, "create-ota-update", b, "--thing", THING).strip())[1]["protocols"] == ["MQTT"]
