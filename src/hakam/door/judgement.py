"""The rules in force, ready to judge: what the door swaps whole when something new is published."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hakam.policy.counters import MemoryCounters, PeekingCounters, RecordingCounters
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import load_pack
from hakam.signals.measure import Signals, measure
from hakam.storage.event_log import Entry
from hakam.storage.published import PublishedPack
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

_encode = msgspec.json.Encoder().encode
_replace = msgspec.structs.replace
_decode_event = msgspec.json.Decoder(Event).decode
_SHOWN_ERRORS = 3


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the log keeps beside the event, so that a replay is exact.

    `signals` lacks `text` and `words`, which follow from the event and from `folded`. `counted` holds each counter's
    value as the rules saw it.
    """

    signals: Signals
    counted: dict[str, int | float | None] = {}


class UnusablePackError(ValueError):
    """A published pack can't be used. The message names its first errors."""


class Judgement:
    """One compiled pack with its counters. Used by one thread at a time."""

    def __init__(self, engine: Engine, counters: MemoryCounters) -> None:
        self.engine = engine
        self.counters = counters
        self.quarantined: dict[str, int] = {}
        self._needs = engine.needs
        self._recording = RecordingCounters(counters)
        self._peeking = PeekingCounters(counters)
        self._nothing = _encode(engine.nothing)

    @property
    def counter_names(self) -> frozenset[str]:
        """What its rules count. A counter is named by its meaning, so equal names count the same."""
        return frozenset(counter.name for counter in self.engine.counters)

    @property
    def longest_window(self) -> float:
        """The seconds that the longest counter looks back, 0 if there is none."""
        return max((counter.within for counter in self.engine.counters), default=0.0)

    def judge(self, items: Sequence[tuple[Event, bytes]]) -> list[Entry]:
        """Judge events for keeps, in their order: each counts for those after it.

        One kind of work for all events, then the next: the big tables of each stay in the processor's cache.
        """
        recording = self._recording
        judged: list[tuple[Signals, dict[str, int | float | None], Verdict]] = []
        for (event, _), signals in zip(
            items, [measure(event, self._needs) for event, _ in items], strict=True
        ):
            recording.start()
            verdict = self.engine.judge(event, signals, recording)
            judged.append((signals, recording.seen, verdict))
        return [
            Entry(
                event.platform,
                event.id,
                event.at.timestamp(),
                raw,
                _encode(Measured(_replace(signals, text=None, words=None), seen)),
                self._bytes(verdict),
            )
            for (event, raw), (signals, seen, verdict) in zip(items, judged, strict=True)
        ]

    def consider(self, event: Event) -> bytes:
        """Judge an event as if it came now, without its counting for those that come later."""
        return self._bytes(self.engine.judge(event, measure(event, self._needs), self._peeking))

    def remember(self, raw: bytes) -> None:
        """Count an event that was judged before."""
        event = _decode_event(raw)
        self.engine.judge(event, measure(event, self._needs), self.counters)

    def _bytes(self, verdict: Verdict) -> bytes:
        if verdict is self.engine.nothing:
            return self._nothing
        for rule in verdict.quarantined:
            self.quarantined[rule] = self.quarantined.get(rule, 0) + 1
        return _encode(verdict)


def prepare(pack: PublishedPack, counters: MemoryCounters | None = None) -> Judgement:
    """Check and compile a published pack. Raises `UnusablePackError`."""
    loaded = load_pack(pack.files)
    if loaded.pack is None:
        shown = "; ".join(f"{finding.code} {finding.message}" for finding in loaded.errors[:_SHOWN_ERRORS])
        raise UnusablePackError(f"{pack.ref}: {len(loaded.errors)} errors: {shown}")
    if loaded.pack.ref != pack.ref:
        raise UnusablePackError(
            f"{pack.ref}: its files are {loaded.pack.ref} with digest {loaded.pack.ref.digest}"
        )
    return Judgement(compile_pack(loaded.pack), counters if counters is not None else MemoryCounters())
