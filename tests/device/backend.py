"""One call of a firmware backend in a process of its own, as errand-runner would make it."""

import itertools
import json
import os
import subprocess
from dataclasses import dataclass, field

from device import BUILD, wait_for

PLACE = BUILD / "tests/unit/plugins"
FAILED, SUCCEEDED, REJECTED, CANCELLED = 0, 1, 2, 4


@dataclass
class Answer:
    result: int = None
    reason: str = None
    message: str = ""
    details: dict = field(default_factory=dict)
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
            answer.reason = rest
        elif kind == "message":
            answer.message = rest
        elif kind == "progress":
            percent, _, step = rest.partition(" ")
            answer.progress.append((int(percent), step))
        elif kind == "log":
            answer.log.append(rest.partition(" ")[2])
        elif kind == "detail":
            key, _, value = rest.partition(" ")
            answer.details[key] = value
    return answer


class Call:
    """A call of backend rauc that was begun. words: settings KEY=VALUE, the call, and an image or slot."""

    def __init__(self, environment, directory, *words):
        words = list(map(str, words))
        settings = list(itertools.takewhile(lambda word: "=" in word, words))
        operation, *argument = words[len(settings):]
        document = {"image": argument[0], "slot": argument[0]} if argument else {}
        self.path = directory / "backend.out"
        self.process = subprocess.Popen(
            [PLACE / "drive-backend", "backend-rauc", operation, json.dumps(document), *settings],
            stdin=subprocess.PIPE, stdout=open(self.path, "wb"),
            env={**os.environ, "PLUGIN_DIRECTORY": str(PLACE), **environment})

    def so_far(self):
        return parse(self.path.read_text(errors="replace"))

    def wait_progress(self, percent):
        wait_for(lambda: any(has >= percent for has, _ in self.so_far().progress), f"progress of {percent}")

    def wait_log(self, text):
        wait_for(lambda: any(text in line for line in self.so_far().log), f"log line with {text!r}")

    def cancel(self):
        wait_for(lambda: self.path.stat().st_size > 0, "the call's begin")
        self.process.stdin.close()

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def end(self, timeout=60):
        status = self.process.wait(timeout)
        assert status == 0, f"drive-backend ended with {status}: {self.path.read_text(errors='replace')}"
        return self.so_far()
