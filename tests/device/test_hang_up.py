"""SIGHUP, of a terminal that closes or of whoever thinks that it reads the configuration again, interrupts no job."""

import signal

from device import wait_for
from exchange import shell


def test_a_hang_up_is_answered_and_ends_nothing(running):
    gate = running.directory / "gate"
    job = running.create(shell(f"echo run >> {running.marker}; while [ ! -e {gate} ]; do sleep 0.02; done"))
    wait_for(running.marker_lines, "the action started")
    running.process.send_signal(signal.SIGHUP)
    running.wait_log("SIGHUP changes nothing")
    gate.touch()
    assert running.wait(job)[0] == "SUCCEEDED"
    assert running.marker_lines() == ["run"]
    assert running.stop() == 0
