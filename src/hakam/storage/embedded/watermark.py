"""How far the event log is on disk: what readers in other processes may see.

The writer tells it after each sync, so that nobody reads a record that a power cut could still take. The file itself is
not synced: after a power cut it may lag behind, and the next writer finds by the checksums what is there beyond it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from struct import Struct
from typing import NamedTuple
from zlib import crc32

_FIELDS = Struct("<QQQd")
_SIZE = _FIELDS.size + 4
_TRIES = 50  # a reader that meets a write half done looks again
_BINARY = getattr(os, "O_BINARY", 0)


class Watermark(NamedTuple):
    """The end of what is on disk: a file, an offset in it, the newest number and its time of receipt."""

    segment: int = 0
    offset: int = 0
    seq: int = 0
    received_at: float = 0.0


NOTHING = Watermark()


class WatermarkFile:
    """The file `path`. One process writes it, any number read."""

    def __init__(self, path: Path, *, write: bool = False) -> None:
        self._path = path
        flags = os.O_RDWR | os.O_CREAT if write else os.O_RDONLY
        self._file = os.open(path, flags | _BINARY, 0o600)

    def write(self, mark: Watermark) -> None:
        """Tell readers how far they may go."""
        fields = _FIELDS.pack(*mark)
        data = fields + crc32(fields).to_bytes(4, "little")
        if hasattr(os, "pwrite"):
            os.pwrite(self._file, data, 0)
        else:
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, data)

    def read(self) -> Watermark | None:
        """Return how far the log is on disk, `None` if the file does not say so."""
        for attempt in range(_TRIES):
            if hasattr(os, "pread"):
                data = os.pread(self._file, _SIZE, 0)
            else:
                os.lseek(self._file, 0, os.SEEK_SET)
                data = os.read(self._file, _SIZE)
            if not data:
                return None
            if len(data) == _SIZE and crc32(data[:-4]) == int.from_bytes(data[-4:], "little"):
                return Watermark(*_FIELDS.unpack_from(data))
            time.sleep(0.001 * (attempt > 0))
        return None

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)
