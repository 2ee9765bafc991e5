"""The effect of a change, shown before anybody saves it: two versions of a pack on the latest events, in bounded time.

For a page that waits: it runs in the asking process, needs none of the libraries of a whole back-test, tells how far it
is, and stops when told to or when its time is up, with what it has found so far.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from heapq import heappush, heapreplace
from typing import NamedTuple

import msgspec

from hakam.backtest.lacking import Nearly
from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.differing import Judging
from hakam.policy.engine import Engine, compile_pack, needs_of
from hakam.policy.interpret import Counted, Seen, outcome
from hakam.policy.pack import Pack
from hakam.policy.rules import Rule
from hakam.policy.tree import Counter, walk
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Stage, Verdict

_LOOK = 64  # events between two looks at the clock
SHOWN = 10
NEAR_ENOUGH = 10_000  # near misses of a rule; more are not counted
MAX_BOTH_WAYS = 500  # events that the interpreter judges again
NOTHING_COUNTED: Counted = {}


class Budget(msgspec.Struct, frozen=True):
    """How much may be spent. `seconds` of this clock, `events` at most, `shown` events for each rule."""

    seconds: float = 10.0
    events: int = 200_000
    shown: int = SHOWN
    both_ways: int = 200


class RuleEffect(msgspec.Struct, frozen=True):
    """What a rule does otherwise. Samples are even over all that was found."""

    rule: str
    before: int
    after: int
    newly_fires: int
    no_longer_fires: int
    newly: tuple[Event, ...] = ()
    no_longer: tuple[Event, ...] = ()
    near: int = 0  # events on which the changed rule is silent, and one condition more would make it fire
    near_events: tuple[Event, ...] = ()
    near_counted: tuple[Counted, ...] = ()  # what the pack's counters said at each of these
    # of the events that people decided, by the version after
    caught: int = 0  # the rule fires, people found a violation
    wrong: int = 0  # the rule fires, people found nothing
    missed: int = 0  # people found a violation of the rule's clause, the rule is silent
    # it fires in both versions, and its stage differs: it was only recorded, or will only be
    begins_to_act: int = 0
    stops_acting: int = 0
    begins: tuple[Event, ...] = ()
    stops: tuple[Event, ...] = ()


class Disagreement(msgspec.Struct, frozen=True):
    """A rule and an event on which the compiled function and another way differ: the rule must not go live.

    `compiled`: whether the function fires; the other way says the opposite.
    """

    rule: str
    event: str
    compiled: bool
    by: Judging = Judging.INTERPRETER


class Effect(msgspec.Struct, frozen=True):
    """What a change does. `complete`: all events were seen, neither time nor number ran out, nobody cancelled."""

    events: int
    complete: bool
    seconds: float
    fired_before: int
    fired_after: int
    newly: int  # events on which something fires only after the change
    no_longer: int
    rules: tuple[RuleEffect, ...]
    failed: Mapping[str, int]  # rules of the version after that failed, on how many events
    disagreements: tuple[Disagreement, ...] = ()
    judged_both_ways: int = 0
    decided: int = 0  # events that people decided
    begins_to_act: int = 0  # events on which a rule acts that only recorded them before
    stops_acting: int = 0

    @property
    def sound(self) -> bool:
        """Whether both ways of judging agree and no rule failed. What is not sound must not be published."""
        return not self.disagreements and not self.failed


class _Kept(NamedTuple):
    draw: int  # negative, so that the largest leaves first
    n: int
    event: Event
    counted: Counted


class _Sample:
    """An even sample of what passes by: those with the smallest draws."""

    def __init__(self, salt: str, size: int) -> None:
        self._salt, self._size = salt.encode(), size
        self._kept: list[_Kept] = []
        self.count = 0

    def see(self, event: Event, counted: Counted = NOTHING_COUNTED) -> None:
        self.count += 1
        if not self._size:
            return
        key = f"{event.platform}\0{event.id}".encode("utf-8", "surrogatepass")
        draw = int.from_bytes(blake2b(key, digest_size=8, key=self._salt[:32]).digest(), "big")
        one = _Kept(-draw, self.count, event, counted)
        if len(self._kept) < self._size:
            heappush(self._kept, one)
        elif one.draw > self._kept[0].draw:
            heapreplace(self._kept, one)

    def kept(self) -> list[_Kept]:
        return sorted(self._kept, key=lambda one: one.event.at)

    def events(self) -> tuple[Event, ...]:
        return tuple(one.event for one in self.kept())


class _Rule:
    def __init__(self, name: str, size: int) -> None:
        self.before = self.after = 0
        self.newly, self.no_longer = _Sample(f"+{name}", size), _Sample(f"-{name}", size)
        self.near = _Sample(f"~{name}", size)
        self.begins, self.stops = _Sample(f">{name}", size), _Sample(f"<{name}", size)
        self.caught = self.wrong = self.missed = 0


def effect_of(
    before: Pack | None,
    after: Pack,
    events: Iterable[Event],
    budget: Budget | None = None,
    *,
    progress: Callable[[int, Effect | None], None] = lambda _events, _so_far: None,
    cancelled: Callable[[], bool] = lambda: False,
    decided: Callable[[Event], tuple[bool, str] | None] = lambda _event: None,
    clock: Callable[[], float] = time.monotonic,
) -> Effect:
    """Judge `events`, which come in order of time, by both versions; return what differs.

    `before` None: nothing was in force. `progress` is told the number of events now and then. Counters begin empty,
    so the first events of long windows count too few, for both versions alike. `decided` says what people found on
    an event: whether it violates, and which clause; `None` if nobody decided it.
    """
    chosen = budget or Budget()
    began = clock()
    run = _Run(before, after, chosen)
    complete = True
    for event in events:
        if not run.seen % _LOOK:
            if cancelled() or clock() - began >= chosen.seconds:
                complete = False
                break
            progress(run.seen, None)
        if run.seen >= chosen.events:
            complete = False
            break
        run.see(event, decided(event))
    made = run.effect(complete=complete, seconds=clock() - began)
    progress(run.seen, made)
    return made


class _Run:
    def __init__(self, before: Pack | None, after: Pack, budget: Budget) -> None:
        self._engines: tuple[Engine | None, Engine] = (
            compile_pack(before) if before is not None else None,
            compile_pack(after),
        )
        rules = [*(before.rules if before is not None else ()), *after.rules]
        self._needs = needs_of(rules) | self._engines[1].needs
        if self._engines[0] is not None:
            self._needs |= self._engines[0].needs
        self._budget = budget
        self._counters = MemoryCounters(), RecordingCounters(MemoryCounters())
        self._rules = {rule.id: _Rule(rule.id, budget.shown) for rule in rules}
        self.seen = self._fired_before = self._fired_after = self._newly = self._no_longer = 0
        self._begins = self._stops = 0
        self._failed: dict[str, int] = {}
        self._disagreements: list[Disagreement] = []
        self._both_ways = self._decided = 0
        self._after = after.rules
        self._changed = [
            rule
            for rule in after.rules
            if before is None or rule.digest not in {old.digest for old in before.rules}
        ]
        self._nearly = [Nearly(rule) for rule in self._changed]

    def see(self, event: Event, found: tuple[bool, str] | None = None) -> None:
        signals = measure(event, self._needs)
        old_engine, new_engine = self._engines
        old: dict[str, Stage] = {}
        if old_engine is not None:
            old = _stages(old_engine.judge(event, signals, self._counters[0]))
        recording = self._counters[1]
        recording.start()
        verdict = new_engine.judge(event, signals, recording)
        stages = _stages(verdict)
        new = set(stages)
        for rule in verdict.quarantined:
            self._failed[rule] = self._failed.get(rule, 0) + 1
        self.seen += 1
        self._fired_before += bool(old)
        self._fired_after += bool(new)
        self._newly += bool(new) and not old
        self._no_longer += bool(old) and not new
        for name in old.keys() | new:
            rule_ = self._rules[name]
            rule_.before += name in old
            rule_.after += name in new
            if name not in old:
                rule_.newly.see(event)
            elif name not in new:
                rule_.no_longer.see(event)
        self._act(event, old, stages)
        seen = Seen(event, signals, dict(recording.seen))
        self._near(event, seen, new)
        if found is not None:
            self._hold_against(found, new)
        if self._both_ways < min(self._budget.both_ways, MAX_BOTH_WAYS) and (new or not self.seen % 7):
            self._judge_again(event, seen, new, set(verdict.quarantined))

    def _act(self, event: Event, old: dict[str, Stage], new: dict[str, Stage]) -> None:
        """Keep what the same rule fires on and treats otherwise for this author, since its stage differs."""
        differing = [name for name in old.keys() & new if old[name] is not new[name]]
        begins = [name for name in differing if new[name] is Stage.LIVE]
        stops = [name for name in differing if old[name] is Stage.LIVE]
        for name in begins:
            self._rules[name].begins.see(event)
        for name in stops:
            self._rules[name].stops.see(event)
        self._begins += bool(begins)
        self._stops += bool(stops)

    def _near(self, event: Event, seen: Seen, fired: set[str]) -> None:
        for nearly in self._nearly:
            kept = self._rules[nearly.rule.id].near
            if nearly.rule.id not in fired and kept.count < NEAR_ENOUGH and nearly(seen):
                kept.see(event, seen.counted)

    def _hold_against(self, found: tuple[bool, str], fired: set[str]) -> None:
        violating, clause = found
        self._decided += 1
        for rule in self._after:
            kept = self._rules[rule.id]
            if rule.id in fired:
                kept.caught += violating
                kept.wrong += not violating
            else:
                kept.missed += violating and clause == rule.policy

    def _judge_again(self, event: Event, seen: Seen, fired: set[str], failed: set[str]) -> None:
        """Ask the plain meaning of each changed rule too."""
        self._both_ways += 1
        for rule in self._changed:
            if rule.id in failed:
                continue
            holds = outcome(rule.when, seen) is True
            if holds != (rule.id in fired):
                self._disagreements.append(Disagreement(rule.id, event.id, rule.id in fired))

    def effect(self, *, complete: bool, seconds: float) -> Effect:
        return Effect(
            events=self.seen,
            complete=complete,
            seconds=seconds,
            fired_before=self._fired_before,
            fired_after=self._fired_after,
            newly=self._newly,
            no_longer=self._no_longer,
            rules=tuple(
                RuleEffect(
                    name,
                    rule.before,
                    rule.after,
                    rule.newly.count,
                    rule.no_longer.count,
                    rule.newly.events(),
                    rule.no_longer.events(),
                    rule.near.count,
                    rule.near.events(),
                    tuple(one.counted for one in rule.near.kept()),
                    rule.caught,
                    rule.wrong,
                    rule.missed,
                    rule.begins.count,
                    rule.stops.count,
                    rule.begins.events(),
                    rule.stops.events(),
                )
                for name, rule in self._rules.items()
            ),
            failed=self._failed,
            disagreements=tuple(self._disagreements),
            judged_both_ways=self._both_ways,
            decided=self._decided,
            begins_to_act=self._begins,
            stops_acting=self._stops,
        )


def _stages(verdict: Verdict) -> dict[str, Stage]:
    """Return the rules that fire, each with how it works for this author: live or shadow."""
    return {firing.rule: firing.stage for firing in verdict.firings}


def counters_of(rule: Rule) -> frozenset[str]:
    """Return the names of the counters that a rule reads."""
    return frozenset(node.name for node in walk(rule.when) if isinstance(node, Counter))


def reads_counters(pack: Pack) -> bool:
    """Whether a rule of the pack reads a counter, so that the first events say too little."""
    return any(map(counters_of, pack.rules))
