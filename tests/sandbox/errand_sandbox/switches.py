"""One switch for each point of the service's behaviour that is not documented. The first choice is the default."""

ON_OFF = ("on", "off")
OFF_ON = ("off", "on")

# name -> (choices; None: any whole number, default given; what it decides)
TABLE = {
    "terminal-update-code": (("InvalidStateTransition", "TerminalStateReached"), "update of a final execution"),
    "repeated-final-update": (("reject", "accept"), "an update that repeats the stored final status"),
    "status-details": (("replace", "merge"), "what statusDetails of an update do to the stored ones"),
    "check-order": (("version-first", "state-first"), "which of two faults of one update is reported"),
    "non-object-code": (("InvalidJson", "InvalidRequest"), "payload is JSON but no object"),
    "wrong-type-code": (("InvalidRequest", "InvalidJson"), "a field has the wrong type"),
    "unknown-keys": (("ignore", "reject"), "keys a request should not have"),
    "body-job-id": (("ignore", "reject"), "a jobId in the body that differs from the topic's"),
    "device-queued-code": (("InvalidStateTransition", "InvalidRequest"), "a device sets QUEUED"),
    "device-canceled-code": (("InvalidRequest", "InvalidStateTransition"),
                             "a device sets CANCELED, TIMED_OUT or REMOVED"),
    "next-update": (("InvalidRequest", "InvalidTopic", "silent"), "an update addressed to $next"),
    "invalid-topic": (("answer", "silent"), "a request topic that belongs to no API"),
    "client-token-max": (None, 0, "longest clientToken taken, in characters; 0: any"),
    "details-length-unit": (("utf16", "codepoint"), "what the 1024 characters of a value are"),
    "terminal-step-timeout": (("ignore", "reject"), "stepTimeoutInMinutes with a final status"),
    "update-without-timer": (("keep", "cancel"), "an update without stepTimeoutInMinutes and a running step timer"),
    "start-next-timer": (("ignore", "set"), "start-next with a timer while the head is IN_PROGRESS already"),
    "start-next-minus-one": (("accept", "reject"), "start-next with stepTimeoutInMinutes -1"),
    "approximate-seconds": (("earliest", "step", "in-progress"), "which of two running timers is told"),
    "service-change-version": (("bump", "keep"), "versionNumber at cancel, timeout and removal"),
    "retry-empty-pair": (ON_OFF, "notifications between the failed execution and its retry"),
    "window-edge-push": (ON_OFF, "notifications when a maintenance window opens or closes"),
    "window-explicit-id": (("allow", "not-found"), "get and update of a QUEUED execution outside its window"),
    "group-removal-running": (("keep", "remove"), "IN_PROGRESS execution of a thing that leaves the group"),
    "delete-queued-execution": (("allow", "refuse"), "DeleteJobExecution without force of a QUEUED one"),
    "thing-name": (OFF_ON, "thingName in execution objects"),
    "notify-empty-lists": (OFF_ON, "lists without entries in notify as [] instead of left out"),
    "bare-empty-next": (OFF_ON, "notify-next of an empty queue as {} instead of a timestamp alone"),
    "delivered-document-max": (None, 0, "longest document after URL substitution; above it URLs are left out; 0: any"),
    "document-any-json": (OFF_ON, "CreateJob takes documents that are no JSON object"),
    "answer-qos": (("0", "1"), "QoS of answers"),
    "notify-qos": (("1", "0"), "QoS of notifications"),
    "duplicate-answers": (OFF_ON, "each answer is sent twice"),
    "isolate-answers": (OFF_ON, "only the client whose id is the thing's name receives answers"),
    "stream-rejected-names": (("short", "long"),
                              "fields o, m, c of a stream's rejection, or code, message, clientToken"),
    "stream-json-payload": (("base64", "hex"), "how a block's bytes look in JSON"),
    "stream-past-end": (("clip", "refuse"), "a get without bitmap of more blocks than the file has (n's default too)"),
    "stream-offset-code": (("OffsetOutOfBounds", "ResourceNotFound", "InvalidRequest"),
                           "a get that begins past the end"),
    "stream-changed-file": (("reject", "serve"), "a file that has changed since the stream was made or updated"),
    "stream-large-block": (("reject", "silent"), "blocks no message of 128 KiB can hold: above 96 KiB in JSON"),
    "presign-scheme": (("https", "http"), "scheme of the URLs put into documents"),
}


class Switches:
    def __init__(self, values=None):
        self._values = {}
        for name, row in TABLE.items():
            self._values[name] = row[1] if row[0] is None else row[0][0]
        for name, value in (values or {}).items():
            self.set(name, value)

    def __getitem__(self, name):
        return self._values[name]

    def set(self, name, value):
        """Raises ValueError with the allowed values."""
        if name not in TABLE:
            raise ValueError(f"no switch {name!r}; there are: {', '.join(sorted(TABLE))}")
        choices = TABLE[name][0]
        if choices is None:
            text = str(value)
            if not text.isascii() or not text.isdigit():
                raise ValueError(f"switch {name}: {value!r} is no whole number from 0")
            self._values[name] = int(text)
        elif str(value) in choices:
            self._values[name] = str(value)
        else:
            raise ValueError(f"switch {name}: {value!r} is none of {', '.join(choices)}")

    def all(self):
        return dict(self._values)

    def changed(self):
        fresh = Switches()
        return {name: value for name, value in self._values.items() if fresh[name] != value}
