"""The report of a back-test: plain values, the same as JSON, as a page and on the screen."""

from __future__ import annotations

from typing import Any

import msgspec

from hakam.backtest.dataset import Dataset
from hakam.backtest.decided import Agreement, Meaning, agreement, unread
from hakam.backtest.lacking import Lacked, Nearly
from hakam.backtest.run import Difference, Outcome, Way
from hakam.backtest.tally import Unit
from hakam.policy.about import About
from hakam.policy.engine import needs_of
from hakam.policy.interpret import Seen
from hakam.policy.kinds import show_time
from hakam.policy.pack import Pack
from hakam.policy.rules import Rule
from hakam.signals.measure import Signals, measure
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import PackRef

SHOWN_TEXT = 400
SHOWN_PAIRS = 30
UNKNOWN = "und"  # BCP 47 for a language that is not known


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as a sample shows it.

    `lacked` is told of near misses: each of these ways would have made the rule fire, all its changes together.
    """

    platform: str
    id: str
    at: str
    author: str
    text: str
    language: str | None = None
    decided: str | None = None
    lacked: Lacked = ()


class Change(msgspec.Struct, frozen=True):
    """What a rule does otherwise than in the version before."""

    newly_fires: int
    no_longer_fires: int
    newly: tuple[Shown, ...] = ()
    no_longer: tuple[Shown, ...] = ()


class RuleReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule. `state`: `same`, `changed`, `new`, `removed` against the version before, empty without one."""

    rule: str
    policy: str
    stage: str
    about: About
    fires: int
    share: float
    by_language: dict[str, int]
    by_day: dict[str, int]
    hits: tuple[Shown, ...]
    near_count: int
    near: tuple[Shown, ...]
    failed: int = 0
    agreement: Agreement | None = None
    state: str = ""
    fires_before: int | None = None
    change: Change | None = None


