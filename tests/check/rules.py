"""The house rules. Each rule takes (path, text) and yields (line, word, what is wrong)."""

import ast
import re

from banned import BANNED
from folders import FOLDERS, SYSTEM_HEADERS, folder_of
from tree import c_functions, strip_c

FILE_LINES_WARN = 350
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
OPENING_COMMENT_LINES = 3       # that many may speak for the functions of the whole header
NEEDS_NO_WORDS = ("_free", "_quark")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
PROTOTYPE = re.compile(r"^(?!typedef|static|extern \"C\"|#|\s|\}|/)[A-Za-z_][\w\s*]*?\b(\w+)\s*\(", re.MULTILINE)
LEFT_BEHIND = re.compile(r"\b(TODO|FIXME|XXX)\b")


def is_c(path):
    return path.endswith((".c", ".h"))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def file_length(path, text):
    """No file is longer than a person reads at a sitting."""
    lines = text.count("\n")
    if path.endswith((".c", ".h", ".py")) and lines > FILE_LINES_MAX:
        yield lines, path.rsplit("/", 1)[-1], f"{lines} lines, at most {FILE_LINES_MAX} are allowed"


def function_length(path, text):
    """No function is longer than a screen."""
    if is_c(path):
        found = c_functions(text)
    elif path.endswith(".py"):
        found = ((node.name, node.lineno, node.end_lineno - node.lineno) for node in ast.walk(ast.parse(text))
                 if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    else:
        return
    for name, line, length in found:
        if length > FUNCTION_LINES_MAX:
            yield line, name, f"{name}() has {length} lines, at most {FUNCTION_LINES_MAX} are allowed"


def layering(path, text, headers):
    """A folder includes only what it may know. headers: name of a header -> folders that have it."""
    own = folder_of(path)
    if not is_c(path) or own not in FOLDERS:
        return
    allowed, system = FOLDERS[own]
    code = strip_c(text)
    for match in INCLUDE.finditer(text):
        line = line_of(text, match.start())
        if "include" not in code.split("\n")[line - 1]:
            continue    # inside a comment
        name = match[2]
        # By its last part: "../job/dispatcher.h" gets around the include path, not around this.
        targets = headers.get(name.rsplit("/", 1)[-1], set()) if match[1] == '"' else set()
        if targets and not targets & {own, *allowed}:
            target = ", ".join(sorted(targets))
            yield line, name, f"{own} includes {name} of {target}; it may know {allowed or 'nothing'}"
        for prefix, group in SYSTEM_HEADERS.items():
            if name.startswith(prefix) and group not in system:
                yield line, name, f"{own} includes <{name}> ({group}); it may use {', '.join(system) or 'libc only'}"


def banned_calls(path, text):
    """Calls that block, forget errors, overflow, end the process or read a clock of their own."""
    if not is_c(path) and not path.endswith(".py"):
        return
    code = strip_c(text) if is_c(path) else text
    for ban in BANNED:
        if not ban.applies(path):
            continue
        for match in ban.pattern.finditer(code):
            yield line_of(code, match.start()), match[1], f"{match[1]} is not used here: {ban.reason}"


def documented(path, text):
    """Every public function of a core header has a comment before it, in its group, or for the whole header."""
    if not re.match(r"core/[^/]+/[^/]+\.h$", path):
        return
    opening = re.match(r"\s*/\*.*?\*/", text, re.DOTALL)
    opening_lines = opening[0].count("\n") + 1 if opening else 0
    if opening is None:
        yield 1, path.rsplit("/", 1)[-1], "the header does not begin with a comment that says why it exists"
    for group in re.finditer(r"(?:[^\n]+\n)+", text):
        prototype = PROTOTYPE.search(strip_c(group[0]))
        if prototype is None or "/*" in group[0] or "//" in group[0] or opening_lines >= OPENING_COMMENT_LINES:
            continue
        if prototype[1].endswith(NEEDS_NO_WORDS):
            continue
        line = line_of(text, group.start() + prototype.start())
        yield line, prototype[1], f"{prototype[1]}() has no comment before it, nor has its group or the header"


def pragma_once(path, text):
    """Headers guard themselves in one way. include/ is for other compilers, too, and has a classic guard."""
    if path.endswith(".h") and not path.startswith("include/") and "#pragma once" not in text:
        yield 1, path.rsplit("/", 1)[-1], "a header has #pragma once"


def left_behind(path, text):
    """Nothing is left for later in the tree."""
    if path.startswith("tests/check/") or path == "LICENSE":
        return
    for match in LEFT_BEHIND.finditer(text):
        if match[1] == "XXX" and not is_c(path) and not path.endswith(".py"):
            continue    # mktemp patterns
        yield line_of(text, match.start()), match[1], f"{match[1]} left in the tree"


RULES = {rule.__name__.replace("_", "-"): rule
         for rule in (file_length, function_length, layering, banned_calls, documented, pragma_once, left_behind)}
