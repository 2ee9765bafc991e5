"""A group of records as bytes: what one commit appends to a segment of the event log.

    magic 4 | checksum of the head 4 | records 4 | first number 8 | time of receipt 8 | size of the bodies 4
    then for each record: digest of (platform, id) 16 | size of its body 4 | checksum of its body 4
    then the bodies, each MessagePack

Little endian. The numbers of a group follow on one another. Whoever looks for events reads heads and skips bodies. The
checksums start from the log's salt, which no sender knows: nobody can write bytes into an event that look like a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple
from zlib import crc32

import msgspec

from hakam.storage.event_log import Entry, Record

MAGIC = b"HkG1"
ERASED = b"\x00HkE"  # begins a body that was erased; MessagePack of a record never begins so
_REST = Struct("<IQdI")
_ROW = Struct("<16sII")
_KEY = Struct("<q")
HEAD = len(MAGIC) + 4 + _REST.size
ROW = _ROW.size


class _Body(msgspec.Struct, frozen=True, array_like=True):
    platform: str
    id: str
    at: float
    raw: bytes
    signals: bytes
    verdict: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Body).decode


class Row(NamedTuple):
    """What a head says of one record."""

    digest: bytes
    size: int
    checksum: int


class Group(NamedTuple):
    """The head of a group, and where in the file it lies."""

    offset: int
    first: int
    received_at: float
    table: bytes
    end: int

    @property
    def last(self) -> int:
        """The number of its last record."""
        return self.first + len(self.table) // ROW - 1

    @property
    def bodies(self) -> int:
        """The offset of its first body."""
        return self.offset + HEAD + len(self.table)

    def rows(self) -> list[Row]:
        """Return what the head says of each record."""
        return [Row(*row) for row in _ROW.iter_unpack(self.table)]

    def digests(self) -> list[bytes]:
        """Return the digest of each record."""
        return [row[0] for row in _ROW.iter_unpack(self.table)]

    def digest(self, seq: int) -> bytes:
        """Return the digest of one of its records."""
        return bytes(_ROW.unpack_from(self.table, (seq - self.first) * ROW)[0])


class Identity(NamedTuple):
    """What tells an event from all others: a digest of (platform, id), and its first half as a number."""

    digest: bytes
    key: int


@lru_cache(32_768)  # the door looks for an event and appends it a moment later
def identity_of(platform: str, id_: str) -> Identity:
    """Return what identifies an event."""
    # A platform's name can't hold NUL, so that no two pairs share their bytes.
    digest = blake2b(f"{platform}\0{id_}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return Identity(digest, key_of(digest))


def key_of(digest: bytes) -> int:
    """Return the first half of a digest as a number."""
    return int(_KEY.unpack_from(digest)[0])


def body_of(entry: Entry) -> bytes:
    """Return an entry's body."""
    return _encode((entry.platform, entry.id, entry.at, entry.raw, entry.signals, entry.verdict))


def pack(
    first: int,
    received_at: float,
    digests: Sequence[bytes],
    bodies: Sequence[bytes],
    checksums: Sequence[int],
    *,
    salt: int,
) -> bytes:
    """Return the bytes of a group whose first record has the number `first`."""
    sizes = list(map(len, bodies))
    table = b"".join(map(_ROW.pack, digests, sizes, checksums))
    rest = _REST.pack(len(sizes), first, received_at, sum(sizes)) + table
    return b"".join((MAGIC, crc32(rest, salt).to_bytes(4, "little"), rest, *bodies))


def table_size(head: bytes) -> int | None:
    """Return how many bytes follow the fixed part of a head, `None` if it is none. Nothing is verified yet."""
    if len(head) < HEAD or not head.startswith(MAGIC):
        return None
    return int(_REST.unpack_from(head, HEAD - _REST.size)[0]) * ROW


def head_of(data: bytes, offset: int, salt: int) -> Group | None:
    """Return the group whose whole head `data` is, found at `offset`, or `None` if its checksum does not fit."""
    rest = data[HEAD - _REST.size :]
    if crc32(rest, salt) != int.from_bytes(data[4:8], "little"):
        return None
    _count, first, received_at, size = _REST.unpack_from(rest)
    return Group(offset, first, received_at, rest[_REST.size :], offset + len(data) + size)


def is_erased(body: bytes) -> bool:
    """Whether a body whose checksum does not fit was erased on purpose. Its checksum stays that of what it was."""
    return body.startswith(ERASED)


def record_of(seq: int, received_at: float, body: bytes) -> Record:
    """Return the record that a body holds. Raises `msgspec.MsgspecError`."""
    parts = _decode(body)
    return Record(
        seq, received_at, parts.platform, parts.id, parts.at, parts.raw, parts.signals, parts.verdict
    )
