"""Writing a decision down: the one place where it and its restriction come to be, and become final."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.utils import translation
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.enforcement.restrict import restrict
from hakam.enforcement.reverse import reverse
from hakam.review import clauses, ladder
from hakam.review.cases import about, item_of
from hakam.review.lineage import item_decided, name_of
from hakam.review.models import Case, Decision, Draft
from hakam.review.states import DecisionEvent, DecisionState, Outcome, decision_after
from hakam.vocabulary.actor import SYSTEM, Actor, ActorKind
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, Target
from hakam.vocabulary.reasons import Reasons

UNKNOWN_RECIPIENT: Final = (
    "unknown"  # of an address that no event was seen of: the platform knows whose it is
)


class DecisionError(ValueError):
    """The decision can't be taken as asked. Nothing was changed."""


class TooLateError(DecisionError):
    """The undo window is over: the effects have left. Replace the decision instead."""


class NotYoursError(DecisionError):
    """Only who took a decision can take it back. Anybody else who may decide can replace it."""


class ReplacedError(DecisionError):
    """Another decision has taken the place of this one. `by` is its number."""

    def __init__(self, decision: Decision) -> None:
        self.by = decision.replaced_by_id
        super().__init__(
            _("decision %(decision)s was replaced by decision %(by)s")
            % {"decision": decision.pk, "by": self.by}
        )


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
    """Write a decision down and plan its measures, inside the caller's transaction.

    For the verbs of this room.
    """
    check(judged, by=by, outcome=outcome, reasons=reasons, measures=measures, seconded_by=seconded_by)
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
        stands_on=stands_on,
        key=key,
    )
    if replaces is not None:
        replaces.replaced_by = decision
        replaces.save(update_fields=["replaced_by"])
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
        about=about_decision(decision),
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
        finalise(decision, by=by, now=now)
    return decision


def check(
    judged: Judged,
    *,
    by: Actor,
    outcome: Outcome,
    reasons: Reasons | None,
    measures: Sequence[Measure],
    seconded_by: Actor | None,
) -> None:
    """Raise unless a decision may be taken so. For the verbs of this room."""
    if reasons is None:
        if outcome is Outcome.VIOLATION:
            raise DecisionError(_("a violation needs reasons"))
        if measures:
            raise DecisionError(_("the outcome `%(outcome)s` takes no measures") % {"outcome": outcome})
        return
    if not measures:
        raise DecisionError(_("a violation needs at least one measure; `notify` is the mildest"))
    if len({m.identity for m in measures}) != len(measures):
        raise DecisionError(_("the same measure is named twice"))
    account = [m.kind.value for m in measures if m.nature.target is Target.ACCOUNT]
    if account and not judged.author_id:
        raise DecisionError(
            _("`%(account)s` needs an account, and whose item this is is not known") % {"account": account[0]}
        )
    if by.kind is not ActorKind.RULE:
        ladder.check(measures, clauses.steps_of(reasons.pack, reasons.clause), clause=reasons.clause)
    if seconded_by is not None and seconded_by.kind is not ActorKind.STAFF:
        raise DecisionError(
            _("`%(seconded_by)s` is no member of staff and can't be the second person")
            % {"seconded_by": seconded_by}
        )


def upheld(item: ItemRef) -> Decision:
    """Return the violation that stands on an item. Raises `DecisionError`."""
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
        raise DecisionError(_("no decision stands on %(item)s") % {"item": item})
    return found


def about_decision(decision: Decision) -> tuple[str, ...]:
    """Return the further subjects of a decision's facts."""
    linked = about(item_decided(decision), decision.author_id)
    case = (f"case:{decision.case_id}",) if decision.case_id else ()
    earlier = tuple(f"decision:{pk}" for pk in decision.replaced.values_list("pk", flat=True))
    event = (decision.key,) if decision.key else ()
    return (*linked, *case, *earlier, *event)


def locked(decision_id: int) -> Decision:
    """Return a decision, locked until the transaction ends. Raises `DecisionError`."""
    decision = Decision.objects.select_for_update(of=("self",)).filter(pk=decision_id).first()
    if decision is None:
        raise DecisionError(_("there is no decision %(decision_id)s") % {"decision_id": decision_id})
    return decision


def locked_as_of(decision_id: int, now: datetime) -> Decision:
    """Return a decision, locked, and final if its undo window is over.

    What it orders leaves by the clock, so that people may answer it before the worker comes to note that it is final.
    Raises `DecisionError`.
    """
    decision = locked(decision_id)
    if decision.state == DecisionState.PENDING and decision.undo_until <= now:
        finalise(decision, by=SYSTEM, now=now)
    return decision


def finalise(decision: Decision, *, by: Actor, now: datetime) -> None:
    """Make a decision final, inside the caller's transaction: from now on it is heard outside."""
    decision.state = decision_after(DecisionState(decision.state), DecisionEvent.FINALISE)
    decision.save(update_fields=["state"])
    if decision.case_id is not None:
        Draft.objects.filter(case_id=decision.case_id).delete()
    if decision.by.startswith(f"{ActorKind.STAFF}:") and decision.outcome != Outcome.STANDS:
        _overrule_rules(decision, now=now)
    ledger.record(
        FactKind.DECISION_FINAL,
        by=by,
        now=now,
        subject=name_of(decision),
        about=about_decision(decision),
        body={"outcome": decision.outcome, "clause": decision.clause},
    )


def _overrule_rules(decision: Decision, *, now: datetime) -> None:
    """Let a person's decision take the place of what rules decided about the item.

    What a rule restricted ends unless the person found a violation too and went at least as far: then it
    stays in force under the person's decision, so that nothing is lifted and imposed again, and ends with it.
    """
    taken = msgspec.convert(decision.measures, tuple[Measure, ...])
    by = _actor(decision.by)
    by_rules = Decision.objects.select_for_update(of=("self",)).filter(
        platform=decision.platform,
        item_kind=decision.item_kind,
        item_id=decision.item_id,
        state=DecisionState.FINAL,
        outcome=Outcome.VIOLATION,
        by__startswith=f"{ActorKind.RULE}:",
    )
    for old in by_rules.exclude(pk=decision.pk).order_by("pk"):
        before = msgspec.convert(old.measures, tuple[Measure, ...])
        kept = all(any(ladder.at_most(one, other) for other in taken) for one in before)
        old.state = decision_after(DecisionState.FINAL, DecisionEvent.REPLACE)
        old.replaced_by = decision
        old.save(update_fields=["state", "replaced_by"])
        if not kept:
            with translation.override(old.language):
                because = _("A person looked at it and decided otherwise.")
            reverse(by=by, now=now, decision=name_of(old), because=because)
        ledger.record(
            FactKind.DECISION_REPLACED,
            by=by,
            now=now,
            subject=name_of(old),
            about=(*about_decision(old), name_of(decision)),
            body={"by": decision.pk, "outcome": decision.outcome, "measures_stay": kept},
        )


def _actor(text: str) -> Actor:
    kind, _colon, number = text.partition(":")
    return Actor(ActorKind(kind), number)
