"""Confirmations: the platform says what became of a message that it received."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from hakam.api.keys import PlatformKey, caller
from hakam.api.problems import ProblemError, ProblemKind
from hakam.api.shapes import ConfirmationIn, ConfirmationOut
from hakam.compliance.storable import storable
from hakam.enforcement.confirm import Confirmation, confirm
from hakam.enforcement.outbox import EffectError, NoSuchEffectError
from hakam.staff.keys import actor_of
from hakam.staff.roles import Scope

router = Router(auth=PlatformKey(Scope.DELIVERIES_CONFIRM), tags=["deliveries"])


@router.post("/{delivery_id}/confirmation", response=ConfirmationOut, operation_id="confirmDelivery")
def confirmation(request: HttpRequest, delivery_id: str, said: ConfirmationIn) -> ConfirmationOut:
    """Take the platform's word: `applied` or `failed`.

    The id is the message's (`webhook-id`). Twice is once.
    """
    key = caller(request)
    try:
        effect = confirm(
            delivery_id,
            by=actor_of(key),
            now=timezone.now(),
            status=Confirmation(said.status),
            detail=storable(said.detail),
            platform=key.platform,
        )
    except NoSuchEffectError as error:
        raise ProblemError(ProblemKind.NOT_FOUND) from error
    except EffectError as error:
        raise ProblemError(ProblemKind.NO_OUTCOME, str(error)) from error
    return ConfirmationOut(
        id=str(effect.pk), kind=effect.kind, state=effect.state, confirmed_at=effect.confirmed_at
    )
