"""Whom an order concerns is told of it, as soon as no silence that the authority ordered forbids it (DSA Art. 9(5)).

Until then nothing that they could read is in the outbox at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from hakam.compliance import deadlines
from hakam.compliance.facts import FactKind
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import letter
from hakam.enforcement.outbox import enqueue
from hakam.intake import order_letters
from hakam.intake.models import Order
from hakam.intake.order_contents import Contents, OrderKind
from hakam.intake.orders import OrderState, contents_of, items_of, locked, record, subject_of
from hakam.review.models import Case
from hakam.vocabulary.actor import SYSTEM


def inform_due(now: datetime, *, limit: int = 100) -> int:
    """Tell the recipients of orders that were carried out and need no silence, and return of how many orders.

    # DSA Art. 9(5), Art. 10(5), TCO Art. 11: of the order, its effect, the reasons, the scope and the redress.
    # e-Evidence Art. 13: of a production order the issuing authority tells, and we tell nobody. For the worker.
    """
    done = 0
    waiting = Order.objects.filter(recipient_informed_at=None, carried_out_at__isnull=False).exclude(
        silent_until__gt=now
    )
    waiting = waiting.exclude(kind=OrderKind.PRODUCTION)
    for pk in list(waiting.exclude(state=OrderState.ANNULLED).values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            order = locked(str(pk))
            if order.recipient_informed_at is not None:
                continue
            contents = contents_of(order)
            told = _tell_recipients(order, contents, now=now)
            order.recipient_informed_at = now
            order.save(update_fields=["recipient_informed_at"])
            record(FactKind.ORDER_RECIPIENT_INFORMED, order, by=SYSTEM, now=now, body={"messages": told})
            deadlines.meet("order.recipient", subject=subject_of(order), by=SYSTEM, now=now)
            done += 1
    return done


def _tell_recipients(order: Order, contents: Contents, *, now: datetime) -> int:
    people: dict[str, tuple[str, str]] = dict.fromkeys(contents.accounts, ("", "en"))
    for ref, _url, author in items_of(order, contents) if contents.kind is not OrderKind.INFORM else []:
        case = (
            Case.objects.filter(platform=ref.platform, item_kind=ref.kind, item_id=ref.id)
            .order_by("-pk")
            .first()
        )
        if author and case is not None:
            people[author] = (case.author_email, case.author_language or case.language or "en")
    sent = 0
    for account, (email, language) in people.items():
        words = order_letters.to_recipient(order, contents, language)
        given: dict[str, Any] = {"now": now, "platform": order.platform, "kind": EffectKind.ORDER_RECIPIENT}
        enqueue(
            key=f"order:{order.pk}:recipient:{account}"[:190],
            channel=Channel.PLATFORM,
            payload={
                "recipient": account,
                "language": language,
                "subject": words.subject,
                "text": "\n\n".join(words.paragraphs),
            },
            **given,
        )
        sent += 1
        if email:
            enqueue(
                key=f"order:{order.pk}:letter:{account}"[:190],
                channel=Channel.EMAIL,
                payload=letter(
                    to=email, language=language, subject=words.subject, paragraphs=list(words.paragraphs)
                ),
                **given,
            )
            sent += 1
    return sent
