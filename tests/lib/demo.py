"""The demo: a Jobs service, a gateway and seven jobs on this machine. Started by tests/demo."""

import argparse
import getpass
import hashlib
import json
import shutil
import sys
import tempfile
import textwrap
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "sandbox"))

from errand_sandbox.client import FINAL, Sandbox  # noqa: E402
from gateway import Gateway, keyfile, local_settings  # noqa: E402
from two_slots import TwoSlots  # noqa: E402

THING = "demo-gateway"
START_SECONDS = 20
DEMO_SECONDS = 90
POLL_SECONDS = 0.1


@dataclass
class Job:
    name: str
    about: str
    document: dict
    status: str             # what it must end with
    reason: str = ""        # and this reason word, when there must be one
    cancel: bool = False    # by force, once it runs
    seen: str = ""          # what was printed last
    result: dict = None


def step(name, kind, **given):
    return {"action": {"name": name, "type": kind, "input": given, "runAsUser": ""}}


def make_jobs(sandbox, directory, board):
    """Downloads go through a placeholder that the service replaces with a presigned URL, as AWS does."""
    content = bytes(range(256)) * 4096
    placeholder = sandbox.put_file("model.bin", content)["placeholder"]
    image = board.image("2.0")
    system = sandbox.put_file("system.img", image)["placeholder"]
    greeting = directory / "greeting"
    return [
        Job("hello", "a command", {
            "operation": "shell", "command": ["/bin/sh", "-c", f"echo hello from errand | tee {greeting}"]},
            "SUCCEEDED"),
        Job("steps", "a Device Client document with three steps", {
            "version": "1.0", "includeStdOut": True, "steps": [
                step("Look", "runCommand", command=f"cat,{greeting}"),
                step("Wait", "runCommand", command="sleep,2"),
                step("Tidy", "runCommand", command=f"rm,{greeting}")]}, "SUCCEEDED"),
        Job("download", "a file with a checksum", {
            "operation": "download", "url": placeholder, "path": str(directory / "files/model.bin"),
            "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "mode": "0644"}, "SUCCEEDED"),
        Job("firmware", "a new system in the other slot, with a (simulated) reboot", {
            "operation": "firmware", "url": system, "version": "2.0",
            "sha256": hashlib.sha256(image).hexdigest(), "size": len(image)}, "SUCCEEDED"),
        Job("fails", "a command that fails", {
            "operation": "shell", "command": ["/bin/sh", "-c", "echo no such luck >&2; exit 3"]},
            "FAILED", "exit-status"),
        Job("rejected", "an operation nobody knows", {"operation": "make-coffee", "cups": 2},
            "REJECTED", "unknown-operation"),
        Job("cancelled", "cancelled by force while it runs", {
            "operation": "shell", "command": ["sleep", "600"], "timeout": 900}, "CANCELED", cancel=True),
    ]


def configure(sandbox, build, directory, board):
    """The path of the errand.conf that the sandbox wrote; a second file beside it adds this machine's part."""
    thing = sandbox.thing(THING)
    settings = local_settings(build, directory)
    settings |= board.settings()
    settings["operations"] = {"enabled": "shell;runCommand;download;firmware"}
    settings["jobs"] = {"progress-interval": "1s", "cancel-grace": "1s"}
    settings["plugin shell"] = {"default-user": getpass.getuser()}
    settings["plugin download"] = {"directories": directory / "files", "ca-file": sandbox.endpoint["ca"]}
    settings["plugin firmware"] |= {"ca-file": sandbox.endpoint["ca"], "health-checks": "test -d /"}
    extra = Path(thing["configFile"] + ".d")
    extra.mkdir(mode=0o755)
    (extra / "50-demo.conf").write_text(keyfile(settings))
    (directory / "files").mkdir()
    return thing["configFile"]


def say(began, name, text):
    print(f"{time.monotonic() - began:6.1f} s  {name:10} {text}", flush=True)


def describe(execution):
    details = execution["statusDetails"]
    shown = [f"{key}={details[key]}" for key in ("step", "progress", "reason") if details.get(key)]
    return " ".join([execution["status"], *shown])


def reboot(gateway, board, began):
    before = board.slot()
    gateway.stop()
    board.boot()
    say(began, "firmware", f"-> the machine restarts: slot {before} ran, now {board.slot()} does")
    gateway.start()


def follow(sandbox, gateway, board, jobs, began):
    """Prints every change until all jobs have ended or time is up."""
    deadline = began + DEMO_SECONDS
    left = list(jobs)
    while left and time.monotonic() < deadline and gateway.alive():
        if board.wants_reboot():
            reboot(gateway, board, began)
        for job in list(left):
            execution = sandbox.execution(job.name, THING)
            text = describe(execution)
            if text != job.seen:
                job.seen = text
                say(began, job.name, text)
            if job.cancel and execution["status"] == "IN_PROGRESS":
                job.cancel = False
                say(began, job.name, "-> errand-sandbox cancel --force")
                sandbox.cancel(job.name, force=True)
            if execution["status"] in FINAL:
                job.result = execution
                left.remove(job)
        time.sleep(POLL_SECONDS)


def fault_of(job):
    """What is wrong with the outcome; empty when it is as it should be."""
    if job.result is None:
        return "not done"
    if job.result["status"] != job.status:
        return f"{job.result['status']} instead of {job.status}"
    reason = job.result["statusDetails"].get("reason", "")
    if job.reason and reason != job.reason:
        return f"reason {reason or 'missing'} instead of {job.reason}"
    return ""


def print_table(jobs):
    print()
    print(f"{'job':10} {'expected':10} {'outcome':10} {'reason':18} message")
    for job in jobs:
        details = job.result["statusDetails"] if job.result else {}
        status = job.result["status"] if job.result else "-"
        fault = fault_of(job)
        verdict = f"   <- {fault}" if fault else ""
        print(f"{job.name:10} {job.status:10} {status:10} {details.get('reason', ''):18} "
              f"{textwrap.shorten(details.get('message', ''), 80, placeholder=' ...')}{verdict}")
    print()


def write_junit(path, jobs):
    suite = ElementTree.Element("testsuite", name="demo")
    for job in jobs:
        case = ElementTree.SubElement(suite, "testcase", classname="demo", name=job.name)
        if fault_of(job):
            ElementTree.SubElement(case, "failure", message=fault_of(job)).text = \
                f"{fault_of(job)}\n{json.dumps(job.result)}"
    ElementTree.ElementTree(suite).write(path)


def run(build, directory):
    """The jobs with their results."""
    board = TwoSlots(directory / "board")
    with Sandbox(directory / "sandbox") as sandbox:
        print(f"errand-sandbox serves {sandbox.endpoint['host']}:{sandbox.endpoint['port']}")
        config = configure(sandbox, build, directory, board)
        gateway = Gateway([build / "core/daemon/errandd", "--config", config], directory / "errandd.log").start()
        try:
            sandbox.expect(timeout=START_SECONDS, thing=THING)
            print(f"errandd runs for {THING} with {config}\n")
            jobs = make_jobs(sandbox, directory, board)
            began = time.monotonic()
            for job in jobs:
                sandbox.create_job(job.document, THING, job.name)
                say(began, job.name, f"created: {job.about}")
            follow(sandbox, gateway, board, jobs, began)
            check_facts(jobs, directory, board)
            return jobs
        finally:
            gateway.stop()


def check_facts(jobs, directory, board):
    """What the jobs say they did must have happened."""
    facts = {"download": (directory / "files/model.bin").is_file(),
             "steps": not (directory / "greeting").exists(),
             "firmware": board.slot() == "B" and board.is_confirmed()}
    for job in jobs:
        if job.result and job.result["status"] == "SUCCEEDED" and not facts.get(job.name, True):
            job.result = {**job.result, "status": "SUCCEEDED?"}


def main():
    parser = argparse.ArgumentParser(prog="tests/demo")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--directory", type=Path, help="work here and leave everything (default: a temporary one)")
    parser.add_argument("--junit", type=Path, help="write the outcomes here, too")
    options = parser.parse_args()
    directory = options.directory or Path(tempfile.mkdtemp(prefix="errand-demo.", dir="/tmp"))
    directory.mkdir(exist_ok=True)
    try:
        jobs = run(options.build.resolve(), directory)
    except (OSError, RuntimeError, TimeoutError, LookupError) as error:
        print(f"the demo could not go on: {type(error).__name__}: {error}")
        jobs = []
    print_table(jobs)
    good = bool(jobs) and not any(fault_of(job) for job in jobs)
    if options.junit:
        write_junit(options.junit, jobs or [Job("start", "", {}, "SUCCEEDED")])
    if good and not options.directory:
        shutil.rmtree(directory)
    if not good:
        print(f"logs: {directory}/errandd.log and {directory}/sandbox")
    print("every job ended as it should" if good else "NOT every job ended as it should")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
