"""Exceptions from the house rules. Each says why; one that is no longer needed fails the check."""

SANDBOX = "tests/sandbox/errand_sandbox/"

# (rule, path or folder ending in "/", word or name, reason)
ALLOWED = [
    ("banned-calls", SANDBOX + "files.py", "time.sleep", "a slow server is what it plays"),
    ("file-length", "tests/abi/plugin-1.0.h", "plugin-1.0.h", "a copy of the header, frozen"),
    ("pragma-once", "tests/abi/plugin-1.0.h", "plugin-1.0.h", "a copy of the header, frozen"),
    ("banned-calls", "tests/bench/bench.py", "time.sleep", "idling is what it measures"),
    ("banned-calls", "tests/device/test_kill_campaign.py", "time.sleep", "kills at random moments"),
    ("banned-calls", "tests/device/test_soak.py", "time.sleep", "idling is what it measures"),
    ("banned-calls", "tests/sandbox/test_serve.py", "time.sleep", "a parent that only waits to be killed"),
    ("banned-calls", "tests/unit/plugins/http-server.py", "time.sleep", "a slow server is what it plays"),
    ("banned-calls", "tests/device/test_attack_luck.py", "time.sleep", "the random moments of its kills"),
    ("banned-calls", "tests/device/test_link_clock.py", "time.sleep", "a jumped clock must do nothing for a while"),
    ("banned-calls", "tests/device/test_link_outage.py", "time.sleep", "an outage is a time in which nothing comes"),
    ("banned-calls", "tests/device/test_link_soak.py", "time.sleep", "idling is what it measures"),
    ("banned-calls", "tests/device/test_link_blocked.py", "time.sleep",
     "a job must go on while the link does nothing for a while"),
    ("banned-calls", "tests/unit/session/test_link.py", "time.sleep",
     "measures CPU and wake-ups over a stretch of time in which nothing may happen"),
    ("banned-calls", "tests/unit/session/test_secure.py", "time.sleep", "measures CPU while nothing may happen"),
    ("banned-calls", "tests/unit/session/test_conversation.py", "time.sleep", "nothing may happen for a while"),
    ("left-behind", "tests/lib/count.py", "TODO", "a word of the TAP format"),
]
