"""A Debian with errand installed from its packages and a real systemd, booted once; the Jobs service is out here."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(HERE), str(TESTS / "package"), str(TESTS / "lib"), str(TESTS / "sandbox"), str(TESTS / "device")]

from debian import run_or_raise, unpack  # noqa: E402
from errand_sandbox.client import Sandbox  # noqa: E402
from guest import Guest, make_bootable, make_image  # noqa: E402

INCLUDED = ("systemd-sysv", "udev", "dbus", "iproute2", "procps", "zstd", "initramfs-tools", "linux-image-cloud-amd64")
HOST_SEEN_BY_GUEST = "10.0.2.2"
THING = "guest"
NETWORK = """[Match]
Type=ether
[Network]
DHCP=ipv4
[DHCPv4]
SendHostname=no
"""
NEWER = "9.9"       # of errand, as a job installs it
# Of the service that a job restarts, and the plugin beside it; another job installs the package.
PROBE_CONTROL = "Package: probe\nVersion: 1\nArchitecture: all\nMaintainer: n <n@example.org>\nDescription: probe\n"
PROBE_UNIT = "[Service]\nExecStart=/bin/sleep infinity\n"
PROBE_PLUGIN = "[plugin]\nname=probe\nmodule=probe.so\nabi=1\noperations=probe\n"
# A real maintainer script: another account, setuid, /tmp, files outside /usr, a unit.
PROBE_POSTINST = """#!/bin/sh
set -e
useradd --system probe
install -o probe -m 4755 /bin/true /usr/local/bin/probe-setuid
mktemp -d
systemctl daemon-reload
systemctl start probe.service
"""


def package(directory, tree, name):
    run_or_raise("dpkg-deb", "--root-owner-group", "-b", tree, directory / f"{name}.deb")


def make_probe(root, directory, work):
    """A service and a plugin."""
    tree = work / "probe"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(PROBE_CONTROL)
    postinst = tree / "DEBIAN/postinst"
    postinst.write_text(PROBE_POSTINST)
    postinst.chmod(0o755)
    (tree / "lib/systemd/system").mkdir(parents=True)
    (tree / "lib/systemd/system/probe.service").write_text(PROBE_UNIT)
    shell = next(root.glob("usr/lib/*/errand/plugins/shell.so"))
    plugins = tree / shell.parent.relative_to(root)
    plugins.mkdir(parents=True)
    (plugins / "probe.so").write_bytes(shell.read_bytes())
    (plugins / "probe.plugin").write_text(PROBE_PLUGIN)
    package(directory, tree, "probe")


def make_newer(deb, directory, work):
    """The same package with a higher version."""
    tree = work / "newer"
    run_or_raise("dpkg-deb", "-R", deb, tree)
    control = tree / "DEBIAN/control"
    lines = control.read_text().splitlines()
    control.write_text("".join(f"Version: {NEWER}\n" if line.startswith("Version:") else line + "\n"
                               for line in lines))
    package(directory, tree, "newer")


def make_archive(root, deb, work):
    """An apt source inside: the newer errand and the package probe."""
    archive = root / "srv/archive"
    archive.mkdir(parents=True)
    make_probe(root, archive, work)
    make_newer(deb, archive, work)
    index = subprocess.run(["dpkg-scanpackages", "."], cwd=archive, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           check=True, timeout=60)
    (archive / "Packages").write_bytes(index.stdout)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("sandbox"), "--name", HOST_SEEN_BY_GUEST) as sandbox:
        yield sandbox


def configure(root, cloud, thing, more=""):
    """errand as `thing`, with `more` in its configuration, and the network it takes."""
    paths = cloud.thing(thing)
    files = {"ca-file": cloud.directory / "pki/ca.pem", "certificate-file": paths["certificate"],
             "private-key-file": paths["key"]}
    lines = ["[broker]", f"host={HOST_SEEN_BY_GUEST}", f"port={cloud.endpoint['port']}"]
    for key, path in files.items():
        target = root / "etc/errand/certs" / Path(path).name
        target.write_bytes(Path(path).read_bytes())
        target.chmod(0o600)
        lines.append(f"{key}=/{target.relative_to(root)}")
    lines += ["[thing]", f"name={thing}", "[operations]", "enabled=*", more]
    (root / "etc/errand/errand.conf.d/50-test.conf").write_text("\n".join(lines) + "\n")
    (root / "etc/systemd/network/ethernet.network").write_text(NETWORK)


@pytest.fixture(scope="session")
def debs(tmp_path_factory):
    """{package: file}"""
    directory = tmp_path_factory.mktemp("debs")
    run_or_raise(TESTS.parent / "packaging/build-deb.sh", directory)
    return {path.name.split("_")[0]: path for path in directory.glob("*.deb")}


def install(root, debs, *names):
    """A Debian with a kernel, and of our packages those named."""
    debian = unpack(root, INCLUDED)
    (root / "usr/sbin/policy-rc.d").unlink()
    for name in names:
        (root / f"tmp/{name}.deb").write_bytes(debs[name].read_bytes())
    debian.apt("update")
    debian.apt("install", *(f"/tmp/{name}.deb" for name in names))
    return debian


@pytest.fixture(scope="session")
def guest(tmp_path_factory, cloud, debs):
    work = tmp_path_factory.mktemp("vm")
    root = work / "root"
    debian = install(root, debs, "errand")
    make_archive(root, debs["errand"], work)
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:/srv/archive ./\n")
    debian.run("apt-get", "-q", "update")
    configure(root, cloud, THING)
    make_bootable(root)
    make_image(root, work / "disk")
    machine = Guest(root, {"disk": work / "disk"}, work / "console")
    try:
        machine.power_on()
        yield machine
    finally:
        machine.cut_power()
        subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True, timeout=120)
