"""The control plane over HTTP, with the real AWS CLI and SDK, and the data plane over HTTPS."""

import json
import os
import ssl
import subprocess
import urllib.request

import pytest
from conversation import THING, Some
from errand_sandbox.remote import RemoteError

ARN = f"arn:aws:iot:us-east-1:000000000000:thing/{THING}"
GROUP_ARN = "arn:aws:iot:us-east-1:000000000000:thinggroup/fleet"
AWS = "/usr/bin/aws"


@pytest.fixture
def fresh(sandbox, over_broker):
    return sandbox


def put_job(sandbox, job_id="jobA", **body):
    body = {"targets": [ARN], "document": '{"op":"a"}', **body}
    return sandbox.call("PUT", ["jobs", job_id], {name: value for name, value in body.items() if value is not None})


def refused(name, status, call, *arguments, **options):
    with pytest.raises(RemoteError) as caught:
        call(*arguments, **options)
    assert (caught.value.name, caught.value.status) == (name, status)


def test_job_life(fresh, over_broker):
    assert put_job(fresh, description="d")["jobArn"].endswith("job/jobA")
    job = fresh.describe("jobA")
    assert job["status"] == "IN_PROGRESS" and job["targets"] == [ARN] and job["description"] == "d"
    assert job["jobProcessDetails"]["numberOfQueuedThings"] == 1
    assert fresh.call("GET", "/jobs/jobA/job-document") == {"document": '{"op":"a"}'}
    over_broker.run("jobA")
    over_broker.send("jobA/update", {"status": "SUCCEEDED", "statusDetails": {"k": "v"}})
    assert fresh.wait_status("jobA", thing=THING)["statusDetails"] == {"k": "v"}
    job = fresh.describe("jobA")
    assert job["status"] == "COMPLETED" and job["completedAt"] >= job["createdAt"]
    shown = fresh.call("GET", ["things", THING, "jobs", "jobA"])["execution"]
    assert shown["status"] == "SUCCEEDED" and shown["statusDetails"] == {"detailsMap": {"k": "v"}}
    listed = fresh.call("GET", ["things", THING, "jobs"], query={"status": "SUCCEEDED"})["executionSummaries"]
    assert [e["jobId"] for e in listed] == ["jobA"]
    fresh.delete("jobA")
    refused("ResourceNotFoundException", 404, fresh.describe, "jobA")


@pytest.mark.parametrize("change", (
    {"targets": None}, {"targets": []}, {"targets": "x"}, {"targets": ["x"]}, {"targets": [7]}, {"document": None},
    {"document": "no json"}, {"document": "[]"}, {"document": json.dumps({"a": "x" * 32768})},
    {"document": "[" * 20000}, {"documentSource": "https://s3.us-east-1.amazonaws.com/b/none", "document": None},
    {"documentSource": "both"}, {"timeoutConfig": {"inProgressTimeoutInMinutes": 0}}, {"timeoutConfig": "x"},
    {"timeoutConfig": {"inProgressTimeoutInMinutes": 10081}}, {"presignedUrlConfig": {"expiresInSec": 59}},
    {"jobExecutionsRetryConfig": {"criteriaList": []}}, {"jobExecutionsRetryConfig": {}},
    {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "REJECTED", "numberOfRetries": 1}]}},
    {"jobExecutionsRetryConfig": {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 11}]}},
    {"targetSelection": "SOME"}, {"schedulingConfig": {"endTime": "soon"}}, {"schedulingConfig": {"endTime": 5}},
    {"schedulingConfig": {"maintenanceWindows": [{"startTime": "cron(0 25 * * ? *)", "durationInMinutes": 5}]}},
))
def test_bad_jobs(fresh, change):
    refused("InvalidRequestException", 400, put_job, fresh, **change)


def test_errors_of_the_control_plane(fresh):
    refused("ResourceNotFoundException", 404, put_job, fresh, targets=[ARN + "-none"])
    refused("InvalidRequestException", 400, put_job, fresh, "bad.id")
    put_job(fresh)
    refused("ResourceAlreadyExistsException", 409, put_job, fresh)
    refused("InvalidStateTransitionException", 409, fresh.delete, "jobA")
    refused("ResourceNotFoundException", 404, fresh.cancel, "none")
    refused("ResourceNotFoundException", 404, fresh.call, "GET", "/nothing/here")
    refused("InvalidRequestException", 400, fresh.call, "PUT", "/jobs/jobB", b"[1]")
    refused("InvalidRequestException", 400, fresh.call, "PUT", "/jobs/jobB", b"{" * 100000)
    fresh.cancel("jobA")
    refused("InvalidRequestException", 400, fresh.cancel, "jobA")


