"""errand/plugin.h is promised to C++11 and later, too."""

import subprocess

import pytest

from check import read
from readme import write_plugin
from tree import TOP


@pytest.mark.parametrize("standard", ["c++11", "c++20"])
def test_the_plugin_of_the_readme_is_cplusplus_as_well(tmp_path, standard):
    write_plugin(read("README.md"), tmp_path)
    done = subprocess.run(["clang-14", "-x", "c++", f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                           "-fsyntax-only", f"-I{TOP}/include", "hello.c"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
