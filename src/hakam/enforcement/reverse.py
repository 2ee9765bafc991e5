"""To take a decision's measures back: as if never done while nothing has left, and by telling everybody afterwards."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import access, ledger, statements
from hakam.compliance.models import Statement
from hakam.enforcement.ending import end, lock
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.progress import cancel_effect
from hakam.enforcement.states import EffectState, MeasureEvent, MeasureState
from hakam.enforcement.tracking import advance
from hakam.vocabulary.actor import SYSTEM, Actor


class TooLateError(RuntimeError):
    """Something has left already: the decision can be reversed, but no longer undone."""


def reverse(*, by: Actor, now: datetime, decision: str, because: str) -> list[AppliedMeasure]:
    """Take back every measure of a decision, withdraw its statement, and tell whoever was told.

    # DSA Art. 20(4): an unfounded decision is reversed without undue delay.

    What never left is cancelled; what left, or may have, gets a reversal message that the platform receives after
    the first. Returns the measures that this changed: none when they had ended before.
    """
    with transaction.atomic():
        ledger.lock()
        measures, effects, statement, notices = _lock_all(decision)
        left = any(effect.attempts for effect in (*effects, *notices))
        changed = [
            measure
            for measure in measures
            if end(measure, effects, event=MeasureEvent.REVERSE, by=by, now=now, because=because)
        ]
        if statement is not None and statement.withdrawn_at is None:
            statements.withdraw(statement, by=by, now=now, because=because)
            for notice in notices:
                _take_back(notice, statement, left=left, now=now)
    return changed


def cancel(*, by: Actor, now: datetime, decision: str) -> list[AppliedMeasure]:
    """Undo a decision inside its window, as if it had never been taken: nobody outside hears of it.

    Raises `TooLateError`, and changes nothing, when any message has left.
    """
    with transaction.atomic():
        ledger.lock()
        measures, effects, statement, notices = _lock_all(decision)
        if any(
            effect.attempts or effect.state != EffectState.PENDING.value for effect in (*effects, *notices)
        ):
            if all(measure.state == MeasureState.CANCELLED.value for measure in measures):
                return []
            raise TooLateError(
                _("the measures of %(decision)s have left; reverse the decision instead")
                % {"decision": decision}
            )
        for effect in (*effects, *notices):
            cancel_effect(effect)
        for measure in measures:
            advance(measure, MeasureEvent.CANCEL, by=by, now=now)
        if statement is not None:
            statements.withdraw(statement, by=by, now=now, because="undone")
    return measures


def expire_due(*, now: datetime, by: Actor = SYSTEM, limit: int = 500) -> int:
    """End the measures whose time is over, tell their platforms, and return how many there were."""
    ended = 0
    living = (MeasureState.PLANNED, MeasureState.SENT, MeasureState.APPLIED, MeasureState.FAILED)
    with transaction.atomic():
        ledger.lock()
        due = AppliedMeasure.objects.filter(until__lte=now, state__in=[s.value for s in living]).order_by(
            "until", "pk"
        )
        measures, effects = lock(list(due.values_list("pk", flat=True)[:limit]))
        for measure in measures:
            ended += end(measure, effects, event=MeasureEvent.EXPIRE, by=by, now=now, because="expired")
    return ended


def _lock_all(decision: str) -> tuple[list[AppliedMeasure], list[Effect], Statement | None, list[Effect]]:
    measures, effects = lock(
        list(AppliedMeasure.objects.filter(decision=decision).values_list("pk", flat=True))
    )
    statement = access.statement_of(decision)
    notices: list[Effect] = []
    if statement is not None:
        streams = [f"statement:{statement.pk}#{channel}" for channel in Channel]
        notices = list(
            Effect.objects.select_for_update()
            .filter(stream__in=streams, kind=EffectKind.STATEMENT_ISSUED)
            .order_by("pk")
        )
    return measures, effects, statement, notices


def _take_back(notice: Effect, statement: Statement, *, left: bool, now: datetime) -> None:
    """Follow a statement's message by its withdrawal; cancel it when nothing at all has left."""
    if not left and notice.state == EffectState.PENDING.value:
        cancel_effect(notice)
        return
    enqueue(
        now=now,
        key=f"statement:{statement.pk}:withdrawn:{notice.channel}",
        platform=notice.platform,
        channel=Channel(notice.channel),
        kind=EffectKind.STATEMENT_WITHDRAWN,
        payload=notice.payload,
        stream=notice.stream,
    )
