"""A document runs nothing that the owner did not enable, and no text of it is ever looked at by a shell."""

import json
import os

import pytest

from exchange import shell

TRICKS = ["$(touch {})", "`touch {}`", "; touch {}", "| touch {}", "&& touch {}", "\ntouch {}\n", "> {}",
          "'; touch {}; '", "\"; touch {}; \"", "${{IFS}}$(touch {})", "-exec touch {} ;", "--help", "-n", "*", "~",
          "!!", "\\", "%s%n", ""]


def steps(kind, words, **more):
    return {"version": "1.0", "includeStdOut": True, "steps": [
        {"action": {"name": "it", "type": kind, "input": words, "runAsUser": "root", **more}}]}


def ways_to_run(canary):
    """Every way a document has to name a program, each of them to touch the canary."""
    touch = ["touch", str(canary)]
    return {
        "shell": {"operation": "shell", "command": touch},
        "shell by path": {"operation": "shell", "command": ["/usr/bin/touch", str(canary)]},
        "shell of a shell": shell(f"touch {canary}"),
        "shell as a step": steps("shell", {"command": touch}),
        "runCommand": steps("runCommand", {"command": ",".join(touch)}),
        "runCommand alone": {"operation": "runCommand", "command": ",".join(touch)},
        "runHandler": steps("runHandler", {"handler": "touch", "args": touch[1:], "path": "/usr/bin"}),
        "runHandler up": steps("runHandler", {"handler": "../../../../usr/bin/touch", "args": touch[1:]}),
        "runHandler alone": {"operation": "runHandler", "handler": "touch", "args": touch[1:]},
        "legacy": {"operation": "touch", "args": touch[1:]},
        "legacy path": {"operation": "touch", "args": touch[1:], "path": "/usr/bin"},
        "operation is a path": {"operation": "/usr/bin/touch", "args": touch[1:], "command": touch},
        "operation is a line": {"operation": f"touch {canary}", "command": touch},
        "final step": {"version": "1.0", "steps": [{"action": {"name": "r", "type": "reboot", "input": {}}}],
                       "finalStep": {"action": {"name": "it", "type": "runCommand",
                                                "input": {"command": ",".join(touch)}}}},
        "command beside an allowed one": {"operation": "reboot", "command": touch},
        "shutdown-command": {"operation": "shutdown", "shutdown-command": touch},
        "message-command": {"operation": "reboot", "message-command": touch, "message": "x"},
        "health check": {"operation": "download", "url": "https://localhost/x", "path": "/x", "post-command": touch},
    }


@pytest.fixture
def canary(device):
    device.canary = device.directory / "canary"
    return device.canary


@pytest.mark.parametrize("way", ways_to_run("x"))
def test_as_installed_nothing_runs(device, canary, way):
    """[operations] enabled as the package sets it: rejected while queued, nothing started, nothing restarted."""
    device.groups["operations"]["enabled"] = "download;firmware;reboot;shutdown"
    device.groups["plugin reboot"] = {"shutdown-command": f"touch;{canary}"}
    device.write_reboot_command(f"touch {canary}")
    device.start()
    job = device.create(ways_to_run(canary)[way])
    status, details = device.wait(job)
    assert status == "REJECTED", details
    assert details["reason"] in ("not-allowed", "unknown-operation", "invalid-document")
    assert details["message"]
    assert [entry["payload"]["status"] for entry in device.updates(job)] == ["REJECTED"]
    assert not canary.exists()


@pytest.mark.parametrize("operation", ["shell", "runCommand", "runHandler"])
def test_one_that_is_enabled_enables_no_other(device, canary, operation):
    device.groups["operations"]["enabled"] = operation
    device.groups["plugin shell"] = {"commands": "true", "default-user": "root"}
    device.start()
    for way, document in ways_to_run(canary).items():
        status, details = device.run(document)
        assert status == "REJECTED", (way, details)
    assert not canary.exists()


@pytest.fixture
def places(device):
    """Programs of the names that are allowed, in places that are not."""
    places = device.directory / "places"
    places.mkdir()
    for name in ("echo", "sh", "run-parts"):
        (places / name).write_text(f"#!/bin/sh\ntouch {device.directory}/canary\n")
        (places / name).chmod(0o755)
    (places / "link").symlink_to("/usr/bin")
    (places / "touch").symlink_to("/usr/bin/echo")
    return places


