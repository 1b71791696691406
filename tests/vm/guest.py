"""A Debian with systemd in qemu, steered by a root shell on its serial console."""

import json
import os
import re
import shlex
import socket
import subprocess
import threading
import time
from pathlib import Path

BOOT_SECONDS = 240      # about 15 s on an idle machine, without KVM
CONTROL_SECONDS = 20
PROMPT = "GUEST-READY"
LOGIN = f"""[Service]
ExecStart=
ExecStart=-/bin/sh -c 'stty -echo; echo; echo {PROMPT}; exec env PS1= TERM=dumb /bin/sh'
StandardInput=tty
StandardOutput=tty
Type=idle
"""
KERNEL_LINE = "root=/dev/vda rw console=ttyS0 quiet loglevel=3 systemd.show_status=0 panic=1"
USELESS = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
           "e2scrub_reap.service", "fstrim.timer", "systemd-timesyncd.service", "getty@tty1.service")


def make_bootable(root, fstab="/dev/vda / ext4 defaults,noatime 0 1\n"):
    """Turns a directory with a Debian into one that boots to a shell."""
    (root / "etc/fstab").write_text(fstab)
    (root / "etc/hostname").write_text("guest\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost guest\n")
    override = root / "etc/systemd/system/serial-getty@ttyS0.service.d/shell.conf"
    override.parent.mkdir(parents=True, exist_ok=True)
    override.write_text(LOGIN)
    for name in USELESS:
        link = root / "etc/systemd/system" / name
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")


def make_image(root, disk, size="1200M"):
    """A file system with what a directory holds; needs no mount."""
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, disk, size], check=True, timeout=120)


class Guest:
    """disks: {serial number: image}; the first is /dev/vda. options: more words for qemu."""

    def __init__(self, root, disks, log, *options):
        self.log = Path(log)
        self.output, self.changed, self.count = "", threading.Condition(), 0
        kernel = next((root / "boot").glob("vmlinuz-*"))
        initrd = next((root / "boot").glob("initrd.img-*"))
        self.control = self.log.with_name("control")
        words = ["qemu-system-x86_64", "-M", "q35", "-m", "512", "-smp", "2", "-nodefaults", "-display", "none",
                 "-accel", "tcg,thread=multi", "-nic", "user,model=virtio-net-pci,id=network",
                 "-device", "virtio-rng-pci", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd,
                 "-qmp", f"unix:{self.control},server=on,wait=off", *options]
        for serial, disk in disks.items():
            words += ["-drive", f"file={disk},format=raw,if=none,id={serial}",
                      "-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
        self.words = [str(word) for word in words]
        self.process = None

    def start(self, line=KERNEL_LINE):
        self.output = ""
        self.process = subprocess.Popen([*self.words, "-append", line], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def power_on(self):
        """Returns when there is a shell."""
        self.start()
        self.wait_for_boot()

    def set_link(self, up):
        """Plugs the network cable in or out."""
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(CONTROL_SECONDS)
            self.connect(channel)
            lines = channel.makefile("rw")
            for request in ({"execute": "qmp_capabilities"},
                            {"execute": "set_link", "arguments": {"name": "network", "up": up}}):
                lines.write(json.dumps(request) + "\n")
                lines.flush()
                while "return" not in (answer := json.loads(lines.readline())):
                    assert "error" not in answer, answer

    def connect(self, channel):
        """qemu makes its socket early, but not at once."""
        deadline = time.monotonic() + CONTROL_SECONDS
        while channel.connect_ex(str(self.control)) != 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody listens at {self.control}")
            with self.changed:
                self.changed.wait(0.05)

    def cut_power(self):
        """What the guest had not flushed to its disk is lost."""
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def read(self):
        with open(self.log, "ab") as log:
            while data := os.read(self.process.stdout.fileno(), 65536):
                log.write(data)
                log.flush()
                with self.changed:
                    self.output += data.decode(errors="replace").replace("\r", "")
                    self.changed.notify_all()
        with self.changed:
            self.output += "\nqemu has ended\n"
            self.changed.notify_all()

    def expect(self, pattern, seconds):
        """The match of a pattern in the console's output; what was there up to its end is consumed."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while True:
                found = re.search(pattern, self.output, re.MULTILINE | re.DOTALL)
                if found:
                    self.output = self.output[found.end():]
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or "qemu has ended" in self.output:
                    raise TimeoutError(f"{pattern} did not come within {seconds} s; the console's end:\n"
                                       f"{self.output[-3000:]}")
                self.changed.wait(left)

    def wait_for_boot(self):
        self.expect(f"^{PROMPT}$", BOOT_SECONDS)

    def try_run(self, command, seconds=60):
        """(exit status, output) of a shell command, given as one line or several."""
        self.count += 1
        mark = f"mark-{self.count}"
        line = f"eval {shlex.quote(command)} </dev/null 2>&1; printf '\\n%s=%d\\n' 'mark'-{self.count} $?\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        found = self.expect(rf"^(.*?)\n{mark}=(\d+)$", seconds)
        return int(found[2]), found[1].strip("\n")

    def run(self, command, seconds=60):
        status, output = self.try_run(command, seconds)
        assert status == 0, f"{command} ended with {status}:\n{output}"
        return output

    def wait(self, command, seconds, what):
        """Runs a command, in there, until it succeeds."""
        loop = f"until {command}; do sleep 0.2; done >/dev/null 2>&1"
        status, _ = self.try_run(f"timeout {seconds} sh -c {shlex.quote(loop)}", seconds + 30)
        if status != 0:
            raise TimeoutError(f"{what}: not within {seconds} s")
