"""What changed since the base was built: an append-only file of hashes added and keys removed.

A record counts once all of it is there and its checksum fits; a tail that a crash cut short is dropped by the next
writer. So any number of processes can follow the file while one writes it.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ADDED, REMOVED = 1, 2
DIGEST_BYTES = 32
_RECORD = struct.Struct("<BQ32s")
_CHECKSUM = struct.Struct("<I")
RECORD_BYTES = _RECORD.size + _CHECKSUM.size
_NOTHING = bytes(DIGEST_BYTES)


class Change(NamedTuple):
    """One record. A removal has an empty digest and takes away all hashes of its key that stand before it."""

    kind: int
    key: int
    digest: bytes = _NOTHING


def write(path: Path, changes: Sequence[Change], at: int) -> int:
    """Append changes after byte `at`, durably, dropping whatever a crash left there. Return the new end."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.seek(at)
        file.truncate()
        body = bytearray()
        for change in changes:
            record = _RECORD.pack(*change)
            body += record + _CHECKSUM.pack(zlib.crc32(record))
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    return at + len(body)


def read(path: Path, at: int) -> Iterator[Change]:
    """Yield the changes from byte `at` on, up to the first that is not whole."""
    try:
        with path.open("rb") as file:
            file.seek(at)
            while len(record := file.read(RECORD_BYTES)) == RECORD_BYTES:
                body, checksum = record[: _RECORD.size], _CHECKSUM.unpack(record[_RECORD.size :])[0]
                if zlib.crc32(body) != checksum:
                    return
                yield Change(*_RECORD.unpack(body))
    except FileNotFoundError:
        return
