"""What became of an effect, and what that means for the measure, the statement or the message that it carried."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from hakam.compliance import ledger, statements
from hakam.compliance.facts import FactKind
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.states import (
    EFFECT,
    MEASURE,
    EffectEvent,
    EffectState,
    MeasureEvent,
    MeasureState,
    can,
    step,
)
from hakam.enforcement.tracking import advance, record_measure
from hakam.vocabulary.actor import Actor


class Confirmation(StrEnum):
    """What a platform says about an effect."""

    APPLIED = "applied"
    FAILED = "failed"


def subject_of(effect: Effect) -> str:
    """Return the name of an effect in the ledger."""
    return f"effect:{effect.pk}"


def confirm_effect(effect: Effect, *, status: Confirmation, by: Actor, now: datetime, detail: str) -> None:
    """Take the receiver's word on a locked effect, and carry it on."""
    before = EffectState(effect.state)
    event = EffectEvent.CONFIRM if status is Confirmation.APPLIED else EffectEvent.FAIL
    effect.state = step(EFFECT, before, event).value
    if effect.state == before.value:
        return
    effect.next_at = None
    effect.confirmed_at = now
    effect.delivered_at = effect.delivered_at or now
    effect.last_error = "" if status is Confirmation.APPLIED else detail[:2000]
    effect.save(update_fields=["state", "next_at", "confirmed_at", "delivered_at", "last_error"])
    if status is Confirmation.APPLIED:
        _arrived(effect, by=by, now=now, confirmed=True, first=before is not EffectState.DELIVERED)
    else:
        _failed(effect, by=by, now=now, detail=detail)


def mark_delivered(effect: Effect, *, by: Actor, now: datetime) -> None:
    """Record that the receiver has a locked effect."""
    effect.state = step(EFFECT, EffectState(effect.state), EffectEvent.DELIVER).value
    effect.next_at = None
    effect.delivered_at = now
    effect.last_error = ""
    effect.save(update_fields=["state", "next_at", "delivered_at", "last_error"])
    _arrived(effect, by=by, now=now, confirmed=False, first=True)


def mark_dead(effect: Effect, *, by: Actor, now: datetime, error: str) -> None:
    """Give a locked effect up, with a fact; a person can replay it."""
    effect.state = step(EFFECT, EffectState(effect.state), EffectEvent.DIE).value
    effect.next_at = None
    effect.last_error = error[:2000]
    effect.save(update_fields=["state", "next_at", "last_error"])
    ledger.record(
        FactKind.EFFECT_DEAD,
        by=by,
        now=now,
        subject=subject_of(effect),
        about=_about(effect),
        body={"key": effect.key, "kind": effect.kind, "attempts": effect.attempts},
        private={"error": effect.last_error},
    )
    if effect.kind == EffectKind.MEASURE_APPLY:
        _failed(effect, by=by, now=now, detail=error)


def cancel_effect(effect: Effect) -> None:
    """Cancel a locked effect that has not left, or whose retries are no longer wanted."""
    effect.state = step(EFFECT, EffectState(effect.state), EffectEvent.CANCEL).value
    effect.next_at = None
    effect.save(update_fields=["state", "next_at"])


def _measure(effect: Effect) -> AppliedMeasure:
    assert effect.measure_id is not None
    return AppliedMeasure.objects.select_for_update().get(pk=effect.measure_id)


def _arrived(effect: Effect, *, by: Actor, now: datetime, confirmed: bool, first: bool) -> None:
    if effect.kind == EffectKind.MEASURE_APPLY:
        measure = _measure(effect)
        if confirmed and can(MEASURE, MeasureState(measure.state), MeasureEvent.APPLY):
            advance(measure, MeasureEvent.APPLY, by=by, now=now, body={"effect": str(effect.pk)})
        elif confirmed:  # after it was ended: when it came into force is known all the same
            measure.applied_at = measure.applied_at or now
            measure.save(update_fields=["applied_at"])
            body = {"effect": str(effect.pk), "late": measure.state}
            record_measure(measure, FactKind.MEASURE_APPLIED, by=by, now=now, body=body)
        else:
            record_measure(
                measure, FactKind.MEASURE_DELIVERED, by=by, now=now, body={"effect": str(effect.pk)}
            )
    elif effect.kind == EffectKind.MEASURE_REVERSE:
        measure = _measure(effect)
        if can(MEASURE, MeasureState(measure.state), MeasureEvent.END):
            advance(
                measure,
                MeasureEvent.END,
                by=by,
                now=now,
                body={"effect": str(effect.pk), "confirmed": confirmed},
            )
    elif effect.kind == EffectKind.STATEMENT_ISSUED:
        statement = statements.by_id(effect.payload["statement"])
        if statement is not None:
            statements.mark_informed(statement, by=by, now=now, channel=effect.channel)
    elif first:
        ledger.record(
            FactKind.EFFECT_DELIVERED,
            by=by,
            now=now,
            subject=subject_of(effect),
            about=_about(effect),
            body={"key": effect.key, "kind": effect.kind, "channel": effect.channel},
        )


def _failed(effect: Effect, *, by: Actor, now: datetime, detail: str) -> None:
    body: dict[str, Any] = {"effect": str(effect.pk), "of": effect.kind}
    if effect.measure_id is None:
        return
    measure = _measure(effect)
    if effect.kind == EffectKind.MEASURE_APPLY and can(
        MEASURE, MeasureState(measure.state), MeasureEvent.FAIL
    ):
        advance(measure, MeasureEvent.FAIL, by=by, now=now, body=body, private={"detail": detail[:2000]})
    else:
        record_measure(
            measure, FactKind.MEASURE_FAILED, by=by, now=now, body=body, private={"detail": detail[:2000]}
        )


def _about(effect: Effect) -> tuple[str, ...]:
    stream = effect.stream.partition("#")[0]
    return (stream,) if stream else ()
