"""Which server a command talks to."""

import json
import os
from pathlib import Path

from .durable import write_file

VARIABLE = "ERRAND_SANDBOX_DIRECTORY"


def remember_path():
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if not runtime and os.geteuid() == 0 and os.path.isdir("/run"):
        runtime = "/run"
    if not runtime:
        runtime = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(runtime) / "errand-sandbox" / "last"


def remember(directory):
    """The server served last; not being able to is no fault."""
    try:
        write_file(remember_path(), str(directory) + "\n")
    except OSError:
        pass


def find_endpoint(directory=None, endpoint=None):
    """The URL of the control side. Raises LookupError with what to do."""
    if endpoint:
        return endpoint.rstrip("/")
    directory = directory or os.environ.get(VARIABLE)
    if not directory:
        try:
            directory = remember_path().read_text().strip()
        except OSError:
            raise LookupError("no sandbox was served yet: start one with `errand-sandbox serve --directory DIR`, "
                              f"or name one with --directory, --endpoint or ${VARIABLE}") from None
    path = Path(directory) / "endpoint.json"
    try:
        return json.loads(path.read_bytes())["http"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LookupError(f"{path} tells of no server ({error}): start one with "
                          f"`errand-sandbox serve --directory {directory}`") from None
