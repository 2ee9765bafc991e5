"""The one writer of an event log: takes over what the last one left, appends groups, and keeps the index behind it."""

from __future__ import annotations

import logging
import os
import secrets
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from zlib import crc32

from hakam.storage.embedded import groups, log_index
from hakam.storage.embedded.groups import Group
from hakam.storage.embedded.id_filter import KnownIds
from hakam.storage.embedded.log_files import Claim, LogFiles, index_path, mark_path, recover
from hakam.storage.embedded.log_index import KEY_BYTES, Covered, LogIndex, Place
from hakam.storage.embedded.segments import START, Segment, Segments
from hakam.storage.embedded.watermark import Watermark, WatermarkFile

RUN = 20_000  # events that are kept in memory until they go to the index together
SAVE_EVENTS = 320_000  # events between two savings of the filter
_PLACES_BYTES = 64 * 1024  # between two places that the index keeps
_KEYS = 2_000  # added to the filter at a time: a fraction of a millisecond of Python's lock
_AGAIN = 1.0  # seconds until the index is tried again
_PATIENT = 10  # nice
_LOG = logging.getLogger("hakam.door")


class Tail:
    """Newest events of the log that the index does not know yet, held in memory."""

    __slots__ = ("covered", "events", "places")

    def __init__(self, covered: Covered) -> None:
        self.events: dict[bytes, int] = {}
        self.places: list[Place] = []
        self.covered = covered  # after its last group

    def take(self, segment: int, group: Group) -> None:
        """Add a group that lies in the file `segment`."""
        self.events.update(zip(group.digests(), range(group.first, group.last + 1), strict=True))
        self.places.append(Place(group.first, group.received_at, segment, group.offset))
        self.covered = Covered(segment, group.end, group.last)

    def sparse(self) -> list[Place]:
        """Return places a good way apart."""
        kept: list[Place] = []
        for place in self.places:
            if (
                not kept
                or place.segment != kept[-1].segment
                or place.offset - kept[-1].offset >= _PLACES_BYTES
            ):
                kept.append(place)
        return kept


def unindexed(files: Segments, covered: Covered, mark: Watermark) -> Iterator[tuple[Segment, Group]]:
    """Yield the groups from where the index ends to `mark`, each with its file."""
    if covered.seq:
        found = files.walk(covered.segment, covered.offset, covered.seq + 1, mark)
    elif files.firsts:
        found = files.walk(files.firsts[0], START, files.firsts[0], mark)
    else:
        return
    for segment, item in found:
        if isinstance(item, Group):
            yield segment, item


class LogWriter:
    """Writes the log in `folder`. One thread at a time calls `write`; `tails` and `known` are read by any."""

    def __init__(self, folder: Path, files: Segments, clock: Callable[[], float]) -> None:
        self._folder, self._clock = folder, clock
        self._claim = Claim(folder)
        self.known: KnownIds | None = None  # once it knows all that the index does
        self._changing = threading.Lock()
        self._work = threading.Event()
        self._closing = False
        self._marks = WatermarkFile(mark_path(folder), write=True)
        try:
            mark = recover(files, self._marks.read())
            self._files = LogFiles(
                folder, mark, files.get(mark.segment).salt if mark.segment else _new_salt()
            )
            self._tell(mark)
            self._index = self._opened_index(files)
            self.tails: tuple[Tail, ...] = (self._unindexed(files),)
        except BaseException:
            self._marks.close()
            self._claim.release()
            raise
        self._thread = threading.Thread(target=self._run, name="log-index", daemon=True)
        self._thread.start()

    @property
    def mark(self) -> Watermark:
        """How far the log is on disk."""
        return self._files.mark

    def write(self, digests: Sequence[bytes], bodies: Sequence[bytes]) -> int:
        """Append records, wait for the disk, and return the number of the first. Raises `LogFullError`."""
        before = self._files.mark
        first, received_at = before.seq + 1, max(before.received_at, self._clock())
        last = before.seq + len(bodies)
        salt = self._files.salt
        checksums = [crc32(body, salt) for body in bodies]
        data = groups.pack(first, received_at, digests, bodies, checksums, salt=salt)
        mark = self._files.write(first, last, received_at, data)
        tail = self.tails[-1]
        tail.events.update(zip(digests, range(first, last + 1), strict=True))
        tail.places.append(Place(first, received_at, mark.segment, mark.offset - len(data)))
        tail.covered = Covered(mark.segment, mark.offset, last)
        self._tell(mark)
        if len(tail.events) >= RUN:
            with self._changing:
                self.tails = (*self.tails, Tail(tail.covered))
            self._work.set()
        return first

    def _tell(self, mark: Watermark) -> None:
        self._files.mark = mark
        try:
            self._marks.write(mark)
        except OSError as error:  # the next one tells it too; until then, other processes lag
            _LOG.warning("readers can't be told how far the event log is: %s", error)

    def _opened_index(self, files: Segments) -> LogIndex:
        path = index_path(self._folder)
        try:
            index = LogIndex(path, write=True)
            covered = index.covered()
            if covered.seq <= self.mark.seq and (not covered.seq or covered.segment in files.firsts):
                return index
            index.close()
        except sqlite3.DatabaseError as error:
            _LOG.warning("the event log's index is made anew: %s", error)
        log_index.delete(path)
        KnownIds(self._folder).forget()
        return LogIndex(path, write=True)

    def _unindexed(self, files: Segments) -> Tail:
        """Read the heads of what the index does not know; put it there, but for the last of it."""
        tail = Tail(self._index.covered())
        for segment, group in unindexed(files, tail.covered, self.mark):
            tail.take(segment.first, group)
            if len(tail.events) >= RUN:
                self._index.add(tail.events, tail.sparse(), tail.covered)
                tail = Tail(tail.covered)
        return tail

    def _run(self) -> None:
        _step_back()
        known = KnownIds(self._folder)
        known.load(self._index.covered().seq)
        while not self._closing:
            try:
                if self.known is None:
                    self._learn(known)
                self._drain(known)
                while self._index.merge() and not self._closing:
                    self._drain(known)
                if self._index.covered().seq - known.covered >= SAVE_EVENTS:
                    known.save(self._index.covered().seq)
            except (
                OSError,
                sqlite3.Error,
            ) as error:  # a full disk, above all: the writer tells who sent the events
                _LOG.warning("the event log's index can't be written: %s", error)
                self._work.wait(_AGAIN)
                continue
            self._work.wait()
            self._work.clear()

    def _learn(self, known: KnownIds) -> None:
        """Learn which events are there. Until that is done, the index is asked for each."""
        for keys in self._index.keys(known.covered):
            if self._closing:
                return
            known.add(keys)
            self._drain(known)
        self.known = known

    def _drain(self, known: KnownIds) -> None:
        """Put into the index what is full."""
        while len(self.tails) > 1 and not self._closing:
            tail = self.tails[0]
            self._index.add(tail.events, tail.sparse(), tail.covered)
            digests = iter(tail.events)
            while keys := b"".join([digest[:KEY_BYTES] for digest in islice(digests, _KEYS)]):
                known.add(keys)
            with self._changing:
                self.tails = self.tails[1:]

    def close(self) -> None:
        """End the thread and give the claim back."""
        self._closing = True
        self._work.set()
        self._thread.join()
        self._index.close()
        self._files.close()
        self._marks.close()
        self._claim.release()


def _new_salt() -> int:
    return secrets.randbits(32)


def _step_back() -> None:
    """Let this thread have what others leave of the processors: nobody waits for the index. Linux knows threads."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _PATIENT)
