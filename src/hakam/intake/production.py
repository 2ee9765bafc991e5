"""What a European Production Order needs besides: the word of the enforcing authority, which may refuse."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.intake import already
from hakam.intake.models import Order
from hakam.intake.order_contents import OrderKind
from hakam.intake.orders import OrderError, OrderState, contents_of, locked, record, said, subject_of
from hakam.vocabulary.actor import Actor

REFUSAL: Final = timedelta(days=10)  # e-Evidence Art. 12(1): to raise grounds to refuse


def clear(order_id: str, *, by: Actor, now: datetime, because: str) -> Order:
    """Note that the enforcing authority, which has a copy, raises no ground to refuse. Raises `OrderError`.

    # e-Evidence Art. 10(2): otherwise data leave when its ten days are over.
    """
    because = said(because, _("say who said that, and when"))
    with transaction.atomic():
        order = locked(order_id)
        if not contents_of(order).notified or order.kind != OrderKind.PRODUCTION:
            raise OrderError(_("no enforcing authority was notified of this order"))
        if order.state not in {OrderState.OPEN, OrderState.RETURNED}:
            raise OrderError(str(already.ORDER[order.state]))
        if not facts_of(subject_of(order), FactKind.ORDER_CLEARED):
            record(FactKind.ORDER_CLEARED, order, by=by, now=now, private={"because": because})
    return order


def waits_until(order: Order) -> datetime | None:
    """Return until when data must not leave, since the enforcing authority may still refuse; None: they may.

    # e-Evidence Art. 10(2): ten days from the receipt; an emergency waits for nobody, e-Evidence Art. 10(4).
    """
    contents = contents_of(order)
    if contents.kind is not OrderKind.PRODUCTION or not contents.notified or contents.emergency:
        return None
    if facts_of(subject_of(order), FactKind.ORDER_CLEARED):
        return None
    return order.received_at + REFUSAL
