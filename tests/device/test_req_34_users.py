"""The account a program runs as: the one that was asked for and allowed, with nothing of errand's own, or no run."""

import grp
import os
import pwd
import re

import pytest

from exchange import shell

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")

ACCOUNTS = ["nobody", "daemon", "www-data"]
STATUS = ["grep", "-E", "^(Uid|Gid|Groups|Cap|NoNewPrivs|Umask)", "/proc/self/status"]


def members():
    """An account that is in somebody else's group, where this machine has one."""
    return sorted({name for group in grp.getgrall() for name in group.gr_mem if name != "root" and exists(name)})[:1]


def exists(name):
    try:
        return pwd.getpwnam(name).pw_uid != 0
    except KeyError:
        return False


def command(words, user=None, how="shell"):
    if how == "shell":
        return {"operation": "shell", "command": words, **({} if user is None else {"user": user})}
    return {"version": "1.0", "includeStdOut": True, "steps": [{"action": {
        "name": "it", "type": "runCommand", "input": {"command": ",".join(words)},
        **({} if user is None else {"runAsUser": user})}}]}


@pytest.fixture(params=["shell", "runCommand"])
def how(request):
    return request.param


@pytest.fixture
def plain(device):
    """As installed: nobody unless the document says otherwise."""
    device.groups["plugin shell"] = {}
    return device


@pytest.mark.parametrize("account", [*ACCOUNTS, *members()])
def test_groups_and_capabilities_are_the_accounts_own(plain, account):
    """errandd itself has groups and capabilities to lose, inheritable and ambient ones too."""
    plain.prefix = ["setpriv", "--groups=4,27", "--inh-caps=+net_admin,+sys_admin", "--ambient-caps=+net_admin"]
    plain.start()
    entry = pwd.getpwnam(account)
    status, details = plain.run(command(STATUS, account))
    assert status == "SUCCEEDED", details
    lines = dict(re.split(r":\s*", line, maxsplit=1) for line in details["stdout"].split(" | "))
    assert lines["Uid"].split() == [str(entry.pw_uid)] * 4
    assert lines["Gid"].split() == [str(entry.pw_gid)] * 4
    assert sorted(map(int, lines["Groups"].split())) == sorted(os.getgrouplist(account, entry.pw_gid))
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(lines[name], 16) == 0, (name, lines)
    # Kept, as README.md says: sudo is the owner's to allow.
    assert int(lines["CapBnd"], 16) != 0 and lines["NoNewPrivs"] == "0"
    assert lines["Umask"] == "0022"


@pytest.mark.parametrize("settings, user, as_account", [
    ({}, None, "nobody"), ({}, "daemon", "daemon"), ({}, "root", "root"),
    ({"default-user": "daemon"}, None, "daemon"), ({"users": ""}, None, "nobody"),
    ({"users": "games;daemon"}, "daemon", "daemon"), ({"users": "games"}, None, "nobody"),
])
def test_whom_it_becomes(plain, how, settings, user, as_account):
    plain.groups["plugin shell"] = settings
    plain.start()
    status, details = plain.run(command(["id", "-un"], user, how))
    assert (status, details.get("stdout")) == ("SUCCEEDED", as_account), details


def test_the_device_clients_empty_user_is_none(plain):
    plain.start()
    assert plain.run(command(["id", "-un"], "", "runCommand"))[1]["stdout"] == "nobody"


@pytest.mark.parametrize("settings, user, reason", [
    ({}, "no-such-user", "not-found"), ({}, "0", "not-found"), ({}, "65534", "not-found"), ({}, "+0", "not-found"),
    ({}, "root ", "not-found"), ({}, "ROOT", "not-found"), ({}, "nobody:root", "not-found"),
    ({"users": "daemon"}, "root", "not-allowed"), ({"users": "daemon"}, "0", "not-allowed"),
    ({"users": ""}, "nobody", "not-allowed"), ({"users": "daemon"}, "no-such-user", "not-allowed"),
    ({"users": "dae*"}, "daemon", "not-allowed"), ({"default-user": "no-such-user"}, None, "not-found"),
    ({"default-user": "0"}, None, "not-found"),
])
def test_no_falling_back(plain, how, settings, user, reason):
    """Neither to root, nor to the default, when another was asked for."""
    plain.groups["plugin shell"] = settings
    plain.start()
    status, details = plain.run(command(["touch", str(plain.marker)], user, how))
    assert (status, details["reason"]) == ("REJECTED", reason)
    assert not plain.marker.exists()


@pytest.mark.parametrize("user", [0, ["root"], {"name": "root"}, True, "a\u0000b", "ro\u00adot", "x" * 1000])
def test_users_that_are_no_names(plain, how, user):
    """null is absent; a number is no name, and is not looked up as one."""
    plain.start()
    status, details = plain.run(command(["touch", str(plain.marker)], user, how))
    assert status == "REJECTED", details
    assert not plain.marker.exists()


