"""Judging a stored event again, from what rules saw then: the same event, measurements, scores and counters."""

from __future__ import annotations

import msgspec

from hakam.policy.counters import RecordedCounters
from hakam.policy.engine import Engine
from hakam.policy.interpret import Seen
from hakam.signals.measure import Signals, measure
from hakam.storage.event_log import Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

BANK = "bank:"  # begins the name of what a bank of known content asked for by itself


class _Kept(msgspec.Struct):
    """What the door keeps beside an event."""

    signals: Signals
    counted: dict[str, int | float | None] = {}
    scores: dict[str, float] = {}


class Restored(msgspec.Struct, frozen=True):
    """What the rules saw. `same_folding`: today's folding of texts is the one of that time."""

    seen: Seen
    same_folding: bool


def restore(record: Record) -> Restored:
    """Return what the rules saw of a record. Raises `ValueError` if it can't be read."""
    event = msgspec.json.decode(record.raw, type=Event)
    kept = msgspec.json.decode(record.signals, type=_Kept)
    again = measure(event)
    signals = msgspec.structs.replace(kept.signals, text=again.text, words=again.words)
    if kept.scores:
        event = msgspec.structs.replace(event, scores={**kept.scores, **event.scores})
    return Restored(Seen(event, signals, kept.counted), kept.signals.fold_version == Signals().fold_version)


def same(engine: Engine, seen: Seen, told: Verdict) -> bool:
    """Whether the rules say now what they said then.

    What banks said by themselves is not theirs, nor is what was left out since it was in force already.
    """
    again = engine.judge(seen.event, seen.signals, RecordedCounters(dict(seen.counted)))
    by_rules = tuple(firing for firing in told.firings if not firing.rule.startswith(BANK))
    said = msgspec.structs.replace(
        told, firings=by_rules, matches=(), review=again.review, measures=again.measures, in_force=()
    )
    proposed = frozenset((*told.measures, *told.in_force)) == frozenset(again.measures)
    return again == said and proposed and (bool(told.matches) or again.review == told.review)
