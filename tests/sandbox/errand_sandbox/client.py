"""For tests in Python: a server in a subprocess, and everything it can be asked, as methods."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

from . import uploads
from .model import arn
from .remote import Remote

PROGRAM = Path(__file__).resolve().parent.parent / "errand-sandbox"
FINAL = ("SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")


class Sandbox:
    """with Sandbox(directory) as sandbox: ... The server ends with the block."""

    def __init__(self, directory, *options):
        """options: more words for `serve`, for instance "--switch", "status-details=merge"."""
        self.directory = Path(directory)
        self.options = [str(option) for option in options]
        self.process = None
        self.endpoint = None
        self._remote = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Returns when the server is ready."""
        command = [sys.executable, str(PROGRAM), "serve", "--directory", str(self.directory), "--with-parent",
                   *self.options]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for line in self.process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise RuntimeError(f"errand-sandbox ended with {self.process.wait()} before it was ready")
        self.endpoint = json.loads((self.directory / "endpoint.json").read_text())
        self._remote = Remote(self.endpoint["http"])
        return self

    def stop(self):
        """The exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def call(self, method, path, body=None, query=None, timeout=30.0):
        return self._remote.call(method, path, body, query, timeout)

    def thing(self, name):
        """Makes it if need be: paths of certificate, key and errand.conf, and the text of the latter."""
        return self.call("POST", ["_sandbox", "things", name])

    def create_job(self, document, thing=None, job_id=None, targets=None, timeout=None, retries=None, **settings):
        """document: an object or JSON text. timeout in minutes; retries after FAILED; settings as CreateJob has them.
        Returns the job's id."""
        job_id = job_id or f"job-{uuid.uuid4().hex[:12]}"
        body = dict(settings)
        body["targets"] = targets or [arn("thing", thing)]
        body["document"] = document if isinstance(document, str) else json.dumps(document)
        if timeout:
            body["timeoutConfig"] = {"inProgressTimeoutInMinutes": timeout}
        if retries:
            criteria = [{"failureType": "FAILED", "numberOfRetries": retries}]
            body["jobExecutionsRetryConfig"] = {"criteriaList": criteria}
        self.call("PUT", ["jobs", job_id], body)
        return job_id

    def describe(self, job_id):
        return self.call("GET", ["jobs", job_id])["job"]

    def executions(self, job_id):
        return self.call("GET", ["_sandbox", "executions", job_id])["executions"]

    def execution(self, job_id, thing):
        """The newest execution: status, statusDetails, versionNumber, executionNumber ..."""
        mine = [e for e in self.executions(job_id) if e["thing"] == thing]
        return max(mine, key=lambda e: e["executionNumber"]) if mine else None

    def cancel(self, job_id, force=False):
        self.call("PUT", ["jobs", job_id, "cancel"], {}, {"force": str(force).lower()})

    def delete(self, job_id, force=False):
        self.call("DELETE", ["jobs", job_id], query={"force": str(force).lower()})

    def cancel_execution(self, job_id, thing, force=False):
        self.call("PUT", ["things", thing, "jobs", job_id, "cancel"], {}, {"force": str(force).lower()})

    def delete_execution(self, job_id, thing, number=1, force=False):
        self.call("DELETE", ["things", thing, "jobs", job_id, "executionNumber", str(number)],
                  query={"force": str(force).lower()})

    def wait_status(self, job_id, statuses=FINAL, timeout=30.0, thing=None):
        """Until the newest execution on every thing has one of the statuses; returns them all, or the one of `thing`.
        Raises TimeoutError with what was there instead."""
        statuses = (statuses,) if isinstance(statuses, str) else statuses
        query = {"job": job_id, "status": ",".join(statuses), "timeout": timeout, "thing": thing}
        answer = self.call("GET", "/_sandbox/wait", query=query, timeout=timeout + 30)
        if not answer["done"]:
            raise TimeoutError(f"job {job_id} is not {'/'.join(statuses)} after {timeout} s: {answer['executions']}")
        return answer["executions"][0] if thing else answer["executions"]

    def last(self):
        """The number of the newest ledger entry."""
        return self.call("GET", "/_sandbox/status")["last"]

    def ledger(self, after=0, timeout=0.0, **wanted):
        """Entries after number `after`; a timeout waits for the first. wanted: kind, thing, api, jobId, topic ..."""
        query = {"after": after, "timeout": timeout, **wanted}
        return self.call("GET", "/_sandbox/ledger", query=query, timeout=timeout + 30)["entries"]

    def expect(self, after=0, timeout=10.0, **wanted):
        """The first matching entry. Raises TimeoutError."""
        found = self.ledger(after, timeout, **wanted)
        if not found:
            raise TimeoutError(f"no ledger entry {wanted} within {timeout} s")
        return found[0]

    def fault(self, api, action, **fields):
        """For instance fault("UpdateJobExecution", "drop-answer", count=1, status="SUCCEEDED"). Returns its number."""
        return self.call("POST", "/_sandbox/faults", {"api": api, "action": action, **fields})["id"]

    def clear_faults(self):
        self.call("DELETE", "/_sandbox/faults")

    def switch(self, name, value):
        self.call("PUT", "/_sandbox/switches", {name: value})

    def advance(self, seconds):
        """Put the service's clock forward."""
        self.call("POST", "/_sandbox/clock", {"advance": seconds})

    def release(self):
        """Send every delayed message now."""
        self.call("POST", "/_sandbox/release", {})

    def window(self, job_id, is_open):
        """Hold a job's maintenance window open or shut; None: as scheduled."""
        self.call("POST", "/_sandbox/window", {"job": job_id, "open": is_open})

    def notify(self, thing):
        """Both notifications once more."""
        self.call("POST", "/_sandbox/notify", {"thing": thing})

    def publish(self, topic, payload, qos=0):
        """Any bytes on any topic below $aws/things/, as if the service had sent them."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.call("POST", "/_sandbox/publish", data, {"topic": topic, "qos": qos})

    def broker(self, action):
        """stop, start or restart."""
        self.call("POST", "/_sandbox/broker", {"action": action})

    def kick(self, thing="", client_id=""):
        """End the connection of a thing's clients, or of one client."""
        self.call("POST", "/_sandbox/kick", {"thing": thing, "clientId": client_id})

    def put_file(self, name, data):
        """Returns the placeholder for documents, the public URL, and the size."""
        return self.call("PUT", "/_sandbox/files/" + name, data, timeout=120)

    def create_stream(self, name, files, description=None):
        """files: {fileId: content}; content: bytes, a Path, or the name of a file in the store. A stream that exists
        gets its next version. Returns the version."""
        return uploads.put_stream(self.call, name, files, description)["streamVersion"]

    update_stream = create_stream

    def delete_stream(self, name):
        self.call("DELETE", ["streams", name])

    def describe_stream(self, name):
        return self.call("GET", ["streams", name])["streamInfo"]

    def ota_file(self, content, **options):
        """A file for create_ota_update(); content as in create_stream(), options: signature (bytes, or text delivered
        as it is), certificate, algorithm ("sha256-ecdsa"), file_name, file_type."""
        return uploads.ota_file(self.call, content, **options)

    def create_ota_update(self, update_id, thing, *files, protocols=("MQTT",), **settings):
        """A job with an afr_ota document, and its stream for MQTT. files: of ota_file(), or content for unsigned ones;
        settings: more members of CreateOTAUpdate. Returns the job's id."""
        files = [entry if isinstance(entry, dict) else self.ota_file(entry) for entry in files]
        return uploads.create_ota_update(self.call, update_id, [thing], files, protocols, **settings)

    def presign(self, key, method="GET", expires=3600):
        return self.call("GET", "/_sandbox/presign", query={"key": key, "method": method, "expires": expires})["url"]

    def reset(self):
        """No jobs, groups, streams, faults or changed switches any more; things stay."""
        self.call("POST", "/_sandbox/reset", {})
