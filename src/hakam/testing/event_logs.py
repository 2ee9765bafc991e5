"""An event log in memory, and what every event log must do.

A plugin's author runs `check_event_log(make)`, where `make(name)` opens the log called `name` in a fresh place, and the
same log again when it is called with the same name. Needs no test framework: a failed promise raises `AssertionError`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

from hakam.storage.event_log import Appended, Entry, EventLog, Record

PATIENCE = 60.0  # seconds for writers and readers; a log that loses a record must fail, not hang


class MemoryEventLog:
    """An `EventLog` that lives and dies with its process, for tests."""

    def __init__(self, *, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._places: dict[tuple[str, str], int] = {}
        self._erased: set[int] = set()

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        """Keep `entries`; one answer each, in order."""
        answers: list[Appended] = []
        with self._lock:
            received_at = max(self._clock(), self._records[-1].received_at if self._records else 0.0)
            for entry in entries:
                key = (entry.platform, entry.id)
                if key in self._places:
                    earlier = self._records[self._places[key]]
                    erased = earlier.seq in self._erased
                    answers.append(Appended(earlier.seq, None if erased else earlier.verdict, erased=erased))
                    continue
                seq = len(self._records) + 1
                self._places[key] = seq - 1
                self._records.append(
                    Record(
                        seq,
                        received_at,
                        entry.platform,
                        entry.id,
                        entry.at,
                        entry.raw,
                        entry.signals,
                        entry.verdict,
                    )
                )
                answers.append(Appended(seq))
        return answers

    def read(self, after: int, limit: int) -> list[Record]:
        """Return up to `limit` records with `seq > after`, in order."""
        there = (record for record in self._records[after:] if record.seq not in self._erased)
        return list(islice(there, limit))

    def get(self, platform: str, id: str) -> Record | None:  # noqa: A002 -- the event's own word
        """Return the record of an event, if it is there."""
        place = self._places.get((platform, id))
        return None if place is None or place + 1 in self._erased else self._records[place]

    def find(self, keys: Sequence[tuple[str, str]]) -> list[Appended | None]:
        """Return what appending each key would answer, or `None` if it is not in the log."""
        places = [self._places.get((platform, id_)) for platform, id_ in keys]
        return [
            None
            if place is None
            else Appended(place + 1, erased=True)
            if place + 1 in self._erased
            else Appended(place + 1, self._records[place].verdict)
            for place in places
        ]

    def scan(self, since: float) -> Iterator[Record]:
        """Yield the records received since `since`, in order."""
        return (
            record
            for record in list(self._records)
            if record.received_at >= since and record.seq not in self._erased
        )

    def before(self, since: float) -> int:
        """Return the number of the last record received before `since`, 0 if there is none."""
        return sum(record.received_at < since for record in self._records)

    def last_seq(self) -> int:
        """Return the number of the newest record, 0 if there is none."""
        return len(self._records)

    def erase(self, seqs: Sequence[int]) -> int:
        """Destroy the contents of these records."""
        with self._lock:
            there = {seq for seq in seqs if 0 < seq <= len(self._records)}
            for seq in there:
                old = self._records[seq - 1]
                self._records[seq - 1] = Record(seq, old.received_at, "", "", 0.0, b"", b"", b"")
            self._erased |= there
            return len(there)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""


def entry(
    id_: str, *, platform: str = "forum", verdict: bytes = b'{"v":1}', raw: bytes | None = None
) -> Entry:
    """Return an entry for a test."""
    return Entry(platform, id_, 1.5, raw or f'{{"id":"{id_}"}}'.encode(), b'{"script":"Latn"}', verdict)


def _an_empty_log_is_empty(make: Callable[[str], EventLog]) -> None:
    log = make("empty")
    assert log.last_seq() == 0
    assert log.read(0, 10) == []
    assert list(log.scan(0.0)) == []
    assert log.get("forum", "1") is None
    assert log.append([]) == []
    log.close()


def _what_is_appended_is_read_back(make: Callable[[str], EventLog]) -> None:
    log = make("back")
    nasty = bytes(range(256)) * 3
    given = [entry("1"), entry("2", raw=nasty), entry("\u0645\u0631\u062d\u0628\u0627 /?#%\n")]
    answers = log.append(given)
    assert [answer.earlier for answer in answers] == [None] * 3
    assert all(a.seq < b.seq for a, b in pairwise(answers))
    records = log.read(0, 10)
    assert [(r.platform, r.id, r.at, r.raw, r.signals, r.verdict) for r in records] == [
        (e.platform, e.id, e.at, e.raw, e.signals, e.verdict) for e in given
    ]
    assert [record.seq for record in records] == [answer.seq for answer in answers]
    assert log.last_seq() == answers[-1].seq
    assert log.get("forum", given[2].id) == records[2]
    log.close()


def _a_repeat_gets_the_earlier_verdict(make: Callable[[str], EventLog]) -> None:
    log = make("repeat")
    first, second = log.append([entry("1", verdict=b"first"), entry("1", verdict=b"second")])
    assert first.earlier is None
    assert second == Appended(first.seq, b"first")
    other, again = log.append([entry("1", platform="shop", verdict=b"other"), entry("1", verdict=b"third")])
    assert other.earlier is None
    assert other.seq != first.seq
    assert again == Appended(first.seq, b"first")
    assert log.find([("forum", "1"), ("forum", "absent"), ("shop", "1"), ("forum", "1")]) == [
        Appended(first.seq, b"first"),
        None,
        Appended(other.seq, b"other"),
        Appended(first.seq, b"first"),
    ]
    assert log.find([]) == []
    assert len(log.read(0, 10)) == 2  # noqa: PLR2004 -- one for each platform
    log.close()


def _keys_do_not_run_together(make: Callable[[str], EventLog]) -> None:
    log = make("keys")
    answers = log.append([entry("bc", platform="a"), entry("c", platform="ab"), entry("c", platform="a-b")])
    assert [answer.earlier for answer in answers] == [None] * 3
    log.close()


def _reading_goes_on_where_it_stopped(make: Callable[[str], EventLog]) -> None:
    log = make("pages")
    log.append([entry(str(n)) for n in range(1_250)])
    after, seen = 0, []
    while page := log.read(after, 100):
        assert len(page) <= 100, "more records than were asked for"  # noqa: PLR2004 -- the limit above
        assert all(a < b for a, b in pairwise([after, *(record.seq for record in page)])), "not in order"
        seen += [record.id for record in page]
        after = page[-1].seq
    assert seen == [str(n) for n in range(1_250)]
    assert [record.id for record in log.scan(0.0)] == seen
    log.close()


def _times_never_decrease_and_scan_begins_at_a_time(make: Callable[[str], EventLog]) -> None:
    log = make("times")
    for n in range(20):
        log.append([entry(str(n))])
    times = [record.received_at for record in log.read(0, 100)]
    assert times == sorted(times)
    for since in {times[0], times[10], times[-1]}:
        assert [r.id for r in log.scan(since)] == [str(n) for n, t in enumerate(times) if t >= since]
        assert [r.id for r in log.read(log.before(since), 100)] == [r.id for r in log.scan(since)]
    assert list(log.scan(times[-1] + 1)) == []
    log.close()


def _it_outlives_its_process(make: Callable[[str], EventLog]) -> None:
    log = make("again")
    (answer,) = log.append([entry("1", verdict=b"first")])
    log.close()
    log = make("again")
    assert log.append([entry("1", verdict=b"second"), entry("2")])[0] == Appended(answer.seq, b"first")
    assert [record.id for record in log.read(0, 10)] == ["1", "2"]
    log.close()


def _writers_and_readers_do_not_disturb_each_other(make: Callable[[str], EventLog]) -> None:
    log = make("threads")
    wrong: list[str] = []

    def write(name: str) -> None:
        for n in range(25):
            log.append([entry(f"{name}-{n}-{m}") for m in range(4)])

    def read() -> None:
        after, end = 0, time.monotonic() + PATIENCE
        while after < 300 and time.monotonic() < end:  # noqa: PLR2004 -- all that the writers write
            for record in log.read(after, 50):
                if record.seq <= after:
                    wrong.append(f"{record.seq} after {after}")
                after = record.seq

    threads = [threading.Thread(target=write, args=(name,), daemon=True) for name in "abc"]
    threads += [threading.Thread(target=read, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert wrong == []
    assert len({record.id for record in log.scan(0.0)}) == 300  # noqa: PLR2004 -- 3 writers, 25 groups, 4 each
    log.close()


def _what_is_erased_is_gone_and_remembered(make: Callable[[str], EventLog]) -> None:
    log = make("erased")
    answers = log.append([entry(str(n)) for n in range(10)])
    gone = [answers[0].seq, answers[4].seq, answers[5].seq, answers[9].seq]
    assert log.erase(gone) == len(gone)
    assert log.erase(gone) == len(gone), "erasing twice is erasing once"
    assert log.erase([]) == 0
    left = ["1", "2", "3", "6", "7", "8"]
    assert [record.id for record in log.read(0, 10)] == left
    assert [record.id for record in log.read(0, 4)] == left[:4], (
        "others take the place of those that are erased"
    )
    assert [record.id for record in log.read(answers[3].seq, 2)] == left[3:5]
    assert [record.id for record in log.scan(0.0)] == left
    assert log.get("forum", "4") is None
    assert log.last_seq() == answers[9].seq
    assert log.find([("forum", "4"), ("forum", "3")]) == [
        Appended(answers[4].seq, erased=True),
        Appended(answers[3].seq, b'{"v":1}'),
    ]
    again, fresh = log.append([entry("4"), entry("new")])
    assert again == Appended(answers[4].seq, erased=True), "a repeat of an erased event is not stored anew"
    assert fresh.seq > answers[9].seq
    assert log.read(answers[8].seq, 5)[0].id == "new"
    log.close()


PROMISES: tuple[Callable[[Callable[[str], EventLog]], None], ...] = (
    _an_empty_log_is_empty,
    _what_is_appended_is_read_back,
    _a_repeat_gets_the_earlier_verdict,
    _keys_do_not_run_together,
    _reading_goes_on_where_it_stopped,
    _times_never_decrease_and_scan_begins_at_a_time,
    _writers_and_readers_do_not_disturb_each_other,
    _what_is_erased_is_gone_and_remembered,
)
DURABLE_PROMISES = (*PROMISES, _it_outlives_its_process)


def check_event_log(make: Callable[[str], EventLog], *, durable: bool = True) -> None:
    """Check every promise of an `EventLog`. Raises `AssertionError` at the first that is broken."""
    for promise in DURABLE_PROMISES if durable else PROMISES:
        promise(make)
