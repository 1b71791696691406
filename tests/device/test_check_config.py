"""What `errandd --check-config` finds that the daemon alone would stumble over later."""

import subprocess

import pytest

from device import ERRANDD


def check(path):
    return subprocess.run([str(ERRANDD), "--config", str(path), "--check-config"], capture_output=True, text=True,
                          timeout=20, check=False)


def one_fault(device, group, key):
    path = device.write_config()
    result = check(path)
    lines = result.stdout.splitlines()
    assert result.returncode == 78, result
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"{path}: [{group}] {key}: "), lines
    return lines[0]


@pytest.mark.parametrize("group, key, value", [
    ("broker", "host", "http://broker.example.com"),
    ("broker", "host", "broker.example.com:8883"),
    ("broker", "host", "two words"),
    ("broker", "client-id", "a\x01b"),
    ("paths", "state-directory", "/etc/passwd"),
    ("paths", "plugin-directories", "plugins"),
    ("paths", "plugin-directories", "/nonexistent/plugins"),
    ("paths", "runner", "/tmp"),
    ("operations", "enabled", "shell;two words"),
    ("operations", "enabled", "../shell"),
    ("reboot", "boot-id-file", "/nonexistent/boot-id"),
    ("plugin shell", "default-user", "no-such-account"),
    ("plugin handler", "user-argument", "perhaps"),
    ("plugin handler", "directories", "/etc/errand/handlers;handlers"),
    ("plugin download", "allow-http", "yes please"),
    ("plugin download", "rate-limit", "fast"),
    ("plugin download", "rate-limit", "0"),
    ("plugin download", "stall-time", "60"),
    ("plugin download", "directories", "downloads"),
    ("plugin download", "ca-file", "/nonexistent/ca.pem"),
    ("plugin download", "private-key-file", "/nonexistent/key.pem"),
    ("plugin download", "proxy", "ftp://proxy:1"),
    ("plugin download", "stream-format", "xml"),
    ("plugin firmware", "backend", "apt"),
    ("plugin firmware", "health-timeout", "soon"),
])
def test_a_bad_value_is_a_fault(device, group, key, value):
    device.groups.setdefault(group, {})[key] = value
    if key == "plugin-directories":     # without plugins their groups have nobody, either
        device.groups = {name: keys for name, keys in device.groups.items() if not name.startswith("plugin ")}
    one_fault(device, group, key)


@pytest.mark.parametrize("group, key, value", [
    ("broker", "host", "xxxx-ats.iot.eu-west-1.amazonaws.com"),
    ("broker", "host", "::1"),
    ("broker", "client-id", "gateway 1/ü"),
    ("plugin handler", "user-argument", "false"),
    ("plugin download", "rate-limit", "500K"),
    ("plugin download", "rate-limit", ""),
    ("plugin download", "directories", "/var/lib/app; /srv ;"),
    ("plugin download", "retry-time", "2h"),
    ("plugin download", "proxy", "http://user:password@proxy:3128"),
    ("plugin download", "stream-format", "json"),
    ("plugin firmware", "backend", "command"),
])
def test_a_good_value_is_none(device, group, key, value):
    device.groups.setdefault(group, {})[key] = value
    result = check(device.write_config())
    assert (result.returncode, result.stdout) == (0, "")


def test_a_plugin_nobody_has_is_a_fault_that_stops_nothing(device):
    """A misspelt group would leave the owner's limits without effect; a removed package must stop no gateway."""
    device.groups["plugin shel"] = {"commands": "uname"}
    path = device.write_config()
    result = check(path)
    assert result.returncode == 78
    assert result.stdout.startswith(f"{path}: [plugin shel]: no such plugin")
    device.start()
    assert device.alive()


@pytest.mark.parametrize("key, other", [
    ("ca-file", "private-key-file"), ("certificate-file", "private-key-file"),
])
def test_exchanged_files_are_a_fault(device, key, other):
    device.groups["broker"][key] = device.groups["broker"][other]
    assert "PEM" in one_fault(device, "broker", key)


def test_a_key_of_another_certificate_is_a_fault(device):
    device.groups["broker"]["private-key-file"] = device.sandbox.thing("another")["key"]
    assert "does not belong" in one_fault(device, "broker", "private-key-file")


def test_signatures_are_required_and_nobody_can_sign(device):
    device.groups["trust"] = {"directory": "/nonexistent/trust.d", "require-signed-documents": "true"}
    one_fault(device, "trust", "directory")


def test_an_unknown_key_is_told_what_is_known(device):
    device.groups["jobs"]["workflows"] = "next"
    assert "workflow, progress-interval" in one_fault(device, "jobs", "workflows")
