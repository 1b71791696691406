"""What a document's author sees: output, the step that failed, a document that came as a string."""

import json

import pytest

from device import control_json, errandctl, plugin_directories


def command(text, **more):
    return {"version": "1.0", "steps": [{"action": {
        "name": "Run-Command", "type": "runCommand", "runAsUser": "", "input": {"command": text}}}], **more}


@pytest.mark.parametrize("more, told", [
    ({}, True), ({"includeStdOut": None}, True), ({"includeStdOut": "true"}, True), ({"includeStdOut": False}, False),
    ({"includeStdOut": "false"}, False),
], ids=["absent", "null", "true", "false", "text"])
def test_standard_output_is_told_unless_the_document_says_no(running, more, told):
    """The managed templates do not mention it, and the Device Client tells it all the same."""
    status, details = running.run(command("echo,Hello\\, world", **more))
    assert status == "SUCCEEDED"
    assert details.get("stdout") == ("Hello, world" if told else None)


@pytest.mark.parametrize("document, status, step", [
    ({"operation": "shell", "command": ["false"]}, "FAILED", "1/1 shell"),
    ({"operation": "shell", "command": "false"}, "REJECTED", "1/1 shell"),
    (command("false"), "FAILED", "1/1 Run-Command"),
    ({"steps": [command("true")["steps"][0], {"action": {"name": "b", "type": "runHandler",
                                                         "input": {"handler": "none"}}}]}, "REJECTED", "2/2 b"),
])
def test_the_step_that_failed_is_named(running, document, status, step):
    ended, details = running.run(document)
    assert (ended, details["step"]) == (status, step)
    assert details["reason"] and details["message"]


@pytest.mark.parametrize("text, ended", [
    (json.dumps({"operation": "shell", "command": ["true"]}), "SUCCEEDED"),
    ("  " + json.dumps(command("true")), "SUCCEEDED"),
    (json.dumps(json.dumps({"operation": "shell", "command": ["true"]})), "REJECTED"),
    ("true", "REJECTED"), ("", "REJECTED"), ("{", "REJECTED"),
], ids=["native", "steps", "twice", "word", "empty", "broken"])
def test_a_document_quoted_as_a_string(device, text, ended):
    """The service hands documents out as strings over HTTPS, and tools pass them on like that."""
    device.groups["broker"].clear()
    device.write_config()
    path = device.directory / "document.json"
    path.write_text(json.dumps(text))
    code, answer = control_json("run", path, "--config", device.directory / "errand.conf")
    assert answer["status"] == ended
    assert code == {"SUCCEEDED": 0, "REJECTED": 2}[ended]


def test_plugins_as_json(device):
    device.groups["operations"]["enabled"] = "runCommand"
    device.write_config()
    done = errandctl("plugins", "--json", "--config", device.directory / "errand.conf")
    listed = {plugin["name"]: plugin for plugin in json.loads(done.stdout)["plugins"]}
    assert listed["shell"]["operations"] == [{"name": "shell", "enabled": False},
                                             {"name": "runCommand", "enabled": True}]
    assert any(listed["shell"]["module"].startswith(str(directory)) for directory in plugin_directories())


@pytest.mark.parametrize("last, ended, progress", [("true", "SUCCEEDED", "100"), ("false", "FAILED", "50")])
def test_progress_of_steps_is_told_at_the_end_too(running, last, ended, progress):
    """Details replace one another: what a viewer saw under way must not be gone when the job is over."""
    steps = [command("true")["steps"][0], command(last)["steps"][0]]
    status, details = running.run({"version": "1.0", "steps": steps})
    assert (status, details["step"], details["progress"]) == (ended, "2/2 Run-Command", progress)
