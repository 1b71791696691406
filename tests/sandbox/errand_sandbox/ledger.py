"""Everything that was asked, answered and told, in order, so that tests can assert on it and wait for it."""

import threading
import time
from collections import deque

KEEP = 100_000


class Ledger:
    """Any thread may add and read."""

    def __init__(self):
        self._entries = deque(maxlen=KEEP)
        self._changed = threading.Condition()
        self.last = 0
        self.closed = False

    def add(self, kind, **entry):
        entry["kind"] = kind
        entry["monotonic"] = time.monotonic()
        entry["wall"] = time.time()
        with self._changed:
            self.last += 1
            entry["n"] = self.last
            self._entries.append(entry)
            self._changed.notify_all()
        return entry

    def after(self, n, wanted=None):
        """Entries with a higher number; wanted(entry) chooses among them."""
        with self._changed:
            return self._after(n, wanted)

    def _after(self, n, wanted):
        found = []
        for entry in reversed(self._entries):
            if entry["n"] <= n:
                break
            if wanted is None or wanted(entry):
                found.append(entry)
        found.reverse()
        return found

    def wait(self, n, wanted, timeout):
        """As after(), but waits for the first one."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = self._after(n, wanted)
                left = deadline - time.monotonic()
                if found or left <= 0 or self.closed:
                    return found
                self._changed.wait(left)

    def close(self):
        with self._changed:
            self.closed = True
            self._changed.notify_all()
