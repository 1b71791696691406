"""The table of plugins/firmware/README.md, how a job can end: each row names tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = "| end | runs, boots next | marked | test |"


def rows():
    lines = (ROOT / "plugins/firmware/README.md").read_text().split(HEAD)[1].splitlines()[2:]
    return lines[:lines.index("")]


def source(pattern):
    return "".join(path.read_text() for path in sorted((ROOT / "tests").glob(pattern)))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split("|")[1].strip()[:40])
def test_row(row):
    named = re.findall(r"`(test_\w+|/[\w/-]+)`", row.split("|")[4])
    assert named, "it names no test"
    functions, paths = source("device/test_firmware*.py"), source("unit/plugins/test-*.c")
    for name in named:
        assert (f'"{name}"' in paths) if name.startswith("/") else (f"def {name}(" in functions), name
