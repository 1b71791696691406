"""What a clean-up has started does not outlive its life of errandd either, nor run beside the next one's."""

import os

import pytest
from device import wait_for
from lives import processes_naming
from test_remains import kill_with_runners, nap, sweep_up


@pytest.mark.skipif("ERRAND_SANITIZED" in os.environ, reason="a sanitizer answers the crashes before errand sees them")
def test_req_02_a_clean_up_does_not_run_beside_itself(device):
    first = device.directory / "first"
    device.start()
    job = device.create({
        "operation": "knob-tidy", "marker": str(device.marker), "crash": "middle",
        "program": f"test -e {first} || {{ touch {first}; sleep {nap(8)}; }}"})
    wait_for(lambda: first.exists() and processes_naming(nap(8)), "the clean-up")
    kill_with_runners(device)
    assert processes_naming(nap(8)), "this test is about what survives"
    device.start()
    status, details = device.wait(job)
    left = processes_naming(nap(8))
    sweep_up(nap(8))
    assert (status, details["reason"]) == ("FAILED", "crashed")
    assert left == []
    assert [line.split()[0] for line in device.marker_lines()] == ["0", "3", "3"]
