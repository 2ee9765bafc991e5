"""The chat of streams, counted from the event log."""

from __future__ import annotations

import msgspec

from hakam.live.watching.chat import WINDOW, ChatTally
from hakam.storage.event_log import CorruptRecordError, Entry, Record
from hakam.testing.event_logs import MemoryEventLog


def message(n: int, *, stream: str = "b-1", fired: bool = False, kind: str = "live.chat") -> Entry:
    raw = {"kind": kind, "item": {"id": f"m{n}", "thread": stream}}
    said = {"firings": [{"rule": "x"}] if fired else []}
    return Entry("maydan", f"e{n}", 0.0, msgspec.json.encode(raw), b"{}", msgspec.json.encode(said))


def test_messages_of_the_last_minute_are_counted_by_stream() -> None:
    log = MemoryEventLog()
    log.append([message(0)])  # before it began to follow
    tally = ChatTally(log, log.last_seq())
    log.append([message(n, fired=n % 2 == 0) for n in range(1, 7)])
    log.append(
        [
            message(8, stream="b-2"),
            message(9, kind="post"),
            Entry("maydan", "x", 0.0, b'"live.chat"', b"{}", b"{"),
        ]
    )
    assert tally.follow() == 9
    at = log.read(0, 99)[-1].received_at
    assert tally.of("maydan", "b-1", at=at) == (6, 3)
    assert tally.of("maydan", "b-2", at=at) == (1, 0)
    assert tally.of("maydan", "b-3", at=at) == (0, 0)
    assert tally.of("other", "b-1", at=at) == (0, 0)
    assert tally.of("maydan", "b-1", at=at + WINDOW + 1) == (0, 0)
    assert tally.follow() == 0


def test_a_damaged_record_is_passed_over() -> None:
    class Damaged(MemoryEventLog):
        def read(self, after: int, limit: int) -> list[Record]:
            if after < 1:
                raise CorruptRecordError(1)
            return super().read(after, limit)

    log = Damaged()
    tally = ChatTally(log, 0)
    log.append([message(1), message(2)])
    assert tally.follow() == 1
