"""The real RAUC service on a bus of its own: keys, bundles, two slots, a boot loader made of files, and "reboots".

A service started here runs in a private mount namespace: killed in mid-install it leaves no mount and no loop device.
"""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from device import wait_for

COMPATIBLE = "errand-test-board"
SLOTS = {"A": "rootfs.0", "B": "rootfs.1"}
SLOT_SIZE = 4 << 20

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"""

SYSTEM = """[system]
compatible={compatible}
bootloader=custom
statusfile={directory}/status.raucs
mountprefix={directory}/mnt
bundle-formats=plain verity
max-bundle-download-size=104857600

[handlers]
bootloader-custom-backend={directory}/boot-loader
pre-install={directory}/pre-install
post-install={directory}/post-install

[keyring]
path={keyring}

[slot.rootfs.0]
device={a}
type=raw
bootname=A

[slot.rootfs.1]
device={b}
type=raw
bootname=B
"""

# What RAUC asks of a boot loader it does not know itself.
BOOT_LOADER = """#!/bin/sh
set -eu
cd {directory}/boot
echo "$*" >>log
case $1 in
get-primary) cat primary ;;
set-primary) echo "$2" >primary.new; mv primary.new primary; echo good >"state.$2" ;;
get-state) cat "state.$2" ;;
set-state) echo "$3" >"state.$2" ;;
*) exit 1 ;;
esac
"""

# An installation lasts as long as the file is there: hold-pre-install before anything is written, hold-post-install
# when all is written and the boot loader told.
HANDLER = """#!/bin/sh
cd {directory}
: >in-${{0##*/}}
while [ -e "hold-${{0##*/}}" ]; do sleep 0.05; done
rm -f "in-${{0##*/}}"
"""

MANIFEST = """[update]
compatible={compatible}
version={version}

[bundle]
format=plain

[image.rootfs]
filename=rootfs.img
"""

LEAF = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=emailProtection,codeSigning
"""


def missing():
    """Why the real service cannot run here, or None."""
    for program in ("rauc", "dbus-daemon", "mksquashfs", "openssl", "unshare", "gdbus"):
        if not shutil.which(program):
            return f"no {program}"
    if os.geteuid() != 0:
        return "RAUC mounts bundles: that takes root"
    if not os.path.exists("/dev/loop-control"):
        return "this kernel has no loop devices"
    if "squashfs" not in Path("/proc/filesystems").read_text():
        return "this kernel has no squashfs"
    return None


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Keys:
    """A certificate authority the service trusts, with a signer; and another one, with another."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "leaf.ext").write_text(LEAF)
        for authority, signer in (("ca", "signer"), ("rogue-ca", "rogue")):
            self._authority(authority)
            self._signer(authority, signer)
        self.keyring = self.directory / "ca.crt"

    def pair(self, signer):
        return self.directory / f"{signer}.crt", self.directory / f"{signer}.key"

    def _authority(self, name):
        certificate, key = self.pair(name)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN={name}",
                "-keyout", key, "-out", certificate, "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def _signer(self, authority, name):
        certificate, key = self.pair(name)
        request = self.directory / f"{name}.csr"
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        ca, ca_key = self.pair(authority)
        openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", "3650",
                "-extfile", self.directory / "leaf.ext", "-out", certificate)


class Bus:
    """A system bus of one test. `environment` makes programs use it."""

    def __init__(self, directory):
        directory = Path(directory)
        self.socket = directory / "bus"
        configuration = directory / "bus.conf"
        configuration.write_text(BUS.format(socket=self.socket))
        self.process = subprocess.Popen(["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=open(directory / "bus.log", "ab"))
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket}"}
        wait_for(self.socket.exists, "the bus")

    def call(self, name, path, method, *arguments):
        """The answer as gdbus prints it; None where the call failed."""
        answer = subprocess.run(["gdbus", "call", "--address", self.environment["DBUS_SYSTEM_BUS_ADDRESS"], "--dest",
                                 name, "--object-path", path, "--method", method, *arguments],
                                capture_output=True, text=True, timeout=60)
        return answer.stdout.strip() if answer.returncode == 0 else None

    def has(self, name):
        return self.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", name) == "(true,)"

    def close(self):
        self.process.terminate()
        self.process.wait(20)


class Rauc:
    """The service with slot A running. loop: slots are loop devices, of a size that cannot grow."""

    def __init__(self, directory, keys, loop=False):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.keys = keys
        self.loops = []
        self.process = None
        self.booted = "A"
        self.log = self.directory / "rauc.log"
        self._write_files(loop)
        self.bus = Bus(self.directory)
        self.environment = self.bus.environment

    def _write_files(self, loop):
        boot = self.directory / "boot"
        boot.mkdir()
        for name in ("state.A", "state.B"):
            (boot / name).write_text("good\n")
        (boot / "primary").write_text("A\n")
        self.slots = {}
        for letter in "ab":
            image = self.directory / f"{letter}.img"
            image.write_bytes(b"old " + letter.encode() + bytes(SLOT_SIZE - 5))
            self.slots[letter.upper()] = self._loop_device(image) if loop else image
        for name, text in (("boot-loader", BOOT_LOADER), ("pre-install", HANDLER), ("post-install", HANDLER)):
            (self.directory / name).write_text(text.format(directory=self.directory))
            (self.directory / name).chmod(0o755)
        (self.directory / "system.conf").write_text(SYSTEM.format(
            compatible=COMPATIBLE, directory=self.directory, keyring=self.keys.keyring, a=self.slots["A"],
            b=self.slots["B"]))

    def _loop_device(self, image):
        made = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True, text=True,
                              timeout=60)
        self.loops.append(made.stdout.strip())
        return Path(self.loops[-1])

    # ---- the service ----

    def start(self, slot="A", known=True):
        """known=False: the service cannot tell which slot runs."""
        self.booted = slot
        override = [f"--override-boot-slot={slot}"] if known else []
        self.process = subprocess.Popen(
            ["unshare", "-m", "--propagation", "private", "rauc", "-c", str(self.directory / "system.conf"), *override,
             "service"], stdin=subprocess.DEVNULL, stdout=open(self.log, "ab"), stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment})
        wait_for(lambda: self.bus.has("de.pengutronix.rauc"), "RAUC on the bus")
        return self

    def kill(self):
        """As SIGKILL, the OOM killer or a crash ends it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
        wait_for(lambda: not self.bus.has("de.pengutronix.rauc"), "RAUC gone from the bus")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def close(self):
        self.release()
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)
        self.bus.close()
        for device in self.loops:
            subprocess.run(["losetup", "-d", device], check=False, timeout=60)

    def reboot(self, slot=None):
        """What a reboot makes of the service: it runs anew, in `slot` or where the boot loader goes. As with GRUB, a
        slot has one try: until it is marked good the boot loader will not take it again."""
        self.stop()
        slot = slot or self.next_boot()
        (self.directory / f"boot/state.{slot}").write_text("bad\n")
        self.start(slot)
        return self.booted

    # ---- holding an installation ----

    def hold(self, where="pre-install"):
        (self.directory / f"hold-{where}").touch()

    def release(self):
        for path in self.directory.glob("hold-*"):
            path.unlink()

    def wait_installing(self, where="pre-install"):
        wait_for((self.directory / f"in-{where}").exists, "RAUC in mid-install")

    # ---- bundles and slots ----

    def bundle(self, name="update.raucb", version="2.0.0", content=b"new", size=1 << 20, compatible=COMPATIBLE,
               signer="signer"):
        """A signed bundle; its image is `content`, then zeros."""
        source = self.directory / f"{name}.d"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        (source / "rootfs.img").write_bytes(content + bytes(size - len(content)))
        (source / "manifest.raucm").write_text(MANIFEST.format(compatible=compatible, version=version))
        path = self.directory / name
        path.unlink(missing_ok=True)
        certificate, key = self.keys.pair(signer)
        subprocess.run(["rauc", "--cert", certificate, "--key", key, "bundle", source, path], check=True,
                       capture_output=True, timeout=120)
        shutil.rmtree(source)
        return path

    def begin_install(self, bundle):
        """As somebody at the machine does it."""
        return subprocess.Popen(["rauc", "install", bundle], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, **self.environment})

    def content(self, slot):
        """How the slot begins, up to the zeros."""
        with open(self.slots[slot], "rb") as device:
            return device.read(64).split(b"\0")[0]

    # ---- the boot loader ----

    def primary(self):
        return (self.directory / "boot/primary").read_text().strip()

    def state(self, slot):
        return (self.directory / f"boot/state.{slot}").read_text().strip()

    def next_boot(self):
        """As a boot loader chooses: the primary, unless it is bad."""
        primary = self.primary()
        other = "B" if primary == "A" else "A"
        return primary if self.state(primary) == "good" else other

    def boot_log(self):
        log = self.directory / "boot/log"
        return log.read_text().splitlines() if log.exists() else []

    def status(self):
        """{slot name: what `rauc status` tells of it}."""
        answer = subprocess.run(["rauc", "-c", self.directory / "system.conf", "status", "--detailed",
                                 "--output-format=json"], check=True, capture_output=True, text=True, timeout=60,
                                env={**os.environ, **self.environment})
        return {name: slot for entry in json.loads(answer.stdout)["slots"] for name, slot in entry.items()}

    def get(self, name):
        """A property of the service, as gdbus prints it."""
        return self.bus.call("de.pengutronix.rauc", "/", "org.freedesktop.DBus.Properties.Get",
                             "de.pengutronix.rauc.Installer", name)
