"""What heads the queue cannot be worked on, by its status or because nobody can read it: others lie behind it."""

import pytest
from device import wait_for
from scripted_service import Service
from test_attack_talk import marks


@pytest.mark.parametrize("workflow", ["next", "start-next", "available"])
@pytest.mark.parametrize("status", ["REMOVED", "CANCELED", "SUCCEEDED", "ON_HOLD", None])
def test_others_go_past_a_head_in_a_status_it_should_not_have(device, workflow, status):
    device.groups["jobs"] |= {"workflow": workflow, "resync-interval": "2s", "request-timeout": "1s"}
    device.environment["ERRAND_TEST_TIME_SCALE"] = "20"
    with Service(device) as service:
        odd = service.add("odd", marks(device, "odd"), status=status)
        service.add("good", marks(device, "good"))
        service.head = lambda: {"execution": odd}
        device.start(ready=False)
        assert service.wait_final("good")[0] == "SUCCEEDED"
        assert device.marker_lines() == ["good"]
        service.add("later", marks(device, "later"))
        assert service.wait_final("later")[0] == "SUCCEEDED"
        assert odd["status"] == status
        device.wait_empty()
        # It is asked about now and then.
        since = len(service.heard)
        wait_for(lambda: len(service.heard) > since + 2, "resyncs")
        assert len(service.heard) < 100, service.heard
