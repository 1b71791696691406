"""A clean Debian 12 in a directory: debootstrap once, cached as a tar, then unpacked for each use."""

import fcntl
import os
import re
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("ERRAND_CACHE", "/var/cache/errand-tests"))
SUITE = "bookworm"
DEFAULT_MIRROR = "http://deb.debian.org/debian"
# A compiler as a plugin author has it. The name of the tar changes with this list.
INCLUDED = ("gcc", "libc6-dev", "pkgconf")

# Mounts live in a namespace of the command, so nothing is left mounted whatever happens to it.
ENTER = """
root=$1 archives=$2; shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$archives" "$root/var/cache/apt/archives"
exec chroot "$root" "$@"
"""
ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def host_mirror():
    """The first Debian mirror of this machine's apt sources that is not the security archive."""
    places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for place in (place for place in places if place.is_file()):
        for line in place.read_text().split("\n"):
            found = re.match(r"\s*(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(\S+/debian)/?(?:\s|$)", line)
            if found and "security" not in found[1]:
                return found[1]
    return DEFAULT_MIRROR


def base_tar(included):
    """Makes the cached tar if it is not there; about 40 s."""
    tar = CACHE / f"{SUITE}-{'-'.join(included)}.tar"
    if tar.exists():
        return tar
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        tree, made = Path(work, "tree"), Path(work, "made.tar")
        run_or_raise("debootstrap", "--variant=minbase", f"--include={','.join(included)}", SUITE, tree, host_mirror())
        # No services inside: there is nothing that would manage them.
        policy = tree / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        run_or_raise("tar", "-C", tree, "--numeric-owner", "--exclude=./dev/*", "--exclude=./proc/*", "-cf", made, ".")
        made.rename(tar)
    return tar


def propagation():
    """How a namespace keeps its mounts from this machine: "private" as a rule; "unchanged" in a chroot of which / is
    no mount, when what is around it does not share mounts. None when there is no way."""
    for way in ("private", "unchanged"):
        with tempfile.TemporaryDirectory() as probe:
            done = subprocess.run(["unshare", "--mount", "--propagation", way, "mount", "-t", "tmpfs", "probe", probe],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            leaked = os.path.ismount(probe)
            if leaked:
                run_or_raise("umount", probe)
        if done.returncode == 0 and not leaked:
            return way
    return None


def run_or_raise(*words, timeout=600):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(f"{words} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def unpack(root, included=INCLUDED):
    """A fresh Debian in the (new) directory root."""
    root.mkdir()
    run_or_raise("tar", "-C", root, "--numeric-owner", "-xf", base_tar(included))
    for name in ("resolv.conf", "hosts"):
        (root / "etc" / name).write_bytes(Path("/etc", name).read_bytes())
    for path in Path("/etc/apt/apt.conf.d").glob("*"):
        if re.search(r"^\s*Acquire::\S*Proxy", path.read_text(), re.MULTILINE):
            (root / "etc/apt/apt.conf.d" / path.name).write_bytes(path.read_bytes())
    return Debian(root)


class Debian:
    def __init__(self, root):
        self.root = Path(root)
        self.propagation = propagation()
        self.archives = CACHE / "archives"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)

    def command(self, *words):
        return ["unshare", "--mount", "--propagation", self.propagation, "/bin/sh", "-euc", ENTER, "enter",
                str(self.root), str(self.archives), *map(str, words)]

    def run(self, *words, timeout=60, check=True, **options):
        """subprocess.run inside, output captured as text; AssertionError with the output when it fails."""
        done = subprocess.run(self.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=timeout, env=ENVIRONMENT, **options)
        assert not check or done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout[-4000:]}"
        return done

    def apt(self, *words, timeout=300):
        """apt-get. One at a time, since runs of the tests share the directory of downloaded packages."""
        with open(self.archives / "errand-tests.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.run("apt-get", "-q", "-y", "--no-install-recommends", *words, timeout=timeout)

    def start(self, log, *words):
        """A process inside, in a session of its own; output goes to the log."""
        with open(log, "ab") as stream:
            return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                                    env=ENVIRONMENT, start_new_session=True)
