"""A job that could not be recorded is asked for again, although nothing tells that the disk has room now."""

import errno

from device import wait_for
from exchange import shell, status_of, works_on
from test_disk_faults import LAST, Disk


def test_req_10_a_full_disk_is_tried_again(device, sandbox):
    """No notification comes, and the next resync is far."""
    disk = Disk(device)
    device.groups["jobs"]["resync-interval"] = "1h"
    device.start(ERRAND_TEST_TIME_SCALE="50")
    disk.fail(errno.ENOSPC, 3, LAST)
    job = device.create(shell(f"echo run >> {device.marker}"))
    wait_for(disk.hits, "it could not be recorded")
    sandbox.fault("notifications", "drop", thing=device.name, count=0)
    hits = len(disk.hits())
    wait_for(lambda: len(disk.hits()) > hits, "tried again")
    assert status_of(device, job) == "QUEUED"
    disk.heal()
    assert device.wait(job)[0] == "SUCCEEDED"
    assert device.marker_lines() == ["run"]
    sandbox.clear_faults()
    works_on(device)
