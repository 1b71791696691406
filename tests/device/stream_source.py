"""A file in a stream of the device's own, and what the service saw of its requests."""

import hashlib
import os

BLOCK = 4096
BLOCKS = 200
SIZE = (BLOCKS - 1) * BLOCK + 100


class Stream:
    """One file in a stream of the device's own."""

    def __init__(self, device, sandbox, size=SIZE):
        self.device, self.sandbox = device, sandbox
        self.name = "s-" + device.name.replace(":", "-")
        self.data = os.urandom(size)
        self.target = device.downloads / "file"
        self.since = sandbox.last()
        sandbox.create_stream(self.name, {3: self.data})

    def document(self, **more):
        return {"operation": "download", "stream": self.name, "file": 3, "path": str(self.target),
                "sha256": hashlib.sha256(self.data).hexdigest(), **more}

    def fault(self, api, action, **more):
        self.sandbox.fault(api, action, stream=self.name, **more)

    def sent(self):
        """Numbers of the blocks that the service sent, in order."""
        return [entry["block"] for entry in self.sandbox.ledger(after=self.since, kind="block", stream=self.name)]

    def gets(self):
        return self.sandbox.ledger(after=self.since, kind="request", stream=self.name, api="GetStream")

    def run(self, timeout=60, **more):
        return self.device.run(self.document(**more), timeout=timeout)

    def arrived(self):
        assert self.target.read_bytes() == self.data
        assert os.listdir(self.device.downloads) == ["file"]


def runner_of(device):
    found = device.children()
    return found[0] if found else None
