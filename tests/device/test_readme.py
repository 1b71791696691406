"""The plugin that README.md shows: written down, compiled, run and installed by the commands given there."""

import os
import subprocess
import sys
from pathlib import Path

from device import BUILD, ERRANDCTL, RUNNER

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests/check"))

from readme import block_with, write_plugin  # noqa: E402

SECONDS = 60


def test_the_plugin_of_the_readme_does_what_is_printed(tmp_path):
    readme = (TOP / "README.md").read_text()
    root, work = tmp_path / "root", tmp_path / "work"
    work.mkdir()
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root, "--tags", "devel"], check=True,
                   capture_output=True, timeout=SECONDS)
    found = next(root.rglob("errand.pc"))
    environment = {**os.environ, "PKG_CONFIG_PATH": str(found.parent), "PKG_CONFIG_SYSROOT_DIR": str(root),
                   "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    plugins = subprocess.run(["pkg-config", "--variable=plugindir", "errand"], env=environment, check=True,
                             capture_output=True, text=True, timeout=SECONDS).stdout.strip()
    Path(plugins).mkdir(parents=True)
    (tmp_path / "errand.conf").write_text(f"[paths]\nrunner={RUNNER}\nplugin-directories={plugins}\n")
    program = tmp_path / "errandctl"    # the one that was built, as if it were installed
    program.write_text(f'#!/bin/sh\nexec {ERRANDCTL} --config {tmp_path}/errand.conf "$@"\n')
    program.chmod(0o755)
    service = tmp_path / "systemctl"
    service.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\n')
    service.chmod(0o755)
    done = subprocess.run(["sh", "-euc", write_plugin(readme, work)], cwd=work, env=environment, capture_output=True,
                          text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(block_with(readme, "greeted    world"))
    assert (tmp_path / "asked").read_text() == "restart errandd\n"
    assert {path.name for path in Path(plugins).iterdir()} == {"hello.so", "hello.plugin"}
