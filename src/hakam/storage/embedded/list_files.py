"""Building the file of a list of any length in bounded memory.

Entries are parted by the first bits of their CRC-32, which is the order of the file: each part is sorted and freed of
what is said twice by itself. Small lists never touch the disk before they are written; of long ones the parts wait in
files without a name.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import msgspec

from hakam.policy.lists import ListKind
from hakam.policy.outside import BadListError, check_size, head_of, in_order, places_of
from hakam.storage.embedded.durable import sync_data, sync_folder

_PART_BITS = 6
_BATCH = 1 << 16  # entries parted at once
_IN_MEMORY = 1 << 20  # bytes of a part that wait in memory
_SYNCED = (
    1 << 25
)  # bytes between two waits for the disk, so that whoever shares it never waits for all of them
_LEFT_BEHIND = 86_400.0  # seconds after which nobody writes a file any longer
_MOST_BYTES = 1 << 33  # of all that is given, repeated or not


class Kept(msgspec.Struct, frozen=True):
    """A list that was kept: its digest, how many entries it has, and how often one was said again."""

    digest: str
    entries: int
    repeated: int


def keep(folder: Path, kind: ListKind, entries: Iterable[str]) -> Kept:
    """Write a list's file, durably, unless it is there. Entries come in any order, each as often as it likes.

    Raises `BadListError`, `OSError`, and whatever `entries` raises: then nothing stays behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _clear(folder)
    with ExitStack() as stack:
        parts = [stack.enter_context(_waiting(folder)) for _ in range(1 << _PART_BITS)]
        given = _part(entries, parts)
        fresh = folder / f".list.{os.getpid()}-{secrets.token_hex(4)}.new"
        with _thrown_away(fresh) as file:
            digest, count = _write(kind, _sorted(parts), file)
        if (folder / digest).exists():
            fresh.unlink()
        else:
            fresh.replace(folder / digest)
            sync_folder(folder)
    return Kept(digest, count, given - count)


def _clear(folder: Path) -> None:
    """Remove what was left behind by who was killed while writing, a day ago or longer."""
    for path in folder.glob(".list.*.new"):
        with suppress(OSError):  # another one removed it
            if time.time() - path.stat().st_mtime > _LEFT_BEHIND:
                path.unlink()


def _waiting(folder: Path) -> tempfile.SpooledTemporaryFile[bytes]:
    """Return a place for a part: in memory while it is small, else a file of `folder` that has no name."""
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(folder))


@contextmanager
def _thrown_away(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is removed if it can't be finished."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with open(handle, "w+b") as file:  # noqa: PTH123 -- wraps the descriptor, which carries the mode
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _part(entries: Iterable[str], parts: list[tempfile.SpooledTemporaryFile[bytes]]) -> int:
    """Divide entries among the parts; return how many were given."""
    given, size = 0, 0
    shift = 32 - _PART_BITS
    left = iter(entries)
    while batch := list(islice(left, _BATCH)):
        held: list[list[bytes]] = [[] for _ in parts]
        for entry in batch:
            line = entry.encode()
            held[crc32(line) >> shift].append(line)
        given += len(batch)
        for lines, part in zip(held, parts, strict=True):
            if lines:
                size += part.write(b"\n".join((*lines, b"")))
        if size > _MOST_BYTES:
            raise BadListError("the entries take more than 8 GB, those said again included")
    return given


def _sorted(parts: Iterable[tempfile.SpooledTemporaryFile[bytes]]) -> Iterator[list[bytes]]:
    """Yield the different entries of each part, in the order of the file; a part is given back once it was read."""
    for part in parts:
        part.seek(0)
        lines = part.read().split(b"\n")
        part.close()
        lines.pop()
        yield in_order(lines)[0]


def _write(kind: ListKind, parts: Iterable[list[bytes]], file: BinaryIO) -> tuple[str, int]:
    """Write the file; return the digest and the number of entries."""
    codes, lengths = array("I"), array("H")
    seen = sha256(f"{kind}\n".encode())
    size, synced = 0, 0
    file.write(bytes(len(head_of(kind, 1, seen.digest(), 0))) + b"\n")
    for lines in parts:
        codes.extend(map(crc32, lines))
        lengths.extend(map(len, lines))
        text = b"\n".join((*lines, b"")) if lines else b""
        seen.update(text)
        file.write(text)
        size += len(text)
        if size > synced + _SYNCED:
            file.flush()
            sync_data(file.fileno())
            synced = size
    check_size(kind, len(codes), size)
    file.write(places_of(codes, lengths))
    file.seek(0)
    file.write(head_of(kind, len(codes), seen.digest(), size))
    file.flush()
    os.fsync(file.fileno())
    return seen.hexdigest(), len(codes)
