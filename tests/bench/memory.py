#!/usr/bin/python3
"""What errandd keeps in memory when idle: after start, and after jobs and reconnects; per mapping, too.

    ERRAND_BUILD=DIR tests/bench/memory.py [--jobs 100] [--reconnects 0] [--mappings] [--json]

DIR is a build without sanitizers, best with -Dtests=false. As root, since pages are compared by their frames. A shared
page counts in part, and which part depends on what else this machine happens to run, so three figures are given, in
kB: "alone" as if nothing else mapped the libraries, "broker" as if only the sandbox's Mosquitto did, "pss" as it is
now. "dirty" is Private_Dirty. One run is one sample: for less than some dozens of kB compare several.
"""

import argparse
import json
import os
import re
import struct
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "device"))
sys.path.insert(0, str(HERE.parent / "sandbox"))

from bench import SETTLE_SECONDS, TRIVIAL, turnaround  # noqa: E402
from device import Device, descendants  # noqa: E402
from errand_sandbox.client import Sandbox  # noqa: E402

HEAD = re.compile(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+\s*(.*)")
KINDS = {"Rss": "alone", "Pss": "pss", "Private_Dirty": "dirty"}
COLUMNS = ("alone", "broker", "pss", "dirty")
PAGE = os.sysconf("SC_PAGE_SIZE")
PAGE_KB = PAGE // 1024
# Documentation/admin-guide/mm/pagemap.rst of the kernel
PRESENT = 1 << 63
FRAME = (1 << 55) - 1


def mappings(pid):
    """Rows of smaps in order: name, first and last address, kB."""
    rows = []
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = HEAD.match(line)
        if head:
            name = os.path.basename(head[3]) or "[anonymous]"
            rows.append({"name": name, "range": (int(head[1], 16), int(head[2], 16)), **dict.fromkeys(COLUMNS, 0)})
            continue
        key, _, rest = line.partition(":")
        if key in KINDS:
            rows[-1][KINDS[key]] = int(rest.split()[0])
    return rows


def frames(pid, rows):
    """Per row the frames of its resident pages."""
    found = []
    with open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for row in rows:
            first, last = (address // PAGE for address in row["range"])
            if row["alone"] == 0:
                found.append([])
                continue
            pagemap.seek(first * 8)
            entries = struct.unpack(f"{last - first}Q", pagemap.read((last - first) * 8))
            found.append([entry & FRAME for entry in entries if entry & PRESENT])
    return found


def look(pid, broker):
    """Totals and one row per file, the largest first."""
    rows = mappings(pid)
    shared = {frame for row in frames(broker, mappings(broker)) for frame in row}
    if shared == {0}:
        raise SystemExit("memory.py: the kernel shows frames to root only")
    files = {}
    for row, own in zip(rows, frames(pid, rows)):
        row["broker"] = sum(PAGE_KB / 2 if frame in shared else PAGE_KB for frame in own)
        file = files.setdefault(row["name"], {"name": row["name"], **dict.fromkeys(COLUMNS, 0)})
        for column in COLUMNS:
            file[column] += row[column]
    parts = sorted((file for file in files.values() if file["alone"]), key=lambda file: -file["alone"])
    totals = {column: round(sum(file[column] for file in parts)) for column in COLUMNS}
    return {**totals, "files": parts}


def find_broker(sandbox):
    return next(pid for pid in descendants(sandbox.process.pid)
                if Path(f"/proc/{pid}/comm").read_text().strip() == "mosquitto")


def reconnect(device, times):
    for _ in range(times):
        since = device.sandbox.last()
        device.sandbox.kick(device.name)
        device.sandbox.expect(after=since, kind="request", thing=device.name, timeout=120)


def look_twice(device, broker, options):
    time.sleep(SETTLE_SECONDS)
    start = look(device.process.pid, broker)
    turnaround(device, options.jobs, TRIVIAL)
    reconnect(device, options.reconnects)
    device.wait_empty()
    time.sleep(options.settle)
    return {"start": start, "work": look(device.process.pid, broker)}


def measure(options, sandbox, directory):
    device = Device(directory / "device", sandbox, "bench")
    device.arguments = []
    del device.groups["jobs"]
    device.start()
    try:
        return look_twice(device, find_broker(sandbox), options)
    finally:
        device.stop()


def show(result, options):
    names = {"start": "after start", "work": f"after {options.jobs} jobs, {options.reconnects} reconnects"}
    print(f"{'':40}" + "".join(f"{column:>8}" for column in COLUMNS))
    for key, name in names.items():
        print(f"{name:40}" + "".join(f"{result[key][column]:8}" for column in COLUMNS))
        for file in result[key]["files"] if options.mappings else []:
            print(f"  {file['name']:38}" + "".join(f"{file[column]:8.0f}" for column in COLUMNS))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--reconnects", type=int, default=0)
    parser.add_argument("--settle", type=float, default=SETTLE_SECONDS, help="seconds of rest before the second look")
    parser.add_argument("--mappings", action="store_true", help="a line per mapped file")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        with Sandbox(Path(name) / "sandbox") as sandbox:
            result = measure(options, sandbox, Path(name))
    if options.json:
        print(json.dumps(result))
        return
    show(result, options)


if __name__ == "__main__":
    main()
