"""A gateway with two root slots and a data partition. This program is its boot loader, as U-Boot or GRUB would be."""

import json
import shutil
import subprocess
from pathlib import Path

from debian import run_or_raise
from guest import BOOT_SECONDS, KERNEL_LINE, PROMPT, Guest, make_bootable, make_image

COMPATIBLE = "errand-test-gateway"
SLOTS = {"A": "rootfs.0", "B": "rootfs.1"}
SLOT_SIZE = "192M"
DATA_SIZE = "600M"
TRIES = 3
BROKEN, SICK = "broken", "sick"     # in a version: it does not boot; it boots and does not do its work
DOWN_SECONDS = 120
FSTAB = """/dev/root / ext4 defaults,noatime 0 0
/dev/disk/by-id/virtio-data /data ext4 defaults,noatime 0 2
/data/errand /var/lib/errand none bind 0 0
"""
SYSTEM = f"""[system]
compatible={COMPATIBLE}
bootloader=custom
statusfile=/data/rauc/status
bundle-formats=verity

[handlers]
bootloader-custom-backend=/usr/local/sbin/boot-loader

[keyring]
path=/etc/rauc/ca.pem

""" + "\n".join(f"""[slot.{slot}]
device=/dev/disk/by-id/virtio-{name}
type=ext4
bootname={name}
""" for name, slot in SLOTS.items())
# What RAUC asks of a boot loader it does not know: which slot is first, and how many tries each has left.
BOOT_LOADER = f"""#!/bin/sh
set -eu
cd /data/boot
put() {{
    echo "$2" >"$1.new"
    mv "$1.new" "$1"
    sync -f .
}}
case $1 in
get-primary) cat primary ;;
set-primary) if [ "$(cat "tries.$2")" != proven ]; then put "tries.$2" {TRIES}; fi; put primary "$2" ;;
get-state) if [ "$(cat "tries.$2")" = 0 ]; then echo bad; else echo good; fi ;;
set-state) if [ "$3" = good ]; then put "tries.$2" proven; else put "tries.$2" 0; fi ;;
*) exit 1 ;;
esac
"""
# The health of the system: a sick one cannot do what the gateway is there for.
UNIT = """[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/test ! -e /etc/sick
[Install]
WantedBy=multi-user.target
"""
MANIFEST = """[update]
compatible={compatible}
version={version}

[bundle]
format=verity

[image.rootfs]
filename=rootfs.ext4
"""
UNUSED = ("boot", "tmp", "usr/lib/udev/hwdb.d", "usr/lib/x86_64-linux-gnu/gconv", "usr/lib/x86_64-linux-gnu/perl",
          "usr/share/bash-completion", "usr/share/doc", "usr/share/i18n", "usr/share/info", "usr/share/locale",
          "usr/share/man", "usr/share/perl", "usr/share/zoneinfo", "var/cache/apt", "var/lib/apt/lists", "var/log/apt")
MODULES = ("loop", "squashfs", "dm_mod", "dm_verity", "virtio_net", "virtio_rng", "virtio_blk", "virtio_pci", "ext4",
           "sha256_generic", "sha256_ssse3", "crc32c_generic", "fuse", "autofs4", "configfs", "efi_pstore")


def slim(root):
    """What is copied over and over should be small."""
    for name in UNUSED:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir()
    (root / "usr/lib/udev/hwdb.bin").unlink(missing_ok=True)
    modules = next((root / "usr/lib/modules").iterdir())
    keep = set()
    for line in (modules / "modules.dep").read_text().splitlines():
        path, _, needed = line.partition(":")
        if Path(path).stem.replace("-", "_") in MODULES:
            keep.update((path, *needed.split()))
    for path in modules.rglob("*.ko"):
        if str(path.relative_to(modules)) not in keep:
            path.unlink()


def fill(root, keyring, version):
    """Makes an installed Debian with errand a board's system."""
    make_bootable(root, FSTAB)
    (root / "etc/rauc").mkdir(exist_ok=True)
    (root / "etc/rauc/ca.pem").write_bytes(keyring.read_bytes())
    (root / "etc/rauc/system.conf").write_text(SYSTEM)
    (root / "usr/local/sbin/boot-loader").write_text(BOOT_LOADER)
    (root / "usr/local/sbin/boot-loader").chmod(0o755)
    (root / "etc/systemd/system/gateway.service").write_text(UNIT)
    (root / "etc/system-version").write_text(f"{version}\n")
    # Empty would make each slot's first boot one on which systemd enables units.
    (root / "etc/machine-id").write_text("e44a11d0e44a11d0e44a11d0e44a11d0\n")
    (root / "data").mkdir()


