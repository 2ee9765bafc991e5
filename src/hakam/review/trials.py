"""Trials: whom a draft of the rules would have touched, seen before anybody publishes it.

A person asks for one, a process beside the worker judges the latest events by the version in force and by the draft,
and the answer stays with the draft. Who runs it holds a lease that it renews: a process that dies is followed by
another one, which begins anew. Texts of events are not copied: the answer names events of the log.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from hakam.backtest import agreement
from hakam.backtest.agreement import Agreement
from hakam.backtest.effect import Budget, Disagreement, Effect, effect_of, reads_counters
from hakam.compliance import ledger, lists, rulebook
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookDraft
from hakam.policy.pack import Pack, digest_of, load_pack
from hakam.policy.rules import Rule
from hakam.review.evidence import content_digest
from hakam.review.models import Case, Decision, Trial
from hakam.review.near_misses import NearSeen, near_seen
from hakam.review.states import DecisionState, Outcome
from hakam.storage.event_log import EventLog
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import Event
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES
from hakam.vocabulary.verdict import Verdict

MOST_DAYS: Final = 30
LEASE: Final = timedelta(seconds=60)
RENEWED_EVERY: Final = timedelta(seconds=2)
BUDGET: Final = Budget(seconds=900.0, events=2_000_000, shown=8, both_ways=500)


class TrialState(StrEnum):
    """How far a trial is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = (TrialState.WAITING, TrialState.RUNNING)


class TrialError(ValueError):
    """There can be no such trial. Nothing was changed."""


class BrokenError(TrialError):
    """The draft has errors: nothing can be judged by it."""


class RuleChange(StrEnum):
    """What a draft does to a rule."""

    NONE = ""
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


class RuleOutcome(msgspec.Struct, frozen=True):
    """What a rule would have done. Events are (platform, id); counts are those of `backtest.effect.RuleEffect`."""

    rule: str
    before: int
    after: int
    newly_fires: int
    no_longer_fires: int
    newly: tuple[tuple[str, str], ...]
    no_longer: tuple[tuple[str, str], ...]
    near: int
    near_events: tuple[tuple[str, str], ...]
    caught: int
    wrong: int
    missed: int
    child_abuse: bool = False  # its clause is one whose content only child-safety sees
    change: RuleChange = RuleChange.NONE
    begins_to_act: int = 0
    stops_acting: int = 0
    begins: tuple[tuple[str, str], ...] = ()
    stops: tuple[tuple[str, str], ...] = ()
    near_seen: tuple[NearSeen, ...] = ()  # at each of the near events; none in answers of older releases

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """All events that it names as examples."""
        return *self.newly, *self.no_longer, *self.near_events, *self.begins, *self.stops


class TrialResult(msgspec.Struct, frozen=True):
    """The answer of a trial."""

    events: int
    complete: bool
    seconds: float
    fired_before: int
    fired_after: int
    newly: int
    no_longer: int
    decided: int
    judged_both_ways: int
    counters_began_empty: bool
    failed: dict[str, int]
    disagreements: tuple[Disagreement, ...]
    rules: tuple[RuleOutcome, ...]
    compared: int = 0  # events that were judged in all ways beside: the latest, examples, generated ones
    begins_to_act: int = 0  # events on which a rule acts that only recorded them before
    stops_acting: int = 0
    ways: tuple[str, ...] = ()  # beside the compiled function: the interpreter, and columns where they can be

    @property
    def sound(self) -> bool:
        """Whether all ways of judging agree and no rule failed."""
        return not self.disagreements and not self.failed


def ask(draft_id: int, *, days: int, by: Actor, now: datetime) -> Trial:
    """Ask for a trial of a draft as it is now, over the events of the last `days`. An earlier one that runs is ended.

    Raises `TrialError` for a draft that can't be judged by, and for a span that is not 1 to 30 days.
    """
    if not 1 <= days <= MOST_DAYS:
        raise TrialError(f"a trial goes back 1 to {MOST_DAYS} days")
    with transaction.atomic():
        draft = RulebookDraft.objects.select_for_update(of=("self",)).filter(pk=draft_id).first()
        if draft is None:
            raise TrialError(f"there is no draft {draft_id}")
        if load_pack(draft.files, lists.at_hand()).pack is None:
            raise BrokenError("the draft has errors; mend them first")
        Trial.objects.filter(draft=draft, state__in=OPEN).update(
            state=TrialState.CANCELLED, finished_at=now, token=""
        )
        trial = Trial.objects.create(
            draft=draft,
            before=rulebook.active(),
            files=draft.files,
            digest=digest_of(draft.files),
            days=days,
            state=TrialState.WAITING,
            asked_by=str(by),
            asked_at=now,
        )
        ledger.record(
            FactKind.TRIAL_ASKED,
            by=by,
            now=now,
            subject=f"trial:{trial.pk}",
            about=[f"draft:{draft.pk}"],
            body={"days": days, "digest": trial.digest},
        )
    return trial


