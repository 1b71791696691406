"""What README.md says that a program can check: the map of the folders, and the plugin it shows."""

import re

MAPPED = re.compile(r"^((?:core|plugins)/[^/]+|config|core|include|packaging|plugins|tests)/")
CORE_FILE = re.compile(r"(?<![\w./-])((?:base|document|wire|session|job|daemon|runner|ctl)/[\w-]+\.[ch])\b")
MENTIONED = re.compile(r"(?<![\w./-])((?:core|plugins|tests|config|packaging|include)/[\w./-]*[\w])")


def folders_of(files):
    """Top folders, and those directly in core and plugins."""
    found = set()
    for path in files:
        match = MAPPED.match(path)
        if match:
            found.add(match[1])
            found.add(match[1].split("/")[0])
    return found


def map_faults(readme, files):
    """Folders README.md does not name (as NAME or NAME/, core and plugins with their path), and paths it names that
    do not exist."""
    for folder in sorted(folders_of(files)):
        if not re.search(r"(?<![\w./-])" + re.escape(folder) + r"(?![\w-])", readme):
            yield f"README.md does not mention the folder {folder}"
    known = set(files) | {path.rsplit("/", depth)[0] for path in files for depth in range(1, path.count("/") + 1)}
    for match in CORE_FILE.finditer(readme):
        if f"core/{match[1]}" not in known:
            yield f"README.md names {match[1]}, which is not in core"
    for match in MENTIONED.finditer(readme):
        path = match[1].rstrip("/.")
        if path not in known:
            yield f"README.md names {path}, which does not exist"


def block_with(readme, text):
    """The one fenced block that holds the text."""
    found = [block for block in re.findall(r"^```\w*\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL) if text in block]
    assert len(found) == 1, f"README.md has {len(found)} blocks with {text}"
    return found[0]


def write_plugin(readme, directory):
    """hello.c and hello.plugin as README.md has them; returns the commands that follow."""
    (directory / "hello.c").write_text(block_with(readme, "ERRAND_PLUGIN("))
    (directory / "hello.plugin").write_text(block_with(readme, "module=hello.so"))
    return block_with(readme, "-o hello.so hello.c")
