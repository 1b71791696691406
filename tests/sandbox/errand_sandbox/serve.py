"""The command `serve`: one process with the broker as its child, until a signal ends it."""

import fcntl
import gc
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from .app import App
from .locate import remember

WATCH_SECONDS = 0.5
FOLLOW_SECONDS = 60.0
LINE = ("kind", "thing", "clientId", "event", "api", "jobId", "name", "method", "path", "status", "action", "code",
        "stream", "file", "block")
RARE_COLLECTIONS = (100_000, 50, 50)    # going through a long ledger for cycles would show in measured latencies


def lock_directory(directory):
    """Two servers must not share one directory. Keeps the file open for the life of the process."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    stream = open(Path(directory) / "lock", "w")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        return None
    return stream


def announce(endpoint):
    for name in ("directory", "host", "port", "plainPort", "ca", "http", "https"):
        if endpoint[name] is not None:
            print(f"{name} {endpoint[name]}")
    print("ready", flush=True)


def serve(options):
    """The exit status."""
    lock = lock_directory(options.directory)
    if lock is None:
        print(f"errand-sandbox: {options.directory} is served by another process already", file=sys.stderr)
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    app, status, parent = None, 0, os.getppid() if options.with_parent else None
    try:
        app = App(options)
        app.start()
        gc.freeze()
        gc.set_threshold(*RARE_COLLECTIONS)
        remember(app.directory)
        if options.verbose:
            threading.Thread(target=follow, args=(app.service.ledger,), daemon=True).start()
        announce(app.endpoint)
        status = watch(app, stop, parent)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"errand-sandbox: cannot serve {options.directory}: {error}", file=sys.stderr)
        status = 1
    finally:
        if app is not None:
            app.close()
        lock.close()
    sys.stdout.flush()
    os._exit(status)        # request threads may still wait in long polls


def follow(ledger):
    """Print the ledger as it grows."""
    last = 0
    while not ledger.closed:
        for entry in ledger.after(last) or ledger.wait(last, None, FOLLOW_SECONDS):
            last = entry["n"]
            words = [entry[name] for name in LINE if entry.get(name) not in (None, "")]
            stamp = time.strftime("%H:%M:%S", time.localtime(entry["wall"]))
            print(stamp, *words, json.dumps(entry["payload"]) if "payload" in entry else "", flush=True)


def watch(app, stop, parent):
    """Until told to stop, or until the broker, the service's thread or the parent (None: whichever) has ended."""
    while not stop.wait(WATCH_SECONDS):
        if parent is not None and os.getppid() != parent:
            return 0
        process = app.broker.process
        if process is not None and process.poll() is not None and app.broker.process is process:
            print(f"errand-sandbox: mosquitto ended by itself with {process.returncode}", file=sys.stderr)
            return 1
        if not app.front.is_alive():
            print("errand-sandbox: the service's thread has died", file=sys.stderr)
            return 1
    return 0
