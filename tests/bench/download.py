#!/usr/bin/python3
"""Compares the download plugin with curl -o: the same server, the same file, the same disk.

    ERRAND_BUILD=DIR tests/bench/download.py [--size 1024] [--rounds 5] [--directory DIR] [--calls] [--json]

DIR is a build without sanitizers, best with -Dtests=false. errand is measured as a whole, by errandctl run: start,
checks, records and the fsync of the file are in its figure. curl writes no checksum and syncs nothing, hence the
variants with sync and with sha256sum after it. The contenders take turns, so that a busy machine is busy for all, and
"x curl" is the median of what each round says; "best" is the fastest round of each, the least disturbed one. With
--calls one more round under strace counts system calls.
"""

import argparse
import hashlib
import http.server
import json
import multiprocessing
import os
import select
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "device"))
sys.path.insert(0, str(HERE.parent / "sandbox"))

from device import ERRANDCTL, Device, descendants  # noqa: E402
from errand_sandbox.pki import Pki  # noqa: E402

MIB = 1024 * 1024
BLOCK = 256 * 1024
SMALL = 1
LOOK_SECONDS = 0.05


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    directory = None

    def do_GET(self):
        with open(Path(self.directory) / Path(self.path).name, "rb") as source:
            self.send_response(200)
            self.send_header("Content-Length", str(os.fstat(source.fileno()).st_size))
            self.end_headers()
            if isinstance(self.connection, ssl.SSLSocket):
                while block := source.read(BLOCK):
                    self.connection.sendall(block)
            else:
                self.connection.sendfile(source)

    def log_message(self, *_):
        pass


def serve(directory, context_files, ports):
    Handler.directory = directory
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context_files:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*context_files)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    ports.put(server.server_address[1])
    server.serve_forever()


def start_server(directory, context_files=None):
    """A process of its own, so that the server's work does not wait for this one's."""
    ports = multiprocessing.Queue()
    process = multiprocessing.Process(target=serve, args=(directory, context_files, ports), daemon=True)
    process.start()
    return ports.get()


def make_file(path, size):
    """Random, so that nothing on the way can shrink it; its SHA-256."""
    digest = hashlib.sha256()
    with open(path, "wb") as target:
        for _ in range(0, size, MIB):
            block = os.urandom(min(MIB, size))
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def peak_of(pid):
    """The largest resident set of one process of the tree, ever, in MiB; what exec() inherits does not count here."""
    peak = 0
    for one in [pid, *descendants(pid)]:
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        peak = max([peak, *(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))])
    return peak


def run(argv):
    """Seconds of wall clock and of CPU, and the peak of memory as far as looking now and then shows it."""
    begun, peak = time.monotonic(), 0
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended = os.pidfd_open(process.pid)
    while not select.select([ended], [], [], LOOK_SECONDS)[0]:
        peak = max(peak, peak_of(process.pid))
    took = time.monotonic() - begun
    os.close(ended)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status != 0:
        raise RuntimeError(f"{' '.join(argv)} ended with {process.returncode}")
    return took, usage.ru_utime + usage.ru_stime, peak


class Contest:
    def __init__(self, directory, size):
        self.directory = directory
        self.target = directory / "device/downloads/file"
        self.pki = Pki(directory / "pki")
        files = directory / "files"
        files.mkdir()
        self.digests = {"file": make_file(files / "file", size), "small": make_file(files / "small", SMALL)}
        self.roots = {"http": f"http://127.0.0.1:{start_server(files)}",
                      "https": f"https://localhost:{start_server(files, self.pki.broker)}"}
        self.config = self._config()

    def _config(self):
        device = Device(self.directory / "device", None)
        device.groups["plugin download"]["ca-file"] = self.pki.ca_file
        return device.write_config()

    def errand(self, scheme, name="file", **more):
        path = self.directory / f"{scheme}-{name}-{'-'.join(more)}.json"
        path.write_text(json.dumps({"operation": "download", "url": f"{self.roots[scheme]}/{name}",
                                    "path": str(self.target), **more}))
        return [str(ERRANDCTL), "run", str(path), "--config", str(self.config)]

    def curl(self, scheme, then=""):
        words = ["curl", "-sS", "--fail", "--cacert", self.pki.ca_file, "-o", self.target, f"{self.roots[scheme]}/file"]
        if not then:
            return list(map(str, words))
        return ["sh", "-c", " ".join(map(str, words)) + f" && {then} {self.target}"]

    def contenders(self, scheme):
        digest = self.digests["file"]
        return {
            "curl": self.curl(scheme),
            "curl, sync": self.curl(scheme, "sync"),
            "curl, sha256sum": self.curl(scheme, "sha256sum"),
            "errand": self.errand(scheme),
            "errand, sha256": self.errand(scheme, sha256=digest),
            "errand, one byte": self.errand(scheme, "small", sha256=self.digests["small"]),
        }

    def once(self, argv):
        self.target.unlink(missing_ok=True)
        os.sync()
        return run(argv)


def count_calls(contest, argv):
    """System calls of the whole tree; futex and the like of waiting threads are part of the price."""
    output = contest.directory / "calls"
    contest.once(["strace", "-f", "-c", "-o", str(output), *argv])
    return int(output.read_text().splitlines()[-1].split()[3])


def measure(contest, rounds):
    rows = {}
    for scheme in contest.roots:
        contenders = contest.contenders(scheme)
        for _ in range(rounds):
            for name, argv in contenders.items():
                rows.setdefault((scheme, name), []).append(contest.once(argv))
    return rows


def summary(rows):
    result = []
    for (scheme, name), values in rows.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*values))
        best = min(value[0] for value in values)
        ratio = statistics.median(value[0] / curl[0] for value, curl in zip(values, rows[scheme, "curl"]))
        result.append({"scheme": scheme, "what": name, "seconds": round(wall, 3), "times_curl": round(ratio, 2),
                       "best_seconds": round(best, 3), "cpu_seconds": round(cpu, 2), "peak_MiB": round(peak, 1)})
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024, help="MiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", help="where the file and the copies lie; default: TMPDIR")
    parser.add_argument("--calls", action="store_true", help="count system calls, too")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory or os.environ.get("TMPDIR")) as name:
        contest = Contest(Path(name), options.size * MIB)
        result = summary(measure(contest, options.rounds))
        for row in result if options.calls else []:
            row["calls"] = count_calls(contest, contest.contenders(row["scheme"])[row["what"]])
    if options.json:
        print(json.dumps(result))
        return
    print(f"{'':6} {'':18} {'seconds':>8} {'x curl':>7} {'best':>7} {'CPU s':>7} {'peak MiB':>9} {'calls':>8}")
    for row in result:
        print(f"{row['scheme']:6} {row['what']:18} {row['seconds']:8.3f} {row['times_curl']:7.2f} "
              f"{row['best_seconds']:7.3f} {row['cpu_seconds']:7.2f} {row['peak_MiB']:9.1f} {row.get('calls', ''):>8}")


if __name__ == "__main__":
    main()
