"""Decisions: what a person, or a rule, finds about an item, with its reasons; taken, taken back, replaced, final."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement.restrict import restrict
from hakam.enforcement.reverse import cancel, reverse
from hakam.review import clauses, ladder
from hakam.review.cases import about, item_of, merge_into, open_on
from hakam.review.leases import LEASE_SECONDS, NotOpenError, locked_case, refuse_if_held, user_id
from hakam.review.models import Case, Complaint, Decision, Draft
from hakam.review.reasoning import reasons_for, source_of
from hakam.review.states import (
    STANDING,
    CaseEvent,
    CaseState,
    ComplaintState,
    DecisionEvent,
    DecisionState,
    Outcome,
    SourceKind,
    case_after,
    decision_after,
)
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, Target
from hakam.vocabulary.reasons import Automation, Ground, Reasons, Source

UNDO_SECONDS: Final = 10
UNKNOWN_RECIPIENT: Final = (
    "unknown"  # of an address that no event was seen of: the platform knows whose it is
)
_FINALISE: Final = 200


class DecisionError(ValueError):
    """The decision can't be taken as asked. Nothing was changed."""


class TooLateError(DecisionError):
    """The undo window is over: the effects have left. Replace the decision instead."""


class NotYoursError(DecisionError):
    """Only who took a decision can take it back. Anybody else who may decide can replace it."""


class ReplacedError(DecisionError):
    """Another decision has taken the place of this one. `by` is its number."""

    def __init__(self, decision: Decision) -> None:
        self.by = Decision.objects.filter(replaces=decision).values_list("pk", flat=True).first()
        super().__init__(f"decision {decision.pk} was replaced by decision {self.by}")


class Judged(msgspec.Struct, frozen=True):
    """What a decision is about, and who must be told."""

    item: ItemRef
    item_url: str = ""
    author_id: str = ""
    author_email: str = ""
    language: str = "en"  # of the affected person
    content: str = ""  # digest of the content that was judged
    case: int | None = None
    considered: tuple[str, ...] = ()  # every clause alleged


def name_of(decision: Decision) -> str:
    """Return a decision's name in the ledger."""
    return f"decision:{decision.pk}"


def item_decided(decision: Decision) -> ItemRef:
    """Return the item of a decision."""
    return ItemRef(decision.platform, decision.item_kind, decision.item_id)


def is_standing(decision: Decision) -> bool:
    """Whether the decision is in force."""
    return DecisionState(decision.state) in STANDING


def judged_in(case: Case) -> Judged:
    """Return what a decision of `case` is about."""
    return Judged(
        item=item_of(case),
        item_url=case.item_url,
        author_id=case.author_id,
        author_email=case.author_email,
        language=case.author_language or case.language or "en",
        content=case.content,
        case=case.pk,
        considered=tuple(sorted({c for c in case.sources.values_list("clause", flat=True) if c})),
    )


def decide(
    case_id: int,
    *,
    by: Actor,
    now: datetime,
    outcome: Outcome,
    clause: str = "",
    measures: Sequence[Measure] = (),
    facts: str = "",
    grounds: Sequence[Ground] = (),
    illegal: bool = False,
    note: str = "",
    undo_seconds: int = UNDO_SECONDS,
    seconded_by: Actor | None = None,
) -> Decision:
    """Decide an open case, as a person. Until the undo window ends nothing leaves and nobody outside hears of it.

    A violation names a clause of the rule book in force, the facts in words for the affected person, and measures
    from the clause's ladder or milder; `grounds` default to what the clause says. `seconded_by` is the second person
    that a measure needs which can't be taken back. `STANDS` answers a case by a standing decision on the same item.

    Raises `NotOpenError`, `LeaseHeldError`, `IncompleteReasonsError`, `NotOnLadderError`,
    `TwoPeopleNeededError`, `UnknownClauseError`, `DecisionError`.
    """
    user = user_id(by)
    with transaction.atomic():
        case = locked_case(case_id)
        refuse_if_held(case, user, now)
        judged = judged_in(case)
        reasons = None
        if outcome is Outcome.VIOLATION:
            kinds = {SourceKind(kind) for kind in case.sources.values_list("kind", flat=True).distinct()}
            reasons = reasons_for(
                clause=clause,
                facts=facts,
                grounds=grounds,
                illegal=illegal,
                language=judged.language,
                source=source_of(kinds),
                detected=SourceKind.VERDICT in kinds,
                automation=Automation.NONE,
            )
        case.state = case_after(CaseState(case.state), CaseEvent.DECIDE)
        case.decided_at, case.lease_by, case.lease_until = now, None, None
        case.save(update_fields=["state", "decided_at", "lease_by", "lease_until"])
        return conclude(
            judged,
            by=by,
            now=now,
            outcome=outcome,
            clause=clause,
            reasons=reasons,
            measures=measures,
            note=note,
            undo_seconds=undo_seconds,
            seconded_by=seconded_by,
            stands_on=_upheld(judged.item) if outcome is Outcome.STANDS else None,
        )


