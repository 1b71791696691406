"""A second look at tests of the whole daemon that failed while many others ran: once more, by themselves.

A machine with two cores is sometimes so busy that a deadline of a test is missed, not one of errand. What passes by
itself counts as passed, and is told with the text of its failure so that it gets mended. There is no second look at
more than a few failures, at what a sanitizer or GLib reported, at a leaked secret, and at tests that kill at random or
count what ran twice: these are true the first time."""

import re

AT_MOST = 2     # more have a common cause, which is no accident
REPORT = re.compile(r"Sanitizer|runtime error:|CRITICAL|-ERROR|\*\* ERROR|core dumped|core file|a secret in")
NEVER = ("test_kill_", "test_crash_points", "test_soak", "test_link_soak", "test_zoo")


def path_of(title):
    """tests.device.test_x::test_a[b] -> device/test_x.py::test_a[b]; None for what is not a test of a file."""
    module, _, test = title.partition("::")
    folder = module.split(".")
    if folder[:1] != ["tests"] or len(folder) < 3 or not test:
        return None
    return f"{'/'.join(folder[1:])}.py::{test}"


def may_be_chance(title, text):
    path = path_of(title)
    return path is not None and not path.split("/")[-1].startswith(NEVER) and not REPORT.search(text)


def second_look(counts, run):
    """The counts to believe; run(tests) runs some again and returns their counts."""
    if not 0 < counts.failed <= AT_MOST or not all(may_be_chance(*failure) for failure in counts.failures):
        return counts
    again = run([path_of(title) for title, _ in counts.failures])
    if again.failed or again.skipped or again.passed != counts.failed:
        return counts
    counts.unsteady += counts.failures
    counts.passed += counts.failed
    counts.failed, counts.failures = 0, []
    return counts
