"""The platform's word on what it was sent: the verb, whenever it comes, and what it brings about."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.enforcement.ending import take_back_surfaced
from hakam.enforcement.kinds import EffectKind
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.outbox import EffectError, NoSuchEffectError
from hakam.enforcement.progress import Confirmation, confirm_effect
from hakam.enforcement.states import EFFECT, EffectEvent, EffectState, can
from hakam.vocabulary.actor import Actor

__all__ = ["Confirmation", "confirm"]


def confirm(
    effect_id: str | uuid.UUID,
    *,
    by: Actor,
    now: datetime,
    status: Confirmation,
    detail: str = "",
    platform: str | None = None,
) -> Effect:
    """Take the platform's word on an effect: `applied` or `failed`. Saying it twice is saying it once.

    What was tried can have arrived, whatever became of it here: a measure that was ended between two tries is
    recorded as applied, and its reversal follows. With `platform`, an effect of another platform does not exist.
    Raises `NoSuchEffectError`, and `EffectError` when the effect was never sent.
    """
    try:
        key = uuid.UUID(str(effect_id))
    except ValueError:
        raise NoSuchEffectError(f"there is no effect {str(effect_id)[:64]!r}") from None
    with transaction.atomic():
        ledger.lock()
        effect = Effect.objects.select_for_update().filter(pk=key).first()
        if effect is None or (platform is not None and effect.platform != platform):
            raise NoSuchEffectError(f"there is no effect {str(key)!r}")
        event = EffectEvent.CONFIRM if status == Confirmation.APPLIED else EffectEvent.FAIL
        if effect.attempts == 0 or not can(EFFECT, EffectState(effect.state), event):
            raise EffectError(
                _("an effect that is %(state)s and was tried %(attempts)s times has no outcome")
                % {"state": effect.state, "attempts": effect.attempts}
            )
        confirm_effect(effect, status=Confirmation(status), by=by, now=now, detail=detail)
        if status == Confirmation.APPLIED and effect.kind == EffectKind.MEASURE_APPLY:
            measure = AppliedMeasure.objects.select_for_update().get(effects=effect)
            take_back_surfaced(measure, effect, by=by, now=now)
    return effect
