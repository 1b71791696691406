#!/usr/bin/python3
"""In place of errand-runner: breaks every rule it can. The document's "mode" names the function."""

import json
import os
import signal
import socket
import sys

LINK = socket.socket(fileno=3)


def send(kind, **fields):
    LINK.send(json.dumps({"type": kind, **fields}).encode())


def begin():
    send("ready", plugin="shell", version="0", timeout=0)
    send("checked", outcome=1)
    while json.loads(LINK.recv(200000))["type"] != "go":
        continue


def linger():
    while True:
        signal.pause()


def deaf():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def silent(_):
    deaf()
    linger()


def flood_before_check(_):
    deaf()
    while True:
        send("log", level=6, text="x" * 4000)


def flood(document):
    begin()
    deaf()
    for i in range(document.get("count", 20000)):
        send("progress", percent=i % 100, step="s" * 4000)
        send("detail", key=f"k{i}", text="v" * 4000)
        send("log", level=6, text="x" * 4000)
    send("result", outcome=1)


def oversized(_):
    begin()
    LINK.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    LINK.send(b"x" * 170000)
    linger()


def empty_packet(_):
    begin()
    deaf()
    LINK.send(b"")
    linger()


def two_results(_):
    begin()
    send("result", outcome=1)
    send("result", outcome=0)


def result_before_go(_):
    send("ready", plugin="shell", version="0")
    send("result", outcome=1)
    linger()


def reboot_instead_of_check(_):
    send("ready", plugin="shell", version="0")
    send("checked", outcome=3)
    deaf()
    linger()


def reboot_in_second_step(document):
    if document["command"][0] == "first":
        begin()
        send("result", outcome=1)
    else:
        reboot_instead_of_check(document)


def passes_descriptors(_):
    begin()
    ends = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
    for _ in range(50):
        socket.send_fds(LINK, [b'{"type":"progress","percent":1}'], ends)
    send("result", outcome=1)


def closes_the_link(_):
    begin()
    deaf()
    LINK.close()
    linger()


def lies_about_success(_):
    begin()
    send("result", outcome=1)
    deaf()
    linger()


def leaves_writers(_):
    """Children of their own session that go on writing to the link and to the output."""
    begin()
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            try:
                while True:
                    send("progress", percent=1)
                    os.write(1, b"noise " * 500)
            except OSError:
                linger()
    send("result", outcome=1)


def leaves_the_group(_):
    begin()
    deaf()
    os.setpgid(0, os.getpgid(os.getppid()))
    linger()


def stops_itself(_):
    begin()
    os.kill(os.getpid(), signal.SIGSTOP)


def forks_on(_):
    begin()
    deaf()
    for _ in range(6):
        if os.fork() == 0:
            os.setsid()
    linger()


def never_lets_go(document):
    """Answers TERM by leaving its critical section and entering another one."""
    def again(*_):
        send("critical", on=False)
        send("critical", on=True)

    begin()
    signal.signal(signal.SIGTERM, again)
    send("critical", on=True)
    with open(document["marker"], "a") as marker:
        marker.write("critical\n")
    linger()


def malformed(document):
    begin()
    LINK.send(document["bytes"].encode("latin-1"))
    linger()


def main():
    start = json.loads(LINK.recv(200000))
    document = json.loads(start["document"])
    globals()[document["mode"]](document)
    sys.exit(0)


if __name__ == "__main__":
    main()
