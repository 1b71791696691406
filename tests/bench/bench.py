#!/usr/bin/python3
"""Measures errandd against its budgets: start, turnaround, drain, idle memory and wake-ups, disk writes.

    ERRAND_BUILD=DIR tests/bench/bench.py [--jobs 200] [--idle 60] [--json]

DIR is a build without sanitizers, best with -Dtests=false. Everything runs on this machine: the sandbox's Jobs
service on a real Mosquitto with mutual TLS. Times are taken by the service, from its notification leaving to the
final update arriving, so the service's own part of a job is in the figure.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "device"))
sys.path.insert(0, str(HERE.parent / "sandbox"))

from device import Device  # noqa: E402
from errand_sandbox.client import Sandbox  # noqa: E402

TRIVIAL = {"operation": "shell", "command": ["true"]}
SETTLE_SECONDS = 2


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def start(device):
    """From exec to the first request the service sees, in ms."""
    begun = time.monotonic()
    since = device.sandbox.last()
    device.start(ready=False)
    entry = device.sandbox.expect(after=since, kind="request", thing=device.name)
    return (entry["monotonic"] - begun) * 1000


def updates(device, since):
    return device.sandbox.ledger(after=since, thing=device.name, kind="request", api="UpdateJobExecution")


def turnaround(device, jobs, document):
    """Per job: from notify-next leaving to the claim and to the final update arriving; in ms."""
    rows = []
    for _ in range(jobs):
        since = device.sandbox.last()
        device.wait(device.create(document))
        told = device.sandbox.ledger(after=since, thing=device.name, kind="notification", api="notify-next")[0]
        seen = updates(device, since)
        rows.append({"claim": (seen[0]["monotonic"] - told["monotonic"]) * 1000,
                     "final": (seen[-1]["monotonic"] - told["monotonic"]) * 1000})
    return rows


def drain(device, count, document):
    """Queues jobs while the device is stopped, then starts it: seconds from the first claim to the last final."""
    jobs = [device.create(document) for _ in range(count)]
    since = device.sandbox.last()
    device.start(ready=False)
    for job in jobs:
        device.wait(job, 60)
    seen = updates(device, since)
    return seen[-1]["monotonic"] - seen[0]["monotonic"]


def fields(path, wanted):
    found = {}
    for line in Path(path).read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in wanted:
            found[name] = int(rest.split()[0])
    return found


def memory(device):
    """kB."""
    return fields(f"/proc/{device.process.pid}/smaps_rollup", {"Rss", "Pss", "Private_Dirty"})


def switches(device):
    names = {"voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"}
    return sum(fields(f"/proc/{device.process.pid}/status", names).values())


def written(device):
    """Bytes handed to the block layer so far."""
    return fields(f"/proc/{device.process.pid}/io", {"write_bytes"}).get("write_bytes", 0)


def measure_turnaround(device, jobs):
    turnaround(device, 10, TRIVIAL)
    before = written(device)
    rows = turnaround(device, jobs, TRIVIAL)
    finals = [row["final"] for row in rows]
    return {
        "turnaround_median_ms": round(statistics.median(finals), 2),
        "turnaround_p95_ms": round(percentile(finals, 0.95), 2),
        "to_claim_median_ms": round(statistics.median(row["claim"] for row in rows), 2),
        "bytes_written_per_job": (written(device) - before) // jobs,
        "after_jobs_kB": memory(device),
    }


def measure_idle(device, seconds):
    device.start()
    time.sleep(SETTLE_SECONDS)
    result = {"idle_kB": memory(device)}
    before = switches(device)
    time.sleep(seconds)
    result["idle_switches_per_min"] = round((switches(device) - before) * 60 / seconds, 1)
    device.stop()
    return result


def measure(options, sandbox, directory):
    device = Device(directory / "device", sandbox, "bench")
    device.arguments = []
    del device.groups["jobs"]
    result = {"start_ms": round(start(device), 1)}
    result.update(measure_turnaround(device, options.jobs))
    device.stop()
    result["drain_100_s"] = round(drain(device, 100, TRIVIAL), 3)
    device.stop()
    result.update(measure_idle(device, options.idle))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--idle", type=int, default=60, help="seconds of idling for the wake-ups")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        with Sandbox(Path(name) / "sandbox") as sandbox:
            result = measure(options, sandbox, Path(name))
    if options.json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:24} {value}")


if __name__ == "__main__":
    main()
