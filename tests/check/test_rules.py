"""Each rule finds what it is for, and only that. A fixture's first line says which file of the tree it plays and what
must be found in it: "as PATH: [rule] word, [rule] word" or "as PATH: nothing"."""

import re
from pathlib import Path

import pytest

from allowed import ALLOWED
from check import check_rule
from readme import map_faults
from rules import FILE_LINES_MAX, FUNCTION_LINES_MAX, RULES, file_length, function_length
from tree import c_functions, strip_c

FIXTURES = sorted((Path(__file__).parent / "fixtures").iterdir())
HEADERS = {"keyfile.h": {"core/base"}, "packet.h": {"core/wire"}, "session.h": {"core/session"},
           "dispatcher.h": {"core/job"}, "config.h": {"core/daemon"}, "child.h": {"core/job", "plugins"}}


def found_in(path, text):
    found = set()
    for name, rule in RULES.items():
        arguments = (path, text, HEADERS) if name == "layering" else (path, text)
        found |= {(name, word) for _, word, _ in rule(*arguments)}
    return found


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_fixture(fixture):
    first, text = fixture.read_text().split("\n", 1)
    path, expected = re.search(r"as (\S+): (.*?)(?: \*/)?$", first).groups()
    wanted = set(re.findall(r"\[([a-z-]+)\] ([^,\s]+)", expected))
    assert wanted or expected == "nothing"
    assert found_in(path, text) == wanted


def test_every_rule_has_a_fixture_that_fails():
    firsts = "".join(path.read_text().split("\n", 1)[0] for path in FIXTURES)
    generated = {"file-length", "function-length"}
    assert {name for name in RULES if f"[{name}]" not in firsts} == generated


def test_file_length_has_a_limit():
    assert not list(file_length("core/a.c", "\n" * FILE_LINES_MAX))
    assert list(file_length("core/a.c", "\n" * (FILE_LINES_MAX + 1)))
    assert not list(file_length("core/notes.md", "\n" * 1000))


@pytest.mark.parametrize("path, text", [
    ("core/a.c", "static int\nlong_one(int a)\n{\n%s}\n"),
    ("tests/a.py", "def long_one():\n%s    pass\n"),
])
def test_function_length_has_a_limit(path, text):
    extra = 1 if path.endswith(".py") else 0
    line = "    work();\n" if path.endswith(".c") else "    work()\n"
    assert not list(function_length(path, text % (line * (FUNCTION_LINES_MAX - extra))))
    (fault,) = function_length(path, text % (line * (FUNCTION_LINES_MAX + 1 - extra)))
    assert fault[1] == "long_one"


def test_functions_are_told_from_structs():
    text = "typedef struct\n{\n    int a;\n} A;\n\nA *\na_new(const char *b)\n{\n    return NULL;\n}\n"
    assert list(c_functions(text)) == [("a_new", 8, 1)]


def test_comments_and_strings_do_not_count():
    assert strip_c('a("goto x;"); // sleep(1)\n/* b\n */c') == 'a("       ");            \n    \n   c'


def test_an_exception_must_be_needed(tmp_path):
    (tmp_path / "core").mkdir()
    (tmp_path / "core/a.c").write_text("int a(void)\n{\n    exit(1);\n}\n")
    needed = ("banned-calls", "core/a.c", "exit", "because")
    other = ("banned-calls", "core/b.c", "exit", "because")
    assert check_rule("banned-calls", ["core/a.c"], tmp_path, [needed]) == []
    assert len(check_rule("banned-calls", ["core/a.c"], tmp_path, [])) == 1
    assert "not needed" in check_rule("banned-calls", ["core/a.c"], tmp_path, [needed, other])[0]


def test_every_exception_has_a_reason():
    assert all(len(reason.split()) >= 4 for *_, reason in ALLOWED)


def test_readme_map():
    files = ["core/base/text.c", "plugins/shell/shell.c", "tests/run"]
    good = "- `core/base`: text\n- `plugins/shell/`\n- `tests`: `tests/run`"
    assert list(map_faults(good, files)) == []
    assert list(map_faults(good.replace("core/base", "core/bases"), files)) == [
        "README.md does not mention the folder core/base", "README.md names core/bases, which does not exist"]
    assert list(map_faults(good + " `tests/fuzzy`", files)) == ["README.md names tests/fuzzy, which does not exist"]
    assert list(map_faults(good + " base/text.c base/b.c", files)) == ["README.md names base/b.c, which is not in core"]