def cancel(trial_id: int, *, by: Actor, now: datetime) -> bool:
    """End a trial that waits or runs; whether there was one. Who runs it sees that and stops."""
    with transaction.atomic():
        trial = Trial.objects.select_for_update(of=("self",)).filter(pk=trial_id, state__in=OPEN).first()
        if trial is None:
            return False
        trial.state, trial.finished_at, trial.token = TrialState.CANCELLED, now, ""
        trial.save(update_fields=["state", "finished_at", "token"])
        ledger.record(
            FactKind.TRIAL_CANCELLED,
            by=by,
            now=now,
            subject=f"trial:{trial.pk}",
            about=[f"draft:{trial.draft_id}"],
        )
    return True


def due(now: datetime) -> bool:
    """Whether a trial waits for somebody to run it."""
    return Trial.objects.filter(_claimable(now)).exists()


def newest(draft: RulebookDraft) -> Trial | None:
    """Return the last trial that was asked for, or None."""
    return Trial.objects.filter(draft=draft).order_by("-pk").first()


def result_of(trial: Trial) -> TrialResult | None:
    """Return the answer of a trial, None before there is one."""
    return msgspec.convert(trial.result, TrialResult) if trial.result else None


def fits(trial: Trial, draft: RulebookDraft) -> bool:
    """Whether the trial judged what the draft and the rule book in force are now."""
    active = rulebook.active()
    return trial.digest == digest_of(draft.files) and trial.before_id == (active.pk if active else None)


def run_next(
    events: Callable[[datetime], Iterable[Event]], *, clock: Callable[[], datetime], budget: Budget = BUDGET
) -> bool:
    """Run the trial that waits longest; whether there was one. `events` yields those since a moment, in order.

    Whatever is wrong with the events ends the trial as failed, with the reason.
    """
    trial = _claim(clock())
    if trial is None:
        return False
    lease = _Lease(trial, clock)
    try:
        at_hand = lists.at_hand()
        after = load_pack(trial.files, at_hand).pack
        assert after is not None  # it was asked for as a pack without errors
        before = rulebook.load(trial.before, at_hand) if trial.before is not None else None
        since = trial.asked_at - timedelta(days=trial.days)
        latest: deque[Event] = deque(maxlen=agreement.LATEST)
        found = effect_of(
            before,
            after,
            _kept_last(events(since), latest),
            budget,
            progress=lambda seen, _so_far: lease.tell(seen),
            cancelled=lambda: lease.lost,
            decided=_Decided(since),
        )
        empty = reads_counters(after) or (before is not None and reads_counters(before))
        alike = agreement.compare(after, agreement.sample_of(after, latest), lists=settings.HAKAM_LISTS)
        rules = {rule.id: rule for rule in after.rules}
        kept = _kept(found, alike, rules, _child_rules(before, after), changes_of(before, after), empty=empty)
        lease.end(TrialState.DONE, found.events, result=msgspec.to_builtins(kept))
    except Exception as error:
        lease.end(TrialState.FAILED, trial.events, error=f"{type(error).__name__}: {error}"[:1_000])
        raise
    return True


def _claimable(now: datetime) -> Q:
    return Q(state=TrialState.WAITING) | Q(state=TrialState.RUNNING, lease_until__lt=now)


def _claim(now: datetime) -> Trial | None:
    with transaction.atomic():
        trial = (
            Trial.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(_claimable(now))
            .order_by("pk")
            .first()
        )
        if trial is None:
            return None
        trial.state, trial.token = TrialState.RUNNING, secrets.token_hex(8)
        trial.lease_until, trial.events = now + LEASE, 0
        trial.save(update_fields=["state", "token", "lease_until", "events"])
    return Trial.objects.select_related("before", "draft").get(pk=trial.pk)


class _Lease:
    """The right to run a trial, renewed now and then; lost when somebody else ended the trial or took it."""

    def __init__(self, trial: Trial, clock: Callable[[], datetime]) -> None:
        self._trial, self._clock = trial, clock
        self._told = clock()
        self.lost = False

    def _update(self, **values: object) -> None:
        mine = Trial.objects.filter(pk=self._trial.pk, token=self._trial.token, state=TrialState.RUNNING)
        self.lost = not mine.update(**values)

    def tell(self, seen: int) -> None:
        now = self._clock()
        if now - self._told >= RENEWED_EVERY:
            self._told = now
            self._update(events=seen, lease_until=now + LEASE)

    def end(self, state: TrialState, seen: int, *, result: object = None, error: str = "") -> None:
        self._update(
            state=state, events=seen, result=result, error=error, finished_at=self._clock(), token=""
        )


