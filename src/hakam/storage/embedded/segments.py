"""The files of the event log: groups one after the other, a new file when one is long enough.

A file is named by the number of its first record and begins with sixteen bytes: magic, format and the log's salt. It
only grows, and never changes once there is a later one. A damaged head costs the records of its group, no others: the
next group is found by its magic and its checksum.
"""

from __future__ import annotations

import os
import threading
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from struct import Struct
from typing import NamedTuple
from zlib import crc32

import msgspec

from hakam.storage.embedded import groups
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.watermark import Watermark
from hakam.storage.event_log import CorruptRecordError, Record

FORMAT = 1
_MAGIC = b"HAKAMLOG"
_TOP = Struct("<8sII")
START = _TOP.size  # offset of the first group
_SUFFIX = ".events"
_DIGITS = 19
_OPEN = 16  # files kept open for reading
_LOOK = 4_096  # bytes read for a head, with the first of its table
_SEARCH = 1 << 20
_BINARY = getattr(os, "O_BINARY", 0)


class Gap(NamedTuple):
    """Numbers whose records can't be read, since the head of their group is damaged."""

    first: int
    last: int


class Segment:
    """One file, for reading. `first` is the number of its first record."""

    def __init__(self, path: Path, first: int, salt: int | None = None) -> None:
        self.path, self.first = path, first
        self._file = os.open(path, os.O_RDONLY | _BINARY)
        self._lock = threading.Lock()
        try:
            self.salt = salt if salt is not None else _salt_of(path, self.read_at(0, START))
        except OSError:
            self.close()
            raise

    def read_at(self, offset: int, size: int) -> bytes:
        """Return up to `size` bytes from `offset`, fewer only at the end of the file."""
        if hasattr(os, "pread"):
            return os.pread(self._file, size, offset)
        with self._lock:  # Windows
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, size)

    def size(self) -> int:
        """Return the length of the file."""
        return os.fstat(self._file).st_size

    def close(self) -> None:
        """Release the file."""
        os.close(self._file)

    def group_at(self, offset: int, end: int) -> Group | None:
        """Return the group that begins at `offset` and ends by `end`, or `None` if there is no sound one."""
        head = self.read_at(offset, _LOOK)
        table = groups.table_size(head)
        if table is None or offset + groups.HEAD + table > end:
            return None
        if len(head) < groups.HEAD + table:
            head = self.read_at(offset, groups.HEAD + table)
        group = groups.head_of(head[: groups.HEAD + table], offset, self.salt)
        return group if group is not None and group.end <= end else None

    def next_group(self, offset: int, end: int, least: int) -> Group | None:
        """Return the first sound group after `offset` whose numbers are `least` or more."""
        while offset < end:
            data = self.read_at(offset, min(_SEARCH, end - offset))
            if len(data) < len(groups.MAGIC):
                return None
            found = data.find(groups.MAGIC)
            if found < 0:
                offset += len(data) - len(groups.MAGIC) + 1
                continue
            group = self.group_at(offset + found, end)
            if group is not None and group.first >= least:
                return group
            offset += found + 1
        return None

    def walk(self, offset: int, end: int, expected: int, beyond: int) -> Iterator[Group | Gap]:
        """Yield the groups from `offset` to `end`, and gaps for what is damaged.

        `expected`: the number that should come first; `beyond`: the first number that lies in a later file.
        """
        while offset < end and expected < beyond:
            group = self.group_at(offset, end)
            if group is None:
                group = self.next_group(offset + 1, end, expected)
                last = (beyond if group is None else min(group.first, beyond)) - 1
                if last >= expected:
                    yield Gap(expected, last)
                if group is None:
                    return
            if group.first >= beyond:
                return
            yield group
            offset, expected = group.end, group.last + 1

    def records(self, group: Group, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records of a group with a number beyond `after`. Raises `CorruptRecordError`.

        Erased ones are left out, and others taken in their place.
        """
        rows = group.rows()
        start = max(0, after + 1 - group.first)
        offset = group.bodies + sum(row.size for row in rows[:start])
        found: list[Record] = []
        while start < len(rows) and len(found) < limit:
            wanted = rows[start : start + limit - len(found)]
            data = self.read_at(offset, sum(row.size for row in wanted))
            at = 0
            for seq, row in enumerate(wanted, group.first + start):
                body = data[at : at + row.size]
                at += row.size
                if len(body) != row.size or crc32(body, self.salt) != row.checksum:
                    if groups.is_erased(body):
                        continue
                    raise CorruptRecordError(seq)
                try:
                    found.append(groups.record_of(seq, group.received_at, body))
                except msgspec.MsgspecError:
                    raise CorruptRecordError(seq) from None
            start, offset = start + len(wanted), offset + at
        return found

    def sound(self, group: Group) -> bool:
        """Whether all bodies of a group are what was written, or were erased on purpose."""
        data = self.read_at(group.bodies, group.end - group.bodies)
        at = 0
        for row in group.rows():
            body = data[at : at + row.size]
            if crc32(body, self.salt) != row.checksum and not groups.is_erased(body):
                return False
            at += row.size
        return at == len(data)


class Segments:
    """The files of a folder. Knows their names; opens those that are read, at most a few at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.firsts: list[int] = []
        self._open: dict[int, Segment] = {}
        self.refresh()

    def refresh(self) -> None:
        """Look for files that are new."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        self.firsts = sorted(
            int(name[:_DIGITS]) for name in names if name.endswith(_SUFFIX) and name[:_DIGITS].isdecimal()
        )

    def path(self, first: int) -> Path:
        """Return the path of the file whose first record has the number `first`."""
        return self.folder / f"{first:0{_DIGITS}}{_SUFFIX}"

    def get(self, first: int) -> Segment:
        """Open a file, or return it open."""
        found = self._open.pop(first, None)
        if found is None:
            while len(self._open) >= _OPEN:
                self._open.pop(next(iter(self._open))).close()
            found = self._opened(first)
        self._open[first] = found
        return found

    def _opened(self, first: int) -> Segment:
        path = self.path(first)
        try:
            return Segment(path, first)
        except DamagedTopError:  # the salt is the log's, so that any other file tells it
            for other in self.firsts:
                with suppress(DamagedTopError), closing(Segment(self.path(other), other)) as sound:
                    return Segment(path, first, sound.salt)
            raise

    def holding(self, seq: int) -> int | None:
        """Return the file in which a number lies or would lie, `None` if it is before all."""
        place = bisect_right(self.firsts, seq)
        return self.firsts[place - 1] if place else None

    def after(self, first: int) -> int | None:
        """Return the file that follows the one called `first`."""
        place = bisect_right(self.firsts, first)
        return self.firsts[place] if place < len(self.firsts) else None

    def walk(
        self, first: int, offset: int, expected: int, mark: Watermark
    ) -> Iterator[tuple[Segment, Group | Gap]]:
        """Yield what lies between an offset in the file `first` and `mark`, each with its file."""
        if mark.segment not in self.firsts:
            self.refresh()
        here: int | None = first
        while here is not None and here <= mark.segment:
            segment, following = self.get(here), self.after(here)
            is_last = here == mark.segment or following is None
            end = mark.offset if here == mark.segment else segment.size()
            beyond = mark.seq + 1 if is_last or following is None else following
            for item in segment.walk(offset, end, expected, beyond):
                yield segment, item
            here, offset, expected = following, START, following or 0

    def close(self) -> None:
        """Release all files."""
        while self._open:
            self._open.popitem()[1].close()


class DamagedTopError(OSError):
    """The first bytes of a file of the log are not what was written."""


def top(salt: int) -> bytes:
    """Return the first bytes of a file."""
    return _TOP.pack(_MAGIC, FORMAT, salt)


def _salt_of(path: Path, data: bytes) -> int:
    if len(data) < START or not data.startswith(_MAGIC):
        raise DamagedTopError(f"{path} is not a file of the event log, or its first bytes are damaged")
    _magic, version, salt = _TOP.unpack(data)
    if version != FORMAT:
        raise OSError(f"{path} has format {version}; this release reads {FORMAT}")
    return int(salt)