def debugfs(image, *commands, write=False):
    done = subprocess.run(["debugfs", *(["-w"] if write else []), "-f", "-", str(image)],
                          input="\n".join(commands) + "\n", capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


class Images:
    """Of root file systems: the first is made of a directory, others differ from it in a few files. The kernel is not
    in them but in boot/, for the boot loader."""

    def __init__(self, work, root, keys):
        self.work = work
        self.keys = keys
        self.base = work / "base.ext4"
        (root / "boot").rename(work / "boot")
        slim(root)
        make_image(root, self.base, SLOT_SIZE)

    def make(self, version):
        directory = self.work / f"bundle-{version}"
        directory.mkdir()
        image = directory / "rootfs.ext4"
        run_or_raise("cp", "--sparse=always", self.base, image)
        self.put(image, "/etc/system-version", f"{version}\n")
        if SICK in version:
            self.put(image, "/etc/sick", "")
        if BROKEN in version:
            self.put(image, "/usr/lib/systemd/systemd", "no program\n", 0o755)
        return image

    def put(self, image, path, text, mode=0o644):
        source = self.work / "put"
        source.write_text(text)
        source.chmod(mode)
        debugfs(image, f"rm {path}", f"write {source} {path}", write=True)

    def bundle(self, version):
        """A signed bundle in verity format."""
        image = self.make(version)
        manifest = MANIFEST.format(compatible=COMPATIBLE, version=version)
        (image.parent / "manifest.raucm").write_text(manifest)
        bundle = self.work / f"{version}.raucb"
        certificate, key = self.keys.pair("signer")
        run_or_raise("rauc", "--cert", certificate, "--key", key, "--keyring", self.keys.keyring, "bundle",
                     "--mksquashfs-args=-comp lz4", image.parent, bundle)
        return bundle


class Board(Guest):
    def __init__(self, images, work):
        self.work = work
        self.disks = {name: work / f"{name}.ext4" for name in (*SLOTS, "data")}
        for name in SLOTS:
            run_or_raise("cp", "--sparse=always", images.base, self.disks[name])
        self._make_data()
        super().__init__(images.work, self.disks, work / "console", "-no-reboot")

    def _make_data(self):
        tree = self.work / "data"
        for name in ("boot", "errand", "rauc"):
            (tree / name).mkdir(parents=True)
        for name, text in (("primary", "A"), ("tries.A", "proven"), ("tries.B", "0")):
            (tree / "boot" / name).write_text(f"{text}\n")
        make_image(tree, self.disks["data"], DATA_SIZE)

    # ---- the boot loader ----

    def stored(self, name):
        return debugfs(self.disks["data"], f"cat /boot/{name}").split("\n")[1].strip()

    def store(self, name, text):
        source = self.work / "put"
        source.write_text(f"{text}\n")
        debugfs(self.disks["data"], f"rm /boot/{name}", f"write {source} /boot/{name}", write=True)

    def choose(self):
        """The first slot, unless it has no tries left; then the other one."""
        checked = subprocess.run(["e2fsck", "-p", self.disks["data"]], capture_output=True, text=True, timeout=60)
        assert checked.returncode in (0, 1), checked.stdout
        first = self.stored("primary")
        for slot in (first, "B" if first == "A" else "A"):
            tries = self.stored(f"tries.{slot}")
            if tries == "proven":
                return slot
            if int(tries) > 0:
                self.store(f"tries.{slot}", int(tries) - 1)
                return slot
        raise AssertionError("no slot is bootable")

    def boot(self, link=True):
        """Until a system is up; the slots that were tried on the way."""
        tried = []
        while True:
            slot = self.choose()
            tried.append(slot)
            line = KERNEL_LINE.replace("/dev/vda", f"/dev/disk/by-id/virtio-{slot}")
            self.start(f"{line} rauc.slot={slot}")
            if not link:
                self.set_link(False)
            if PROMPT in self.expect(f"^{PROMPT}$|^qemu has ended$", BOOT_SECONDS)[0]:
                return tried
            self.wait_down()

    def wait_down(self, seconds=DOWN_SECONDS):
        """Until the machine has ended by itself, as for a restart."""
        self.process.wait(seconds)
        self.reader.join()

    # ---- what runs ----

    def runs(self):
        """(slot, version), as the system itself has them."""
        line = self.run("cat /proc/cmdline")
        return line.split("rauc.slot=")[1].split()[0], self.run("cat /etc/system-version")

    def marks(self):
        """({"A": "good" or "bad" ...}, the name of the slot that is first), as RAUC tells."""
        status = json.loads(self.run("rauc status --output-format=json"))
        found = {name: slot for entry in status["slots"] for name, slot in entry.items()}
        return ({name: found[slot]["boot_status"] for name, slot in SLOTS.items()},
                found[status["boot_primary"]]["bootname"])

    def story(self):
        """For the message of a test that fails."""
        if self.process.poll() is not None:
            return self.output[-3000:]
        return self.try_run("cat /data/boot/*; journalctl -q --no-pager -o cat -u errandd -u rauc | tail -60")[1]
