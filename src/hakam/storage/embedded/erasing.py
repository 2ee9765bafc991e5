"""Erasing records of the event log: their bodies are overwritten where they lie, and the heads stay.

First a mark of four bytes goes over the beginning of each body and is synced, then zeros over the rest. So whenever the
power goes, a body is either what it was or known to be erased, and erasing it again finishes the work. A file that
holds nothing else any more is shortened. Copies outside these files (back-ups, snapshots of the
disk, blocks that a disk keeps for itself) are out of its reach.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hakam.storage.embedded import groups
from hakam.storage.embedded.durable import sync_data
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.segments import START, Gap, Segments
from hakam.storage.embedded.watermark import Watermark

_BINARY = getattr(os, "O_BINARY", 0)


class Place(NamedTuple):
    """Where the body of one record lies in a file."""

    offset: int
    size: int


def places(group: Group, seqs: Iterable[int]) -> Iterator[Place]:
    """Yield where the bodies of these records of a group lie; what is none of its numbers is passed over."""
    wanted = set(seqs)
    offset = group.bodies
    for seq, row in enumerate(group.rows(), group.first):
        if seq in wanted:
            yield Place(offset, row.size)
        offset += row.size


def overwrite(path: Path, bodies: Iterable[Place]) -> int:
    """Destroy bodies in a file and return how many. Durable when it returns."""
    found = list(bodies)
    if not found:
        return 0
    file = os.open(path, os.O_RDWR | _BINARY)
    try:
        for place in found:
            _write(file, place.offset, groups.ERASED[: place.size])
        sync_data(file)
        for place in found:
            _write(file, place.offset, groups.ERASED[: place.size].ljust(place.size, b"\x00"))
        sync_data(file)
    finally:
        os.close(file)
    return len(found)


def shed(files: Segments, mark: Watermark) -> int:
    """Shorten each file, but for the newest, whose records are all erased; return how many bytes went.

    Its name stays, so that those who have it open, and the numbers that it stood for, stay as they are.
    """
    gone = 0
    files.refresh()
    for first in files.firsts:
        if first >= mark.segment:
            break
        segment, following = files.get(first), files.after(first)
        size = segment.size()
        if size <= START or following is None:
            continue
        if all(
            not isinstance(item, Gap) and _empty(segment.read_at, item)
            for item in segment.walk(START, size, first, following)
        ):
            file = os.open(files.path(first), os.O_RDWR | _BINARY)
            try:
                os.ftruncate(file, START)
                os.fsync(file)
            finally:
                os.close(file)
            gone += size - START
    return gone


def _empty(read_at: object, group: Group) -> bool:
    """Whether all bodies of a group are erased."""
    assert callable(read_at)
    offset = group.bodies
    for row in group.rows():
        if not groups.is_erased(read_at(offset, min(row.size, len(groups.ERASED)))):
            return False
        offset += row.size
    return True


def _write(file: int, offset: int, data: bytes) -> None:
    if hasattr(os, "pwrite"):
        view = memoryview(data)
        while view:
            written = os.pwrite(file, view, offset)
            view, offset = view[written:], offset + written
        return
    os.lseek(file, offset, os.SEEK_SET)  # Windows
    os.write(file, data)
