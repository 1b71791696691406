"""Counts single tests: from JUnit files (pytest) and from meson's log of TAP and plain tests."""

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

TAP_LINE = re.compile(r"^(not ok|ok)\b\s*(\d*)\s*-?\s*(.*?)\s*(?:#\s*(SKIP|TODO)\b\s*(.*))?$", re.IGNORECASE)
TAP_PLAN = re.compile(r"^1\.\.(\d+)\s*(?:(#\s*SKIP)\b\s*(.*))?", re.IGNORECASE)
PYTEST_END = re.compile(r"^=* ?((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE)
PYTEST_SKIP = re.compile(r"^SKIPPED \[\d+\] (.*?:\d+): (.*)$", re.MULTILINE)      # with -rs
KEPT_LINES = 40


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)    # (name, text)
    reasons: list = field(default_factory=list)     # why a test was skipped
    unsteady: list = field(default_factory=list)    # (name, text): see second_look.py

    def fail(self, name, text):
        self.failed += 1
        self.failures.append((name, text))

    def skip(self, name, reason):
        self.skipped += 1
        self.reasons.append((name, reason.strip() or "no reason given"))

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.reasons += other.reasons
        self.unsteady += other.unsteady

    def total(self):
        return self.passed + self.failed + self.skipped

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def tail(text, lines=KEPT_LINES):
    return "\n".join(text.rstrip().split("\n")[-lines:])


def from_junit(path):
    """A file that is missing or cut short raises OSError or ParseError: the layer has died."""
    counts = Counts()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        broken = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped, name = case.find("skipped"), f"{case.get('classname')}::{case.get('name')}"
        if broken is not None:
            counts.fail(name, tail(broken.text or broken.get("message") or ""))
        elif skipped is not None:
            counts.skip(name, skipped.get("message") or "")
        else:
            counts.passed += 1
    return counts


def from_tap(text, name):
    """Top-level results of one TAP program. A plan that was not kept, or a bail-out, is one failure more."""
    counts, planned, ended = Counts(), None, False
    for line in text.split("\n"):
        plan, result = TAP_PLAN.match(line), TAP_LINE.match(line)
        if plan and plan[2] and plan[1] == "0":
            counts.skip(name, plan[3] or "")
            return counts
        if plan:
            planned = int(plan[1])
        elif line.startswith("Bail out!"):
            counts.fail(name, f"{line}\n{tail(text)}")
            ended = True
        elif result and result[4]:
            counts.skip(f"{name} {result[3]}", result[5])
        elif result and result[1] == "ok":
            counts.passed += 1
        elif result:
            counts.fail(f"{name} {result[3]}", tail(text))
    if not ended and (not planned or planned != counts.total()):
        counts.fail(name, f"{counts.total()} results where {planned} were planned\n{tail(text)}")
    return counts


def from_pytest_text(text):
    """What pytest's last line counts; None when there is no such line."""
    ends = PYTEST_END.findall(text)
    if not ends:
        return None
    numbers = {word.rstrip("s"): int(number) for number, word in re.findall(r"(\d+) (\w+)", ends[-1])}
    counts = Counts(passed=numbers.get("passed", 0), skipped=numbers.get("skipped", 0))
    counts.reasons = PYTEST_SKIP.findall(text)
    for _ in range(numbers.get("failed", 0) + numbers.get("error", 0)):
        counts.fail("pytest", tail(text))
    return counts


def from_meson(path):
    """meson's LOGBASE.json: one test program a line."""
    counts = Counts()
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            counts.add(from_meson_test(json.loads(line)))
    return counts


def from_meson_test(test):
    output = test.get("stdout") or ""
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    if re.search(r"^(not ok|ok)\b|^1\.\.\d", output, re.MULTILINE):
        counts = from_tap(output, test["name"])
    elif test["result"] == "SKIP":
        counts = Counts()
        counts.skip(test["name"], tail(output, 1))
        return counts
    else:
        counts = from_pytest_text(output) or Counts(passed=1 if good else 0)
    if not good and test["result"] != "SKIP" and counts.failed == 0:
        text = f"{test['result']}, status {test.get('returncode')}\n{tail(output + (test.get('stderr') or ''))}"
        counts.fail(test["name"], text)
    elif counts.failures:
        counts.failures[-1] = (counts.failures[-1][0], counts.failures[-1][1] + "\n" + tail(test.get("stderr") or ""))
    return counts
