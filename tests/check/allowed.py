"""Exceptions from the house rules. Each says why; one that is no longer needed fails the check."""

SANDBOX = "tests/sandbox/errand_sandbox/"

# (rule, path or folder ending in "/", word or name, reason)
ALLOWED = [
    ("file-length", "include/errand/plugin.h", "plugin.h", "one header is the promise; most of it is comments"),
    ("banned-calls", SANDBOX + "files.py", "time.sleep", "a slow server is what it plays"),
    ("banned-calls", SANDBOX + "broker.py", "time.sleep", "mosquitto does not say when it listens; bounded"),
    ("banned-calls", SANDBOX + "front.py", "time.sleep", "pause between attempts to connect; bounded"),
    ("file-length", "tests/abi/plugin-1.0.h", "plugin-1.0.h", "a copy of the header, frozen"),
    ("pragma-once", "tests/abi/plugin-1.0.h", "plugin-1.0.h", "a copy of the header, frozen"),
    ("banned-calls", "plugins/common/child-start.c", "fork",
     "account and session are set before exec, by system calls only; the runner has one thread"),
    ("banned-calls", "tests/device/device.py", "time.sleep", "the pause of the one loop that polls with a deadline"),
    ("banned-calls", "tests/lib/gateway.py", "time.sleep", "the pause of the one loop that polls with a deadline"),
    ("banned-calls", "tests/lib/demo.py", "time.sleep", "the pause between two looks at the jobs shown"),
    ("banned-calls", "tests/bench/bench.py", "time.sleep", "idling is what it measures"),
    ("banned-calls", "tests/sandbox/test_serve.py", "time.sleep", "the pause of a loop with a deadline, and a sleeper"),
    ("left-behind", "tests/lib/count.py", "TODO", "a word of the TAP format"),
]