@pytest.mark.parametrize("allowed, program, good", [
    ("sh", "sh", True), ("sh", "/bin/sh", True), ("sh", "/usr/bin/sh", True), ("/bin/sh", "sh", True),
    ("sh", "{places}/sh", False), ("sh", "/tmp/../usr/bin/sh", True), ("sh", "{places}/link/sh", True),
    ("sh", "{places}/link/touch", False), ("sh", "{places}/../places/sh", False), ("sh", "./sh", False),
    ("sh", "places/sh", False), ("sh", "../sh", False), ("sh", "//usr//bin//sh", True), ("sh", "/usr/bin/sh/", False),
    ("sh", "/usr/bin/./sh", True), ("sh", "/proc/self/root/usr/bin/sh", True), ("sh", "/proc/self/exe", False),
    ("sh", "dash", False), ("sh", "bash", False), ("sh", "sh ", False), ("sh", "SH", False), ("sh", "s*", False),
    ("sh", "", False), ("sh", ".", False), ("sh", "..", False), ("sh", "/", False), ("sh", "-c", False),
    ("echo", "{places}/touch", False), ("echo", "{places}/echo", False), ("{places}/echo", "echo", False),
    ("{places}/touch", "{places}/touch", True), ("./sh;bin/sh", "sh", False), ("", "sh", False), (" ", "sh", False),
    ("*", "{places}/touch", True),
])
def test_the_list_of_commands(device, canary, places, allowed, program, good):
    """A name stands for the program found by it on the fixed PATH, and for no other of that name."""
    device.groups["plugin shell"] = {"commands": allowed.format(places=places), "default-user": "root"}
    device.environment["PATH"] = f"{places}:{os.environ['PATH']}"
    device.start()
    argument = ["-c", "exit 0"] if program.endswith("sh") else []
    status, details = device.run({"operation": "shell", "command": [program.format(places=places), *argument]})
    if good:
        assert status == "SUCCEEDED", details
    else:
        assert (status, details["reason"] in ("not-allowed", "invalid-document", "not-found")) == ("REJECTED", True)
    assert not canary.exists()


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PATH", "BASH_ENV", "ENV", "IFS", "PYTHONPATH"])
def test_variables_do_not_widen_the_list(device, canary, name):
    device.groups["plugin shell"] = {"commands": "sh", "default-user": "root"}
    device.start()
    status, details = device.run({"operation": "shell", "command": ["sh", "-c", "true"], "environment": {name: "x"}})
    assert (status, details["reason"]) == ("REJECTED", "not-allowed")
    assert name in details["message"]


def test_arguments_arrive_as_they_were_sent(running, canary):
    """Compared by what a program saw, NUL-terminated: no word was split, joined, expanded or dropped."""
    seen = running.directory / "seen"
    script = f"import sys; open({str(seen)!r}, 'w').write('\\0'.join(sys.argv[1:]))"
    words = [trick.format(canary) for trick in TRICKS]
    assert running.run({"operation": "shell", "command": ["/usr/bin/python3", "-c", script, *words]})[0] == "SUCCEEDED"
    assert seen.read_bytes().decode().split("\0") == words
    assert not canary.exists()


def test_the_device_clients_commas_and_nothing_else(running, canary):
    """A comma is \\, there, and blanks at both ends of a word go."""
    seen = running.directory / "seen"
    script = f"import sys\\, json; json.dump(sys.argv[1:]\\, open({str(seen)!r}\\, 'w'))"
    words = [trick.format(canary) for trick in TRICKS if trick not in ("", "\\")]
    arguments = [word.replace(",", "\\,") for word in words]
    command = ",".join(["/usr/bin/python3", "-c", script, *arguments, " ", "", "last"])
    assert running.run(steps("runCommand", {"command": command}))[0] == "SUCCEEDED"
    assert json.loads(seen.read_text()) == [*(word.strip() for word in words), "", "last"]
    assert not canary.exists()