@pytest.mark.parametrize("lost", ["setgid", "setuid"])
def test_a_switch_that_fails_runs_nothing(plain, lost):
    """Root without that capability, as in many containers."""
    plain.prefix = ["setpriv", f"--bounding-set=-{lost}"]
    plain.start()
    status, details = plain.run(command(["touch", str(plain.marker)], "daemon"))
    assert (status, details["reason"]) == ("FAILED", "internal"), details
    assert "daemon" in details["message"]
    assert not plain.marker.exists()


FIXED = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/usr/sbin", "USER": "daemon",
         "LOGNAME": "daemon", "SHELL": "/usr/sbin/nologin", "ERRAND_STEP": "shell"}
PASSED_ON = {"LANG": "xx_YY.nonsense", "LC_ALL": "de_DE@euro", "TZ": "Asia/Kathmandu", "http_proxy": "http://a:1",
             "https_proxy": "http://b:2", "no_proxy": "c", "HTTP_PROXY": "d", "HTTPS_PROXY": "e", "NO_PROXY": ""}


@pytest.mark.parametrize("passed_on", [PASSED_ON, {}], ids=["with", "without"])
def test_the_environment_is_the_documented_list(plain, passed_on):
    """Whatever errandd itself was started with; a locale that nobody has spoils nothing."""
    plain.prefix = ["env", *(f"--unset={name}" for name in PASSED_ON), *(f"{k}={v}" for k, v in passed_on.items()),
                    "SECRET=x", "LD_LIBRARY_PATH=/nowhere", "XDG_RUNTIME_DIR=/nowhere", "BASH_ENV=/nowhere"]
    plain.start()
    job = plain.create({"operation": "shell", "user": "daemon", "environment": {"OWN": "a b", "ERRAND_EMPTY": ""},
                        "command": ["env"]})
    status, details = plain.wait(job)
    assert status == "SUCCEEDED"
    seen = dict(line.split("=", 1) for line in details["stdout"].split(" | "))
    assert seen == {**FIXED, "LANG": "C.UTF-8", **passed_on, "ERRAND_JOB_ID": job, "OWN": "a b", "ERRAND_EMPTY": ""}


def test_a_directory_is_entered_as_that_account(plain):
    plain.marker.parent.chmod(0o700)
    plain.start()
    document = {"operation": "shell", "command": ["pwd"], "user": "daemon", "directory": str(plain.directory)}
    status, details = plain.run(document)
    assert (status, details["reason"]) == ("FAILED", "not-allowed"), details
    assert plain.run({**document, "user": "root"})[1]["stdout"] == str(plain.directory)


def test_it_can_do_nothing_of_roots(plain):
    plain.start()
    victim = plain.directory / "victim"
    victim.touch()
    plain.directory.chmod(0o755)
    status, details = plain.run(shell(f"echo x > {victim}; kill -0 {plain.process.pid}; cat /etc/shadow; id -u"))
    assert (status, details["stdout"]) == ("SUCCEEDED", "65534")
    assert victim.read_text() == ""


# ---- handlers ----

@pytest.fixture
def handler(plain):
    handlers = plain.directory / "handlers"
    handlers.mkdir()
    (handlers / "who").write_text("#!/bin/sh\nid -un\nid -G\necho \"[$1]\"\n")
    (handlers / "who").chmod(0o755)
    plain.directory.chmod(0o755)
    plain.groups["plugin handler"] = {"directories": handlers}
    return plain


def who(user):
    return {"version": "1.0", "includeStdOut": True, "steps": [{"action": {
        "name": "it", "type": "runHandler", "runAsUser": user, "input": {"handler": "who"}}}]}


def test_a_handler_runs_as_the_owner_says_and_is_told_the_user(handler):
    handler.prefix = ["setpriv", "--groups=4,27"]
    handler.start()
    assert handler.run(who("daemon"))[1]["stdout"].split(" | ")[::2] == ["root", "[daemon]"]
    assert handler.run(who(""))[1]["stdout"].endswith("[]")


@pytest.mark.parametrize("user", ["no-such-user", "0", "-x", "$(id)", "daemon root"])
def test_a_handler_is_not_told_nonsense(handler, user):
    handler.start()
    status, details = handler.run(who(user))
    assert (status, details["reason"]) == ("REJECTED", "not-found"), details


def test_a_handler_that_is_not_told_takes_no_user(handler):
    handler.groups["plugin handler"]["user-argument"] = "false"
    handler.start()
    status, details = handler.run(who("daemon"))
    assert (status, details["reason"]) == ("REJECTED", "not-allowed")


def test_a_handlers_unknown_default_user(handler):
    handler.groups["plugin handler"]["default-user"] = "no-such-user"
    handler.start()
    status, details = handler.run(who(""))
    assert (status, details["reason"]) == ("REJECTED", "not-found")
