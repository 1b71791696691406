"""Files that are either the old or the new ones, never half of them."""

import os
import tempfile
from pathlib import Path


def write_file(path, data, mode=0o644):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        os.fchmod(descriptor, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data if isinstance(data, bytes) else data.encode())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
