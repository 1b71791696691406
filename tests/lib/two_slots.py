"""tests/lib/board for the demo: a make-believe machine with two slots, and its power switch."""

import os
from pathlib import Path

BOARD = Path(__file__).resolve().parent / "board"


class TwoSlots:
    def __init__(self, directory):
        self.directory = directory
        self.boots = 0
        directory.mkdir()
        self._write("next", "A")
        self._write("version.A", "1.0")
        self.boot()

    def _write(self, name, text):
        (self.directory / name).write_text(text + "\n")

    def _read(self, name):
        path = self.directory / name
        return path.read_text().strip() if path.exists() else ""

    def settings(self):
        """What errand.conf says of this machine."""
        boot_id = self.directory / "boot_id"
        programs = {name: f"{BOARD};{self.directory};{name}"
                    for name in ("booted", "inspect", "install", "confirm", "rollback")}
        return {"reboot": {"command": f"{BOARD};{self.directory};reboot", "boot-id-file": boot_id},
                "plugin firmware": {"backend": "command", "boot-id-file": boot_id, **programs}}

    def image(self, version):
        return f"{version} demo-board\n".encode() + os.urandom(2_000_000)

    def slot(self):
        return self._read("slot")

    def is_confirmed(self):
        return (self.directory / f"good.{self.slot()}").exists()

    def wants_reboot(self):
        return self._read("log").splitlines().count("reboot") >= self.boots

    def boot(self):
        self.boots += 1
        self._write("slot", self._read("next"))
        self._write("boot_id", f"0000000{self.boots}-aaaa-bbbb-cccc-dddddddddddd")
