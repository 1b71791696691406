"""Tests that are run apart; all others are dealt to several processes at once, each with a sandbox of its own.

A name is that of a file, or FILE::FUNCTION. Each says why it is here."""

# By itself, while nothing else of tests/run runs: other load would spoil what it measures.
ALONE = {
    "test_herd.py": "when 16 daemons come back, and how far apart",
    "test_link_blocked.py::test_req_21_nothing_blocks_the_loop": "how late the loop turns",
    "test_link_handshake.py::test_req_20_no_spin": "processor time",
    "test_link_soak.py::test_req_40_reconnects_leave_nothing": "memory",
    "test_req_15_flat_memory.py": "memory, and it writes 2 GB",
    "test_soak.py": "memory, and how often it writes",
}

# With the plain build only: nothing of errand's own C code is run here that other tests do not run with sanitizers.
ONCE = {
    "test_link_soak.py::test_req_40_idle_sleeps": "a minute in which nothing runs, and a count of wake-ups",
    "test_readme.py": "its subject is what README.md prints",
}

# Long ones, dealt out before the others, so that no process is left with one at the end.
FIRST = (
    "test_link_soak.py::test_req_40_idle_sleeps",
    "test_zoo.py::test_req_11_every_misbehaving_plugin_costs_its_own_job",
)


def names_of(item):
    return {item.path.name, f"{item.path.name}::{item.originalname}"}


def configure(config):
    config.addinivalue_line("markers", "alone: measures what other load would spoil (groups.py)")
    config.addinivalue_line("markers", "once: with the plain build only (groups.py)")


def arrange(items):
    for item in items:
        for marker, group in (("alone", ALONE), ("once", ONCE)):
            if names_of(item) & group.keys():
                item.add_marker(marker)
    items.sort(key=lambda item: not names_of(item) & set(FIRST))
