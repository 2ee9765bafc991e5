"""The rules in force, ready to judge: what the door swaps whole when something new is published."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from hakam.door.decode import Received
from hakam.door.delaying import with_delay
from hakam.door.known import banks_of, scores_of, with_matches
from hakam.door.scoring import Scorer, heads_of, targets_of, with_scores
from hakam.door.watch import Guard
from hakam.policy.counters import Counters, MemoryCounters, PeekingCounters, RecordingCounters
from hakam.policy.covering import divided
from hakam.policy.engine import Engine, UnreadError, compile_pack
from hakam.policy.outside import OutsideList
from hakam.policy.pack import load_pack
from hakam.policy.quarantine import OverranError, Quarantine
from hakam.signals.fold import fold, split_words
from hakam.signals.measure import Signals, measure, text_of
from hakam.signals.models.heads import Head
from hakam.storage.event_log import Entry
from hakam.storage.known_content import NOTHING, KnownContent, Seen
from hakam.storage.published import PublishedIncident, PublishedPack
from hakam.storage.standing import StandingReader
from hakam.vocabulary.counted import counted
from hakam.vocabulary.event import Event, ItemRef
from hakam.vocabulary.verdict import Aside, Verdict

_encode = msgspec.json.Encoder().encode
_replace = msgspec.structs.replace
_decode_event = msgspec.json.Decoder(Event).decode
_SHOWN_ERRORS = 3


class Measured(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the log keeps beside the event, so that a replay is exact.

    `signals` lacks `text` and `words`, which follow from the event and from `folded`. `counted` holds each counter's
    value as the rules saw it, `scores` what the model named `model` measured for them.
    """

    signals: Signals
    counted: dict[str, int | float | None] = {}
    scores: dict[str, float] = {}
    model: str | None = None


class _Scores(msgspec.Struct):
    scores: dict[str, float] = {}


_decode_scores = msgspec.json.Decoder(_Scores).decode


class UnusablePackError(ValueError):
    """A published pack can't be used. The message names its first errors."""


