"""One call of a firmware backend in a process of its own, as errand-runner would make it."""

import os
import signal
import subprocess
from dataclasses import dataclass, field

from device import BUILD, wait_for

PROGRAM = BUILD / "tests/device/backend-run"
FAILED, SUCCEEDED, REJECTED, CANCELLED = 0, 1, 2, 4


@dataclass
class Answer:
    result: int = None
    reason: str = None
    message: str = ""
    told: dict = field(default_factory=dict)        # "booted", "image": the words after it
    progress: list = field(default_factory=list)    # (percent, step)
    log: list = field(default_factory=list)

    def __iter__(self):
        return iter((self.result, self.reason))


def parse(text):
    answer = Answer()
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "result":
            answer.result = int(rest)
        elif kind == "reason":
            answer.reason, _, answer.message = rest.partition(" ")
        elif kind == "progress":
            percent, _, step = rest.partition(" ")
            answer.progress.append((int(percent), step))
        elif kind == "log":
            answer.log.append(rest.partition(" ")[2])
        else:
            answer.told[kind] = rest.split(" ")
    return answer


class Call:
    """A call that was begun."""

    def __init__(self, environment, directory, *words):
        self.path = directory / "backend.out"
        self.process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                                        stdout=open(self.path, "wb"), env={**os.environ, **environment})

    def so_far(self):
        return parse(self.path.read_text(errors="replace"))

    def wait_progress(self, percent):
        wait_for(lambda: any(has >= percent for has, _ in self.so_far().progress), f"progress of {percent}")

    def wait_log(self, text):
        wait_for(lambda: any(text in line for line in self.so_far().log), f"log line with {text!r}")

    def cancel(self):
        wait_for(lambda: self.path.stat().st_size > 0, "the call's begin")
        self.process.send_signal(signal.SIGUSR1)

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def end(self, timeout=60):
        status = self.process.wait(timeout)
        assert status == 0, f"backend-run ended with {status}: {self.path.read_text(errors='replace')}"
        return self.so_far()
