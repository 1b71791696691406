"""A broker that refuses, and one that another client with our name uses: named, backed off, survived."""

import paho.mqtt.client as mqtt
import pytest
from broker import FakeBroker
from device import wait_for

SCALE = 5


def point_at(device, broker, scale=SCALE):
    device.groups["broker"] = {"host": "127.0.0.1", "port": broker.port, "tls": "false"}
    device.environment["ERRAND_TEST_TIME_SCALE"] = str(scale)
    return device.start(ready=False)


def test_req_23_a_refused_subscription_is_named(device):
    with FakeBroker(suback=bytes([1, 0x80, 1, 1, 1, 1])) as broker:
        point_at(device, broker, 100)
        device.wait_log("refused the subscription")
        line = next(line for line in device.log().splitlines() if "refused the subscription" in line)
        for part in (f"$aws/things/{device.name}/jobs/notify-next", f"client {device.name}", "iot:Subscribe",
                     "iot:Receive"):
            assert part in line
        wait_for(lambda: len(broker.subscribes) >= 3, "asked again")
        # What does not need that topic goes on, on the same connection.
        assert broker.published[0][0] == f"$aws/things/{device.name}/jobs/$next/get"
        assert len(broker.connects) == 1
        assert device.alive()


@pytest.mark.parametrize("what", ["subscribe", "publish"])
def test_req_23_a_connection_cut_for_its_topics_is_named(device, what):
    with FakeBroker(hang_up=what) as broker:
        point_at(device, broker)
        device.wait_log("right after SUBSCRIBE")
        line = next(line for line in device.log().splitlines() if "right after SUBSCRIBE" in line)
        for part in (f"client/{device.name}", f"topicfilter/$aws/things/{device.name}/jobs/", "iot:Connect",
                     "iot:Subscribe", "iot:Publish", "iot:Receive"):
            assert part in line
        wait_for(lambda: len(broker.connects) >= 6, "six tries")
        apart = [later - earlier for earlier, later in zip(broker.connects, broker.connects[1:])]
        # 1 2 4 8 16 s, each at least half, and shortened by the scale.
        assert apart[4] >= 8 / SCALE and apart[3] >= 4 / SCALE
        assert sum(apart[:5]) < 31 / SCALE + 5, apart
        assert device.log().count("right after SUBSCRIBE") == 1
        assert device.alive()


def test_req_23_a_refused_client_is_named(device):
    with FakeBroker(connack=5) as broker:
        point_at(device, broker)
        device.wait_log(f"iot:Connect on client/{device.name}")
        wait_for(lambda: len(broker.connects) >= 4, "four tries")
        assert device.alive()


class Thief:
    """Connects with the device's name as soon as it may, again and again."""

    def __init__(self, device):
        broker = device.groups["broker"]
        self.client = mqtt.Client(client_id=device.name, clean_session=True)
        self.client.tls_set(str(broker["ca-file"]), str(broker["certificate-file"]), str(broker["private-key-file"]))
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("localhost", int(broker["port"]))
        self.client.loop_start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()


def test_req_28_a_stolen_client_id_is_named(device):
    device.environment["ERRAND_TEST_TIME_SCALE"] = "4"
    device.start()
    job = device.create({"operation": "shell", "command": ["sh", "-c", f"echo run >> {device.marker}; sleep 4"]})
    device.wait_in_progress(job)
    with Thief(device):
        device.wait_log(f"another client probably connects with the client id {device.name}", 40)
        assert device.alive()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]
    # Both want the name once a second at most; who backs off comes back later each time.
    assert device.log().count("connecting to") <= 15
