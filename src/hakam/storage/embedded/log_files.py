"""The files of an event log under its writer: the lock, appending and syncing, and taking over from one that died."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from hakam.storage.embedded import segments
from hakam.storage.embedded.durable import sync_data, sync_folder
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.segments import START, Gap, Segment, Segments
from hakam.storage.embedded.watermark import NOTHING, Watermark
from hakam.storage.event_log import LogBusyError, LogFullError

SEGMENT_BYTES = 256 * 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_BINARY = getattr(os, "O_BINARY", 0)
_NEVER = 1 << 63


def index_path(folder: Path) -> Path:
    """Return where a log's index lies."""
    return folder / "index.db"


def mark_path(folder: Path) -> Path:
    """Return where a log's watermark lies."""
    return folder / "durable"


class Claim:
    """The right to write a log: a lock that every system releases when the process dies."""

    def __init__(self, folder: Path, *, patience: float = 0.0) -> None:
        self._lock = sqlite3.connect(
            folder.with_name(f"{folder.name}.lock"),
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._lock.execute("PRAGMA journal_mode = DELETE")
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            self._lock.close()
            raise LogBusyError(f"another process writes {folder}") from None

    def release(self) -> None:
        """Let others write."""
        self._lock.close()


class LogFiles:
    """Appends groups to files. `mark` tells how far they are on disk."""

    def __init__(self, folder: Path, mark: Watermark, salt: int) -> None:
        self._folder = folder
        self.mark = mark
        self.salt = salt
        self._file: int | None = None
        self._first = mark.segment
        self._offset = mark.offset
        if mark.segment:
            path = Segments(folder).path(mark.segment)
            self._file = os.open(path, os.O_RDWR | _BINARY)

    def write(self, first: int, last: int, received_at: float, data: bytes) -> Watermark:
        """Append the bytes of a group and wait for the disk. Whatever happens, an error leaves nothing of it."""
        synced = False
        try:
            if self._file is None or (self._offset > START and self._offset + len(data) > SEGMENT_BYTES):
                self._begin(first)
            file = self._file
            assert file is not None
            _write_at(file, self._offset, data)
            synced = True  # from here on, an error may mean that the system lost what it held
            sync_data(file)
        except OSError as error:
            self._undo(keep=not synced)
            if error.errno in _FULL:
                raise LogFullError(f"{self._folder} can't grow: {error}") from error
            raise OSError(f"{self._folder} can't be written: {error}") from error
        self._offset += len(data)
        return Watermark(self._first, self._offset, last, received_at)

    def _begin(self, first: int) -> None:
        """Begin a new file, whose first record has the number `first`."""
        self.close()
        path = Segments(self._folder).path(first)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
        try:
            _write_at(file, 0, segments.top(self.salt))
            sync_data(file)
            sync_folder(self._folder)
        except OSError:
            os.close(file)
            with suppress(OSError):
                path.unlink()
            raise
        self._file, self._first, self._offset = file, first, START

    def _undo(self, *, keep: bool) -> None:
        """Take back what a failed group left. The file is gone on with only if all before it is surely on disk."""
        if self._file is None:
            return
        try:
            os.ftruncate(self._file, self._offset)
        except OSError:
            keep = False
        if not keep:  # readers leave out what lies beyond the first number of the next file
            self.close()

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _write_at(file: int, offset: int, data: bytes) -> None:
    view = memoryview(data)
    if not hasattr(os, "pwrite"):  # Windows
        os.lseek(file, offset, os.SEEK_SET)
    while view:
        written = os.pwrite(file, view, offset) if hasattr(os, "pwrite") else os.write(file, view)
        view, offset = view[written:], offset + written


def recover(files: Segments, told: Watermark | None) -> Watermark:
    """Return how far the log is whole, and cut off what a writer that died left half done.

    Only the last group can be half done, since the next one is written when it is on disk: whatever is unsound and has
    a sound group behind it was damaged later, and stays for people to see.
    """
    _drop_unborn(files)
    mark = told or NOTHING
    known = mark.segment in files.firsts and files.get(mark.segment).size() >= mark.offset
    if not known:
        mark = NOTHING
        for first in reversed(files.firsts):  # nearly always the last
            if files.get(first).size() > START:
                mark = Watermark(first, START, first - 1)
                break
    for first in [number for number in files.firsts if number >= mark.segment]:
        segment, following = files.get(first), files.after(first)
        start = mark.offset if first == mark.segment else START
        for group in _whole(segment, start, mark.seq + 1, following):
            mark = Watermark(first, group.end, group.last, group.received_at)
        if following is None and mark.segment != first:
            mark = mark._replace(segment=first, offset=START)
    if mark.segment and files.get(mark.segment).size() > mark.offset:
        file = os.open(files.path(mark.segment), os.O_RDWR | _BINARY)
        try:
            os.ftruncate(file, mark.offset)
            os.fsync(file)
        finally:
            os.close(file)
    elif mark.segment:
        _sync(files.path(mark.segment))
    return mark


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _drop_unborn(files: Segments) -> None:
    """Remove a last file whose writer died before it had written the first bytes."""
    files.refresh()
    if files.firsts and files.path(files.firsts[-1]).stat().st_size < START:
        files.path(files.firsts[-1]).unlink()
        files.refresh()


def _whole(segment: Segment, offset: int, expected: int, following: int | None) -> list[Group]:
    found: list[Group] = []
    torn = False
    for item in segment.walk(offset, segment.size(), expected, following or _NEVER):
        if isinstance(item, Gap):
            continue
        if torn and found and found[-1].end == item.offset:
            torn = False
        found.append(item)
        torn = following is None and not segment.sound(item)
    return found[:-1] if torn else found
