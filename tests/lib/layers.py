"""The layers of tests: what each needs, and how it is run and counted."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from count import Counts, from_junit, from_meson, tail
from second_look import second_look

TOP = Path(__file__).resolve().parents[2]
# Processes that share the tests of the whole daemon: these mostly wait. Each has a sandbox and a directory of its own.
WORKERS = min(2 * (os.cpu_count() or 1), 8)
# What tests/run builds: compiler and options. Sanitizers write to log_path, so that no test can swallow a report.
SETUPS = {
    "gcc": ("gcc", ["-Dwerror=true"]),
    "asan": ("gcc", ["-Dwerror=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"]),
    "clang": ("clang-14", ["-Dwerror=true", "-Dfuzz=true", "-Db_lundef=false"]),
}


@dataclass
class Place:
    """Where one layer works: its log, its scratch directory (short: socket paths end at 108 bytes), all builds."""
    log: Path
    scratch: Path
    builds: Path

    def build(self, name):
        return self.builds / name

    def environment(self):
        log_path = self.scratch / "san"
        shared = f"log_path={log_path}:halt_on_error=1"
        # GLib's own pools would keep what is lost in them reachable, and the leak check blind.
        return {**os.environ, "G_DEBUG": "fatal-criticals", "G_SLICE": "always-malloc",
                "ERRAND_BUILD": str(self.build("gcc")), "TMPDIR": str(self.scratch), "NO_COLOR": "1",
                "PYTEST_ADDOPTS": "-rs",
                "ASAN_OPTIONS": shared + ":detect_leaks=1:disable_coredump=1:handle_abort=0",
                "UBSAN_OPTIONS": shared + ":print_stacktrace=1", "PYTHONDONTWRITEBYTECODE": "1"}


class Died(Exception):
    """The layer ended without results; the text says how."""


def run(place, command, timeout, environment=None, cwd=TOP):
    """The exit status. Output goes to the layer's log; at the deadline the whole process group is killed."""
    with open(place.log, "ab") as log:
        log.write(f"$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT, cwd=cwd, env=environment or place.environment(),
                                   start_new_session=True)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            raise Died(f"not done after {timeout} s: {' '.join(map(str, command))}") from None


def run_or_die(place, command, timeout, **options):
    status = run(place, command, timeout, **options)
    if status != 0:
        raise Died(f"exit status {status}\n{tail(place.log.read_text(errors='replace'))}")


def build(place, name):
    """Configures once and compiles. One test: it compiles without a warning."""
    compiler, options = SETUPS[name]
    directory = place.build(name)
    if not (directory / "build.ninja").exists():
        environment = {**place.environment(), "CC": compiler}
        run_or_die(place, ["meson", "setup", "-Dtests=true", *options, directory, TOP], 120, environment=environment)
    run_or_die(place, ["ninja", "--quiet", "-k", "10", "-C", directory], 900)
    return Counts(passed=1)


def meson(place, name, folders):
    """The meson tests whose program (or script) lies in one of the folders of tests/."""
    directory = place.build(name)
    tests = introspect(place, directory)
    wanted = [test["name"] for test in tests if any(f"tests/{folder}/" in " ".join(test["cmd"]) for folder in folders)]
    if not wanted:
        return Counts()
    base = f"{place.log.stem}-results"
    results = directory / "meson-logs" / f"{base}.json"
    results.unlink(missing_ok=True)
    run(place, ["meson", "test", "-C", directory, "--no-rebuild", "--num-processes", "2", "--logbase", base, *wanted],
        900)
    if not results.exists():
        raise Died(f"meson test left no {results}")
    (place.scratch / results.name).write_bytes(results.read_bytes())    # for the sweep
    return from_meson(results)


def introspect(place, directory):
    answer = subprocess.run(["meson", "introspect", "--tests", str(directory)], capture_output=True, text=True,
                            timeout=60, env=place.environment())
    if answer.returncode != 0:
        raise Died(f"meson introspect: {answer.stdout}{answer.stderr}")
    return json.loads(answer.stdout)


