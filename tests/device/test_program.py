"""The programs themselves: configuration, refusals, local runs."""

import json
import os
import subprocess

import pytest

from device import ERRANDD, Device, control_json, errandctl, plugin_directories


def check(path):
    return subprocess.run([str(ERRANDD), "--config", str(path), "--check-config"], capture_output=True, text=True,
                          timeout=20, check=False)


def test_check_config_clean(device):
    result = check(device.write_config())
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_check_config_lists_every_fault(device):
    device.groups["jobs"]["workflow"] = "never"
    device.groups["jobs"]["colour"] = "blue"
    device.groups["broker"]["port"] = "0"
    device.groups["plugin shell"]["comands"] = "x"
    device.groups["stuff"] = {"a": "b"}
    path = device.write_config()
    result = check(path)
    lines = result.stdout.splitlines()
    assert result.returncode == 78
    assert len(lines) == 5
    assert all(line.startswith(f"{path}: [") for line in lines)


def test_a_readable_key_stops_the_start_with_the_remedy(device):
    key = device.groups["broker"]["private-key-file"]
    os.chmod(key, 0o644)
    device.start(ready=False)
    assert device.wait_exit() == 78
    assert "chmod" in device.log()
    os.chmod(key, 0o600)


def test_a_second_daemon_on_the_same_state_leaves(running):
    second = subprocess.run([str(ERRANDD), "--config", str(running.directory / "errand.conf")], capture_output=True,
                            text=True, timeout=20, check=False)
    assert second.returncode == 69
    assert "another errandd" in second.stderr
    assert running.alive()


def test_term_ends_the_daemon_cleanly(running):
    assert running.stop() == 0


@pytest.fixture
def local(tmp_path):
    device = Device(tmp_path / "local", None)
    del device.groups["broker"]
    device.groups["plugin shell"] = {"default-user": "root"}
    device.write_config()
    return device


def run_local(local, document, *more):
    path = local.directory / "document.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return control_json("run", path, "--config", local.directory / "errand.conf", *more)


@pytest.mark.parametrize("document, code, status, reason", [
    ({"operation": "shell", "command": ["echo", "hi"]}, 0, "SUCCEEDED", None),
    ({"operation": "shell", "command": ["false"]}, 1, "FAILED", "exit-status"),
    ({"operation": "nothing"}, 2, "REJECTED", "unknown-operation"),
    ("{broken", 2, "REJECTED", "invalid-document"),
])
def test_a_document_runs_without_a_cloud(local, document, code, status, reason):
    result, answer = run_local(local, document)
    assert result == code
    assert answer["status"] == status
    assert answer["statusDetails"].get("reason") == reason


def test_local_run_leaves_nothing(local, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(local.directory))
    before = set(os.listdir(local.directory)) | {"document.json"}
    assert run_local(local, {"operation": "shell", "command": ["true"]})[0] == 0
    assert set(os.listdir(local.directory)) == before


def test_local_run_shows_text(local):
    path = local.directory / "d.json"
    path.write_text('{"operation":"shell","command":["echo","hello there"]}')
    result = errandctl("run", path, "--config", local.directory / "errand.conf")
    assert result.returncode == 0
    assert "SUCCEEDED" in result.stdout
    assert "hello there" in result.stdout


def test_local_run_honours_what_the_owner_wrote(local):
    local.groups["operations"] = {"enabled": "download"}
    local.write_config()
    code, answer = run_local(local, {"operation": "shell", "command": ["true"]})
    assert (code, answer["statusDetails"]["reason"]) == (2, "not-allowed")


def test_a_plugin_directory_on_the_command_line(local):
    del local.groups["paths"]["plugin-directories"]
    local.write_config()
    code, answer = run_local(local, {"operation": "shell", "command": ["true"]}, "--plugin-dir",
                             str(plugin_directories()[0]))
    assert (code, answer["status"]) == (0, "SUCCEEDED")


def test_a_missing_document_is_an_error_of_its_own(local):
    result = errandctl("run", "/nonexistent.json", "--config", local.directory / "errand.conf")
    assert result.returncode == 66
    assert "/nonexistent.json" in result.stderr
