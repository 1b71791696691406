"""A broker that takes everything, and a service behind it that never answers."""

from broker import FakeBroker
from device import wait_for


def test_req_23_a_service_that_never_answers_is_named(device):
    """What a policy forbids some brokers drop without a word: the owner must see more than "connected"."""
    with FakeBroker() as broker:
        device.groups["broker"] = {"host": "127.0.0.1", "port": broker.port, "tls": "false"}
        device.environment["ERRAND_TEST_TIME_SCALE"] = "20"
        device.start(ready=False)
        device.wait_log("nothing answers on")
        line = next(line for line in device.log().splitlines() if "nothing answers on" in line)
        for part in (f"thing {device.name} exists", "iot:Publish", "iot:Receive",
                     f"topic/$aws/things/{device.name}/jobs/"):
            assert part in line
        # The line is written just before the third question goes out.
        wait_for(lambda: len(broker.published) >= 3, "three questions")
        assert [topic for topic, *_ in broker.published[:3]] == [f"$aws/things/{device.name}/jobs/$next/get"] * 3


def test_a_service_that_answers_is_not(running):
    for _ in range(5):
        running.run({"operation": "shell", "command": ["true"]})
    assert "nothing answers on" not in running.log()