class Together(msgspec.Struct, frozen=True):
    """Two rules that fire on the same events. `share` is of the events on which either fires."""

    one: str
    other: str
    events: int
    share: float


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a back-test found. Times are ISO 8601 in UTC, shares 0 to 1."""

    pack: PackRef
    events: int
    first: str
    last: str
    sources: tuple[str, ...]
    refused: int
    why_refused: tuple[str, ...]
    way: Way
    seconds: float
    fired: int
    rules: tuple[RuleReport, ...]
    overlap: tuple[Together, ...]
    languages: dict[str, int]
    days: dict[str, int]
    near_among: int
    checked_both_ways: int
    differences: tuple[Difference, ...] = ()
    against: PackRef | None = None
    fired_before: int | None = None
    events_newly: int | None = None
    events_no_longer: int | None = None
    decisions: dict[str, int] = {}
    unread_decisions: tuple[str, ...] = ()
    agreement: Agreement | None = None
    agreement_before: Agreement | None = None
    judged_by_function: int = 0  # events that columns don't hold exactly
    counters_forgot: int = 0


def report(
    dataset: Dataset,
    pack: Pack,
    outcome: Outcome,
    *,
    before: Pack | None = None,
    meaning: Meaning | None = None,
    seconds: float = 0.0,
) -> Report:
    """Return the report of a run."""
    tally = outcome.tally
    chosen = meaning or Meaning(frozenset(pack.clauses))
    positions = [
        position for family in tally.samples.values() for sample in family.values() for _, position in sample
    ]
    events = dataset.events_at(positions)
    languages = {name or UNKNOWN: count for name, count in _descending(tally.languages)}
    made = _Rules(outcome, events, pack, before)
    any_decided = bool(tally.decisions)
    return Report(
        pack=pack.ref,
        events=tally.events,
        first=show_time(dataset.parts[0].first),
        last=show_time(dataset.parts[-1].last),
        sources=dataset.manifest.sources,
        refused=dataset.manifest.refused,
        why_refused=dataset.manifest.why_refused,
        way=outcome.way,
        seconds=round(seconds, 3),
        fired=tally.any_after,
        rules=made.all(),
        overlap=_overlap(outcome),
        languages=languages,
        days=dict(sorted(tally.days.items())),
        near_among=tally.near_among,
        checked_both_ways=outcome.checked,
        differences=outcome.differences,
        against=before.ref if before is not None else None,
        fired_before=tally.any_before if before is not None else None,
        events_newly=tally.events_newly if before is not None else None,
        events_no_longer=tally.events_no_longer if before is not None else None,
        decisions=dict(_descending(tally.decisions)),
        unread_decisions=tuple(unread(chosen, tally.decisions)),
        agreement=_agreement(tally.agree_any) if any_decided else None,
        agreement_before=_agreement(tally.agree_any_before) if any_decided and before is not None else None,
        judged_by_function=tally.unsure,
        counters_forgot=outcome.counts.forgotten,
    )


def _descending(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _agreement(four: Any) -> Agreement:
    caught, wrong, missed, right = (int(one) for one in four)
    return agreement(caught=caught, wrong=wrong, missed=missed, right=right)


class _Rules:
    def __init__(
        self,
        outcome: Outcome,
        events: dict[int, tuple[Event, str | None]],
        pack: Pack,
        before: Pack | None,
    ) -> None:
        self._outcome, self._tally, self._events = outcome, outcome.tally, events
        self._pack, self._before = pack, before
        self._needs = needs_of(pack.rules, counted=True)
        self._measured: dict[int, Signals] = {}  # of near misses, which many rules may share
        self._after_units = {unit.rule: n for n, unit in enumerate(outcome.units) if unit.after is not None}
        self._before_units = {unit.rule: n for n, unit in enumerate(outcome.units) if unit.before is not None}

    def all(self) -> tuple[RuleReport, ...]:
        names = list(dict.fromkeys([*self._after_units, *self._before_units]))
        return tuple(self._one(name) for name in names)

    def _one(self, name: str) -> RuleReport:
        n, old = self._after_units.get(name), self._before_units.get(name)
        tally = self._tally
        unit: Unit = self._outcome.units[n if n is not None else old or 0]
        source = self._pack if n is not None else self._before
        assert source is not None
        rule = source.rule(name)
        fires = int(tally.fires[n]) if n is not None else 0
        return RuleReport(
            rule=name,
            policy=unit.policy,
            stage=str(rule.staging),
            about=rule.about or "",
            fires=fires,
            share=fires / tally.events,
            by_language=self._by(tally.by_language, n),
            by_day=dict(sorted(self._by(tally.by_day, n).items())),
            hits=self._shown("hits", name),
            near_count=tally.near.get(name, 0),
            near=self._near(rule) if n is not None else (),
            failed=tally.failed.get(name, 0),
            agreement=_agreement(tally.agree[n]) if n is not None and tally.decisions else None,
            state=self._state(n, old),
            fires_before=int(tally.fires[old]) if old is not None and self._before is not None else None,
            change=self._change(name) if self._before is not None else None,
        )

    def _state(self, n: int | None, old: int | None) -> str:
        if self._before is None:
            return ""
        if n is None:
            return "removed"
        if old is None:
            return "new"
        return "same" if n == old else "changed"

    def _by(self, counts: dict[str, Any], n: int | None) -> dict[str, int]:
        if n is None:
            return {}
        found = {name or UNKNOWN: int(values[n]) for name, values in counts.items() if values[n]}
        return dict(_descending(found))

    def _change(self, name: str) -> Change:
        newly, no_longer = self._tally.differ.get(name, (0, 0))
        return Change(newly, no_longer, self._shown("newly", name), self._shown("no_longer", name))

    def _near(self, rule: Rule) -> tuple[Shown, ...]:
        """Show what a rule nearly fired on, each with what it lacked."""
        nearly = Nearly(rule)
        made = []
        for _, position in self._tally.samples.get("near", {}).get(rule.id, []):
            event, decided = self._events[position]
            seen = Seen(event, self._signals(position), self._outcome.near_counted.get(position, {}))
            try:
                lacked = nearly.lacked(seen)
            except Exception:  # noqa: BLE001 -- the rule failed on it, which is counted: there is no telling
                lacked = ()
            made.append(msgspec.structs.replace(show(event, decided), lacked=lacked))
        return tuple(made)

    def _signals(self, position: int) -> Signals:
        if position not in self._measured:
            self._measured[position] = measure(self._events[position][0], self._needs)
        return self._measured[position]

    def _shown(self, family: str, name: str) -> tuple[Shown, ...]:
        sample = self._tally.samples.get(family, {}).get(name, [])
        return tuple(show(*self._events[position]) for _, position in sample)


def show(event: Event, decided: str | None = None) -> Shown:
    """Return an event as a sample shows it."""
    text = "\n".join(part for part in (event.item.title, event.item.text) if part)
    return Shown(
        event.platform,
        event.id,
        event.at.isoformat(),
        event.author.name or event.author.id,
        text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}…",
        event.item.language,
        decided,
    )


def _overlap(outcome: Outcome) -> tuple[Together, ...]:
    tally, found = outcome.tally, []
    places = [n for n, unit in enumerate(outcome.units) if unit.after is not None]
    for at, n in enumerate(places):
        for other in places[at + 1 :]:
            both = int(tally.together[n, other])
            if both:
                either = int(tally.fires[n] + tally.fires[other]) - both
                names = outcome.units[n].rule, outcome.units[other].rule
                found.append(Together(*names, both, both / either))
    return tuple(
        sorted(found, key=lambda pair: (-pair.share, -pair.events, pair.one, pair.other))[:SHOWN_PAIRS]
    )


def to_json(made: Report) -> bytes:
    """Return the report as JSON, for machines."""
    return msgspec.json.format(msgspec.json.encode(made), indent=1)