def test_cancel_and_delete_of_executions(fresh, over_broker):
    put_job(fresh)
    over_broker.run("jobA")
    refused("InvalidStateTransitionException", 409, fresh.cancel_execution, "jobA", THING)
    refused("InvalidStateTransitionException", 409, fresh.delete_execution, "jobA", THING)
    refused("VersionConflictException", 409, fresh.call, "PUT", f"/things/{THING}/jobs/jobA/cancel",
            {"expectedVersion": 9}, {"force": "true"})
    fresh.cancel_execution("jobA", THING, force=True)
    assert fresh.execution("jobA", THING)["status"] == "CANCELED"
    refused("InvalidStateTransitionException", 409, fresh.cancel_execution, "jobA", THING, force=True)
    fresh.delete_execution("jobA", THING)
    assert fresh.executions("jobA") == []


def test_pages(fresh):
    for n in range(5):
        put_job(fresh, f"job{n}")
    first = fresh.call("GET", "/jobs", query={"maxResults": 3})
    second = fresh.call("GET", "/jobs", query={"maxResults": 3, "nextToken": first["nextToken"]})
    assert [j["jobId"] for j in first["jobs"] + second["jobs"]] == ["job4", "job3", "job2", "job1", "job0"]
    assert "nextToken" not in second
    refused("InvalidRequestException", 400, fresh.call, "GET", "/jobs", query={"maxResults": 251})


def test_continuous_job_of_a_group(in_process):
    bench = in_process
    bench.control("create_group", "fleet")
    bench.create("jobG", {"op": "g"}, things=(), groups=("fleet",), targetSelection="CONTINUOUS")
    bench.quiet()
    bench.control("join_group", "fleet", THING)
    bench.expect("notify", Some(jobs=Some(QUEUED=[Some(jobId="jobG", executionNumber=1)])))
    bench.expect("notify-next", Some(execution=Some(jobId="jobG")))
    bench.control("leave_group", "fleet", THING)
    bench.expect_both({})
    bench.rejected("jobG/update", {"status": "IN_PROGRESS"}, Some(executionState=Some(status="REMOVED")))
    bench.control("join_group", "fleet", THING)
    bench.expect("notify", Some(jobs=Some(QUEUED=[Some(jobId="jobG", executionNumber=2)])))
    bench.drop_messages()
    bench.run("jobG")
    bench.control("leave_group", "fleet", THING)
    bench.quiet()
    bench.control("join_group", "fleet", THING)
    bench.drop_messages()
    bench.switch("group-removal-running", "remove")
    bench.run("jobG")
    bench.control("leave_group", "fleet", THING)
    bench.drop_messages()
    bench.accepted("get", {}, Some(inProgressJobs=[], queuedJobs=[]))


def test_scheduled_job(in_process):
    bench = in_process
    bench.create("jobS", {}, schedulingConfig={"startTime": "2023-11-15 00:00", "endTime": "2023-11-15T01:00:00Z",
                                               "endBehavior": "FORCE_CANCEL"})
    bench.quiet()
    assert bench.rules.store.jobs["jobS"].status == "SCHEDULED"
    bench.advance(1_700_006_400 - 1_700_000_000 - 1)
    bench.quiet()
    bench.advance(1)
    bench.expect("notify", Some())
    bench.drop_messages()
    bench.run("jobS")
    bench.advance(3600)
    bench.expect_both({})
    assert bench.rules.store.jobs["jobS"].status == "CANCELED"


def test_window_follows_its_cron(in_process):
    bench = in_process
    window = {"startTime": "cron(30 22 ? * TUE-WED *)", "durationInMinutes": 10}      # now is Tuesday, 22:13:20 UTC
    bench.create("jobW", {}, targetSelection="CONTINUOUS", schedulingConfig={"maintenanceWindows": [window]})
    bench.quiet()
    bench.advance(16 * 60)
    bench.quiet()
    bench.advance(60)
    bench.expect("notify", Some(jobs=Some(QUEUED=[Some(jobId="jobW")])))
    bench.expect("notify-next", Some(execution=Some(jobId="jobW")))
    bench.switch("window-edge-push", "off")
    bench.advance(10 * 60)
    bench.quiet()
    bench.accepted("get", {}, Some(queuedJobs=[]))


def test_abort(in_process):
    bench = in_process
    bench.control("create_thing", "gw-2")
    rule = {"failureType": "FAILED", "action": "CANCEL", "thresholdPercentage": 50, "minNumberOfExecutedThings": 1}
    bench.queued("jobA", {}, things=(THING, "gw-2"), abortConfig={"criteriaList": [rule]})
    bench.send("jobA/update", {"status": "FAILED"})
    assert bench.rules.store.jobs["jobA"].executions["gw-2"][1].status == "CANCELED"
    assert bench.rules.store.jobs["jobA"].status == "CANCELED"


def aws(sandbox, *words):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "us-east-1",
                   "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run([AWS, *words, "--endpoint-url", sandbox.endpoint["http"], "--output", "json"],
                          env=environment, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else {}


