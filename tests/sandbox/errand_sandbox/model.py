"""What the service remembers: things, groups, jobs, executions, streams; and its form on disk."""

import json
import uuid
from dataclasses import asdict, dataclass, field, fields

ACCOUNT = "000000000000"
REGION = "us-east-1"
FINAL = frozenset(("SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"))
STATUSES = ("QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED")


def arn(kind, name):
    return f"arn:aws:iot:{REGION}:{ACCOUNT}:{kind}/{name}"


@dataclass(slots=True)
class Execution:
    job_id: str
    thing: str
    number: int
    seq: int                # creation order; decides the queue where whole seconds cannot
    queued_at: float
    updated_at: float
    status: str = "QUEUED"
    started_at: float = None
    version: int = 1
    details: dict = field(default_factory=dict)
    in_progress_deadline: float = None
    step_deadline: float = None
    force_canceled: bool = False
    retry_attempt: int = 0

    @property
    def final(self):
        return self.status in FINAL

    def deadline(self):
        if self.step_deadline is None:
            return self.in_progress_deadline
        if self.in_progress_deadline is None:
            return self.step_deadline
        return min(self.step_deadline, self.in_progress_deadline)


@dataclass(slots=True)
class Job:
    id: str
    targets: list
    document: str
    created_at: float
    updated_at: float
    status: str = "IN_PROGRESS"
    selection: str = "SNAPSHOT"
    settings: dict = field(default_factory=dict)    # the other members of CreateJob as they came
    completed_at: float = None
    force_canceled: bool = False
    reason_code: str = None
    comment: str = None
    window_open: bool = True
    window_override: bool = None
    last_number: dict = field(default_factory=dict)  # thing -> last executionNumber given
    retries: dict = field(default_factory=dict)      # thing -> {failure type: retries used}
    executions: dict = field(default_factory=dict)   # thing -> {number: Execution}
    parsed: object = None

    def body(self):
        """The document as an object; parsed once."""
        if self.parsed is None:
            self.parsed = json.loads(self.document)
        return self.parsed

    def every_execution(self):
        return [e for numbers in self.executions.values() for e in numbers.values()]

    def setting(self, *path, default=None):
        value = self.settings
        for name in path:
            if not isinstance(value, dict) or value.get(name) is None:
                return default
            value = value[name]
        return value

    @property
    def windows(self):
        return self.setting("schedulingConfig", "maintenanceWindows") or []


@dataclass(slots=True)
class Thing:
    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    attributes: dict = field(default_factory=dict)
    version: int = 1


@dataclass(slots=True)
class Group:
    name: str
    created_at: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    things: list = field(default_factory=list)
    properties: dict = field(default_factory=dict)


@dataclass(slots=True)
class Stream:
    id: str
    files: list             # fileId, s3Location, and the etag of the content it stands for
    created_at: float
    updated_at: float
    description: str = ""
    role: str = None
    version: int = 1


JOB_SAVED = tuple(f.name for f in fields(Job) if f.name not in ("executions", "parsed"))
EXECUTION_SAVED = tuple(f.name for f in fields(Execution))


def members(entry, names):
    return {name: getattr(entry, name) for name in names}


class Store:
    def __init__(self):
        self.things = {}
        self.groups = {}
        self.jobs = {}
        self.streams = {}
        self.updates = {}       # id of an OTA update -> what GetOTAUpdate tells of it
        self.pending = {}       # thing -> {seq: Execution}, those that are not final
        self.seq = 0

    def add_execution(self, job, thing, now, retry_attempt=0):
        number = job.last_number.get(thing, 0) + 1
        job.last_number[thing] = number
        self.seq += 1
        execution = Execution(job.id, thing, number, self.seq, now, now, retry_attempt=retry_attempt)
        job.executions.setdefault(thing, {})[number] = execution
        self.pending.setdefault(thing, {})[execution.seq] = execution
        return execution

    def leave_queue(self, execution):
        self.pending.get(execution.thing, {}).pop(execution.seq, None)

    def drop_execution(self, job, execution):
        self.leave_queue(execution)
        numbers = job.executions.get(execution.thing, {})
        numbers.pop(execution.number, None)
        if not numbers:
            job.executions.pop(execution.thing, None)

    def to_json(self):
        """Shares with the store only what is replaced and never changed, so that it can be written without a lock."""
        jobs = []
        for job in self.jobs.values():
            plain = members(job, JOB_SAVED)
            plain["last_number"], plain["retries"] = dict(job.last_number), {t: dict(r) for t, r in job.retries.items()}
            plain["executions"] = [members(e, EXECUTION_SAVED) for e in job.every_execution()]
            jobs.append(plain)
        return {"format": 1, "seq": self.seq, "things": [asdict(t) for t in self.things.values()],
                "groups": [asdict(g) for g in self.groups.values()], "jobs": jobs,
                "streams": [asdict(s) for s in self.streams.values()], "updates": dict(self.updates)}

    @classmethod
    def from_json(cls, data):
        """Raises KeyError, TypeError or ValueError when the data are not a store's."""
        store = cls()
        store.seq = int(data["seq"])
        for plain in data["things"]:
            store.things[plain["name"]] = Thing(**plain)
        for plain in data["groups"]:
            store.groups[plain["name"]] = Group(**plain)
        for plain in data.get("streams", ()):
            store.streams[plain["id"]] = Stream(**plain)
        store.updates.update(data.get("updates", {}))
        for plain in data["jobs"]:
            executions = plain.pop("executions")
            job = store.jobs[plain["id"]] = Job(**plain)
            for entry in executions:
                store.restore_execution(job, Execution(**entry))
        return store

    def restore_execution(self, job, execution):
        job.executions.setdefault(execution.thing, {})[execution.number] = execution
        if not execution.final:
            self.pending.setdefault(execution.thing, {})[execution.seq] = execution
