#!/usr/bin/python3
"""The house rules as a program: tests/check/check.py prints every breach in the tree and exits 1 if there is one."""

import sys

from allowed import ALLOWED
from folders import headers_of
from readme import map_faults
from rules import FILE_LINES_MAX, FILE_LINES_WARN, RULES
from tree import TOP, list_files

TEXT = (".c", ".h", ".py", ".sh", ".md", ".build", ".options", ".in", ".plugin", ".conf")


def read(path, top=TOP):
    return (top / path).read_text("utf-8", errors="replace")


def breaches(rule, path, text, headers):
    """(line, word, message) of one rule in one file, exceptions not yet taken off."""
    check = RULES[rule]
    return list(check(path, text, headers) if rule == "layering" else check(path, text))


def is_allowed(entry, rule, path, word):
    allowed_rule, place, allowed_word, _ = entry
    inside = path.startswith(place) if place.endswith("/") else path == place
    return allowed_rule == rule and inside and allowed_word == word


def check_rule(rule, files, top=TOP, allowed=None):
    """Breaches as "path:line: message", and exceptions of this rule that nothing needs any more."""
    allowed = ALLOWED if allowed is None else allowed
    headers, used, faults = headers_of(files), set(), []
    for path in files:
        if not path.endswith(TEXT) and "." in path.rsplit("/", 1)[-1]:
            continue
        for line, word, message in breaches(rule, path, read(path, top), headers):
            excuses = [entry for entry in allowed if is_allowed(entry, rule, path, word)]
            used.update(excuses)
            if not excuses:
                faults.append(f"{path}:{line}: [{rule}] {message}")
    faults += [f"tests/check/allowed.py: {entry} is not needed any more"
               for entry in allowed if entry[0] == rule and entry not in used]
    return faults


def warnings(files, top=TOP):
    for path in files:
        lines = read(path, top).count("\n") if path.endswith((".c", ".h", ".py")) else 0
        if FILE_LINES_WARN < lines <= FILE_LINES_MAX:
            yield f"{path}: {lines} lines, soon too long"


def main():
    files = list_files()
    for warning in warnings(files):
        print(f"warning: {warning}")
    faults = [fault for rule in RULES for fault in check_rule(rule, files)]
    faults += map_faults(read("README.md"), files)
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
