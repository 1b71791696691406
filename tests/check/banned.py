"""Calls the tree does without, where, and why."""

import re
from dataclasses import dataclass

CORE, PLUGINS, TESTS = "core/", "plugins/", "tests/"
EVERYWHERE = (CORE, PLUGINS, TESTS)
ZOO = "tests/zoo/"      # misbehaves on purpose


@dataclass
class Ban:
    pattern: re.Pattern     # group 1 is the word
    reason: str
    places: tuple = EVERYWHERE
    but: tuple = (ZOO,)
    suffix: tuple = (".c", ".h")

    def applies(self, path):
        return path.startswith(self.places) and not path.startswith(self.but) and path.endswith(self.suffix)


def call(names, reason, places=EVERYWHERE, but=(ZOO,)):
    return Ban(re.compile(r"(?<![\w.>])(" + names + r")\s*\("), reason, places, but)


CLOCK = ("core/base/clock.c",)
MAINS = ("core/daemon/main.c", "core/runner/main.c", "core/ctl/main.c")

BANNED = [
    call("system|popen|g_spawn_command_line_sync|g_spawn_command_line_async", "a shell reads the text; use an argv",
         (CORE, PLUGINS)),
    call("fork|vfork|daemon", "fork without exec inherits locks; use posix_spawn"),
    call("g_error|abort", "nothing from outside may end the process; return a GError", (CORE, PLUGINS)),
    call("exit", "only main returns a status", (CORE,), MAINS),
    call("gets|strcpy|strcat|sprintf|vsprintf|strncpy|strncat|stpcpy",
         "it can overflow or cut silently; use g_strdup_printf or snprintf"),
    call("atoi|atol|atoll|atof", "it cannot tell a bad number; use g_ascii_string_to_signed or strtoll",
         (CORE, PLUGINS)),
    call("strtok|asctime|ctime|localtime|gmtime|tmpnam|tempnam|mktemp|rand|srand", "it has hidden state or races"),
    call("alloca|g_alloca|g_newa", "outside data must not size the stack"),
    call("dlopen|dlsym|dlmopen", "plugin code runs in errand-runner only", (CORE,), ("core/runner/",)),
    call("usleep|sleep|nanosleep|clock_nanosleep|g_usleep", "wait for the event, with a deadline", (CORE, TESTS)),
    call("g_get_real_time|g_get_monotonic_time|g_date_time_new_now|g_date_time_new_now_utc|g_date_time_new_now_local"
         "|clock_gettime|g_timer_new|g_timeout_add|g_timeout_add_seconds|g_timeout_add_full|g_timeout_source_new"
         "|g_timeout_source_new_seconds", "time comes from clock.h", (CORE,), CLOCK),
    call("time|gettimeofday|ftime", "the wall clock decides nothing", (CORE, PLUGINS), CLOCK),
    Ban(re.compile(r"\b(goto)\s+\w+\s*;"), "early return and g_autoptr do it"),
    # A poll has to pause; a tenth of a second, or a constant that says what it is.
    Ban(re.compile(r"\b(time\.sleep)\((?!0\.0\d*\)|0\.1\)|[A-Z_]+\))"), "wait for the event, with a deadline",
        (TESTS,), (), (".py",)),
    Ban(re.compile(r"\b(os\.system|os\.popen|shell=True)\b"), "a shell reads the text; use an argv",
        (TESTS,), ("tests/check/banned.py",), (".py",)),
]
