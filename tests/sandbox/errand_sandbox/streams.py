"""File streams: what an operator makes of files in the store, and what a device may ask of them.

The limits are those of the service: a file has at most as many blocks of the smallest size as can be numbered.
"""

import re
import unicodedata
from itertools import islice

from . import stream_codec
from .errors import ControlError, DeviceError, invalid, not_found
from .model import Stream

STREAM_ID = re.compile(r"[a-zA-Z0-9_-]{1,128}")
FILES_MAX = 50
FILE_ID_MAX = 255
DESCRIPTION_MAX = 2028
ROLE_MIN, ROLE_MAX = 20, 2048
BLOCK_MIN, BLOCK_MAX = 256, 131072
BLOCKS_MAX = 98304
FILE_MAX = BLOCKS_MAX * BLOCK_MIN
GET_MAX = 131072        # bytes of data one get brings
BITMAP_END = 12288      # a bitmap is shorter
TOKEN_MAX = 64          # bytes
VERSION_MAX = 65535


class Block:
    __slots__ = ("file", "number", "data")

    def __init__(self, file, number, data):
        self.file = file
        self.number = number
        self.data = data

    def body(self):
        return {"f": self.file, "l": len(self.data), "i": self.number, "p": self.data}


class Get:
    """The checked fields of one GetStream. Raises DeviceError."""

    def __init__(self, body, form):
        self.version = number(body, "s")
        self.file = number(body, "f", required=True)
        self.size = number(body, "l", required=True)
        self.offset = number(body, "o", 0)
        self.count = number(body, "n")
        self.bitmap = None if body.get("b") is None else stream_codec.bitmap_bytes(body["b"], form)
        limits = ((self.file, 0, FILE_ID_MAX, "InvalidRequest", "file id"),
                  (self.size, BLOCK_MIN, BLOCK_MAX, "BlockSizeOutOfBounds", "block size"),
                  (self.offset, 0, BLOCKS_MAX, "OffsetOutOfBounds", "offset"),
                  (self.count or 0, 0, BLOCKS_MAX, "BlockCountLimitExceeded", "number of blocks"))
        for value, low, high, code, name in limits:
            if not low <= value <= high:
                raise DeviceError(code, f"The {name} must be {low}..{high}")
        if self.bitmap is not None and len(self.bitmap) >= BITMAP_END:
            raise DeviceError("BlockBitmapLimitExceeded", f"The bitmap must be shorter than {BITMAP_END} bytes")

    def numbers(self, total):
        """Numbers of the blocks wanted out of so many, in order."""
        count = GET_MAX // self.size if self.count is None else self.count
        if self.bitmap is None:
            return range(self.offset, min(self.offset + count, total))
        marked = (self.offset + bit for bit in range(8 * len(self.bitmap)) if self.bitmap[bit // 8] >> bit % 8 & 1)
        return islice((block for block in marked if block < total), count)


def number(body, name, default=None, required=False):
    value = body.get(name)
    if value is None and not required:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise DeviceError("InvalidRequest", f"Field {name} is no whole number")
    return value


def read_token(body):
    """None without one. Raises DeviceError."""
    token = body.get("c")
    if token is None:
        return None
    if not isinstance(token, str) or len(token.encode("utf-8", "surrogatepass")) > TOKEN_MAX:
        raise DeviceError("InvalidRequest", f"Field c is no string of at most {TOKEN_MAX} bytes")
    return token


class Streams:
    """The caller holds the service's lock."""

    def __init__(self, store, clock, switches, files):
        self.store = store
        self.clock = clock
        self.switches = switches
        self.files = files

    def need(self, stream_id):
        stream = self.store.streams.get(stream_id)
        if stream is None:
            raise not_found(f"Stream {stream_id[:140]} cannot be found")
        return stream

    def create(self, stream_id, files, description=None, role=None):
        """files: as CreateStream has them. Raises ControlError."""
        if not STREAM_ID.fullmatch(stream_id):
            raise invalid(f"Stream id {stream_id[:140]!r} is not [a-zA-Z0-9_-]{{1,128}}")
        if stream_id in self.store.streams:
            raise ControlError("ResourceAlreadyExistsException", f"Stream {stream_id} already exists")
        check_texts(description, role)
        now = self.clock.now()
        stream = Stream(stream_id, self._check_files(files), now, now, description or "", role)
        self.store.streams[stream_id] = stream
        return stream

    def update(self, stream_id, files=None, description=None, role=None):
        """What is None stays; the version rises in any case. Raises ControlError."""
        stream = self.need(stream_id)
        check_texts(description, role)
        if files is not None:
            stream.files = self._check_files(files)
        stream.description = stream.description if description is None else description
        stream.role = stream.role if role is None else role
        stream.version = stream.version % VERSION_MAX + 1
        stream.updated_at = self.clock.now()
        return stream

    def delete(self, stream_id):
        self.need(stream_id)
        del self.store.streams[stream_id]

    def _check_files(self, files):
        if not isinstance(files, list) or not 1 <= len(files) <= FILES_MAX:
            raise invalid(f"A stream has 1..{FILES_MAX} files")
        checked = [self._check_file(entry) for entry in files]
        if len({entry["fileId"] for entry in checked}) < len(checked):
            raise invalid("Two files of the stream have one fileId")
        return checked

    def _check_file(self, entry):
        file_id = entry.get("fileId") if isinstance(entry, dict) else None
        if isinstance(file_id, bool) or not isinstance(file_id, int) or not 0 <= file_id <= FILE_ID_MAX:
            raise invalid(f"A file of a stream needs a fileId of 0..{FILE_ID_MAX}")
        path, location = self.locate(entry.get("s3Location"))
        if path.stat().st_size > FILE_MAX:
            raise invalid(f"File {location['key']} is larger than the {FILE_MAX} bytes a stream can deliver")
        return {"fileId": file_id, "s3Location": location, "etag": self.files.etag(path)}

    def locate(self, location):
        """(path, the checked location). Raises ControlError."""
        location = location if isinstance(location, dict) else {}
        location = {name: location[name] for name in ("bucket", "key", "version") if location.get(name) is not None}
        if any(not isinstance(location.get(name), str) or not location[name] for name in ("bucket", "key")):
            raise invalid("A file needs an s3Location with bucket and key")
        path = self.files.path(location["key"])
        if path is None or not path.is_file():
            raise invalid(f"{location['key']} is not in the file store")
        return path, location

    def _asked(self, stream_id):
        stream = self.store.streams.get(stream_id)
        if stream is None:
            raise DeviceError("ResourceNotFound", f"Stream {stream_id[:140]} does not exist")
        return stream

    def _path(self, entry):
        """Raises DeviceError when the file has gone, or is another one than when the stream was made."""
        path = self.files.path(entry["s3Location"]["key"])
        if path is None or not path.is_file():
            raise DeviceError("ResourceNotFound", f"File {entry['fileId']} of the stream is gone")
        if self.switches["stream-changed-file"] == "reject" and self.files.etag(path) != entry["etag"]:
            raise DeviceError("ETagMismatch", f"File {entry['fileId']} has changed since the stream was made")
        return path

    def description(self, stream_id):
        """The body that answers a DescribeStream. Raises DeviceError."""
        stream = self._asked(stream_id)
        sizes = [{"f": entry["fileId"], "z": self._path(entry).stat().st_size} for entry in stream.files]
        return {"s": stream.version, "d": stream.description, "r": sizes}

    def blocks(self, stream_id, get):
        """What one GetStream brings. Raises DeviceError."""
        stream = self._asked(stream_id)
        if get.version is not None and get.version != stream.version:
            raise DeviceError("VersionMismatch", f"The stream's version is {stream.version}, not {get.version}")
        entry = next((entry for entry in stream.files if entry["fileId"] == get.file), None)
        if entry is None:
            raise DeviceError("ResourceNotFound", f"The stream has no file {get.file}")
        path = self._path(entry)
        total = -(-path.stat().st_size // get.size)
        self._check_span(get, total)
        found, left = [], GET_MAX
        with open(path, "rb") as file:
            for block in get.numbers(total):
                file.seek(block * get.size)
                data = file.read(min(get.size, left + 1))
                left -= len(data)
                if left < 0:
                    break
                found.append(Block(get.file, block, data))
        return found

    def _check_span(self, get, total):
        if get.offset >= total:
            raise DeviceError(self.switches["stream-offset-code"], f"The file has {total} blocks of {get.size} bytes")
        if self.switches["stream-past-end"] == "clip" or get.bitmap is not None:
            return
        count = GET_MAX // get.size if get.count is None else get.count
        if get.offset + count > total:
            raise DeviceError("InvalidRequest", f"Blocks {get.offset}..{get.offset + count - 1} of {total}: "
                              "out of the range of data available")


def check_texts(description, role):
    if description is not None and (not isinstance(description, str) or len(description) > DESCRIPTION_MAX or
                                    any(unicodedata.category(c)[0] == "C" for c in description)):
        raise invalid(f"description is not up to {DESCRIPTION_MAX} printable characters")
    if role is not None and (not isinstance(role, str) or not ROLE_MIN <= len(role) <= ROLE_MAX):
        raise invalid(f"roleArn must have {ROLE_MIN}..{ROLE_MAX} characters")
