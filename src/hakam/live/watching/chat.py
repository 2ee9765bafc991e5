"""The chat of streams, as the event log tells of it: how much is said, and how much of it a rule found something in."""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec

from hakam.storage.event_log import CorruptRecordError, EventLog
from hakam.vocabulary.event import ContentKind

WINDOW: Final = 60.0  # seconds
_AT_ONCE: Final = 2_000
_CHAT: Final = b'"live.chat"'


class _Item(msgspec.Struct):
    id: str = ""
    thread: str | None = None
    parent: str | None = None


class _Told(msgspec.Struct):
    kind: str
    item: _Item


class _Verdict(msgspec.Struct):
    firings: list[msgspec.Raw] = []


class ChatTally:
    """Follows the log from its end. A message belongs to the stream whose item is its `thread`, or its `parent`."""

    def __init__(self, log: EventLog, after: int) -> None:
        self._log, self._after = log, after
        self._said: dict[tuple[str, str], deque[tuple[float, bool]]] = {}

    def follow(self) -> int:
        """Read on to the end of the log; return how many records that were."""
        seen = 0
        while True:
            try:
                records = self._log.read(self._after, _AT_ONCE)
            except CorruptRecordError as error:
                self._after = error.seq
                continue
            for record in records:
                if _CHAT in record.raw:
                    self._take(record.platform, record.raw, record.verdict, record.received_at)
            if records:
                self._after = records[-1].seq
            seen += len(records)
            if len(records) < _AT_ONCE:
                return seen

    def of(self, platform: str, item: str, *, at: float) -> tuple[int, int]:
        """Return messages of the last minute, and those of them that a rule found something in. `at`: Unix seconds."""
        said = self._said.get((platform, item))
        if said is None:
            return 0, 0
        while said and said[0][0] < at - WINDOW:
            said.popleft()
        if not said:
            del self._said[platform, item]
        return len(said), sum(1 for _at, against in said if against)

    def _take(self, platform: str, raw: bytes, verdict: bytes, at: float) -> None:
        try:
            told = msgspec.json.decode(raw, type=_Told)
            fired = bool(msgspec.json.decode(verdict, type=_Verdict).firings)
        except msgspec.MsgspecError:
            return
        stream = told.item.thread or told.item.parent
        if told.kind == ContentKind.LIVE_CHAT.value and stream:
            self._said.setdefault((platform, stream), deque(maxlen=100_000)).append((at, fired))
