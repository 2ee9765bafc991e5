"""The ladder of a live stream: each step is a decision with a statement of reasons, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.live import barring, configuration
from hakam.live.configuration import Conditions
from hakam.live.cutting import order
from hakam.live.gate.book import Writer, path_of
from hakam.live.models import Cut, Stream, StreamStep
from hakam.live.states import CUTS, Step, StreamState
from hakam.live.streams import about, item_of, subject_of
from hakam.review import clauses, decisions, ladder, leases
from hakam.review.cases import LIVE_QUEUE, Source, open_case
from hakam.review.models import Decision
from hakam.review.states import DecisionState, Outcome, SourceKind
from hakam.staff.models import User
from hakam.staff.roles import Permission
from hakam.vocabulary.measure import Measure, MeasureKind

QUEUE: Final = LIVE_QUEUE
_KINDS: Final = {
    Step.WARN: MeasureKind.WARN,
    Step.DELAY: MeasureKind.DELAY,
    Step.LIMIT_REACH: MeasureKind.LIMIT_REACH,
    Step.LOCK_CHAT: MeasureKind.LOCK_REPLIES,
    Step.AGE_GATE: MeasureKind.AGE_GATE,
    Step.WITHHOLD: MeasureKind.WITHHOLD,
    Step.CUT: MeasureKind.REMOVE,
    Step.CUT_AND_PRESERVE: MeasureKind.REMOVE,
}
_STANDING: Final = (DecisionState.PENDING, DecisionState.FINAL)


class StepError(ValueError):
    """The step can't be taken. Nothing was done; the message is for the moderator."""


class Taken(NamedTuple):
    """What came of a step. `cut`: the order that must now be carried out."""

    decision: Decision
    cut: Cut | None


def measures_of(
    step: Step, *, clause: str, conditions: Conditions, territory: Sequence[str] = ()
) -> tuple[Measure, ...]:
    """Return what a step does. A cut under a clause of which once is enough also bars from live, if its ladder does."""
    if step is Step.WITHHOLD:
        return (Measure(MeasureKind.WITHHOLD, territory=tuple(sorted(set(territory)))),)
    first = Measure(_KINDS[step])
    if step not in CUTS or clause not in conditions.one_strike:
        return (first,)
    bar = Measure(MeasureKind.BAR_FROM_LIVE, days=conditions.strike_days)
    found = clauses.find(clause)
    try:
        ladder.check([bar], clauses.ladder_of(found) if found else (), clause=clause)
    except ladder.NotOnLadderError:
        return (first,)
    return (first, bar)


def take(
    stream_id: int,
    step: Step,
    *,
    user: User,
    now: datetime,
    home: Path,
    clause: str,
    facts: str,
    territory: Sequence[str] = (),
    undo_seconds: int = 0,
) -> Taken:
    """Take a step on a stream that is on air, as a person. A cut waits for nobody; others can be undone a while.

    What a cut orders is carried out by `cutting.carry_out`, after this transaction. Raises `StepError`,
    `PermissionError`, and what `decisions.decide` raises.
    """
    if not (user.may(Permission.LIVE_ACT) and user.may(Permission.CASE_DECIDE)):
        raise PermissionError(f"`{user.actor}` may not act on live streams")
    if step is Step.WITHHOLD and not territory:
        raise StepError(_("Name the countries."))
    chosen = configuration.load(home)
    conditions = (chosen or configuration.LiveConfiguration()).conditions_of(_platform(stream_id))
    with transaction.atomic():
        ledger.lock()
        stream = Stream.objects.select_for_update(of=("self",)).get(pk=stream_id)
        if stream.state != StreamState.LIVE:
            raise StepError(_("The stream is not on air any more."))
        if standing(stream, step) is not None:
            raise StepError(_("This step is in force already."))
        case = _case(stream, step, user=user, now=now)
        leases.share(case, by=user.actor, now=now)
        decision = decisions.decide(
            case,
            by=user.actor,
            now=now,
            outcome=Outcome.VIOLATION,
            clause=clause,
            measures=measures_of(step, clause=clause, conditions=conditions, territory=territory),
            facts=facts,
            undo_seconds=0 if step in CUTS else undo_seconds,
        )
        taken = StreamStep.objects.create(stream=stream, step=step, decision=decision.pk, by=user, at=now)
        ledger.record(
            FactKind.LIVE_STEP_TAKEN,
            by=user.actor,
            now=now,
            subject=subject_of(stream),
            about=(*about(stream), f"decision:{decision.pk}"),
            body={"step": step, "row": taken.pk, "clause": clause},
        )
        cut = order(stream, decision=decision.pk, preserve=step is Step.CUT_AND_PRESERVE, by=user.actor, now=now) \
            if step in CUTS else None  # fmt: skip
    if (
        cut is not None and chosen is not None
    ):  # before anything is dropped: a broadcaster's program tries again at once
        barring.write_account(Writer(path_of(home)), chosen, stream.platform, stream.account, now=now)
    return Taken(decision, cut)


def lift(step_id: int, *, because: str, user: User, now: datetime, home: Path) -> Decision:
    """Take a step back after its undo window, and tell the person why: after a cut they may be live again.

    Raises `StepError`, `PermissionError`, and what `decisions.replace` raises.
    """
    if not (user.may(Permission.LIVE_ACT) and user.may(Permission.CASE_DECIDE)):
        raise PermissionError(f"`{user.actor}` may not act on live streams")
    step = StreamStep.objects.select_related("stream").filter(pk=step_id).first()
    if step is None:
        raise StepError(_("There is no such step."))
    new = decisions.replace(
        step.decision, by=user.actor, now=now, outcome=Outcome.NO_VIOLATION, because=because
    )
    chosen = configuration.load(home)
    if chosen is not None:
        stream = step.stream
        barring.write_account(Writer(path_of(home)), chosen, stream.platform, stream.account, now=now)
    return new


def standing(stream: Stream, step: Step) -> StreamStep | None:
    """Return a step of this kind that is in force on a stream."""
    same = CUTS if step in CUTS else {step}
    rows = StreamStep.objects.filter(stream=stream, step__in=[one.value for one in same])
    held = in_force(rows)
    return next((row for row in rows if row.decision in held), None)


def in_force(rows: Iterable[StreamStep]) -> set[int]:
    """Return the decisions of some steps that stand."""
    numbers = [row.decision for row in rows]
    found = Decision.objects.filter(pk__in=numbers, state__in=_STANDING, outcome=Outcome.VIOLATION)
    return set(found.values_list("pk", flat=True))


def _platform(stream_id: int) -> str:
    platform = Stream.objects.filter(pk=stream_id).values_list("platform", flat=True).first()
    if platform is None:
        raise StepError(_("There is no such stream."))
    return platform


def _case(stream: Stream, step: Step, *, user: User, now: datetime) -> int:
    """Return the open case of a stream: everything that is said about it during the event is one."""
    count = StreamStep.objects.filter(stream=stream).count()
    case = open_case(
        by=user.actor,
        now=now,
        item=item_of(stream),
        source=Source(
            kind=SourceKind.STAFF,
            ref=f"{subject_of(stream)}/{step}/{count}/{now.timestamp():.6f}",
            summary={"note": ""},
            queue=QUEUE,
        ),
        snapshot=None,
        item_url=stream.url,
        author_id=stream.account,
        language=stream.language,
    )
    return case.pk
