"""The tree keeps its own rules."""

import pytest

from check import check_rule, read
from readme import map_faults
from rules import RULES
from tree import list_files

FILES = list_files()


def test_the_tree_was_found():
    assert {"meson.build", "core/base/clock.h", "tests/check/rules.py"} <= set(FILES)


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule):
    faults = check_rule(rule, FILES)
    assert not faults, "\n" + "\n".join(faults)


def test_readme_has_the_map():
    faults = list(map_faults(read("README.md"), FILES))
    assert not faults, "\n" + "\n".join(faults)
