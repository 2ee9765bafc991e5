"""How one measure ends, whatever ends it: what never left is cancelled, what may have arrived is taken back."""

from __future__ import annotations

from datetime import datetime

from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.payloads import reversal_payload, stream_of
from hakam.enforcement.progress import cancel_effect
from hakam.enforcement.states import MEASURE_ENDS, EffectState, MeasureEvent, MeasureState
from hakam.enforcement.tracking import advance
from hakam.vocabulary.actor import Actor


def lock(measures: list[int]) -> tuple[list[AppliedMeasure], list[Effect]]:
    """Lock measures and their effects, in one order for all verbs, and return both."""
    rows = list(AppliedMeasure.objects.select_for_update(of=("self",)).filter(pk__in=measures).order_by("pk"))
    effects = list(
        Effect.objects.select_for_update(of=("self",)).filter(measure_id__in=measures).order_by("pk")
    )
    return rows, effects


def end(
    measure: AppliedMeasure,
    effects: list[Effect],
    *,
    event: MeasureEvent,
    by: Actor,
    now: datetime,
    because: str,
) -> bool:
    """End a locked measure by `event` (`REVERSE` or `EXPIRE`); False when it had ended or was ending that way."""
    state = MeasureState(measure.state)
    if state in MEASURE_ENDS or (state, event) in {
        (MeasureState.REVERSING, MeasureEvent.REVERSE),
        (MeasureState.REVERSING, MeasureEvent.EXPIRE),
        (MeasureState.EXPIRING, MeasureEvent.EXPIRE),
    }:
        return False
    apply = next(e for e in effects if e.measure_id == measure.pk and e.kind == EffectKind.MEASURE_APPLY)
    unseen = state is MeasureState.PLANNED or (
        state is MeasureState.FAILED and apply.state == EffectState.FAILED.value
    )
    private = {"because": because}
    if apply.state == EffectState.PENDING.value:
        cancel_effect(apply)
    if unseen:
        quiet = MeasureEvent.CANCEL if event is MeasureEvent.REVERSE else MeasureEvent.LAPSE
        advance(measure, quiet, by=by, now=now, private=private)
        return True
    told = state is MeasureState.EXPIRING
    advance(measure, event, by=by, now=now, private=private)
    if not told:
        _tell(measure, apply, now=now, because=because)
    return True


def take_back_surfaced(measure: AppliedMeasure, apply: Effect, *, by: Actor, now: datetime) -> bool:
    """Take a locked measure back that had ended unseen, if it did; True when that was needed.

    The platform had said that it could not, so nobody told it of the end; now it says that it did.
    """
    unseen = measure.state == MeasureState.CANCELLED.value or (
        measure.state == MeasureState.EXPIRED.value
        and not Effect.objects.filter(measure=measure, kind=EffectKind.MEASURE_REVERSE).exists()
    )
    if unseen:
        because = "expired" if measure.state == MeasureState.EXPIRED.value else "cancelled"
        advance(measure, MeasureEvent.SURFACE, by=by, now=now, private={"because": because})
        _tell(measure, apply, now=now, because=because)
    return unseen


def _tell(measure: AppliedMeasure, apply: Effect, *, now: datetime, because: str) -> None:
    enqueue(
        now=now,
        key=f"measure:{measure.pk}:reverse",
        platform=measure.platform,
        channel=Channel.PLATFORM,
        kind=EffectKind.MEASURE_REVERSE,
        payload=reversal_payload(measure, item_url=apply.payload["item"]["url"] or "", because=because),
        measure=measure,
        stream=stream_of(measure),
    )