def decide_item(
    judged: Judged,
    *,
    by: Actor,
    now: datetime,
    outcome: Outcome,
    clause: str = "",
    measures: Sequence[Measure] = (),
    facts: str = "",
    grounds: Sequence[Ground] = (),
    illegal: bool = False,
    note: str = "",
    undo_seconds: int = UNDO_SECONDS,
    seconded_by: Actor | None = None,
) -> Decision:
    """Decide about an item that nobody reported. The item's open case, if there is one, is decided by it."""
    user_id(by)
    opened = open_on(judged.item)
    if opened is not None:
        return decide(
            opened.pk,
            by=by,
            now=now,
            outcome=outcome,
            clause=clause,
            measures=measures,
            facts=facts,
            grounds=grounds,
            illegal=illegal,
            note=note,
            undo_seconds=undo_seconds,
            seconded_by=seconded_by,
        )
    reasons = None
    if outcome is Outcome.VIOLATION:
        reasons = reasons_for(
            clause=clause,
            facts=facts,
            grounds=grounds,
            illegal=illegal,
            language=judged.language,
            source=Source.OWN_INITIATIVE,
            detected=False,
            automation=Automation.NONE,
        )
    with transaction.atomic():
        return conclude(
            judged,
            by=by,
            now=now,
            outcome=outcome,
            clause=clause,
            reasons=reasons,
            measures=measures,
            note=note,
            undo_seconds=undo_seconds,
            seconded_by=seconded_by,
            stands_on=_upheld(judged.item) if outcome is Outcome.STANDS else None,
        )


def conclude(
    judged: Judged,
    *,
    by: Actor,
    now: datetime,
    outcome: Outcome,
    clause: str,
    reasons: Reasons | None,
    measures: Sequence[Measure],
    note: str = "",
    undo_seconds: int = 0,
    seconded_by: Actor | None = None,
    replaces: Decision | None = None,
    stands_on: Decision | None = None,
    key: str | None = None,
) -> Decision:
    """Write a decision down and plan its measures, inside the caller's transaction. For the verbs of this room."""
    _check(judged, by=by, outcome=outcome, reasons=reasons, measures=measures, seconded_by=seconded_by)
    decision = Decision.objects.create(
        case_id=judged.case,
        platform=judged.item.platform,
        item_kind=judged.item.kind,
        item_id=judged.item.id,
        item_url=judged.item_url,
        author_id=judged.author_id,
        language=judged.language,
        content=judged.content,
        clause=clause if outcome is Outcome.VIOLATION else "",
        considered=sorted({*judged.considered, *([clause] if clause else [])}),
        by=str(by),
        seconded_by=str(seconded_by or ""),
        at=now,
        outcome=outcome,
        reasons=None if reasons is None else msgspec.to_builtins(reasons),
        measures=msgspec.to_builtins(list(measures)),
        note=note,
        state=DecisionState.PENDING,
        undo_until=now + timedelta(seconds=undo_seconds),
        replaces=replaces,
        stands_on=stands_on,
        key=key,
    )
    if reasons is not None:
        restrict(
            by=by,
            now=now,
            item=judged.item,
            item_url=judged.item_url,
            author_id=judged.author_id or UNKNOWN_RECIPIENT,
            measures=measures,
            reasons=reasons,
            decision=name_of(decision),
            language=judged.language,
            undo_seconds=undo_seconds,
            author_email=judged.author_email or None,
            also_by=seconded_by,
        )
    ledger.record(
        FactKind.CASE_DECIDED,
        by=by,
        now=now,
        subject=name_of(decision),
        about=_about(decision),
        body={
            "outcome": outcome,
            "clause": decision.clause,
            "measures": decision.measures,
            "pack": str(reasons.pack) if reasons else None,
            "undo_until": decision.undo_until,
            "replaces": replaces.pk if replaces else None,
            "stands_on": stands_on.pk if stands_on else None,
            "seconded_by": decision.seconded_by,
        },
        private={"facts": reasons.facts if reasons else "", "note": note},
    )
    if undo_seconds <= 0:
        _finalise(decision, by=by, now=now)
    return decision


