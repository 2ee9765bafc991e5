"""A stored event as rules saw it: what was sent, what was measured then, and what the rules said."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from hakam.policy.counters import RecordedCounters
from hakam.policy.interpret import Seen
from hakam.signals.fingerprint import fingerprint
from hakam.signals.fold import FOLD_VERSION, split_words
from hakam.signals.measure import ALL_NEEDS, Need, Signals, measure
from hakam.storage.event_log import Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage, Verdict

_LINKS = frozenset({Need.LINKS})
_FIELDS = {need: str(need) for need in ALL_NEEDS}


class _Kept(msgspec.Struct):
    """What the door keeps beside an event."""

    signals: Signals
    counted: dict[str, int | float | None] = {}
    scores: dict[str, float] = {}


class Said(msgspec.Struct, frozen=True):
    """One rule that fired, as far as questions ask for it."""

    rule: str
    policy: str
    stage: Stage


class _Firings(msgspec.Struct, frozen=True):
    firings: tuple[Said, ...] = ()


class _Missed(msgspec.Struct, frozen=True):
    quarantined: tuple[str, ...] = ()
    aside: dict[str, msgspec.Raw] = {}


_decode_event = msgspec.json.Decoder(Event).decode
_decode_kept = msgspec.json.Decoder(_Kept).decode
_decode_firings = msgspec.json.Decoder(_Firings).decode
_decode_missed = msgspec.json.Decoder(_Missed).decode
_decode_verdict = msgspec.json.Decoder(Verdict).decode


class Stored(msgspec.Struct, frozen=True):
    """One record, read: `fired` are the rules of the verdict of that time, whatever their stage."""

    record: Record
    event: Event
    signals: Signals
    counted: dict[str, int | float | None]
    fired: tuple[Said, ...]

    @property
    def counters(self) -> RecordedCounters:
        """The counters' values as they were."""
        return RecordedCounters(self.counted)

    @property
    def seen(self) -> Seen:
        """What the interpreter takes."""
        return Seen(self.event, self.signals, self.counted)


def fired_in(record: Record) -> tuple[Said, ...]:
    """Return the rules that fired, without reading anything else. Raises `ValueError` if the verdict is none."""
    if b'"firings"' not in record.verdict:
        return ()
    return _decode_firings(record.verdict).firings


def missed_in(record: Record) -> frozenset[str]:
    """Return the rules without which an event was judged: they failed on it, or had been put aside.

    Raises `ValueError` if the verdict is none.
    """
    if b'"quarantined"' not in record.verdict and b'"aside"' not in record.verdict:
        return frozenset()
    missed = _decode_missed(record.verdict)
    return frozenset(missed.quarantined).union(missed.aside)


def verdict_of(record: Record) -> Verdict:
    """Return the whole verdict. Raises `ValueError` if it is none."""
    return _decode_verdict(record.verdict)


def read(record: Record, needs: Collection[Need], fired: tuple[Said, ...]) -> Stored:
    """Read a record with the signals that `needs` names. Raises `ValueError` if it can't be read.

    What the pack of that time did not ask to be measured is measured now; so is everything if folding has changed
    since, as lists and conditions are folded by today's version.
    """
    event = _decode_event(record.raw)
    kept = _decode_kept(record.signals)
    if kept.scores:
        event = msgspec.structs.replace(event, scores={**kept.scores, **event.scores})
    return Stored(record, event, _signals(event, kept.signals, needs), kept.counted, fired)


def _signals(event: Event, kept: Signals, needs: Collection[Need]) -> Signals:
    if not needs:
        return kept
    if kept.fold_version != FOLD_VERSION:
        return measure(event, needs)
    missing = {need for need in needs if getattr(kept, _FIELDS[need]) is None}
    known: dict[str, str | None] = {}
    if kept.folded is not None and (Need.WORDS in missing or Need.FINGERPRINT in missing):
        words = split_words(kept.folded)
        known["words"] = words
        if Need.FINGERPRINT in missing:
            known["fingerprint"] = fingerprint(words)
        missing -= {Need.WORDS, Need.FINGERPRINT}
    if missing:
        again = measure(event, missing)
        known |= {_FIELDS[need]: getattr(again, _FIELDS[need]) for need in missing}
        if missing & _LINKS:
            known |= {"hosts": again.hosts, "domains": again.domains}  # type: ignore[dict-item]
    return msgspec.structs.replace(kept, **known) if known else kept
