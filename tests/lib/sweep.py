"""Finds what no test may leave in a log, whatever the test itself said: sanitizer reports, GLib criticals, cores."""

import os
import re
import stat
from pathlib import Path

ALARM = re.compile(r"ERROR: (?:Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|: runtime error: "
                   r"|-(?:CRITICAL|ERROR) \*\*|\(core dumped\)")
ON_PURPOSE = re.compile(r"tests/zoo/|/zoo-[a-z0-9-]+\.so|libzoo-")
REPORT_LINES = 60
REPORT_BYTES = 20000
LINE_MAX = 300
FILE_MAX = 32 * 1024 * 1024
LOG_NAME = re.compile(r"\.(log|txt|json)$|log|stdout|stderr|output|^san(itizer)?\.", re.IGNORECASE)
CORE_NAME = re.compile(r"^core(\.\d+)?$")


def alarms_in(text):
    """The alarming lines, once each. A report with the zoo in its stack is what that plugin is for."""
    found = []
    for match in ALARM.finditer(text):
        start = text.rfind("\n", 0, match.start()) + 1
        report = "\n".join(text[start:start + REPORT_BYTES].split("\n", REPORT_LINES)[:REPORT_LINES])
        line = report.split("\n", 1)[0].strip()[:LINE_MAX]
        if not ON_PURPOSE.search(report) and line not in found:
            found.append(line)
    return found


def files_below(place):
    if place.is_file():
        yield place
    for directory, _, names in os.walk(place):
        yield from (Path(directory, name) for name in names)


def cores_below(places, since):
    """Core files not older than since."""
    return [path for place in places for path in files_below(Path(place))
            if CORE_NAME.match(path.name) and path.is_file() and path.stat().st_size and path.stat().st_mtime >= since]


def sweep(places):
    """(path, line) for each alarm in log files and each core file, in the places or below them."""
    found = [(path, "core file") for path in cores_below(places, 0)]
    for path in (path for place in places for path in files_below(Path(place))):
        try:
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and LOG_NAME.search(path.name) and status.st_size <= FILE_MAX:
                found += [(path, line) for line in alarms_in(path.read_text("utf-8", errors="replace"))]
        except FileNotFoundError:
            continue    # a process is still tidying up
    return found
