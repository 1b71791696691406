"""errandctl run leaves nothing in TMPDIR, also when it cannot begin."""

import errno
import json
import os

import pytest

from device import Device, errandctl
from test_disk_faults import IO_FAULT


@pytest.mark.parametrize("first", [2, 3])
def test_no_directory_stays_when_the_store_cannot_be_opened(tmp_path, first):
    """The first change is the directory itself."""
    device = Device(tmp_path / "device", None)
    place = tmp_path / "tmp"
    place.mkdir()
    document = tmp_path / "document.json"
    document.write_text(json.dumps({"operation": "shell", "command": ["true"]}))
    device.groups["broker"] = {"host": "127.0.0.1", "port": 1, "tls": "false"}
    control = tmp_path / "control"
    control.write_text(f"1 {first} {first} {errno.ENOSPC}\n")
    environment = {**os.environ, "TMPDIR": str(place), "LD_PRELOAD": str(IO_FAULT), "ERRAND_IO_FAULT": str(control),
                   "ERRAND_IO_FAULT_UNDER": str(place),
                   "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    result = errandctl("run", document, "--config", device.write_config(), env=environment)
    assert result.returncode not in (0, 2), result
    assert "No space left" in result.stderr
    assert list(place.iterdir()) == []
