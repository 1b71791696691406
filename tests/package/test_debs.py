"""What a user does with the packages: install, configure, run jobs, write a plugin, upgrade, purge.

The tests of one file run in order and share one machine, as its life would be."""

import contextlib
import json
import os
import re
import shutil
import signal
import stat
from pathlib import Path

import pytest

from conftest import NAMES
from debian import run_or_raise
from gateway import wait_for

THING = "gateway"
SANDBOX = "/tmp/sandbox"
START_SECONDS = 30
JOB_SECONDS = 30
INSTALLED_KIB_MAX = 1024
CONFIG = "etc/errand/errand.conf"
WANTED = "etc/systemd/system/multi-user.target.wants/errandd.service"
# What apt, dpkg and the C library keep about any package.
NOISE = re.compile(r"^(proc|sys|dev|tmp|run|var/(cache|log|tmp|lib/(apt|dpkg))|root)(/|$)"
                   r"|^etc/(group|gshadow|passwd|shadow|subuid|subgid)-?$|^etc/ld\.so\.cache$|^etc/\.pwd\.lock$")


def snapshot(root):
    found = set()
    for directory, folders, files in os.walk(root):
        inside = os.path.relpath(directory, root)
        folders[:] = [name for name in folders if not NOISE.search(os.path.normpath(os.path.join(inside, name)))]
        found.update(os.path.normpath(os.path.join(inside, name)) for name in files + folders)
    return {name for name in found if not NOISE.search(name)}


@pytest.fixture(scope="module")
def before(debian):
    """All files before errand was ever there."""
    return snapshot(debian.root)


@pytest.fixture(scope="module")
def machine(debian, packages, before):
    """errand installed, from files, as a user does."""
    for name in NAMES:
        shutil.copy(packages.files[name], debian.root / "tmp")
    debian.apt("install", *(f"/tmp/{packages.files[name].name}" for name in NAMES))
    return debian


@contextlib.contextmanager
def running(machine, log, *words):
    process = machine.start(log, *words)
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(Exception):
                process.wait(20)
                break


def wait_for_line(log, line, process):
    wait_for(lambda: line in log.read_text().splitlines() or process.poll() is not None, START_SECONDS, line)
    assert process.poll() is None, log.read_text()


def errand_sandbox(machine, *words, timeout=JOB_SECONDS, check=True):
    return machine.run("errand-sandbox", *words, "--directory", SANDBOX, "--json", timeout=timeout, check=check)


def run_job(machine, document):
    """The execution with which the job ended."""
    (machine.root / "tmp/document.json").write_text(json.dumps(document))
    created = errand_sandbox(machine, "create-job", "--thing", THING, "--document", "/tmp/document.json")
    job_id = json.loads(created.stdout)["jobId"]
    errand_sandbox(machine, "wait", job_id, "--timeout", JOB_SECONDS - 5, check=False)
    return json.loads(errand_sandbox(machine, "describe", job_id).stdout)["executions"][0]


def test_lintian(packages):
    run_or_raise("lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", packages.changes)


def test_small(packages):
    assert int(packages.field("errand", "Installed-Size")) <= INSTALLED_KIB_MAX


