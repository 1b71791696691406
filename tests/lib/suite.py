"""Runs the layers, some at a time, and sums up. Started by tests/run."""

import argparse
import shutil
import sys
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from count import Counts
from layers import ALONE, EXTRA, LAYERS, QUICK, TOP, Died, Place
from sweep import cores_below, sweep

BUILDS = TOP / "build-tests"
SLOTS = 3       # on two cores: the tests of the whole daemon mostly wait
SHOWN_FAILURES = 30


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/run", description="Build errand and run its tests.")
    parser.add_argument("--only", default="", help="layers, separated by commas; unit also means unit-asan, build "
                        "every build: " + " ".join(LAYERS))
    parser.add_argument("--quick", action="store_true", help="no sanitizers, no whole daemon, no packages")
    parser.add_argument("--lint", action="store_true", help="the linters, too")
    parser.add_argument("--vm", action="store_true", help="also in qemu: packages, system updates (10 minutes)")
    parser.add_argument("--long", action="store_true", help="also a thousand kills a workflow, and the long soaks "
                        "(half an hour or more)")
    parser.add_argument("--keep", action="store_true", help="keep scratch directories also when all is well")
    options = parser.parse_args(arguments)
    options.only = [name for name in options.only.split(",") if name]
    unknown = [name for name in options.only if name not in LAYERS]
    if unknown:
        parser.error(f"no such layer: {' '.join(unknown)}; there are {' '.join(LAYERS)}")
    return options


def choose(options):
    """The layers asked for and the builds they need, in the order of the table."""
    if options.only:
        chosen = {name for name in LAYERS for only in options.only if name == only or name.startswith(only + "-")}
    else:
        chosen = set(QUICK if options.quick else LAYERS) - set(EXTRA)
    chosen |= {name for name in EXTRA if getattr(options, name)}
    needed = {need for name in chosen for need in LAYERS[name][0]}
    return [name for name in LAYERS if name in chosen | needed]


def run_layer(name, scratch):
    """(counts, seconds). Whatever goes wrong is a failure of the layer, never of the summary."""
    log = BUILDS / "logs" / f"{name}.log"
    log.unlink(missing_ok=True)
    log.touch()
    place = Place(log, scratch / name, BUILDS)
    place.scratch.mkdir()
    began, counts = time.time(), Counts()
    try:
        counts.add(LAYERS[name][1](place))
        if counts.total() == 0:
            counts.fail(name, "the layer has no tests")
    except Died as death:
        counts.fail(name, str(death))
    except Exception as error:      # the rest of the run must go on and say so
        counts.fail(name, f"{type(error).__name__}: {error}")
    # The log and scratch are this layer's own; the build trees are searched for cores at the end.
    for path, line in sweep([log, place.scratch]):
        counts.fail(f"swept from {path}: {line}", "")
    return counts, time.time() - began


def grouped(reasons):
    """One line for each reason of skips."""
    titles = {}
    for title, reason in reasons:
        titles.setdefault(reason, []).append(title)
    for reason, named in titles.items():
        others = f" and {len(named) - 1} more" if len(named) > 1 else ""
        yield f"{reason} ({named[0]}{others})"


def show(name, counts, seconds):
    """Failures first: a log may be cut off."""
    print(f"{name:17} {str(counts):32} {seconds:6.1f} s", flush=True)
    for title, text in counts.failures[:SHOWN_FAILURES]:
        print(f"    FAILED {title}")
        print("".join(f"        {line}\n" for line in text.rstrip().splitlines()), end="", flush=True)
    if len(counts.failures) > SHOWN_FAILURES:
        print(f"    ... and {len(counts.failures) - SHOWN_FAILURES} more, see {BUILDS}/logs/{name}.log")
    for title, text in counts.unsteady:
        print(f"    UNSTEADY {title}: failed beside others, passed by itself")
        print("".join(f"        {line}\n" for line in text.rstrip().splitlines()), end="", flush=True)
    for line in grouped(counts.reasons):
        print(f"    skipped {line}", flush=True)


def show_and_add(total, name, counts, seconds):
    show(name, counts, seconds)
    counts.failures = [(f"{name}: {title}", text) for title, text in counts.failures]
    counts.unsteady = [(f"{name}: {title}", text) for title, text in counts.unsteady]
    total.add(counts)


def sum_up(total, seconds):
    """Says once more what failed or was unsteady, each in one line; the last line is the count."""
    print(f"{seconds:.0f} s")
    for title, _ in total.failures:
        print(f"FAILED {' '.join(title.split())}")
    for title, _ in total.unsteady:
        print(f"UNSTEADY {' '.join(title.split())}")
    print(total, flush=True)


def is_quiet_enough(name, waiting, running):
    return name not in ALONE or not {*waiting, *running.values()} - set(ALONE)


def run_all(names, scratch):
    """Starts each layer when what it needs is done and a slot is free; a layer without its build has failed."""
    total, waiting, running, broken, done = Counts(), list(names), {}, set(), set()
    with ThreadPoolExecutor(SLOTS) as pool:
        while waiting or running:
            for name in list(waiting):
                needs = set(LAYERS[name][0])
                if needs & broken:
                    waiting.remove(name)
                    broken.add(name)
                    counts = Counts()
                    counts.fail(name, f"not run: {' '.join(sorted(needs & broken))} failed")
                    show_and_add(total, name, counts, 0)
                elif needs <= done and len(running) < SLOTS and is_quiet_enough(name, waiting, running):
                    waiting.remove(name)
                    running[pool.submit(run_layer, name, scratch)] = name
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                name = running.pop(future)
                counts, seconds = future.result()
                show_and_add(total, name, counts, seconds)
                done.add(name)
                if name.startswith("build") and counts.failed:
                    broken.add(name)
    return total


def main():
    options = parse(sys.argv[1:])
    (BUILDS / "logs").mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="et.", dir="/tmp"))
    scratch.chmod(0o755)        # steps of jobs run as nobody
    began = time.time()
    total = run_all(choose(options), scratch)
    for path in cores_below([BUILDS], began):
        total.fail(f"core file {path}", "")
    if total.failed or options.keep:
        print(f"logs: {BUILDS}/logs, scratch: {scratch}")
    else:
        shutil.rmtree(scratch, ignore_errors=True)
    sum_up(total, time.time() - began)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