def _check(
    judged: Judged,
    *,
    by: Actor,
    outcome: Outcome,
    reasons: Reasons | None,
    measures: Sequence[Measure],
    seconded_by: Actor | None,
) -> None:
    if reasons is None:
        if outcome is Outcome.VIOLATION:
            raise DecisionError("a violation needs reasons")
        if measures:
            raise DecisionError(f"the outcome `{outcome}` takes no measures")
        return
    if not measures:
        raise DecisionError("a violation needs at least one measure; `notify` is the mildest")
    if len({(m.kind, m.territory) for m in measures}) != len(measures):
        raise DecisionError("the same measure is named twice")
    account = [m.kind.value for m in measures if m.nature.target is Target.ACCOUNT]
    if account and not judged.author_id:
        raise DecisionError(f"`{account[0]}` needs an account, and whose item this is is not known")
    if by.kind is not ActorKind.RULE:
        ladder.check(measures, clauses.steps_of(reasons.pack, reasons.clause), clause=reasons.clause)
    if seconded_by is not None and seconded_by.kind is not ActorKind.STAFF:
        raise DecisionError(f"`{seconded_by}` is no member of staff and can't be the second person")


def _upheld(item: ItemRef) -> Decision:
    found = (
        Decision.objects.filter(
            platform=item.platform,
            item_kind=item.kind,
            item_id=item.id,
            outcome=Outcome.VIOLATION,
            state=DecisionState.FINAL,
        )
        .order_by("-at", "-pk")
        .first()
    )
    if found is None:
        raise DecisionError(f"no decision stands on {item}")
    return found


def _about(decision: Decision) -> tuple[str, ...]:
    linked = about(item_decided(decision), decision.author_id)
    case = (f"case:{decision.case_id}",) if decision.case_id else ()
    earlier = (f"decision:{decision.replaces_id}",) if decision.replaces_id else ()
    event = (decision.key,) if decision.key else ()
    return (*linked, *case, *earlier, *event)


def _locked(decision_id: int) -> Decision:
    decision = Decision.objects.select_for_update(of=("self",)).filter(pk=decision_id).first()
    if decision is None:
        raise DecisionError(f"there is no decision {decision_id}")
    return decision