class _Decided:
    """What people found on the content of events, since a moment."""

    def __init__(self, since: datetime) -> None:
        rows = (
            Decision.objects.filter(at__gte=since, by__startswith="staff:", state=DecisionState.FINAL)
            .exclude(outcome=Outcome.STANDS)
            .order_by("pk")
            .values_list("platform", "item_kind", "item_id", "content", "outcome", "clause")
        )
        self._found = {
            (platform, kind, item): (content, outcome == Outcome.VIOLATION, clause)
            for platform, kind, item, content, outcome, clause in rows.iterator()
        }

    def __call__(self, event: Event) -> tuple[bool, str] | None:
        found = self._found.get((event.platform, event.item_kind.value, event.item.id))
        if found is None or (found[0] and found[0] != content_digest(event)):
            return None  # nobody decided it, or what they saw was another text
        return found[1], found[2]


def _child_rules(*packs: Pack | None) -> frozenset[str]:
    """Return the rules under a clause against abuse of children, in either version."""
    return frozenset(
        rule.id
        for pack in packs
        if pack is not None
        for rule in pack.rules
        if pack.clauses[rule.policy].harm in CHILD_ABUSE_OFFENCES
    )


def changes_of(before: Pack | None, after: Pack) -> dict[str, RuleChange]:
    """Return what becomes of each rule that is not the same in both versions, in what it says or in its stage."""
    old = {rule.id: (rule.digest, rule.staging) for rule in (before.rules if before is not None else ())}
    new = {rule.id: (rule.digest, rule.staging) for rule in after.rules}
    return {
        **{name: RuleChange.REMOVED for name in old if name not in new},
        **{name: RuleChange.ADDED for name in new if name not in old},
        **{name: RuleChange.CHANGED for name in new if name in old and new[name] != old[name]},
    }


def veiled(names: Iterable[tuple[str, str]], *, log: EventLog, result: TrialResult) -> set[tuple[str, str]]:
    """Return the events of a trial's answer that only child-safety may see.

    They are those that a rule against abuse of children finds, now or in the draft, and those of a restricted case.
    """
    children = {rule.rule for rule in result.rules if rule.child_abuse}
    found = {name for rule in result.rules if rule.child_abuse for name in rule.named}
    for platform, id_ in set(names) - found:
        record = log.get(platform, id_)
        if record is None:
            continue
        event = msgspec.json.decode(record.raw, type=Event)
        fired = {firing.rule for firing in msgspec.json.decode(record.verdict, type=Verdict).firings}
        kind = event.item_kind.value
        case = Case.objects.filter(platform=platform, item_kind=kind, item_id=event.item.id, restricted=True)
        if fired & children or case.exists():
            found.add((platform, id_))
    return found


def _kept_last(events: Iterable[Event], latest: deque[Event]) -> Iterator[Event]:
    """Pass events on, and keep the last of them."""
    for event in events:
        latest.append(event)
        yield event


def _kept(
    found: Effect,
    alike: Agreement,
    rules: dict[str, Rule],
    children: frozenset[str],
    changes: dict[str, RuleChange],
    *,
    empty: bool,
) -> TrialResult:
    def names(events: Iterable[Event]) -> tuple[tuple[str, str], ...]:
        return tuple((event.platform, event.id) for event in events)

    return TrialResult(
        events=found.events,
        complete=found.complete,
        seconds=found.seconds,
        fired_before=found.fired_before,
        fired_after=found.fired_after,
        newly=found.newly,
        no_longer=found.no_longer,
        decided=found.decided,
        judged_both_ways=found.judged_both_ways,
        counters_began_empty=empty,
        failed={**alike.failed, **found.failed},
        disagreements=(*found.disagreements, *alike.differences)[:100],
        rules=tuple(
            RuleOutcome(
                rule.rule,
                rule.before,
                rule.after,
                rule.newly_fires,
                rule.no_longer_fires,
                names(rule.newly),
                names(rule.no_longer),
                rule.near,
                names(rule.near_events),
                rule.caught,
                rule.wrong,
                rule.missed,
                rule.rule in children,
                changes.get(rule.rule, RuleChange.NONE),
                rule.begins_to_act,
                rule.stops_acting,
                names(rule.begins),
                names(rule.stops),
                tuple(
                    near_seen(rules[rule.rule], event, counted)
                    for event, counted in zip(rule.near_events, rule.near_counted, strict=True)
                ),
            )
            for rule in found.rules
        ),
        compared=alike.events,
        begins_to_act=found.begins_to_act,
        stops_acting=found.stops_acting,
        ways=tuple(map(str, alike.ways)),
    )


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(tz=UTC)
