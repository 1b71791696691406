"""What errandctl run prints for people stands in columns, whatever a plugin calls its details."""

import json

import pytest

from device import Device, errandctl


@pytest.mark.parametrize("name, column", [("short", 13), ("aNameOfTwentyLetters", 23)])
def test_values_begin_behind_the_longest_name(tmp_path, name, column):
    device = Device(tmp_path / "device", None)
    device.groups["broker"] = {"host": "127.0.0.1", "port": 1, "tls": "false"}
    document = tmp_path / "document.json"
    document.write_text(json.dumps({"operation": "knob", "progress": 1, "detail": {name: "value", "x": "value"}}))
    result = errandctl("run", document, "--config", device.write_config())
    assert result.returncode == 0, result
    after = result.stdout[result.stdout.index("SUCCEEDED"):].splitlines()[1:]
    details = {line.split()[0]: line for line in after}
    assert {name, "x", "progress"} <= set(details)
    assert {key: line.rindex(line.split()[-1]) for key, line in details.items()} == dict.fromkeys(details, column)
