"""The files of the tree, and C source with its comments and strings taken out."""

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FIXTURES = "tests/check/fixtures/"
SKIPPED = re.compile(r"^(build|debs|\.)[^/]*/|/__pycache__/|/\.pytest_cache/")

LITERAL_OR_COMMENT = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def list_files(top=TOP):
    """Paths relative to the top: what git would commit, or without git every file that is no build product."""
    try:
        listed = subprocess.run(["git", "-C", str(top), "ls-files", "-co", "--exclude-standard"],
                                capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = [str(path.relative_to(top)) for path in top.rglob("*")]
    kept = [name for name in listed if not name.startswith(FIXTURES) and not SKIPPED.search(name)]
    return sorted(name for name in kept if (top / name).is_file() and not (top / name).is_symlink())


def strip_c(text, keep_comments=False):
    """The same lines with string contents and (unless kept) comments blanked out."""
    def blank(match):
        if match["comment"] is not None:
            if keep_comments:
                return match[0]
            return re.sub(r"[^\n]", " ", match[0])
        return match[0][0] + re.sub(r"[^\n]", " ", match[0][1:-1]) + match[0][-1]
    return LITERAL_OR_COMMENT.sub(blank, text)


def c_functions(text):
    """(name, first line, length) of each function. The layout has the body's braces in column one."""
    lines = strip_c(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start is not None:
            if line.rstrip() == "}":
                yield function_name(lines, start), start, number - start - 1
            start = None


def function_name(lines, start):
    header = []
    for line in reversed(lines[:start - 1]):
        if not line.strip() or line.startswith(("}", "#")):
            break
        header.insert(0, line)
    found = re.search(r"([A-Za-z_]\w*)\s*\(", " ".join(header))
    return found[1] if found else "?"
