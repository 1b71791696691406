"""The tree keeps its own rules."""

import os
import re
import subprocess

import pytest

from check import check_rule, read
from plugin_readme import faults as plugin_readme_faults
from readme import map_faults, write_plugin
from rules import RULES
from tree import TOP, list_files

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


def meson_text(folder):
    path = f"{folder}/meson.build".lstrip("/")
    return re.sub(r"#.*", "", read(path)) if path in FILES else ""


def is_entered(folder):
    """'NAME' in the meson.build of a folder above: subdir('NAME'), subdir('PARENT/NAME'), or a list to go through."""
    above, name = folder, folder.rpartition("/")[2]
    while above:
        above = above.rpartition("/")[0]
        if re.search(rf"['/]{re.escape(name)}'", meson_text(above)):
            return True
    return False


def test_every_meson_build_is_reached():
    """A folder that nobody enters is neither built nor tested, and nothing says so."""
    folders = {path.rpartition("/")[0] for path in FILES if path.endswith("/meson.build")}
    assert [folder for folder in sorted(folders) if not is_entered(folder)] == []


def test_every_unit_and_module_test_is_built():
    tests = re.compile(r"(tests/(?:unit|module)/.*?)/?test-([a-z0-9-]+)\.c")
    found = [tests.fullmatch(path) for path in FILES if tests.fullmatch(path)]
    assert len(found) > 40
    lost = [match[0] for match in found
            if not re.search(rf"'(test-)?{match[2]}(\.c)?'", meson_text(match[1].rstrip("/")))]
    assert lost == []


@pytest.mark.parametrize("folder", ["plugins/handler", "plugins/reboot", "plugins/shell"])
def test_readmes_of_plugins_tell_reasons_and_operations(folder):
    assert list(plugin_readme_faults(folder, FILES, read)) == []


def test_the_plugin_of_the_readme_compiles(tmp_path):
    """By its own command line. That it also runs is seen in tests/device/test_readme.py."""
    commands = write_plugin(read("README.md"), tmp_path)
    (tmp_path / "errand.pc").write_text(
        f"Name: errand\nDescription: header\nVersion: 0\nCflags: -Wall -Wextra -Werror -I{TOP}/include\n")
    done = subprocess.run(["sh", "-euc", commands.split("\n", 1)[0]], cwd=tmp_path, capture_output=True, text=True,
                          env={**os.environ, "PKG_CONFIG_PATH": str(tmp_path)}, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hello.so").exists()