def undo(decision_id: int, *, by: Actor, now: datetime, lease_seconds: int = LEASE_SECONDS) -> Case | None:
    """Take one's own decision back inside its window, as if it had never been taken. Returns the case, open again.

    Nobody outside hears of it. What was said about the item in the meantime joins the case; the lease is restored.
    Undoing twice is undoing once. Raises `TooLateError`, `NotYoursError`.
    """
    user = user_id(by)
    with transaction.atomic():
        decision = _locked(decision_id)
        if decision.by != str(by):
            raise NotYoursError(f"decision {decision_id} was taken by somebody else")
        if decision.state == DecisionState.UNDONE:
            return decision.case
        if decision.state != DecisionState.PENDING or now >= decision.undo_until:
            raise TooLateError(f"decision {decision_id} can't be taken back any more; replace it")
        decision.state = decision_after(DecisionState.PENDING, DecisionEvent.UNDO)
        decision.save(update_fields=["state"])
        if decision.outcome == Outcome.VIOLATION:
            cancel(by=by, now=now, decision=name_of(decision))
        case = None
        if decision.case_id is not None:
            case = Case.objects.select_for_update(of=("self",)).get(pk=decision.case_id)
            newer = open_on(item_of(case), lock=True)
            if newer is not None:
                merge_into(case, newer, by=by, now=now)
            case.state = case_after(CaseState(case.state), CaseEvent.REOPEN)
            case.decided_at = None
            case.lease_by_id, case.lease_until = user, now + timedelta(seconds=lease_seconds)
            case.save()
        ledger.record(
            FactKind.DECISION_UNDONE,
            by=by,
            now=now,
            subject=name_of(decision),
            about=_about(decision),
            body={"outcome": decision.outcome},
        )
    return case


def _finalise(decision: Decision, *, by: Actor, now: datetime) -> None:
    decision.state = decision_after(DecisionState(decision.state), DecisionEvent.FINALISE)
    decision.save(update_fields=["state"])
    if decision.case_id is not None:
        Draft.objects.filter(case_id=decision.case_id).delete()
    ledger.record(
        FactKind.DECISION_FINAL,
        by=by,
        now=now,
        subject=name_of(decision),
        about=_about(decision),
        body={"outcome": decision.outcome, "clause": decision.clause},
    )


def finalise_due(now: datetime, *, limit: int = _FINALISE) -> int:
    """End the undo windows that are over: from now on these decisions are heard outside. Returns how many."""
    done = 0
    due = Decision.objects.filter(state=DecisionState.PENDING, undo_until__lte=now).order_by(
        "undo_until", "pk"
    )
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            decision = _locked(pk)
            if decision.state == DecisionState.PENDING and decision.undo_until <= now:
                _finalise(decision, by=SYSTEM, now=now)
                done += 1
    return done


def replace(
    decision_id: int,
    *,
    by: Actor,
    now: datetime,
    outcome: Outcome,
    because: str,
    clause: str = "",
    measures: Sequence[Measure] = (),
    facts: str = "",
    grounds: Sequence[Ground] = (),
    illegal: bool = False,
    note: str = "",
    seconded_by: Actor | None = None,
    author_email: str = "",
) -> Decision:
    """Put another decision in the place of one that is in force, at once and without an undo window.

    What the old one restricted is reversed, what the new one says is done, and everybody who was told the old outcome
    is told the new one. `because` is told to the affected person. Works for decisions of rules, of people, with a
    case and without. Raises `ReplacedError`, `TooLateError` (still inside its undo window), and what `decide` raises.
    """
    user_id(by)
    if not because.strip():
        raise DecisionError("say why the decision is replaced; the affected person is told")
    if outcome is Outcome.STANDS:
        raise DecisionError("a decision is replaced by a violation or by none")
    with transaction.atomic():
        old = _locked(decision_id)
        if old.state == DecisionState.REPLACED:
            raise ReplacedError(old)
        if old.state != DecisionState.FINAL:
            raise TooLateError(f"decision {decision_id} is {old.state}; wait for the end of its undo window")
        return _put_in_place(
            old,
            by=by,
            now=now,
            outcome=outcome,
            because=because,
            clause=clause,
            measures=measures,
            facts=facts,
            grounds=grounds,
            illegal=illegal,
            note=note,
            seconded_by=seconded_by,
            author_email=author_email,
        )


