"""The event log in files of its own: appended to, synced once for each group, never written in the middle.

`segments` holds the records, `watermark` says how far they are on disk, `log_index` finds an event and a number behind
the newest, and what the index does not know yet is held in memory. One process writes; readers wait for nobody.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from hakam.storage.embedded import erasing, groups
from hakam.storage.embedded.carry_over import carry_over
from hakam.storage.embedded.groups import Group, Identity, identity_of
from hakam.storage.embedded.log_files import index_path, mark_path
from hakam.storage.embedded.log_index import Covered, LogIndex
from hakam.storage.embedded.log_writer import LogWriter, Tail, unindexed
from hakam.storage.embedded.segments import START, Gap, Segment, Segments
from hakam.storage.embedded.watermark import NOTHING, Watermark, WatermarkFile
from hakam.storage.event_log import Appended, CorruptRecordError, Entry, Record

_CHUNK = 500  # records of a page
_HINTS = 16  # places where reading stopped, for those who go on there
_ERASED: Final = object()  # what lies at a number whose contents were erased
_LONG_TAIL = 100_000  # events a reader holds before it looks what the index knows by now


class FileEventLog:
    """An `EventLog` in the folder `path`. Any number of processes may read; one may write (see `claim`)."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._writing = threading.Lock()
        self._reading = threading.RLock()
        self._writer: LogWriter | None = None
        self._marks: WatermarkFile | None = None
        self._last_mark = NOTHING
        self._index: LogIndex | None = None
        self._tail: Tail | None = None  # of a log that others write
        self._hints: dict[int, tuple[int, int]] = {}
        self._looked: tuple[int, Group] | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        carry_over(path)
        path.mkdir(mode=0o700, exist_ok=True)
        self._files = Segments(path)
        if self._files.firsts:
            self._files.get(self._files.firsts[-1])  # an unknown format is refused now

    # Writing

    def claim(self) -> None:
        """Become the one writer until this process ends or `close`. Raises `LogBusyError` if there is another."""
        with self._writing:
            self._claimed()

    def _claimed(self) -> LogWriter:
        if self._writer is None:
            with self._reading:
                self._writer = LogWriter(self.path, self._files, self._clock)
                self._tail = None
        return self._writer

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Make `entries` durable together. See `EventLog.append`. Claims the log if nobody has."""
        if not entries:
            return []
        identities = [identity_of(entry.platform, entry.id) for entry in entries]
        digests = [digest for digest, _ in identities]
        with self._writing:
            writer = self._claimed()
            known = self._known(identities)
            fresh: dict[bytes, Entry] = {}
            for digest, entry in zip(digests, entries, strict=True):
                if digest not in known:
                    fresh.setdefault(digest, entry)
            first = 0
            if fresh:
                first = writer.write(list(fresh), [groups.body_of(entry) for entry in fresh.values()])
        if len(fresh) == len(entries):
            return [Appended(seq) for seq in range(first, first + len(entries))]
        numbers = dict(zip(fresh, range(first, first + len(fresh)), strict=True))
        answers: list[Appended] = []
        for digest in digests:
            number = numbers.pop(digest, None)
            if number is None:
                answers.append(known[digest])
            else:
                answers.append(Appended(number))
                known[digest] = Appended(number, fresh[digest].verdict)
        return answers

    # Looking for events

    def find(self, keys: Sequence[tuple[str, str]]) -> list[Appended | None]:
        """Return what appending each key would answer, or `None` if it is not in the log."""
        identities = [identity_of(*key) for key in keys]
        known = self._known(identities)
        return [known.get(digest) for digest, _ in identities] if known else [None] * len(identities)

    def get(self, platform: str, id: str) -> Record | None:  # noqa: A002 -- the event's own word
        """Return the record of an event, if it is there. Raises `CorruptRecordError`."""
        identity = identity_of(platform, id)
        for seq in self._candidates([identity]).get(identity.digest, []):
            found = self._at(seq, identity.digest)
            if isinstance(found, Record):
                return found
        return None

    def missing(self, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those of the (platform, id) pairs that are not in the log."""
        pairs = list(keys)
        return [pair for pair, found in zip(pairs, self.find(pairs), strict=True) if found is None]

    def _known(self, identities: Sequence[Identity]) -> dict[bytes, Appended]:
        known: dict[bytes, Appended] = {}
        for digest, numbers in self._candidates(identities).items():
            for seq in numbers:
                try:
                    record = self._at(seq, digest)
                except CorruptRecordError:
                    known.setdefault(digest, Appended(seq, damaged=True))
                else:
                    if isinstance(record, Record):
                        known[digest] = Appended(seq, record.verdict)
                    elif record is _ERASED:
                        known.setdefault(digest, Appended(seq, erased=True))
        return known

    def _candidates(self, identities: Sequence[Identity]) -> dict[bytes, list[int]]:
        """Return the numbers of the records that may be the ones. First what is in memory, then the index."""
        writer = self._writer
        tails = writer.tails if writer is not None else self._read_tail()
        filters = writer.known if writer is not None else None
        left = dict(identities)
        found: dict[bytes, list[int]] = {}
        for events in [tail.events for tail in tails]:
            for digest in [digest for digest in left if digest in events]:
                found[digest] = [events[digest]]
                del left[digest]
        if filters is not None:
            perhaps = filters.perhaps(list(left.values()))
            left = {digest: key for digest, key in left.items() if key in perhaps} if perhaps else {}
        if left and (index := self._opened_index()) is not None:
            try:
                found |= index.find(list(left))
            except sqlite3.Error as error:
                raise OSError(f"{self.path} can't be read: {error}") from error
        return found

    def _at(self, seq: int, digest: bytes) -> Record | object | None:
        """Return the record with a number, if it is that event's; `_ERASED` if it was, and was erased.

        Raises `CorruptRecordError`.
        """
        with self._reading:
            if self._looked is None or not self._looked[1].first <= seq <= self._looked[1].last:
                segment, item = next(self._walk(seq - 1), (None, None))
                if isinstance(item, Gap):
                    raise CorruptRecordError(seq)
                if segment is None or item is None:
                    return None
                self._looked = segment.first, item  # repeats come in company
            file, group = self._looked
            if group.first <= seq <= group.last and group.digest(seq) == digest:
                found = self._files.get(file).records(group, seq - 1, 1)
                return found[0] if found and found[0].seq == seq else _ERASED
        return None

    # Reading in order

    def read(self, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records with `seq > after`, in order."""
        records: list[Record] = []
        with self._reading:
            for segment, item in self._walk(after):
                if len(records) >= limit:
                    break
                if isinstance(item, Gap):
                    raise CorruptRecordError(max(item.first, after + 1))
                found = segment.records(item, after, limit - len(records))
                records += found
                if found:  # groups that are erased whole lie behind it, and whoever goes on there sees them
                    whole = found[-1].seq == item.last
                    stopped = segment.first, item.end if whole else item.offset
            if records:
                self._hint(records[-1].seq, stopped)
        return records

    def scan(self, since: float) -> Iterator[Record]:
        """Yield the records received since `since`, in order, without holding anything between two of them."""
        after = self.before(since)
        while records := self.read(after, _CHUNK):
            yield from records
            after = records[-1].seq

    def before(self, since: float) -> int:
        """Return the number of the last record received before `since`, 0 if there is none."""
        index = self._opened_index()
        place = index.place_before(since) if index is not None else None
        last = 0
        with self._reading:
            for _segment, item in self._walk(place.seq - 1 if place is not None else 0):
                if isinstance(item, Group):
                    if item.received_at >= since:
                        break
                    last = item.last
        return last

    def last_seq(self) -> int:
        """Return the number of the newest record, 0 if there is none."""
        return self._mark().seq

    def damaged(self) -> Iterator[int]:
        """Yield the number of each record that can't be read. Reads the whole log."""
        after, last = 0, self.last_seq()
        while after < last:
            try:
                records = self.read(after, _CHUNK)
            except CorruptRecordError as error:
                yield error.seq
                after = error.seq
            else:
                if not records:
                    return
                after = records[-1].seq

    # Erasing

    def erase(self, seqs: Sequence[int]) -> int:
        """Destroy the contents of these records for good. See `EventLog.erase`. Any process may: see `erasing`."""
        left = sorted(set(seqs))
        done = 0
        with self._reading:
            while left:
                segment, item = next(self._walk(left[0] - 1), (None, None))
                if segment is None or item is None:
                    break
                if isinstance(item, Group):
                    done += erasing.overwrite(segment.path, erasing.places(item, left))
                left = left[bisect_right(left, item.last) :]
        return done

    def shed(self) -> int:
        """Give back the room of files whose records are all erased; return how many bytes."""
        mark = self._mark()
        with self._reading:
            self._looked = None
            return erasing.shed(self._files, mark)

    def close(self) -> None:
        """Release files and the claim. Everything acknowledged is already durable."""
        with self._writing, self._reading:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            if self._index is not None:
                self._index.close()
                self._index = None
            if self._marks is not None:
                self._marks.close()
                self._marks = None
            self._files.close()

    def _mark(self) -> Watermark:
        """Return how far the log may be read."""
        if self._writer is not None:
            return self._writer.mark
        with self._reading:
            if self._marks is None:
                try:
                    self._marks = WatermarkFile(mark_path(self.path))
                except FileNotFoundError:  # nothing was ever written
                    return NOTHING
            self._last_mark = self._marks.read() or self._last_mark
            return self._last_mark

    def _opened_index(self) -> LogIndex | None:
        with self._reading:
            if self._index is None:
                try:
                    self._index = LogIndex(index_path(self.path))
                except sqlite3.Error:  # there is none yet
                    return None
            return self._index

    def _read_tail(self) -> tuple[Tail]:
        """Return what the index does not know, as far as it is on disk."""
        mark = self._mark()
        with self._reading:
            if self._tail is None or len(self._tail.events) > _LONG_TAIL:
                index = self._opened_index()
                self._tail = Tail(index.covered() if index is not None else Covered())
            self._files.refresh()
            for segment, group in unindexed(self._files, self._tail.covered, mark):
                self._tail.take(segment.first, group)
            return (self._tail,)

    def _hint(self, seq: int, place: tuple[int, int]) -> None:
        while len(self._hints) >= _HINTS:
            self._hints.pop(next(iter(self._hints)))
        self._hints[seq] = place

    def _walk(self, after: int) -> Iterator[tuple[Segment, Group | Gap]]:
        """Yield from the group that holds the number `after + 1`, or the next one if there is no such number.

        Raises `FileNotFoundError` if somebody removed the log's files while it was open.
        """
        mark = self._mark()
        if after >= mark.seq:
            return
        if mark.segment not in self._files.firsts:
            self._files.refresh()
        if not self._files.firsts:
            raise FileNotFoundError(f"the files of the event log in {self.path} are gone")
        for segment, item in self._files.walk(*self._start(after + 1), mark):
            if item.last > after:
                yield segment, item

    def _start(self, seq: int) -> tuple[int, int, int]:
        """Return where to begin looking for a number: a file, an offset, and the number expected there."""
        hint = self._hints.get(seq - 1)
        if hint is not None:
            return (*hint, seq)
        file = self._files.holding(seq) or self._files.firsts[0]
        tails = self._writer.tails if self._writer is not None else (self._tail,)
        for tail in reversed(tails):
            if tail is not None and tail.places and tail.places[0].seq <= seq:
                place = tail.places[bisect_right(tail.places, seq, key=lambda one: one.seq) - 1]
                return place.segment, place.offset, place.seq
        index = self._opened_index()
        known = index.place_of(seq) if index is not None else None
        if known is not None and known.segment >= file:
            return known.segment, known.offset, known.seq
        return file, START, file
