"""The sandbox's clock: runs evenly whatever the system's wall clock does, and can be put forward by tests."""

import time


class Clock:
    """Seconds since 1970 as the service sees them."""

    def __init__(self):
        self._base = time.time() - time.monotonic()
        self._ahead = 0.0

    def now(self):
        return self._base + self._ahead + time.monotonic()

    def advance(self, seconds):
        self._ahead += seconds

    @property
    def ahead(self):
        return self._ahead


class FakeClock:
    """Stands still until told otherwise; for tests of the rules."""

    def __init__(self, now=1_700_000_000.0):
        self._now = now

    def now(self):
        return self._now

    def advance(self, seconds):
        self._now += seconds
