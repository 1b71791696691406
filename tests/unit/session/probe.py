"""The program session-probe as an object: what it says arrives as lines with a deadline."""

import os
import queue
import subprocess
import threading
import time

BUSY = 0.6  # CPU seconds a quiet probe may need over two seconds and more; a spinning one needs all of them
DEADLINE = 20.0


class Probe:
    def __init__(self, *words, scale=1):
        program = os.environ["SESSION_PROBE"]
        environment = {**os.environ, "ERRAND_TEST_TIME_SCALE": str(scale)}
        environment.pop("JOURNAL_STREAM", None)
        self.log_lines = []
        self.seen = []
        self._lines = queue.Queue()
        self.process = subprocess.Popen(
            [program, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_log, daemon=True).start()

    @classmethod
    def for_thing(cls, credentials, *words, host=None, port=None, **options):
        return cls("--host", host or credentials["host"], "--port", port or credentials["port"],
                   "--ca", credentials["ca"], "--cert", credentials["certificate"],
                   "--key", credentials["key"], "--thing", credentials["thingName"], *words, **options)

    def _read(self):
        for line in self.process.stdout:
            text, _, stamp = line.rstrip("\n").rpartition("\t@")
            self._lines.put((text, int(stamp) / 1e6 if stamp else 0.0))
        self._lines.put((None, 0.0))

    def _read_log(self):
        for line in self.process.stderr:
            self.log_lines.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """3: the session was refused. Anything else is a crash or a sanitizer's finding."""
        status = self.end()
        assert kind is not None or status in (0, 3), f"exit status {status}: {self.log_lines}"

    def end(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def say(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def expect(self, start, timeout=DEADLINE):
        """The next line that begins so, as its words; others before it are kept in .seen."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                text, stamp = self._lines.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise AssertionError(f"no line '{start}' in {timeout} s; seen {self.seen}; "
                                     f"log {self.log_lines}") from None
            if text is None:
                raise AssertionError(f"the probe ended before '{start}'; seen {self.seen}; "
                                     f"log {self.log_lines}")
            self.seen.append(text)
            if text.startswith(start):
                self.stamp = stamp
                return text.split(" ")

    def quiet(self, start, seconds):
        """No line that begins so within the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                text, _ = self._lines.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                return
            assert text is not None, f"the probe ended; log {self.log_lines}"
            self.seen.append(text)
            assert not text.startswith(start), text

    def wait_log(self, part, timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.log_lines:
                if part in line:
                    return line
            time.sleep(0.01)
        raise AssertionError(f"nothing logged with '{part}' in {timeout} s: {self.log_lines}")

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as stream:
            fields = stream.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def switches(self):
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status") as stream:
                total += sum(int(line.split()[1]) for line in stream if "ctxt_switches" in line)
        return total