def pytest(place, folders, timeout, environment=None, options=(), directory="t"):
    """pytest over folders of tests/, or single tests below them; their scratch is `directory` of the place's."""
    paths = [TOP / "tests" / folder for folder in folders]
    missing = [str(path) for path in paths if not Path(str(path).split("::", 1)[0]).exists()]
    if missing:
        raise Died(f"no such folder: {' '.join(missing)}")
    results = place.scratch / f"junit-{directory}.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junitxml={results}",
               f"--basetemp={place.scratch / directory}", *options, *paths]
    status = run(place, command, timeout, environment={**place.environment(), **(environment or {})})
    try:
        counts = from_junit(results)
    except (OSError, ElementTree.ParseError) as error:
        raise Died(f"pytest ended with {status}: {error}\n{tail(place.log.read_text(errors='replace'))}") from None
    if status not in (0, 1):
        counts.fail("pytest", f"exit status {status}\n{tail(place.log.read_text(errors='replace'))}")
    return counts


def device(place, name, alone=False):
    """The whole daemon of one build; tests/device/groups.py says which tests are apart, to be run `alone`. Tests of
    memory and speed look at ERRAND_SANITIZED and skip themselves."""
    environment = {"ERRAND_BUILD": str(place.build(name))}
    chosen = "alone" if alone else "not alone"
    if name == "asan":
        environment["ERRAND_SANITIZED"] = "1"
        chosen += " and not once"
    options = ["-m", chosen] if alone else ["-m", chosen, "-n", str(WORKERS)]
    counts = pytest(place, ["device"], 1500, environment, options)

    def again(tests):
        try:
            return pytest(place, tests, 600, environment, directory="2")
        except Died:
            return Counts(failed=len(tests))
    return second_look(counts, again)


def long(place):
    """A thousand kills of each campaign (per workflow where there are several) and the long soaks, one after another:
    half an hour or more. What is set in the environment wins, ERRAND_SEED too."""
    environment = {**LONG, **{name: os.environ[name] for name in LONG if name in os.environ},
                   "ERRAND_BUILD": str(place.build("gcc"))}
    return pytest(place, [f"device/{name}" for name in LONG_TESTS], 7200, environment, ["-rA"])


def demo(place):
    """tests/demo, against the plain build; each job of it is a test."""
    results = place.scratch / "junit.xml"
    status = run(place, [sys.executable, TOP / "tests/lib/demo.py", "--build", place.build("gcc"), "--directory",
                         place.scratch / "d", "--junit", results], 180)
    if not results.exists():
        raise Died(f"the demo ended with {status}\n{tail(place.log.read_text(errors='replace'))}")
    return from_junit(results)


def lint(place):
    """Every linter is one test."""
    from lint import LINTERS
    counts = Counts()
    for name, commands in LINTERS(TOP, place.build("gcc")):
        marker = place.log.stat().st_size if place.log.exists() else 0
        status = max([run(place, command, 600) for command in commands], default=0)
        if status == 0:
            counts.passed += 1
        else:
            counts.fail(name, tail(place.log.read_bytes()[marker:].decode(errors="replace")))
    return counts


# name -> (layers that must have succeeded, function of a Place); in the order they are started in
LAYERS = {
    "build": ((), lambda place: build(place, "gcc")),
    "check": ((), lambda place: pytest(place, ["check", "lib"], 120)),
    "sandbox": ((), lambda place: pytest(place, ["sandbox"], 600)),
    "build-asan": ((), lambda place: build(place, "asan")),
    "device": (("build",), lambda place: device(place, "gcc")),
    "device-asan": (("build-asan",), lambda place: device(place, "asan")),
    "unit": (("build",), lambda place: meson(place, "gcc", ["unit", "fuzz"])),
    "module": (("build",), lambda place: meson(place, "gcc", ["module"])),
    "unit-asan": (("build-asan",), lambda place: meson(place, "asan", ["unit", "fuzz"])),
    "module-asan": (("build-asan",), lambda place: meson(place, "asan", ["module"])),
    "package": ((), lambda place: pytest(place, ["package"], 900)),
    "demo": (("build",), lambda place: demo(place)),
    "build-clang": ((), lambda place: build(place, "clang")),
    "lint": (("build",), lint),
    "device-alone": (("build",), lambda place: device(place, "gcc", alone=True)),
    "device-asan-alone": (("build-asan",), lambda place: device(place, "asan", alone=True)),
    "long": (("build",), long),
    "vm": ((), lambda place: pytest(place, ["vm"], 2400)),
}
LONG = {"ERRAND_KILLS": "1000", "ERRAND_SOAK": "long"}
LONG_TESTS = ("test_kill_campaign.py", "test_kill_mix.py", "test_soak.py", "test_link_soak.py")
QUICK = ("build", "check", "sandbox", "unit", "module")
EXTRA = ("lint", "vm", "long")     # only when asked for
# When all others are done: they measure. Beside each other they may run.
ALONE = ("device-alone", "device-asan-alone", "long")
