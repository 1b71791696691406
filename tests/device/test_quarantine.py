"""A plugin that crashes again and again is not started any more, until something has changed; good plugins beside it
are not touched, and a good end in between forgives."""

import os
import shutil

import pytest

from device import BUILD, wait_for
from exchange import knob, shell, works_on, WORKFLOWS

CRASHES = 5
pytestmark = pytest.mark.skipif("ERRAND_SANITIZED" in os.environ,
                                reason="a sanitizer answers the crashes before errand sees them")


@pytest.fixture
def own_zoo(device):
    """Plugins of this device alone, which it may change."""
    directory = device.directory / "plugins"
    directory.mkdir()
    for name in ("segv", "knob", "exit3", "missing-library"):
        for suffix in (".so", ".plugin"):
            shutil.copy(BUILD / f"tests/zoo/{name}{suffix}", directory)
    device.groups["paths"]["plugin-directories"] = f"{directory};{BUILD / 'plugins'}"
    device.plugins = directory
    return device


def crash(device, operation="segv", **more):
    status, details = device.run({"operation": operation, **more})
    assert status == "FAILED"
    return details


def is_quarantined(details):
    return details["reason"] == "crashed" and "in a row" in details["message"]


def crash_often(device, times=CRASHES, operation="segv", **more):
    for _ in range(times):
        details = crash(device, operation, **more)
        assert details["reason"] in ("crashed", "no-result") and not is_quarantined(details), details


def test_req_11_five_bad_plugins_in_series_with_a_good_one_between(running):
    """Each costs its own job; nobody is quarantined; the agent is the same process."""
    pid = running.process.pid
    for name in ("segv", "abort", "exit3", "garbage-fd3", "undefined-symbol"):
        for _ in range(2):
            assert name in crash(running, name)["message"]
            assert running.run(shell("true"))[0] == "SUCCEEDED"
    assert running.alive() and running.process.pid == pid
    assert "is not started any more" not in running.log()


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_req_11_quarantined_after_so_many_crashes(workflow, own_zoo):
    own_zoo.groups["jobs"]["workflow"] = workflow
    pid = own_zoo.start().process.pid
    crash_often(own_zoo)
    started = own_zoo.log().count("died of SIGSEGV")
    details = crash(own_zoo)
    assert is_quarantined(details), details
    assert "segv" in details["message"] and str(CRASHES) in details["message"]
    assert "restart errandd" in details["message"]
    assert own_zoo.log().count("died of SIGSEGV") == started
    assert own_zoo.log().count("is not started any more") == 1
    works_on(own_zoo)
    assert own_zoo.process.pid == pid
    assert own_zoo.run(knob(own_zoo))[0] == "SUCCEEDED"


def test_an_exit_without_a_result_counts(own_zoo):
    own_zoo.start()
    crash_often(own_zoo, operation="exit3")
    assert is_quarantined(crash(own_zoo, "exit3"))


def test_a_good_end_between_forgives(own_zoo):
    """Also a failure that the plugin says itself."""
    own_zoo.start()
    for outcome in ("succeeded", "failed"):
        crash_often(own_zoo, CRASHES - 1, "knob", crash="middle")
        own_zoo.run(knob(own_zoo, outcome=outcome))
    crash_often(own_zoo, CRASHES, "knob", crash="middle")
    assert is_quarantined(crash(own_zoo, "knob"))


def test_a_new_module_lifts_it(own_zoo):
    own_zoo.start()
    crash_often(own_zoo)
    assert is_quarantined(crash(own_zoo))
    new = own_zoo.plugins / "new"
    new.write_bytes((own_zoo.plugins / "segv.so").read_bytes())
    new.chmod(0o755)
    new.rename(own_zoo.plugins / "segv.so")
    crash_often(own_zoo)
    assert is_quarantined(crash(own_zoo))


def test_a_restart_lifts_it(own_zoo):
    own_zoo.start()
    crash_often(own_zoo)
    assert is_quarantined(crash(own_zoo))
    own_zoo.stop()
    own_zoo.start()
    assert not is_quarantined(crash(own_zoo))


def test_time_lifts_it(own_zoo):
    """For one start: who crashes again waits again."""
    own_zoo.start(ERRAND_TEST_TIME_SCALE="1000")       # an hour: 3.6 s
    crash_often(own_zoo)
    assert is_quarantined(crash(own_zoo))
    wait_for(lambda: not is_quarantined(crash(own_zoo)), "started again")
    assert is_quarantined(crash(own_zoo))


def test_what_errand_stops_is_no_crash(own_zoo, sandbox):
    own_zoo.start()
    for _ in range(CRASHES):
        assert crash(own_zoo, "knob", sleep=60000, deaf=True, timeout=1)["reason"] == "timed-out"
        job = own_zoo.create(knob(own_zoo, sleep=60000, deaf=True))
        own_zoo.wait_in_progress(job)
        sandbox.cancel(job, force=True)
        own_zoo.wait_empty()
    assert own_zoo.run(knob(own_zoo))[0] == "SUCCEEDED"


def test_no_step_before_it_runs(own_zoo):
    """In a job of several steps the quarantined one ends it before the first has begun."""
    own_zoo.start()
    crash_often(own_zoo)
    steps = [{"action": {"name": name, "type": operation, "input": document, "runAsUser": "root"}}
             for name, operation, document in (("One", "knob", knob(own_zoo)), ("Two", "segv", {"operation": "segv"}))]
    status, details = own_zoo.run({"version": "1.0", "steps": steps})
    assert status == "FAILED" and is_quarantined(details)
    assert own_zoo.marker_lines() == []