def _put_in_place(
    old: Decision,
    *,
    by: Actor,
    now: datetime,
    outcome: Outcome,
    because: str,
    clause: str,
    measures: Sequence[Measure],
    facts: str,
    grounds: Sequence[Ground],
    illegal: bool,
    note: str,
    seconded_by: Actor | None,
    author_email: str,
) -> Decision:
    case = old.case
    judged = Judged(
        item=item_decided(old),
        item_url=old.item_url,
        author_id=old.author_id,
        author_email=author_email or (case.author_email if case else ""),
        language=old.language or "en",
        content=old.content,
        case=old.case_id,
        considered=tuple(old.considered),
    )
    reasons = None
    if outcome is Outcome.VIOLATION:
        earlier = msgspec.convert(old.reasons, Reasons) if old.reasons else None
        kinds = set(case.sources.values_list("kind", flat=True).distinct()) if case else set()
        reasons = reasons_for(
            clause=clause,
            facts=facts,
            grounds=grounds,
            illegal=illegal,
            language=judged.language,
            source=earlier.source if earlier else source_of(SourceKind(kind) for kind in kinds),
            detected=earlier.automated_detection if earlier else SourceKind.VERDICT.value in kinds,
            automation=Automation.NONE,
        )
    old.state = decision_after(DecisionState(old.state), DecisionEvent.REPLACE)
    old.save(update_fields=["state"])
    if old.outcome == Outcome.VIOLATION:
        reverse(by=by, now=now, decision=name_of(old), because=because)
    new = conclude(
        judged,
        by=by,
        now=now,
        outcome=outcome,
        clause=clause,
        reasons=reasons,
        measures=measures,
        note=note,
        seconded_by=seconded_by,
        replaces=old,
    )
    ledger.record(
        FactKind.DECISION_REPLACED,
        by=by,
        now=now,
        subject=name_of(old),
        about=(*_about(old), name_of(new)),
        body={"by": new.pk, "outcome": outcome},
        private={"because": because},
    )
    return new


def chain(decision: Decision) -> list[Decision]:
    """Return all decisions that took each other's place with `decision` among them, the first taken first."""
    first = decision
    while first.replaces is not None:
        first = first.replaces
    out = [first]
    while (later := Decision.objects.filter(replaces=out[-1]).first()) is not None:
        out.append(later)
    return out


def standing(decision: Decision) -> Decision:
    """Return the decision that is in force in the place of `decision`: itself, unless it was replaced."""
    return chain(decision)[-1]


def deciders(decision: Decision) -> set[str]:
    """Return everybody who decided, seconded, or decided a complaint, in the chain of `decision`."""
    links = chain(decision)
    links += [other for link in links if link.stands_on is not None for other in chain(link.stands_on)]
    people = {d.by for d in links} | {d.seconded_by for d in links if d.seconded_by}
    ended = Complaint.objects.filter(decision__in=links).exclude(state=ComplaintState.OPEN)
    return people | set(ended.values_list("decided_by", flat=True))


def settled_clauses(item: ItemRef, content: str) -> set[str]:
    """Return the clauses under which a person has judged this very content of the item, whatever the outcome."""
    found = Decision.objects.filter(
        platform=item.platform,
        item_kind=item.kind,
        item_id=item.id,
        content=content,
        state__in=STANDING,
        by__startswith=f"{ActorKind.STAFF}:",
    )
    return {clause for considered in found.values_list("considered", flat=True) for clause in considered}


def strikes(platform: str, author_id: str, clause: str) -> int:
    """Return how many decisions in force found this account against `clause`."""
    if not author_id:
        return 0
    return Decision.objects.filter(
        platform=platform, author_id=author_id, clause=clause, outcome=Outcome.VIOLATION, state__in=STANDING
    ).count()


def told_by(decision: Decision) -> Iterable[int]:
    """Return the cases whose notifiers hear the outcome of `decision`: its own, and those that it answered as well."""
    links = [d.pk for d in chain(decision)]
    own = Decision.objects.filter(pk__in=links, case__isnull=False).values_list("case_id", flat=True)
    others = Decision.objects.filter(stands_on__in=links, state__in=STANDING, case__isnull=False)
    return sorted({*own, *others.values_list("case_id", flat=True)})


__all__ = [
    "Decision",
    "DecisionError",
    "Judged",
    "NotOpenError",
    "NotYoursError",
    "ReplacedError",
    "TooLateError",
    "decide",
    "decide_item",
    "finalise_due",
    "replace",
    "undo",
]
