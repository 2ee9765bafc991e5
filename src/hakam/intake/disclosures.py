"""Answering an order to inform (DSA Art. 10) or to produce (e-Evidence Art. 10).

The least that was asked for, released by two people, on record. Only what is collected already and under our control
(Art. 10(2)(b)): what cases and their frozen copies hold.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.intake import already
from hakam.intake.models import Disclosure, Order
from hakam.intake.order_contents import DISCLOSES, Contents, DataKind
from hakam.intake.orders import OrderError, OrderState, contents_of, subject_of
from hakam.intake.production import waits_until
from hakam.review.evidence import EvidenceKind, read_event
from hakam.review.models import Case, Evidence
from hakam.storage.vault import DamagedEvidenceError, Vault
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.event import Event


def prepare(order_id: str, *, vault: Vault, by: Actor, now: datetime) -> Disclosure:
    """Gather what the order asks for, and nothing else, for a second person to release. Raises `OrderError`."""
    order = Order.objects.filter(pk=order_id).select_related("authority").first()
    if order is None:
        raise OrderError(_("there is no such order"))
    contents = contents_of(order)
    if contents.kind not in DISCLOSES:
        raise OrderError(_("only an order to inform is answered by a disclosure"))
    if order.complete_at is None:
        raise OrderError(_("the order is not complete; return it to the authority"))
    if order.verified_at is None:
        raise OrderError(_("nothing is disclosed before the order is verified"))
    wanted = tuple(DataKind(one) for one in contents.data)
    gathered = {
        account: _of(order.platform, account, wanted, contents, vault=vault) for account in contents.accounts
    }
    document = msgspec.json.format(
        msgspec.json.encode(
            {
                "order": str(order.pk),
                "reference": contents.reference,
                "authority": order.authority.name,
                "prepared_at": now,
                "accounts": gathered,
            }
        )
    )
    digest = vault.put(document)
    fields = {account: sorted(found) for account, found in gathered.items()}
    with transaction.atomic():
        ledger.lock()
        if Disclosure.objects.filter(order=order, released_at__isnull=False).exists():
            raise OrderError(_("it was released"))
        made, _fresh = Disclosure.objects.update_or_create(
            order=order,
            defaults={"document": digest, "fields": fields, "prepared_by": str(by), "prepared_at": now},
        )
        ledger.record(
            FactKind.DISCLOSURE_PREPARED,
            by=by,
            now=now,
            subject=subject_of(order),
            body={
                "platform": order.platform,
                "document": digest,
                "data": list(contents.data),
                "accounts": len(fields),
            },
        )
    return made


def release(order_id: str, *, by: Actor, now: datetime) -> Disclosure:
    """Release what somebody else prepared: it counts as the effect of the order. Raises `OrderError`."""
    with transaction.atomic():
        ledger.lock()
        made = (
            Disclosure.objects.select_for_update(of=("self",))
            .select_related("order")
            .filter(order_id=order_id)
            .first()
        )
        if made is None:
            raise OrderError(_("nothing is prepared"))
        if made.prepared_by == str(by):
            raise OrderError(_("somebody else must release what you prepared"))
        if made.released_at is not None:
            return made
        order = made.order
        if order.state != OrderState.OPEN:
            raise OrderError(str(already.ORDER[order.state]))
        until = waits_until(order)
        if until is not None and now < until:
            raise OrderError(
                _("the enforcing authority may refuse until %(until)s: wait, or note that it does not")
                % {"until": date_format(localtime(until), "DATETIME_FORMAT")}
            )
        made.released_by, made.released_at = str(by), now
        made.save(update_fields=["released_by", "released_at"])
        order.state, order.carried_out_at, order.carried_out_by = OrderState.CARRIED_OUT, now, str(by)
        order.save(update_fields=["state", "carried_out_at", "carried_out_by"])
        body = {"platform": order.platform, "document": made.document, "prepared_by": made.prepared_by}
        ledger.record(FactKind.DISCLOSURE_RELEASED, by=by, now=now, subject=subject_of(order), body=body)
        ledger.record(
            FactKind.ORDER_CARRIED_OUT,
            by=by,
            now=now,
            subject=subject_of(order),
            body={"platform": order.platform},
        )
    return made


def hand_over(order_id: str, *, vault: Vault, by: Actor, now: datetime) -> bytes:
    """Return the released document, for whoever hands it over; every copy taken is a fact. Raises `OrderError`."""
    made = (
        Disclosure.objects.filter(order_id=order_id, released_at__isnull=False)
        .select_related("order")
        .first()
    )
    if made is None:
        raise OrderError(_("nothing is released"))
    document = vault.get(made.document)
    with transaction.atomic():
        ledger.record(
            FactKind.DISCLOSURE_TAKEN,
            by=by,
            now=now,
            subject=subject_of(made.order),
            body={"platform": made.order.platform, "document": made.document},
        )
    return document


def _of(
    platform: str, account: str, wanted: tuple[DataKind, ...], said: Contents, *, vault: Vault
) -> dict[str, Any]:
    events = _events(platform, account, vault=vault)
    posted = [
        event
        for event in events
        if (said.data_from is None or event.at >= said.data_from)
        and (said.data_to is None or event.at <= said.data_to)
    ]
    cases = Case.objects.filter(platform=platform, author_id=account)
    newest = events[-1] if events else None
    found: dict[str, Any] = {}
    if DataKind.ACCOUNT in wanted:
        found["account"] = {
            "id": account,
            "name": newest.author.name if newest else None,
            "created_at": newest.author.created_at if newest else None,
        }
    if DataKind.CONTACT in wanted:
        emails = {case.author_email for case in cases if case.author_email}
        emails |= {event.author.email for event in events if event.author.email}
        found["contact"] = {"email": sorted(emails), "language": newest.author.language if newest else None}
    if DataKind.ITEMS in wanted:
        found["items"] = [
            {"kind": event.kind, "id": event.item.id, "url": event.item.url, "at": event.at}
            for event in posted
        ]
    if DataKind.CONTENT in wanted:
        found["content"] = [
            {"id": event.item.id, "at": event.at, "text": event.item.text} for event in posted
        ]
    return found


def _events(platform: str, account: str, *, vault: Vault) -> list[Event]:
    copies = Evidence.objects.filter(
        case__platform=platform, case__author_id=account, kind=EvidenceKind.EVENT
    ).order_by("captured_at", "pk")
    events = []
    for digest in dict.fromkeys(copies.values_list("digest", flat=True)):
        try:
            event = read_event(vault.get(digest))
        except (KeyError, DamagedEvidenceError, msgspec.MsgspecError):
            continue
        if event.author.id == account:
            events.append(event)
    return events
