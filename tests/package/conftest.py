"""The packages, built once, and a clean Debian with what they depend on."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "lib")]

from debian import propagation, run_or_raise, unpack  # noqa: E402

TOP = HERE.parents[1]
NAMES = ("errand", "errand-dev", "errand-plugin-firmware", "errand-sandbox")


class Packages:
    def __init__(self, directory):
        self.directory = directory
        self.files = {name: next(directory.glob(f"{name}_*.deb")) for name in NAMES}
        self.changes = next(directory.glob("*.changes"))

    def field(self, name, field):
        return run_or_raise("dpkg-deb", "-f", self.files[name], field).strip()

    def contents(self, name):
        """{path: mode and owner as tar prints them}"""
        lines = run_or_raise("dpkg-deb", "-c", self.files[name]).splitlines()
        rows = [line.split(None, 5) for line in lines]
        return {row[5].split(" -> ")[0].lstrip("."): f"{row[0]} {row[1]}" for row in rows}


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Building and debootstrap at the same time."""
    debs = tmp_path_factory.mktemp("debs")
    root = tmp_path_factory.mktemp("debian") / "root"
    with ThreadPoolExecutor(2) as pool:
        built = pool.submit(run_or_raise, TOP / "packaging/build-deb.sh", debs)
        clean = pool.submit(unpack, root) if propagation() else None
        built.result()
        debian = clean and clean.result()
    yield Packages(debs), debian
    subprocess.run(["rm", "-rf", "--one-file-system", str(root)], check=True, timeout=120)


@pytest.fixture(scope="session")
def packages(prepared):
    return prepared[0]


@pytest.fixture(scope="session")
def debian(prepared):
    """With the dependencies installed, errand itself not yet."""
    packages, debian = prepared
    if debian is None:
        pytest.skip("no mounts of one's own (unshare --mount) in this container or chroot")
    needed = ["systemd"]
    for name in NAMES:
        needed += [part for part in packages.field(name, "Depends").split(", ") if part.split()[0] not in NAMES]
    debian.apt("update")
    debian.apt("satisfy", ", ".join(needed))
    return debian
