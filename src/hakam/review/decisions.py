"""Decisions: what a person finds about an item, with reasons; taken, taken back, made final, replaced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement.reverse import cancel, reverse
from hakam.review.cases import item_of, merge_into, open_on, rank, record_merged
from hakam.review.concluding import (
    DecisionError,
    Judged,
    NotYoursError,
    ReplacedError,
    TooLateError,
    about_decision,
    conclude,
    finalise,
    judged_in,
    locked,
    locked_as_of,
    upheld,
)
from hakam.review.leases import LEASE_SECONDS, NotOpenError, locked_case, refuse_if_held, user_id
from hakam.review.lineage import chain, item_decided, name_of
from hakam.review.models import Case, Decision
from hakam.review.proposing import lapse
from hakam.review.reasoning import reasons_for, source_of
from hakam.review.states import (
    CaseEvent,
    CaseState,
    DecisionEvent,
    DecisionState,
    Outcome,
    SourceKind,
    case_after,
    decision_after,
)
from hakam.review.ties import outlast_ties
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.measure import Measure
from hakam.vocabulary.reasons import Automation, Ground, Reasons, Source

UNDO_SECONDS: Final = 10
UNKNOWN_RECIPIENT: Final = (
    "unknown"  # of an address that no event was seen of: the platform knows whose it is
)
_FINALISE: Final = 200
_ATTEMPTS: Final = 5


@outlast_ties
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
    """Decide an open case, as a person.

    Until the undo window ends nothing leaves and nobody outside hears of it.

    A violation names a clause of the rule book in force, the facts in words for the affected person, and
    measures from the clause's ladder or milder; `grounds` default to what the clause says. `seconded_by` is
    the second person that a measure needs which can't be taken back. `STANDS` answers a case by a standing
    decision on the same item.

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
        lapse(case, by=by, now=now)
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
            stands_on=upheld(judged.item) if outcome is Outcome.STANDS else None,
        )


@outlast_ties
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
            stands_on=upheld(judged.item) if outcome is Outcome.STANDS else None,
        )


@outlast_ties
def undo(decision_id: int, *, by: Actor, now: datetime, lease_seconds: int = LEASE_SECONDS) -> Case | None:
    """Take one's own decision back inside its window, as if it had never been taken.

    Returns the case, open again.

    Nobody outside hears of it. What was said about the item in the meantime joins the case; the lease is
    restored. Undoing twice is undoing once. Raises `TooLateError`, `NotYoursError`.
    """
    user = user_id(by)
    for attempt in range(_ATTEMPTS):
        try:
            with transaction.atomic():
                return _undo(decision_id, user=user, by=by, now=now, lease_seconds=lease_seconds)
        except (
            IntegrityError
        ):  # a report opened another case on the item in this instant; it will be found now
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _undo(decision_id: int, *, user: int, by: Actor, now: datetime, lease_seconds: int) -> Case | None:
    decision = locked(decision_id)
    if decision.by != str(by):
        raise NotYoursError(
            _("decision %(decision_id)s was taken by somebody else") % {"decision_id": decision_id}
        )
    if decision.state == DecisionState.UNDONE:
        return decision.case
    if decision.state != DecisionState.PENDING or now >= decision.undo_until:
        raise TooLateError(
            _("decision %(decision_id)s can't be taken back any more; replace it")
            % {"decision_id": decision_id}
        )
    decision.state = decision_after(DecisionState.PENDING, DecisionEvent.UNDO)
    decision.save(update_fields=["state"])
    case = newer = None
    if decision.case_id is not None:
        case = Case.objects.select_for_update(of=("self",)).get(pk=decision.case_id)
        newer = open_on(item_of(case), lock=True)
        if newer is not None:
            merge_into(case, newer, now=now)
        case.state = case_after(CaseState(case.state), CaseEvent.REOPEN)
        case.decided_at = None
        case.lease_by_id, case.lease_until = user, now + timedelta(seconds=lease_seconds)
        rank(case, now)
        case.save()
    if decision.outcome == Outcome.VIOLATION:
        cancel(by=by, now=now, decision=name_of(decision))
    if case is not None and newer is not None:
        record_merged(case, newer, by=by, now=now)
        lapse(newer, by=by, now=now)
    ledger.record(
        FactKind.DECISION_UNDONE,
        by=by,
        now=now,
        subject=name_of(decision),
        about=about_decision(decision),
        body={"outcome": decision.outcome},
    )
    return case


def finalise_due(now: datetime, *, limit: int = _FINALISE) -> int:
    """End the undo windows that are over: from now on these decisions are heard outside. Returns how many."""
    done = 0
    due = Decision.objects.filter(state=DecisionState.PENDING, undo_until__lte=now).order_by(
        "undo_until", "pk"
    )
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            decision = locked(pk)
            if decision.state == DecisionState.PENDING and decision.undo_until <= now:
                finalise(decision, by=SYSTEM, now=now)
                done += 1
    return done


@outlast_ties
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

    What the old one restricted is reversed, what the new one says is done, and everybody who was told the old
    outcome is told the new one. `because` is told to the affected person. Works for decisions of rules, of
    people, with a case and without. Raises `ReplacedError`, `TooLateError` (still inside its undo window),
    and what `decide` raises.
    """
    if by.kind is not ActorKind.RULE:  # a rule takes back only what it no longer says
        user_id(by)
    if not because.strip():
        raise DecisionError(_("say why the decision is replaced; the affected person is told"))
    if outcome is Outcome.STANDS:
        raise DecisionError(_("a decision is replaced by a violation or by none"))
    with transaction.atomic():
        old = locked_as_of(decision_id, now)
        if old.state == DecisionState.REPLACED:
            raise ReplacedError(old)
        if old.state != DecisionState.FINAL:
            raise TooLateError(
                _("decision %(decision_id)s is not final; wait for the end of its undo window")
                % {"decision_id": decision_id}
            )
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
    for earlier_one in chain(old):  # a rule's measures may still stand under a person's decision
        if earlier_one.outcome == Outcome.VIOLATION:
            reverse(by=by, now=now, decision=name_of(earlier_one), because=because)
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
        about=(*about_decision(old), name_of(new)),
        body={"by": new.pk, "outcome": outcome},
        private={"because": because},
    )
    return new


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