def plugin_files(names):
    triplet = run_or_raise("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()
    return {f"/usr/lib/{triplet}/errand/plugins/{name}.{end}" for name in names for end in ("so", "plugin")}


def plugins_in(contents):
    return {path for path in contents if "/plugins/" in path and not path.endswith("/")}


def test_contents(packages):
    contents = packages.contents("errand")
    assert plugins_in(contents) == plugin_files(("shell", "handler", "download", "reboot"))
    for path in ("/usr/sbin/errandd", "/usr/bin/errandctl", "/usr/libexec/errand/errand-runner", f"/{CONFIG}",
                 "/lib/systemd/system/errandd.service", "/usr/lib/tmpfiles.d/errand.conf",
                 "/usr/share/man/man8/errandd.8.gz",
                 "/usr/lib/errand/handlers/install-packages.sh"):
        assert path in contents, path
    assert not [path for path, mode in contents.items() if not mode.endswith("root/root") or mode[8] == "w"]
    assert contents["/etc/errand/certs/"].startswith("drwx------")
    assert not [path for path in contents if "example" in path or "zoo" in path or "test" in path.rsplit("/", 1)[-1]]


def test_firmware_is_a_package_of_its_own(packages):
    contents = packages.contents("errand-plugin-firmware")
    assert plugins_in(contents) == plugin_files(("firmware",))
    assert not [path for path in contents if not path.endswith("/") and "/plugins/" not in path and "/doc/" not in path
                and "/lintian/" not in path]
    depends = [part.split()[0] for part in packages.field("errand-plugin-firmware", "Depends").split(", ")]
    assert {"errand", "rauc", "rauc-service"} <= set(depends) and "swupdate" not in depends
    assert "rauc" not in packages.field("errand", "Depends") and "swupdate" not in packages.field("errand", "Depends")


def test_install_starts_nothing(machine):
    assert machine.run("errandd", "--version").stdout.startswith("errandd 0.")
    assert not (machine.root / WANTED).is_symlink()
    assert stat.S_IMODE((machine.root / "etc/errand/certs").stat().st_mode) == 0o700


def test_the_unconfigured_file_says_what_is_missing(machine):
    done = machine.run("errandd", "--check-config", check=False)
    assert done.returncode == 78
    for key in ("[broker] host", "[thing] name", "[broker] ca-file", "[broker] private-key-file"):
        assert key in done.stdout, done.stdout
    assert "unknown" not in done.stdout.lower()


def test_plugins_are_listed(machine):
    config = machine.root / "tmp/some.conf"
    config.write_text("[broker]\nhost=localhost\ntls=false\n[thing]\nname=t\n")
    listed = machine.run("errandctl", "plugins", "--config", "/tmp/some.conf").stdout
    served = {line.split()[0]: line.rpartition(": ")[2] for line in listed.splitlines()}
    assert set(served) == {"download", "firmware", "handler", "reboot", "shell"}, listed
    assert re.sub(r" \(not enabled\)", "", served["firmware"]) == "afr_ota, firmware"


def test_every_commented_default_is_a_good_value(machine):
    text = (machine.root / CONFIG).read_text()
    written = re.findall(r"^#([a-z][a-z-]*)=", text, re.MULTILINE)
    assert len(written) > 30
    (machine.root / "tmp/full.conf").write_text(re.sub(r"^#([a-z][a-z-]*=.+)$", r"\1", text, flags=re.MULTILINE))
    full = machine.run("errandd", "--config", "/tmp/full.conf", "--check-config", check=False)
    short = machine.run("errandd", "--check-config", check=False)
    assert len(full.stdout.splitlines()) == len(short.stdout.splitlines()), full.stdout


def test_example_plugin_compiles_with_one_line(machine):
    machine.run("sh", "-euc", """
        cd /usr/share/doc/errand-dev/examples
        to=$(pkg-config --variable=plugindir errand)
        cc -shared -fPIC -Wall -Werror $(pkg-config --cflags errand) -o "$to/example.so" example.c
        cp example.plugin "$to"
    """)


def test_jobs_run(machine, tmp_path):
    sandbox_log, log = tmp_path / "sandbox.log", tmp_path / "errandd.log"
    with running(machine, sandbox_log, "errand-sandbox", "serve", "--directory", SANDBOX) as sandbox:
        wait_for_line(sandbox_log, "ready", sandbox)
        thing = json.loads(errand_sandbox(machine, "thing", THING).stdout)
        (machine.root / CONFIG).write_text(thing["config"])
        extra = machine.root / "etc/errand/errand.conf.d/50-test.conf"
        extra.write_text("[operations]\nenabled=*\n")
        machine.run("errandd", "--check-config")
        with running(machine, log, "errandd"):
            shell = run_job(machine, {"operation": "shell", "command": ["/usr/bin/id", "-un"]})
            assert shell["status"] == "SUCCEEDED", f"{shell}\n{log.read_text()}"
            assert "nobody" in shell["statusDetails"]["stdout"]
            example = run_job(machine, {"operation": "hello", "name": "clean Debian"})
            assert example["status"] == "SUCCEEDED", f"{example}\n{log.read_text()}"
            assert example["statusDetails"]["greeting"] == "Hello, clean Debian!"


def test_upgrade_keeps_the_owners_configuration(machine, packages):
    text = (machine.root / CONFIG).read_text()
    machine.run("dpkg", "-i", f"/tmp/{packages.files['errand'].name}", timeout=120)
    assert (machine.root / CONFIG).read_text() == text


def test_errand_is_told_of_a_plugin_that_a_package_brings(machine, packages):
    done = machine.run("dpkg", "-i", f"/tmp/{packages.files['errand-plugin-firmware'].name}", timeout=120)
    assert "Processing triggers for errand " in done.stdout


def test_purge_leaves_nothing(machine, before):
    plugins = Path(machine.run("pkg-config", "--variable=plugindir", "errand").stdout.strip()).relative_to("/")
    for name in ("example.so", "example.plugin"):       # the author's own
        (machine.root / plugins / name).unlink(missing_ok=True)
    (machine.root / "etc/errand/certs/private.pem.key").write_text("a key")
    machine.run("systemctl", "enable", "errandd")
    assert (machine.root / WANTED).is_symlink()
    machine.apt("purge", *NAMES)
    left = snapshot(machine.root)
    assert left - before == set()
    assert before - left == set()