class Judgement:
    """One compiled pack with its counters. Used by one thread at a time."""

    def __init__(
        self,
        engine: Engine,
        counters: MemoryCounters,
        scorer: Scorer | None = None,
        known: KnownContent | None = None,
        guard: Guard | None = None,
        *,
        standing: StandingReader | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = engine
        self.counters = counters
        self.scorer = (
            scorer if scorer is not None else Scorer(heads_of(engine.rules), targets_of(engine.rules))
        )
        self.known = known  # replaced whole when a bank changes
        self.guard = guard
        self.standing = standing  # measures in force; None: nothing is known of them
        self.incidents: tuple[PublishedIncident, ...] = ()  # that let uploads wait
        self.quarantined: dict[str, int] = {}
        self._clock = clock
        self._quarantine = Quarantine()
        engine.failing = self._failing
        self._banks = banks_of(engine.rules)
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

    @property
    def to_put_aside(self) -> dict[str, str]:
        """The rules that failed too often and are still asked, each with why. An engine without them is needed."""
        return {rule: why for rule, why in self._quarantine.aside.items() if rule not in self.engine.aside}

    def _failing(self, rule: str, error: BaseException) -> None:
        if not isinstance(error, UnreadError):
            self._quarantine.failed(rule, error, self._clock())

    def _verdict(self, event: Event, signals: Signals, counters: Counters) -> Verdict:
        """Judge, and be interrupted if that takes too long."""
        if self.guard is None:
            return self.engine.judge(event, signals, counters)
        try:
            return self.guard(self.engine.judge, event, signals, counters)
        except OverranError:  # outside of any rule
            self.guard.calm()
            return self.engine.plainly(event, signals)

    def judge(self, items: Sequence[Received]) -> list[Entry]:
        """Judge events for keeps, in their order: each counts for those after it. None may lack its `event`."""
        recording, scorer, judge, needs = self._recording, self.scorer, self._verdict, self._needs
        entries: list[Entry] = []
        for item in items:
            event = item.event
            assert event is not None
            signals = measure(event, needs)
            recording.start()
            scores = scorer.scores(event, signals)
            model = scorer.model if scores else None
            known = self.known
            seen = NOTHING
            if known:
                seen = self._look(known, event, signals, item.at)
                scores = {**scores, **scores_of(seen, self._banks, event.scores)}
            verdict = judge(with_scores(event, scores), signals, recording)
            if known and (seen.matches or seen.shadows):
                verdict = with_matches(verdict, seen, known)
            if verdict.measures:
                verdict = self._adding(verdict, event)
            if self.incidents:
                verdict = with_delay(verdict, event, self.incidents, item.at)
            kept = _replace(signals, text=None, words=None)
            measured = Measured(kept, recording.seen, scores, model)
            entries.append(
                Entry(event.platform, event.id, item.at, item.raw, _encode(measured), self._bytes(verdict))
            )
        return entries

    def consider(self, event: Event) -> bytes:
        """Judge an event as if it came now, without its counting for those that come later."""
        signals = measure(event, self._needs)
        scores, known = self.scorer.scores(event, signals), self.known
        seen = NOTHING
        if known:
            seen = self._look(known, event, signals, event.at.timestamp())
            scores = {**scores, **scores_of(seen, self._banks, event.scores)}
        verdict = self._verdict(with_scores(event, scores), signals, self._peeking)
        verdict = with_matches(verdict, seen, known) if known else verdict
        if self.incidents:
            verdict = with_delay(verdict, event, self.incidents, event.at.timestamp())
        return self._bytes(self._adding(verdict, event) if verdict.measures else verdict)

    def _adding(self, verdict: Verdict, event: Event) -> Verdict:
        """Propose only what adds something to the measures in force, and say what does not."""
        if self.standing is None:
            return verdict
        item = ItemRef(event.platform, event.item_kind.value, event.item.id)
        adding, already = divided(verdict.measures, self.standing.of(item, event.author.id))
        return _replace(verdict, measures=adding, in_force=already) if already else verdict

    @staticmethod
    def _look(known: KnownContent, event: Event, signals: Signals, at: float) -> Seen:
        """Ask the banks in force."""

        def words() -> str | None:
            if signals.words is not None:
                return signals.words
            text = text_of(event)
            return None if text is None else split_words(signals.folded or fold(text))

        return known.look(event, at, words)

    def remember(self, raw: bytes, kept: bytes | None = None) -> None:
        """Count an event that was judged before. `kept`: what the log holds beside it, whose scores stand."""
        event = _decode_event(raw)
        signals = measure(event, self._needs)
        if self.scorer.model or self._banks:
            if kept is not None:  # what the banks said then: they may say otherwise now
                event = with_scores(event, _decode_scores(kept).scores)
            event = with_scores(event, self.scorer.scores(event, signals))
        self._verdict(event, signals, self.counters)

    def _bytes(self, verdict: Verdict) -> bytes:
        if verdict is self.engine.nothing:
            return self._nothing
        for rule in verdict.quarantined:
            self.quarantined[rule] = self.quarantined.get(rule, 0) + 1
        return _encode(verdict)


def prepare(
    pack: PublishedPack,
    counters: MemoryCounters | None = None,
    *,
    always: Iterable[Head] = (),
    lists: Mapping[str, OutsideList] | None = None,
    aside: Mapping[str, Aside] | None = None,
    guard: Guard | None = None,
) -> Judgement:
    """Check and compile a published pack. `always`: heads to score besides those that its rules read.

    `lists`: those outside the pack that its rules may read. `aside`: rules that are not asked. `guard`: what watches
    the judging.

    Raises `UnusablePackError`.
    """
    loaded = load_pack(pack.files, lists)
    if loaded.pack is None:
        shown = "; ".join(f"{finding.code} {finding.message}" for finding in loaded.errors[:_SHOWN_ERRORS])
        raise UnusablePackError(f"{pack.ref}: {counted(len(loaded.errors), 'error')}: {shown}")
    if loaded.pack.ref != pack.ref:
        raise UnusablePackError(
            f"{pack.ref}: its files are {loaded.pack.ref} with digest {loaded.pack.ref.digest}"
        )
    engine = compile_pack(loaded.pack, aside)
    scorer = Scorer(heads_of(engine.rules) | frozenset(always), targets_of(engine.rules))
    return Judgement(engine, counters if counters is not None else MemoryCounters(), scorer, guard=guard)
