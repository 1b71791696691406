"""A whole service behind a scripted broker: Jobs as the tests want them answered, and streams that may say anything."""

import json
import threading
import time

from broker import FakeBroker
from device import wait_for

FINAL = ("SUCCEEDED", "FAILED", "REJECTED", "CANCELED", "TIMED_OUT", "REMOVED")


class Shared:
    """A socket on which several threads send whole packets."""

    def __init__(self, socket):
        self.socket, self.lock = socket, threading.Lock()

    def sendall(self, data):
        with self.lock:
            self.socket.sendall(data)

    def __getattr__(self, name):
        return getattr(self.socket, name)


class Service(FakeBroker):
    """twist(api, job, request, answer) may change an answer, or say None for no answer. An answer is a list of
    (topic below jobs/, body); body is a dict or bytes. stream(word, form, request) is called for requests of streams
    and returns (word, bytes) pairs."""

    def __init__(self, device, twist=None, stream=None):
        self.prefix = f"$aws/things/{device.name}/"
        self.twist, self.stream = twist, stream
        self.executions, self.heard = {}, []
        super().__init__()
        device.groups["broker"] = {"host": "127.0.0.1", "port": self.port, "tls": "false"}

    def _serve(self, client):
        super()._serve(Shared(client))

    def _packet(self, client):
        count = len(self.published)
        more = super()._packet(client)
        for topic, payload in self.published[count:]:
            self._handle(topic[len(self.prefix):].split("/"), payload)
        return more

    # ---- Jobs ----

    def add(self, job, document, **more):
        self.executions[job] = {
            "jobId": job, "executionNumber": 1, "queuedAt": int(time.time()), "lastUpdatedAt": int(time.time()),
            "versionNumber": 1, "status": "QUEUED", "jobDocument": document, **more}
        return self.executions[job]

    def pending(self, status):
        return [{key: entry[key] for key in ("jobId", "executionNumber", "queuedAt", "lastUpdatedAt", "versionNumber")}
                for entry in self.executions.values() if entry["status"] == status]

    def head(self):
        alive = [entry for entry in self.executions.values() if entry["status"] not in FINAL]
        alive.sort(key=lambda entry: entry["status"] != "IN_PROGRESS")
        return {"execution": alive[0]} if alive else {}

    def notify(self):
        self.tell("jobs/notify", {"timestamp": 1, "jobs": {status: self.pending(status)
                                                           for status in ("IN_PROGRESS", "QUEUED")}})
        self.tell("jobs/notify-next", {"timestamp": 1, **self.head()})

    def tell(self, topic, body):
        self.say(self.prefix + topic, body if isinstance(body, bytes) else json.dumps(body).encode())

    def _update(self, job, request):
        entry = self.executions.get(job)
        if entry is None:
            return "rejected", {"code": "ResourceNotFound", "message": "none"}
        if entry["status"] in FINAL:
            return "rejected", {"code": "InvalidStateTransition", "message": "over",
                                "executionState": {"status": entry["status"], "versionNumber": 9}}
        entry["status"] = request["status"]
        if "statusDetails" in request:
            entry["statusDetails"] = request["statusDetails"]
        entry["versionNumber"] = (entry["versionNumber"] or 1) + 1
        return "accepted", {}

    def _start(self, request):
        head = self.head()
        if head and head["execution"]["status"] == "QUEUED":
            head["execution"].update(status="IN_PROGRESS", versionNumber=2,
                                     statusDetails=request.get("statusDetails", {}))
        return head

    def _answer(self, api, job, request):
        if api == "update":
            return self._update(job, request)
        if api == "start-next":
            return "accepted", self._start(request)
        if job == "$next":
            return "accepted", self.head()
        if job is None:
            return "accepted", {"queuedJobs": self.pending("QUEUED"), "inProgressJobs": self.pending("IN_PROGRESS")}
        if job in self.executions:
            return "accepted", {"execution": self.executions[job]}
        return "rejected", {"code": "ResourceNotFound", "message": "none"}

    def _handle(self, words, payload):
        if words[0] == "streams":
            for word, body in (self.stream or (lambda *_: ()))(words[2], words[3], payload):
                self.tell(f"streams/{words[1]}/{word}/{words[3]}", body)
            return
        request = json.loads(payload)
        job, api = (words[1], words[2]) if len(words) == 3 else (None, words[1])
        self.heard.append((api, job, request))
        result, body = self._answer(api, job, request)
        answers = [("/".join(words[1:] + [result]),
                    {"clientToken": request.get("clientToken"), "timestamp": 1, **body})]
        if self.twist is not None:
            answers = self.twist(api, job, request, answers)
        for topic, body in answers or ():
            self.tell("jobs/" + topic, body)
        if api == "update" and request.get("status") in FINAL:
            self.notify()

    # ---- what tests wait for ----

    def updates(self, job):
        return [request for api, name, request in list(self.heard) if api == "update" and name == job]

    def wait_final(self, job, timeout=20):
        def final():
            return next((entry for entry in self.updates(job) if entry["status"] in FINAL), None)
        found = wait_for(final, f"the end of {job}", timeout)
        return found["status"], found.get("statusDetails", {})
