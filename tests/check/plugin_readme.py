"""What a plugin's README.md says of its reasons and operations, compared with the source (settings: settings.py).

For the plugins that start programs and machines: somebody who reads a status in the cloud looks it up there. Those that
fetch share what plugins/fetch says, and their pages sum it up."""

import re

SHARED = "plugins/common/"
# What errand itself says of any step, whatever its plugin.
OF_ERRAND = {"timed-out", "interrupted", "crashed", "protocol", "no-result"}
WORDS = OF_ERRAND | {
    "invalid-document", "unknown-operation", "not-allowed", "bad-signature", "condition-not-met", "exit-status",
    "killed", "no-space", "not-found", "download-failed", "checksum-mismatch", "expired-url", "install-failed",
    "rolled-back", "not-booted", "health-check-failed", "reboot-did-not-happen", "internal"}


def sources_of(folder, files, read):
    """Its files, and those of the shared folders that they include, directly or not."""
    todo = [path for path in files if path.startswith(folder + "/") and path.endswith((".c", ".h"))]
    seen = {}
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen[path] = read(path)
        for name in re.findall(r'^#include "([\w-]+)\.h"', seen[path], re.MULTILINE):
            todo += [SHARED + name + end for end in (".c", ".h") if SHARED + name + end in files]
    return seen.values()


def reasons_said(sources):
    """Literals that name a reason: every string of the source that is one of the words."""
    return {word for text in sources for word in re.findall(r'"([a-z0-9-]+)"', text) if word in WORDS}


def faults(folder, files, read):
    readme = read(f"{folder}/README.md")
    told = {word for word in re.findall(r"`([a-z0-9-]+)`", readme) if word in WORDS}
    said = reasons_said(sources_of(folder, files, read))
    for word in sorted(said - told):
        yield f"{folder}/README.md does not explain the reason {word}"
    for word in sorted(told - said - OF_ERRAND):
        yield f"{folder}/README.md explains the reason {word}, which the plugin never gives"
    manifest = dict(line.split("=", 1) for line in read(f"{folder}/{folder.rpartition('/')[2]}.plugin").splitlines()
                    if "=" in line)
    for operation in manifest["operations"].split(";"):
        if f"`{operation}`" not in readme:
            yield f"{folder}/README.md does not mention the operation {operation}"
