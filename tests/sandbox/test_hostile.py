"""Bad input of every kind, and clients that may not be let in: the service must not care."""

import random
import socket
import ssl

import paho.mqtt.client as mqtt
import pytest
from conversation import Device, Some
from errand_sandbox.remote import RemoteError
from errand_sandbox.topics import classify


def test_only_with_a_certificate_of_ours(sandbox, tmp_path):
    endpoint = sandbox.endpoint
    client = mqtt.Client()
    client.tls_set_context(ssl.create_default_context(cafile=endpoint["ca"]))
    with pytest.raises(OSError):
        client.connect(endpoint["host"], endpoint["port"])
        for _ in range(20):
            if client.loop(0.1) != mqtt.MQTT_ERR_SUCCESS:
                raise ConnectionError
    plain = mqtt.Client()
    plain.connect("127.0.0.1", endpoint["plainPort"])
    plain.disconnect()


def test_garbage_leaves_the_service_alone(sandbox, over_broker):
    dice = random.Random(7)
    before = sandbox.last()
    topics = ["get", "start-next", "$next/get", "j/get", "j/update", "$next/update", "get/get", "notify/get", "x/y/z",
              "notify/update", "notify", "j/update/accepted", "namespace-x", "a b/get", "ä/update", "", "/", "//get",
              "j" * 65 + "/get", "j/namespace-NS/get", "$next", "x" * 400]
    payloads = [b"", b"\0", b"\xff" * 100, b"[" * 100000, b'{"a":' * 20000, b'{"clientToken":{}}', b"x" * 131072,
                b"1e999", b'{"status":"SUCCEEDED","expectedVersion":1e400}', b'{"executionNumber":9999999999999999999}',
                b'{"status":[],"statusDetails":{"a":[]}}', b"9" * 5000, b'{"expectedVersion":NaN,"status":"FAILED"}',
                b'{"executionNumber":-1}', b'{"executionNumber":true}', b'{"includeJobDocument":"yes"}', b'"\\ud800"']
    loud = Device(sandbox.thing("gw-6"), ())
    try:
        for topic in topics:
            for payload in (*payloads, dice.randbytes(dice.randrange(2000))):
                loud.client.publish(f"$aws/things/gw-6/jobs/{topic}", payload, 1)
        loud.client.publish("$aws/things/gw-6/jobs/last/get", b"", 1)
        sandbox.expect(before, kind="answer", jobId="last")
    finally:
        loud.close()
    assert sandbox.ledger(before, kind="fault-of-the-sandbox") == []
    over_broker.accepted("get", {"clientToken": "alive"}, Some(clientToken="alive"))


@pytest.mark.parametrize("topic, found", (
    ("$aws/things/t/jobs/get", ("t", "GetPendingJobExecutions", None)),
    ("$aws/things/t/jobs/j/update", ("t", "UpdateJobExecution", "j")), ("$aws/things/t/jobs/j/x", ("t", "", None)),
    ("$aws/things/t/shadow/get", (None, None, None)), ("aws/things/t/jobs/get", (None, None, None)),
    ("$aws/things/t/jobs/j/update/rejected", ("t", None, None)), ("$aws/things/t/jobs", (None, None, None))))
def test_topics(topic, found):
    assert classify(topic) == found


@pytest.mark.parametrize("options", ({"retain": True}, {"qos": 2}))
def test_what_the_service_refuses_ends_the_connection(sandbox, options):
    device, before = Device(sandbox.thing("gw-7"), ()), sandbox.last()
    try:
        device.client.publish("$aws/things/gw-7/jobs/get", b"", **options)
        sandbox.expect(before, kind="connection", event="disconnected", thing="gw-7")
    finally:
        device.close()


def test_jobs_with_names_of_topics(in_process):
    """Over a broker the filter get/+ brings a device its own get/get besides."""
    for name in ("get", "notify", "start-next", "notify-next", "accepted", "update"):
        in_process.queued(name)
        in_process.accepted(f"{name}/get", {}, Some(execution=Some(jobId=name)))
        in_process.accepted(f"{name}/update", {"status": "SUCCEEDED"}, Some())
        in_process.drop_messages()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")     # paho's, as it is cut off
def test_an_oversized_packet_costs_its_sender_only(sandbox, over_broker):
    loud, before = Device(sandbox.thing("gw-5"), ()), sandbox.last()
    try:
        loud.client.publish("$aws/things/gw-5/jobs/get", b"x" * 200_000, 1)
        sandbox.expect(before, kind="connection", event="disconnected", thing="gw-5")
    finally:
        loud.close()
    over_broker.accepted("get", {}, Some())


def test_garbage_over_http(sandbox):
    address = ("127.0.0.1", sandbox.endpoint["httpPort"])
    for garbage in (b"\0\1\2\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                    b"PUT /jobs/%ff%fe HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", b"BREW / HTTP/1.1\r\n\r\n",
                    b"PUT /jobs/j HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n{",
                    b"GET /_sandbox/ledger?after=x&timeout=y HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" * 50):
        with socket.create_connection(address, 5) as link:
            link.sendall(garbage)
            link.shutdown(socket.SHUT_WR)
            link.settimeout(5)
            while link.recv(65536):
                pass
    for method, path, body in (("POST", "/_sandbox/faults", {"api": 7}), ("POST", "/_sandbox/clock", {"advance": "x"}),
                               ("POST", "/_sandbox/broker", {"action": "explode"}),
                               ("PUT", "/_sandbox/switches", {"x": 1}), ("POST", "/_sandbox/window", {"open": 3}),
                               ("GET", "/_sandbox/presign?expires=x", None),
                               ("POST", "/_sandbox/publish?topic=x", None), ("GET", "/_sandbox/none", None),
                               ("GET", "/_sandbox/wait?job=none", None)):
        with pytest.raises(RemoteError) as caught:
            sandbox.call(method, path, body)
        assert caught.value.status in (400, 404)
    assert sandbox.last() > 0
