"""Faults that tests ask for: what shall go wrong, with which requests, how often."""

import threading

DEVICE_APIS = ("GetPendingJobExecutions", "StartNextPendingJobExecution", "DescribeJobExecution", "UpdateJobExecution")
STREAM_APIS = ("DescribeStream", "GetStream")
NOTIFICATIONS = ("notify", "notify-next", "notifications")
APIS = ("*", "file", "stream", *STREAM_APIS, *DEVICE_APIS, *NOTIFICATIONS)
ACTIONS = {
    "request": ("drop", "drop-answer", "delay", "duplicate", "error", "disconnect", "reorder"),
    "notification": ("drop", "delay", "duplicate"),
    "stream-request": ("drop", "delay", "duplicate", "error", "disconnect"),
    "stream": ("drop", "delay", "duplicate", "reorder", "corrupt", "error"),
    "file": ("error", "cut", "stall", "ignore-range", "change-etag", "slow"),
}
# field -> (type, default)
FIELDS = {
    "api": (str, "*"), "thing": (str, "*"), "action": (str, None), "count": (int, 1), "skip": (int, 0),
    "seconds": ((int, float), 0), "copies": (int, 2), "code": (str, "InternalError"), "job": (str, "*"),
    "status": (str, "*"), "clientId": (str, ""), "name": (str, "*"), "after": (int, 0), "httpStatus": (int, 503),
    "rate": (int, 65536), "message": (str, ""), "stream": (str, "*"), "file": ((int, str), "*"),
    "block": ((int, str), "*"),
}


def family(api):
    if api in NOTIFICATIONS:
        return "notification"
    if api in STREAM_APIS:
        return "stream-request"
    return api if api in ("file", "stream") else "request"


def check(spec):
    """A complete fault out of what a client sent. Raises ValueError."""
    if not isinstance(spec, dict):
        raise ValueError("a fault is a JSON object")
    fault = {name: default for name, (_, default) in FIELDS.items()}
    for name, value in spec.items():
        if name not in FIELDS:
            raise ValueError(f"{name!r} is no field of a fault; there are: {', '.join(FIELDS)}")
        if isinstance(value, bool) or not isinstance(value, FIELDS[name][0]):
            raise ValueError(f"field {name} of a fault has the wrong type")
        fault[name] = value
    fault["file"], fault["block"] = str(fault["file"]), str(fault["block"])
    if fault["api"] not in APIS:
        raise ValueError(f"api must be {', '.join(APIS)}")
    allowed = ACTIONS[family(fault["api"])]
    if fault["action"] not in allowed:
        raise ValueError(f"action must be one of {', '.join(allowed)}")
    if min(fault[name] for name in ("seconds", "count", "after", "skip")) < 0 or not 1 <= fault["copies"] <= 1000:
        raise ValueError("seconds, count, after and skip must not be negative, copies must be 1..1000")
    return fault


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._items = []
        self._last = 0

    @property
    def active(self):
        return bool(self._items)

    def add(self, spec):
        """count 0 lasts until removed. Returns the fault's number. Raises ValueError."""
        fault = check(spec)
        with self._lock:
            self._last += 1
            fault["id"] = self._last
            self._items.append(fault)
        return fault["id"]

    def all(self):
        with self._lock:
            return [dict(fault) for fault in self._items]

    def remove(self, number=None):
        with self._lock:
            self._items = [] if number is None else [f for f in self._items if f["id"] != number]

    def take(self, apis, actions=None, **facts):
        """The first fault that applies, used up by one; facts are compared with its fields of the same name. With
        actions only one of those."""
        with self._lock:
            for fault in self._items:
                if fault["api"] not in apis or (actions and fault["action"] not in actions):
                    continue
                if any(fault[name] != "*" and fault[name] != value for name, value in facts.items()):
                    continue
                if fault["skip"]:
                    fault["skip"] -= 1
                    continue
                if fault["count"] == 1:
                    self._items.remove(fault)
                elif fault["count"]:
                    fault["count"] -= 1
                return fault
        return None
