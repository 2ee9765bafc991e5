"""The suite for event logs catches logs that break a promise: each broken one here has one fault, and fails by name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Appended, Entry, EventLog, Record
from hakam.testing import event_logs
from hakam.testing.event_logs import DURABLE_PROMISES, PROMISES, MemoryEventLog, check_event_log, entry

BY_NAME = {promise.__name__.removeprefix("_"): promise for promise in DURABLE_PROMISES}


class ForgetsPlatforms(MemoryEventLog):
    """Takes events of two platforms with the same id for one."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        answers = []
        for one in entries:
            known = next((r for r in self._records if r.id == one.id), None)
            answers += [Appended(known.seq, known.verdict)] if known else super().append([one])
        return answers


class GluesKeys(MemoryEventLog):
    """Joins platform and id to one key without a sign between."""

    def __init__(self) -> None:
        super().__init__()
        self._glued: dict[str, Appended] = {}

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        answers = []
        for one in entries:
            key = one.platform + one.id
            if key in self._glued:
                answers.append(self._glued[key])
                continue
            (answer,) = super().append([one])
            self._glued[key] = Appended(answer.seq, one.verdict)
            answers.append(answer)
        return answers


class TakesRepeats(MemoryEventLog):
    """Keeps an event again when it is sent again."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        self._places.clear()
        return super().append(entries)


class TakesRepeatsOfOneGroup(MemoryEventLog):
    """Looks for repeats in what is stored only, not in the group at hand."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        known = [self.get(one.platform, one.id) for one in entries]
        answers = []
        for one, record in zip(entries, known, strict=True):
            if record is None:
                self._places.pop((one.platform, one.id), None)
            answers += super().append([one])
        return answers


class AnswersWithTheNewVerdict(MemoryEventLog):
    """Tells a repeat the verdict of today."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        answers = super().append(entries)
        return [
            Appended(answer.seq, one.verdict) if answer.earlier is not None else answer
            for one, answer in zip(entries, answers, strict=True)
        ]


class DecodesTexts(MemoryEventLog):
    """Keeps bytes as text, and what is no text as question marks."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        return super().append(
            [msgspec.structs.replace(one, raw=one.raw.decode("utf-8", "replace").encode()) for one in entries]
        )


class ReadsTheWrongEnd(MemoryEventLog):
    """Includes the record where reading stopped."""

    def read(self, after: int, limit: int) -> list[Record]:
        return super().read(max(after - 1, 0), limit) if after < self.last_seq() else []


class ReadsFromTheStart(MemoryEventLog):
    """Forgets where reading stopped."""

    def read(self, after: int, limit: int) -> list[Record]:
        return super().read(0, limit) if after < self.last_seq() else []


class IgnoresTheLimit(MemoryEventLog):
    """Gives all that it has at once."""

    def read(self, after: int, limit: int) -> list[Record]:
        return super().read(after, 1_000_000)


class ReadsBackwards(MemoryEventLog):
    """Gives the newest of a page first."""

    def read(self, after: int, limit: int) -> list[Record]:
        return super().read(after, limit)[::-1]


class LosesUnderLoad(MemoryEventLog):
    """Drops a record in a hundred, in silence."""

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        answers = super().append(entries)
        if len(self._records) > 100:
            del self._records[100]
        return answers


class StopsAtAThousand(MemoryEventLog):
    """Scans no more than a page."""

    def scan(self, since: float) -> Iterator[Record]:
        return itertools.islice(super().scan(since), 1_000)


class ScansByNumber(MemoryEventLog):
    """Leaves out the first record of the time asked for."""

    def scan(self, since: float) -> Iterator[Record]:
        return (record for record in list(self._records) if record.received_at > since)


class ClockGoesBack(MemoryEventLog):
    """Writes down whatever the clock says."""

    def __init__(self) -> None:
        super().__init__()
        self._moments = itertools.cycle([10.0, 9.0, 12.0])

    def append(self, entries: Sequence[Entry]) -> list[Appended]:
        first = len(self._records)
        answers = super().append(entries)
        now = next(self._moments)
        self._records[first:] = [
            msgspec.structs.replace(record, received_at=now) for record in self._records[first:]
        ]
        return answers


