"""The outbox: what must reach somebody outside is a row in the transaction that decided it, and leaves after it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.delivery import deliver_due
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.progress import subject_of
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
from hakam.enforcement.tracking import advance
from hakam.vocabulary.actor import Actor

__all__ = ["EffectError", "NoSuchEffectError", "deliver_due", "enqueue", "replay"]


class EffectError(ValueError):
    """This can't be done to the effect."""


class NoSuchEffectError(EffectError, LookupError):
    """There is no such effect, or it is another platform's: both look the same."""


def enqueue(
    *,
    now: datetime,
    key: str,
    platform: str,
    channel: Channel,
    kind: EffectKind,
    payload: Mapping[str, Any],
    measure: AppliedMeasure | None = None,
    not_before: datetime | None = None,
    stream: str = "",
) -> Effect:
    """Put an effect into the outbox, inside the caller's transaction.

    `key` says what it does, once: the same key again returns the effect that exists. Effects of one `stream` leave in
    the order in which they were put in; without a stream, in any.
    """
    same = Q(key=key) | Q(stream=stream) if stream else Q(key=key)
    earlier = list(Effect.objects.filter(same))
    existing = next((effect for effect in earlier if effect.key == key), None)
    if existing is not None:
        return existing
    return Effect.objects.create(
        key=key,
        platform=platform,
        channel=Channel(channel).value,
        kind=EffectKind(kind).value,
        payload=storable(payload),
        measure=measure,
        stream=stream,
        place=len(earlier),
        state=EffectState.PENDING.value,
        created_at=now,
        next_at=max(now, not_before) if not_before is not None else now,
    )


def _applies(effect: Effect, measures: QuerySet[AppliedMeasure]) -> AppliedMeasure | None:
    """Return the measure that `effect` applies, if it applies one."""
    if effect.measure_id is None or effect.kind != EffectKind.MEASURE_APPLY:
        return None
    return measures.get(pk=effect.measure_id)


def refusal(effect: Effect) -> str | None:
    """Return why `effect` would not be replayed, or None if it can be."""
    if not can(EFFECT, EffectState(effect.state), EffectEvent.REPLAY):
        return _("only what failed is sent again")
    if not effect.payload:
        return _("its contents were erased")
    if Effect.objects.filter(stream=effect.stream, place__gt=effect.place).exclude(stream="").exists():
        return _("a later effect on the same thing exists; replaying this one would overtake it")
    measure = _applies(effect, AppliedMeasure.objects.all())
    if measure is not None and not can(MEASURE, MeasureState(measure.state), MeasureEvent.SEND):
        return _("its measure is not to be taken any more")
    return None


def replay(effect: Effect, *, by: Actor, now: datetime) -> Effect:
    """Send a dead or failed effect again, under the same id. Raises `EffectError` when that would undo a later act."""
    with transaction.atomic():
        ledger.lock()
        locked = Effect.objects.select_for_update().get(pk=effect.pk)
        measure = _applies(locked, AppliedMeasure.objects.select_for_update())
        if reason := refusal(locked):
            raise EffectError(reason)
        if measure is not None:
            advance(measure, MeasureEvent.SEND, by=by, now=now)
        locked.state = step(EFFECT, EffectState(locked.state), EffectEvent.REPLAY).value
        locked.next_at = now
        locked.round_attempts = 0
        locked.last_error = ""
        locked.save(update_fields=["state", "next_at", "round_attempts", "last_error"])
        ledger.record(
            FactKind.EFFECT_REPLAYED,
            by=by,
            now=now,
            subject=subject_of(locked),
            body={"key": locked.key, "kind": locked.kind},
        )
    return locked