@pytest.mark.skipif(not os.access(AWS, os.X_OK), reason="awscli is not installed")
def test_the_aws_cli(fresh, over_broker):
    made = aws(fresh, "iot", "create-job", "--job-id", "jobA", "--targets", ARN, "--document", '{"op":"a"}',
               "--timeout-config", "inProgressTimeoutInMinutes=5")
    assert made["jobId"] == "jobA"
    over_broker.expect("notify", Some())
    over_broker.expect("notify-next", Some(execution=Some(jobId="jobA")))
    assert aws(fresh, "iot-jobs-data", "get-pending-job-executions", "--thing-name", THING)["queuedJobs"]
    started = aws(fresh, "iot-jobs-data", "start-next-pending-job-execution", "--thing-name", THING)
    assert json.loads(started["execution"]["jobDocument"]) == {"op": "a"}
    aws(fresh, "iot", "cancel-job", "--job-id", "jobA", "--force", "--reason-code", "WHY", "--comment", "c")
    shown = aws(fresh, "iot", "describe-job", "--job-id", "jobA")["job"]
    assert shown["status"] == "CANCELED" and shown["jobProcessDetails"]["numberOfCanceledThings"] == 1
    over_broker.expect_both({})
    with pytest.raises(RuntimeError, match="ResourceNotFoundException"):
        aws(fresh, "iot", "describe-job", "--job-id", "none")


def test_the_aws_sdk(fresh, over_broker):
    boto3 = pytest.importorskip("boto3")
    options = {"endpoint_url": fresh.endpoint["http"], "region_name": "us-east-1", "aws_access_key_id": "any",
               "aws_secret_access_key": "any"}
    iot, data = boto3.client("iot", **options), boto3.client("iot-jobs-data", **options)
    assert iot.create_thing(thingName="gw-9")["thingName"] == "gw-9"
    assert iot.describe_thing(thingName="gw-9")["version"] == 1
    assert "gw-9" in [thing["thingName"] for thing in iot.list_things()["things"]]
    iot.create_thing_group(thingGroupName="fleet")
    iot.add_thing_to_thing_group(thingGroupName="fleet", thingName=THING)
    assert iot.list_things_in_thing_group(thingGroupName="fleet")["things"] == [THING]
    iot.create_job(jobId="jobA", targets=[GROUP_ARN], document='{"op":"a"}', jobExecutionsRetryConfig={
        "criteriaList": [{"failureType": "FAILED", "numberOfRetries": 2}]})
    assert iot.describe_job(jobId="jobA")["job"]["createdAt"].year >= 2023
    assert iot.list_jobs(status="IN_PROGRESS")["jobs"][0]["jobId"] == "jobA"
    data.update_job_execution(jobId="jobA", thingName=THING, status="FAILED", statusDetails={"why": "test"})
    pending = data.describe_job_execution(jobId="$next", thingName=THING)["execution"]
    assert (pending["executionNumber"], pending["status"]) == (2, "QUEUED")
    with pytest.raises(data.exceptions.TerminalStateException):
        data.describe_job_execution(jobId="jobA", thingName=THING, executionNumber=1)
    with pytest.raises(data.exceptions.InvalidStateTransitionException):
        data.update_job_execution(jobId="jobA", thingName=THING, status="FAILED", executionNumber=1)
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_job_execution(jobId="none", thingName=THING)
    iot.update_job(jobId="jobA", description="new")
    assert iot.describe_job(jobId="jobA")["job"]["description"] == "new"
    assert iot.list_job_executions_for_job(jobId="jobA")["executionSummaries"]
    iot.delete_job(jobId="jobA", force=True)
    iot.remove_thing_from_thing_group(thingGroupName="fleet", thingName=THING)
    iot.delete_thing(thingName="gw-9")
    assert iot.describe_endpoint(endpointType="iot:Jobs")["endpointAddress"].startswith("localhost:")


def https(sandbox, credentials, method, path, body=None):
    context = ssl.create_default_context(cafile=credentials["ca"])
    context.load_cert_chain(credentials["certificate"], credentials["key"])
    request = urllib.request.Request(sandbox.endpoint["https"] + path, method=method,
                                     data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return json.load(answer)


def test_data_plane_over_https(fresh, credentials):
    put_job(fresh)
    pending = https(fresh, credentials, "GET", f"/things/{THING}/jobs")
    assert [job["jobId"] for job in pending["queuedJobs"]] == ["jobA"]
    started = https(fresh, credentials, "PUT", f"/things/{THING}/jobs/$next", {"statusDetails": {"a": "b"}})
    assert started["execution"]["jobDocument"] == '{"op": "a"}'
    answer = https(fresh, credentials, "POST", f"/things/{THING}/jobs/jobA",
                   {"status": "SUCCEEDED", "includeJobExecutionState": True})
    assert answer == {"executionState": {"status": "SUCCEEDED", "statusDetails": {"a": "b"}, "versionNumber": 3}}
    for path, status, name in ((f"/things/{THING}/jobs/jobA", 410, "TerminalStateException"),
                               (f"/things/{THING}/jobs/none", 404, "ResourceNotFoundException"),
                               ("/things/other/jobs", 403, "ForbiddenException")):
        with pytest.raises(urllib.error.HTTPError) as caught:
            https(fresh, credentials, "GET", path)
        assert (caught.value.code, caught.value.headers["x-amzn-errortype"]) == (status, name)
        caught.value.close()
    assert https(fresh, credentials, "GET", f"/things/{THING}/jobs/%24next") == {}
