#!/usr/bin/python3
"""In place of errand-runner: asks for streams as no runner may when the document has a "mode"; else becomes the real
one, the first argument."""

import base64
import json
import os
import signal
import socket
import sys
import time

LINK = socket.socket(fileno=3)
LARGEST = base64.b64encode(b"x" * 25 * 1024).decode()


def send(kind, **fields):
    LINK.send(json.dumps({"type": kind, **fields}).encode())


def ask(stream, payload="AAAA", **more):
    send("stream", **{"stream": stream, "format": 1, "topic": 1, "payload": payload, **more})


def ready():
    send("ready", plugin="shell", version="0", timeout=0)


def begin():
    ready()
    send("checked", outcome=1)
    while json.loads(LINK.recv(200000))["type"] != "go":
        continue


def flood(name, payload="AAAA", seconds=2):
    end = time.monotonic() + seconds
    n = 0
    while time.monotonic() < end:
        ask(name(n), payload)
        n += 1


def many_names():
    begin()
    flood(lambda n: f"h-{n % 1000}")


def refused_at_last(names=20):
    """Asks so often for so many streams that one request is refused, and tells which and why."""
    begin()
    for n in range(20):
        ask(f"h-{n % names}")
    while True:
        packet = json.loads(LINK.recv(200000))
        if packet["type"] == "streamed" and packet.get("error-number"):
            send("detail", key="refused", text=f"{packet['stream']} {packet['error-number']}")
            return


def full_speed_and_never_reads():
    begin()
    flood(lambda n: "h-1", LARGEST)


def before_go():
    ready()
    flood(lambda n: "s-1", seconds=0.2)
    send("checked", outcome=1)
    while json.loads(LINK.recv(200000))["type"] != "go":
        continue


def after_result():
    begin()
    send("result", outcome=1)
    flood(lambda n: "h-1", seconds=0.5)


def crafted(name):
    begin()
    ask(name)
    signal.pause()


def garbage():
    begin()
    ask("s-1", payload="#garbage#")
    signal.pause()


def too_large():
    begin()
    ask("s-1", payload=base64.b64encode(b"x" * 26 * 1024).decode())
    signal.pause()


def answers():
    """What only the service may say."""
    begin()
    ask("s-1", topic=3)
    signal.pause()


def main():
    document = json.loads(json.loads(LINK.recv(200000, socket.MSG_PEEK))["document"])
    if "mode" not in document:
        os.execv(sys.argv[1], [sys.argv[1]])
    LINK.recv(200000)
    globals()[document["mode"]](*document.get("arguments", []))
    if document["mode"] != "after_result":
        send("result", outcome=1)


if __name__ == "__main__":
    main()
