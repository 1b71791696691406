"""The linters, as (name, commands that must all exit 0)."""

import sys

sys.path.insert(0, __file__.rsplit("/", 2)[0] + "/check")
from tree import list_files  # noqa: E402

# Left out: checks that do not know GLib's cleanup attributes, and those that argue about taste.
TIDY_CHECKS = ",".join([
    "-*", "bugprone-*", "-bugprone-easily-swappable-parameters", "-bugprone-reserved-identifier",
    "-bugprone-narrowing-conversions", "-bugprone-implicit-widening-of-multiplication-result",
    "-bugprone-assignment-in-if-condition", "-bugprone-sizeof-expression", "-bugprone-suspicious-missing-comma",
    "clang-analyzer-core.*", "-clang-analyzer-core.UndefinedBinaryOperatorResult", "clang-analyzer-security.*",
    "-clang-analyzer-security.insecureAPI.*", "misc-redundant-expression", "readability-misleading-indentation",
    "readability-duplicate-include"])
# The compile commands are gcc's; clang 14 wants this said before it takes -ftrivial-auto-var-init=zero.
CLANG_TAKES_GCC_FLAGS = "-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang"
CPPCHECK_SUPPRESSIONS = (
    "unknownMacro",             # G_DEFINE_AUTOPTR_CLEANUP_FUNC and friends
    "missingIncludeSystem",
    "unusedFunction",           # one file at a time
    "normalCheckLevelMaxBranches",
    "nullPointerRedundantCheck",
)


def is_script(top, path):
    if path.endswith((".sh", ".py")) or path.startswith(("packaging/completion/", "packaging/debian/")):
        return path.endswith(".sh") or path.endswith((".postinst", ".postrm", ".preinst", ".prerm"))
    with open(top / path, "rb") as stream:
        first = stream.read(40)
    return first.startswith((b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash"))


def linters(top, build):
    """build: a configured build tree, for the compile commands."""
    files = list_files(top)
    c_files = [path for path in files if path.endswith((".c", ".h"))]
    python = [path for path in files if path.endswith(".py") or path in ("tests/sandbox/errand-sandbox",)]
    scripts = [path for path in files if is_script(top, path)]
    completions = [path for path in files if path.startswith("packaging/completion/")]
    man = [path for path in files if path.startswith("packaging/man/")]
    program = [path for path in files if path.startswith(("core/", "plugins/")) and path.endswith(".c")]
    suppress = [f"--suppress={name}" for name in CPPCHECK_SUPPRESSIONS]
    tidy = ["xargs", "-a", build / "lint-files", "-n", "4", "-P", "2", "clang-tidy-14", "-p", build, "--quiet",
            f"--checks={TIDY_CHECKS}", "--warnings-as-errors=*", f"--extra-arg={CLANG_TAKES_GCC_FLAGS}"]
    (build / "lint-files").write_text("\n".join(program))
    yield "clang-format", [["clang-format-14", "--dry-run", "-Werror", *c_files]]
    yield "flake8", [["flake8", "--max-line-length", "120", *python]]
    yield "shellcheck", [["shellcheck", "-e", "SC1091", *scripts], ["shellcheck", "-s", "bash", *completions]]
    yield "mandoc", [["mandoc", "-T", "lint", "-W", "warning", *man]]
    yield "cppcheck", [["cppcheck", "-q", "-j", "2", "--error-exitcode=1", "--enable=warning,portability", "--std=c11",
                        "--inline-suppr", "-DG_GNUC_WARN_UNUSED_RESULT=", "-Iinclude", *suppress, *program]]
    yield "clang-tidy", [tidy] if program else []


LINTERS = linters