class FindsInItsOwnOrder(MemoryEventLog):
    """Answers for the keys that it knows, the others last."""

    def find(self, keys: Sequence[tuple[str, str]]) -> list[Appended | None]:
        return sorted(super().find(keys), key=lambda found: found is None)


class RaisesWhatIsAbsent(MemoryEventLog):
    """Raises where nothing is."""

    def get(self, platform: str, id: str) -> Record | None:  # noqa: A002 -- the event's own word
        return self._records[self._places[platform, id]]


FAULTS: list[tuple[type[MemoryEventLog], str]] = [
    (ForgetsPlatforms, "a_repeat_gets_the_earlier_verdict"),
    (GluesKeys, "keys_do_not_run_together"),
    (TakesRepeats, "a_repeat_gets_the_earlier_verdict"),
    (TakesRepeatsOfOneGroup, "a_repeat_gets_the_earlier_verdict"),
    (AnswersWithTheNewVerdict, "a_repeat_gets_the_earlier_verdict"),
    (DecodesTexts, "what_is_appended_is_read_back"),
    (ReadsTheWrongEnd, "reading_goes_on_where_it_stopped"),
    (ReadsFromTheStart, "reading_goes_on_where_it_stopped"),
    (IgnoresTheLimit, "reading_goes_on_where_it_stopped"),
    (ReadsBackwards, "reading_goes_on_where_it_stopped"),
    (LosesUnderLoad, "writers_and_readers_do_not_disturb_each_other"),
    (StopsAtAThousand, "reading_goes_on_where_it_stopped"),
    (ScansByNumber, "times_never_decrease_and_scan_begins_at_a_time"),
    (ClockGoesBack, "times_never_decrease_and_scan_begins_at_a_time"),
    (FindsInItsOwnOrder, "a_repeat_gets_the_earlier_verdict"),
    (RaisesWhatIsAbsent, "an_empty_log_is_empty"),
]


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Wait a moment for a broken log, not a minute."""
    if "broken" in request.fixturenames:
        monkeypatch.setattr(event_logs, "PATIENCE", 1.0)


@pytest.mark.parametrize(("broken", "promise"), FAULTS, ids=lambda part: getattr(part, "__name__", part))
def test_a_broken_log_fails_the_promise_that_it_breaks(broken: type[MemoryEventLog], promise: str) -> None:
    with pytest.raises((AssertionError, LookupError)):
        BY_NAME[promise](lambda _name: broken())
    with pytest.raises((AssertionError, LookupError)):
        check_event_log(lambda _name: broken(), durable=False)


def ticking() -> Callable[[], float]:
    """Return a clock that goes on by a second each time it is asked."""
    return itertools.count(1).__next__


@pytest.mark.parametrize("clock", [lambda: 0.0, ticking()], ids=["standing", "ticking"])
def test_the_log_in_memory_keeps_all_promises_but_to_outlive_its_process(clock: Callable[[], float]) -> None:
    check_event_log(lambda _name: MemoryEventLog(clock=clock), durable=False)
    with pytest.raises(AssertionError):
        check_event_log(lambda _name: MemoryEventLog(clock=clock))


def test_the_log_on_disk_keeps_all(tmp_path: Path) -> None:
    check_event_log(lambda name: FileEventLog(tmp_path / f"{name}"))


def test_a_log_that_answers_nothing_is_caught_at_once() -> None:
    class Nothing:
        def __getattr__(self, _name: str) -> Any:
            return lambda *_arguments: []

    def make(_name: str) -> EventLog:
        return Nothing()  # type: ignore[return-value]

    for promise in PROMISES[:-1]:
        with pytest.raises((AssertionError, AttributeError, TypeError, ValueError, IndexError)):
            promise(make)


def test_entries_for_tests_differ_where_they_should() -> None:
    assert entry("1") != entry("2")
    assert entry("1", platform="shop") != entry("1")
    assert msgspec.json.decode(entry("1").raw) == {"id": "1"}


def test_every_promise_of_the_module_is_checked() -> None:
    written = {
        value
        for name, value in vars(event_logs).items()
        if name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == event_logs.__name__
    }
    assert written == set(DURABLE_PROMISES)
