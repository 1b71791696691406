"""Exceptions from the house rules. Each says why; one that is no longer needed fails the check."""

SANDBOX = "tests/sandbox/errand_sandbox/"

# (rule, path or folder ending in "/", word or name, reason)
ALLOWED = [
    ("banned-calls", SANDBOX + "files.py", "time.sleep", "a slow server is what it plays"),
    ("file-length", "tests/abi/plugin-1.0.h", "plugin-1.0.h", "a copy of the header, frozen"),
    ("file-length", "include/errand/plugin.h", "plugin.h", "the one header that authors read, half of it comments"),
    ("pragma-once", "tests/abi/plugin-1.0.h", "plugin-1.0.h", "a copy of the header, frozen"),
    ("banned-calls", "tests/bench/bench.py", "time.sleep", "idling is what it measures"),
    ("banned-calls", "tests/bench/memory.py", "time.sleep", "idling is what it measures"),
    ("banned-calls", "tests/device/test_kill_campaign.py", "time.sleep", "kills at random moments"),
    ("banned-calls", "tests/device/test_kill_mix.py", "time.sleep", "kills at random moments"),
    ("banned-calls", "tests/sandbox/test_serve.py", "time.sleep", "a parent that only waits to be killed"),
    ("banned-calls", "tests/unit/plugins/http-server.py", "time.sleep", "a slow server is what it plays"),
    ("banned-calls", "tests/unit/session/test_link.py", "time.sleep",
     "measures CPU and wake-ups over a stretch of time in which nothing may happen"),
    ("banned-calls", "tests/unit/session/test_secure.py", "time.sleep", "measures CPU while nothing may happen"),
    ("banned-calls", "tests/unit/session/test_conversation.py", "time.sleep", "nothing may happen for a while"),
    ("left-behind", "tests/lib/count.py", "TODO", "a word of the TAP format"),
]