# ---- handlers ----

@pytest.fixture
def handlers(device):
    directory = device.directory / "handlers"
    directory.mkdir()
    (directory / "show").write_text("#!/bin/sh\nshift\nprintf '[%s]' \"$@\"\n")
    (directory / "show").chmod(0o755)
    (directory / "link").symlink_to("/usr/bin/touch")
    (directory / ".hidden").write_text("#!/bin/sh\n")
    (directory / ".hidden").chmod(0o755)
    (directory / "plain").write_text("#!/bin/sh\n")
    device.groups["plugin handler"] = {"directories": directory}
    return directory


def test_a_handler_gets_its_arguments_as_they_were_sent(device, canary, handlers):
    device.start()
    words = [trick.format(canary) for trick in TRICKS if "\n" not in trick]
    status, details = device.run(steps("runHandler", {"handler": "show", "args": words}))
    assert status == "SUCCEEDED", details
    assert details["stdout"] == "".join(f"[{word}]" for word in words)
    assert not canary.exists()


@pytest.mark.parametrize("handler, place", [
    ("../show", None), ("/usr/bin/touch", None), ("link", None), (".hidden", None), ("plain", None), ("", None),
    ("..", None), (".", None), ("show\n", None), ("show\u0000x", None), ("-x", None), ("show;touch", None),
    ("touch", "/usr/bin"), ("touch", "{handlers}/../../../../../../usr/bin"), ("show", "handlers"), ("show", "/"),
    ("show", "{handlers}/../handlers"), ("$(touch {canary})", None), ("show", "$(touch {canary})"), ("x" * 5000, None),
])
def test_handlers_that_are_none(device, canary, handlers, handler, place):
    device.start()
    words = {"handler": handler.replace("{canary}", str(canary)), "args": [str(canary)]}
    if place is not None:
        words["path"] = place.replace("{handlers}", str(handlers)).replace("{canary}", str(canary))
    status, details = device.run(steps("runHandler", words))
    assert status == "REJECTED", details
    assert not canary.exists()


# ---- the others ----

@pytest.mark.parametrize("path", [
    "{outside}/x", "{downloads}/../x", "{downloads}/./../x", "{downloads}/out/x", "{downloads}/linked", "x", "",
    "{downloads}/..", "{downloads}x", "~/x", "$HOME/x", "/etc/cron.d/x", "/", "/proc/self/root/etc/x",
    "{downloads}/out",
])
def test_a_download_goes_nowhere_else(running, sandbox, path):
    """Nothing outside is made or changed, whatever links lie there."""
    outside = running.directory / "outside"
    outside.mkdir()
    (outside / "victim").write_text("old")
    (running.downloads / "out").symlink_to(outside)
    (running.downloads / "linked").symlink_to(outside / "victim")
    (running.downloads / "dir").mkdir()
    url = sandbox.put_file(f"{running.name}.bin", b"new")["placeholder"]
    before = sorted(os.listdir(running.directory))
    status, details = running.run({"operation": "download", "url": url,
                                   "path": path.format(outside=outside, downloads=running.downloads)})
    assert (outside / "victim").read_text() == "old"
    assert sorted(os.listdir(outside)) == ["victim"]
    assert sorted(os.listdir(running.directory)) == before
    if path == "{downloads}/linked":    # the link itself may be replaced
        return
    assert status in ("REJECTED", "FAILED"), details
    assert not os.path.exists("/etc/cron.d/x")


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick])
def test_the_message_of_a_reboot_is_only_text(device, canary, trick):
    device.groups["plugin reboot"] = {"message-command": f"sh;-c;cat > {device.directory}/shown"}
    device.groups["reboot"]["timeout"] = "1s"
    device.write_reboot_command(f"echo \"$#\" > {device.directory}/count")
    device.start()
    status, details = device.run({"operation": "reboot", "message": trick.format(canary)})
    assert (status, details["reason"]) == ("FAILED", "reboot-did-not-happen")
    assert (device.directory / "shown").read_text() == f"This machine is restarted in 0 s: {trick.format(canary)}\n"
    assert (device.directory / "count").read_text() == "0\n"
    assert not canary.exists()
