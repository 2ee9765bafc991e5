"""Orders of authorities (DSA Arts 9 and 10; TCO Arts 3 and 4; e-Evidence Art. 10): received, checked, done, answered.

The clock of a removal order runs from its receipt, day and night. Where the order is incomplete or its execution
impossible the authority is told which, and the clock stands still; when the reason is gone the hour begins anew.
Nothing that a recipient could read leaves before the silence that the authority ordered is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.enforcement.kinds import Channel, EffectKind
from hakam.enforcement.letters import Attachment, letter
from hakam.enforcement.ordered import apply_ordered
from hakam.enforcement.outbox import enqueue
from hakam.enforcement.reverse import reverse
from hakam.intake import already, authorities, named_items, order_letters
from hakam.intake.models import Authority, Order
from hakam.intake.order_contents import DISCLOSES, Contents, OrderKind, missing, wrong
from hakam.storage.event_log import EventLog
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

MOST_DOCUMENT: Final = 20_000_000  # bytes
NOTICE_BEFORE_FIRST: Final = timedelta(hours=12)  # TCO Art. 3(2)
EXPOSURE: Final = "tco.exposure"
_RECEIPT: Final = {OrderKind.ACT: "order.act.receipt", OrderKind.INFORM: "order.inform.receipt"}
_EFFECT: Final = {
    OrderKind.ACT: "order.act.effect",
    OrderKind.INFORM: "order.inform.effect",
    OrderKind.REMOVAL: "tco.removal",
    OrderKind.PRODUCTION: "evidence.production",
}
_EMERGENCY: Final = "evidence.production.emergency"
_LAWS: Final = {OrderKind.REMOVAL: "tco", OrderKind.PRODUCTION: "e-evidence"}
_KINDS: Final = {OrderKind.INFORM: "inform", OrderKind.PRODUCTION: "produce"}


class OrderState(StrEnum):
    """Where an order is."""

    OPEN = "open"
    RETURNED = "returned"  # incomplete, wrong or impossible: the authority was told which
    CARRIED_OUT = "carried_out"
    ANSWERED = "answered"
    ANNULLED = "annulled"  # by scrutiny or court: what it did was taken back


Annexed = Callable[[Order], tuple[Attachment, ...]]
"""Makes what goes with a letter, of the order as it is then: a room above knows the Annexes."""


def nothing(_order: Order) -> tuple[Attachment, ...]:
    """Attach nothing."""
    return ()


class OrderError(ValueError):
    """This can't be done. `wrong` maps each field to what is wrong with it. Nothing was changed."""

    def __init__(self, message: str, *, wrong: Mapping[str, str] | None = None) -> None:
        self.wrong = dict(wrong or {})
        super().__init__(message)


def subject_of(order: Order) -> str:
    """Return an order's name in the ledger."""
    return f"order:{order.pk}"


def contents_of(order: Order) -> Contents:
    """Return what an order says, as a value."""
    return msgspec.convert(order.contents, Contents)


def receive(
    contents: Contents,
    *,
    platform: str,
    authority_id: int,
    vault: Vault,
    by: Actor,
    now: datetime,
    document: bytes = b"",
    received_at: datetime | None = None,
    signature: bytes = b"",
    log: EventLog | None = None,
) -> Order:
    """Take an order: keep its document, start its clocks, put its items on top of the queue, acknowledge it.

    `received_at` is when it reached the contact point, by default now. An incomplete order is taken too: what it lacks
    is told by `return_to_authority`. A signature that fits the registered key verifies it. Raises `OrderError`.
    """
    received = received_at or now
    faults = wrong(contents)
    if received > now:
        faults["received_at"] = "this lies ahead"
    if len(document) > MOST_DOCUMENT:
        faults["document"] = f"at most {MOST_DOCUMENT // 1_000_000} MB"
    if faults:
        raise OrderError("; ".join(f"{field}: {what}" for field, what in faults.items()), wrong=faults)
    digest = vault.put(document) if document else ""
    urls = () if contents.kind in DISCLOSES else contents.urls
    found = named_items.freeze(urls, platform, vault=vault, log=log, now=now)
    complete = not missing(contents)
    with transaction.atomic():
        ledger.lock()
        authority = Authority.objects.filter(pk=authority_id).first()
        if authority is None:
            raise OrderError(_("there is no such authority"), wrong={"authority": _("register it first")})
        order = Order.objects.create(
            platform=platform,
            authority=authority,
            kind=contents.kind.value,
            state=OrderState.OPEN,
            contents=storable(msgspec.to_builtins(contents)),
            document=digest,
            received_at=received,
            complete_at=received if complete else None,
            silent_until=received + timedelta(days=contents.silent_days) if contents.silent_days else None,
            late_contact=_late(authority, contents, received),
        )
        if document and signature and authorities.signed(authority, document, signature):
            order.verified_by, order.verified_at, order.verified_how = str(SYSTEM), now, "key"
            order.save(update_fields=["verified_by", "verified_at", "verified_how"])
        ledger.record(
            FactKind.ORDER_RECEIVED,
            by=by,
            now=now,
            subject=subject_of(order),
            about=(authorities.subject_of(authority),),
            body={
                "platform": platform,
                "kind": _KINDS.get(contents.kind, "act"),
                "law": _LAWS.get(contents.kind, "dsa"),
                "country": authority.country,
                "harm": contents.harm,
                "items": len(contents.urls),
                "received_at": received,
                "complete": complete,
            },
            private={
                "reference": contents.reference,
                "urls": list(contents.urls),
                "accounts": list(contents.accounts),
            },
        )
        _start_clocks(order, contents, by=by, received=received, complete=complete)
        if contents.kind not in DISCLOSES:
            named_items.open_cases(
                found,
                subject=subject_of(order),
                harm=contents.harm,
                language=contents.language,
                due=min((d.due_at for d in _running(order)), default=None),
                by=by,
                now=now,
            )
        if authority.confirmed_at is not None:
            _acknowledge(order, by=by, now=now)
    return order


def _late(authority: Authority, contents: Contents, received: datetime) -> bool:
    """Whether a first removal order came without twelve hours' notice and no emergency is named (TCO Art. 3(2))."""
    if contents.kind is not OrderKind.REMOVAL or contents.emergency:
        return False
    if Order.objects.filter(authority=authority, kind=OrderKind.REMOVAL).exists():
        return False
    contact = authority.first_contact_at
    return contact is None or received - contact < NOTICE_BEFORE_FIRST


def effect_clock(contents: Contents) -> str:
    """Return the key of the clock within which an order's effect is owed.

    # e-Evidence Art. 10(2), e-Evidence Art. 10(3): ten days. e-Evidence Art. 10(4): eight hours in an emergency.
    """
    if contents.kind is OrderKind.PRODUCTION and contents.emergency:
        return _EMERGENCY
    return _EFFECT[contents.kind]


def _start_clocks(order: Order, contents: Contents, *, by: Actor, received: datetime, complete: bool) -> None:
    kind, subject = contents.kind, subject_of(order)
    if kind in _RECEIPT:
        deadlines.start(_RECEIPT[kind], subject=subject, by=by, now=received)
    if kind is OrderKind.REMOVAL:
        deadlines.start("tco.removal", subject=subject, by=by, now=received)
        if contents.home_state and contents.home_state != order.authority.country:
            deadlines.start("tco.scrutiny.ask", subject=subject, by=by, now=received)
        if contents.silent_days:
            deadlines.start(
                "tco.silence",
                subject=subject,
                by=by,
                now=received,
                length=timedelta(days=contents.silent_days),
            )
    elif complete or kind is OrderKind.PRODUCTION:  # ten days from the receipt, whatever is missing
        deadlines.start(effect_clock(contents), subject=subject, by=by, now=received)


def _running(order: Order) -> list[Any]:
    return [one for one in deadlines_of(subject_of(order)) if one.met_at is None and one.kind == "act"]


def _acknowledge(order: Order, *, by: Actor, now: datetime) -> None:
    words = order_letters.receipt(order, contents_of(order))
    _write(order, EffectKind.ORDER_RECEIPT, words, key="receipt", now=now)
    order.acknowledged_at = now
    order.save(update_fields=["acknowledged_at"])
    record(FactKind.ORDER_ACKNOWLEDGED, order, by=by, now=now)
    if OrderKind(order.kind) in _RECEIPT:
        deadlines.meet(_RECEIPT[OrderKind(order.kind)], subject=subject_of(order), by=by, now=now)


def acknowledge(order_id: str, *, by: Actor, now: datetime) -> Order:
    """Tell a confirmed authority that its order arrived (DSA Art. 9(1)). Twice is once. Raises `OrderError`."""
    with transaction.atomic():
        order = locked(order_id)
        if order.authority.confirmed_at is None:
            raise OrderError(
                _("a second person must confirm the authority first: answers go to its registered address")
            )
        if order.acknowledged_at is None:
            _acknowledge(order, by=by, now=now)
    return order


def verify(order_id: str, *, by: Actor, now: datetime, note: str) -> Order:
    """Record that somebody called the authority's registered number and it confirmed the order. Raises `OrderError`."""
    note = said(note, _("say whom you reached, at which number"))
    with transaction.atomic():
        order = locked(order_id)
        if not order.authority.phone:
            raise OrderError(_("no number is registered to call back"))
        if order.verified_at is None:
            order.verified_by, order.verified_at, order.verified_how = str(by), now, "call_back"
            order.save(update_fields=["verified_by", "verified_at", "verified_how"])
            record(
                FactKind.ORDER_VERIFIED,
                order,
                by=by,
                now=now,
                body={"how": "call_back"},
                private={"note": note},
            )
    return order


def return_to_authority(
    order_id: str,
    *,
    by: Actor,
    now: datetime,
    because: str,
    impossible: bool = False,
    annex: Annexed = nothing,
) -> Order:
    """Tell the authority what is missing or wrong, or why it is impossible; the clock stands still meanwhile.

    # TCO Art. 3(7) and 3(8), with the answer of Annex III; DSA Art. 9(2). `annex` makes what goes with the letter.
    Raises `OrderError`.
    """
    because = said(because, _("explain it to the authority"))
    with transaction.atomic():
        order = locked(order_id)
        contents = contents_of(order)
        if order.state != OrderState.OPEN:
            raise OrderError(str(already.ORDER[order.state]))
        lacking = () if impossible else missing(contents)
        order.state = OrderState.RETURNED
        order.save(update_fields=["state"])
        for clock in _running(order):
            if clock.clock == effect_clock(contents) and clock.paused_at is None and now <= clock.due_at:
                deadlines.pause(clock.clock, subject=subject_of(order), by=by, now=now, reason=because)
        record(
            FactKind.ORDER_RETURNED, order, by=by, now=now,
            body={"impossible": impossible, "missing": [one.field for one in lacking]}, private={"because": because},
        )  # fmt: skip
        words = order_letters.returned(order, contents, lacking, because=because, impossible=impossible)
        _write(
            order,
            EffectKind.ORDER_ANSWER,
            words,
            key=f"returned:{now.isoformat()}",
            now=now,
            attached=annex(order),
        )
    return order


def clarify(
    order_id: str, contents: Contents, *, by: Actor, now: datetime, reason: str = "clarified"
) -> Order:
    """Take the authority's clarification, or note that what made it impossible is gone: the hour begins anew.

    # TCO Art. 3(7) and 3(8). The original time of receipt stays. Raises `OrderError`.
    """
    faults = wrong(contents)
    if faults:
        raise OrderError("; ".join(f"{field}: {what}" for field, what in faults.items()), wrong=faults)
    with transaction.atomic():
        order = locked(order_id)
        if order.state not in {OrderState.OPEN, OrderState.RETURNED}:
            raise OrderError(str(already.ORDER[order.state]))
        if contents.kind.value != order.kind:
            raise OrderError(_("a clarified order is of the same kind"))
        order.contents = storable(msgspec.to_builtins(contents))
        order.state = OrderState.OPEN
        if order.complete_at is None and not missing(contents):
            order.complete_at = now
        order.save(update_fields=["contents", "state", "complete_at"])
        record(
            FactKind.ORDER_CLARIFIED, order, by=by, now=now, body={"complete": order.complete_at is not None}
        )
        clock = effect_clock(contents)
        if contents.kind is OrderKind.PRODUCTION:
            _retime(order, clock, by=by, now=now)
        running = [one for one in _running(order) if one.clock == clock]
        if running and running[0].paused_at is not None:
            anew = contents.kind is not OrderKind.PRODUCTION  # e-Evidence Art. 10(6): its days go on
            deadlines.resume(clock, subject=subject_of(order), by=by, now=now, reason=reason, anew=anew)
        elif not running and order.complete_at is not None:
            deadlines.start(clock, subject=subject_of(order), by=by, now=now)
    return order


def _retime(order: Order, clock: str, *, by: Actor, now: datetime) -> None:
    """Let the other clock run if an order turned out to be an emergency, or none: from its receipt."""
    others = [
        one for one in _running(order) if one.clock in {_EFFECT[OrderKind.PRODUCTION], _EMERGENCY} - {clock}
    ]
    for one in others:
        reason = _("the order reads otherwise now")
        deadlines.drop(one.clock, subject=subject_of(order), by=by, now=now, reason=reason)
    if others:
        deadlines.start(clock, subject=subject_of(order), by=by, now=order.received_at)


def carry_out(order_id: str, *, by: Actor, now: datetime, unverified_because: str = "") -> Order:
    """Do what an order against content says, within its territory, and start what follows from it.

    What it did can be taken back whole (TCO Art. 4(2)): `annul`. An order that is not verified is carried out only by
    choice, with the reason on record. Raises `OrderError`.
    """
    with transaction.atomic():
        order = locked(order_id)
        contents = contents_of(order)
        if contents.kind in DISCLOSES:
            raise OrderError(_("an order to inform is answered by a disclosure that two people release"))
        if order.state != OrderState.OPEN:
            raise OrderError(str(already.ORDER[order.state]))
        if not contents.urls:
            raise OrderError(_("the order names no location"))
        if order.verified_at is None:
            order.unverified_because = said(
                unverified_because,
                _("it is not verified; call back, or say why it is carried out before that"),
            )
        for ref, url, author in items_of(order, contents):
            apply_ordered(
                ref,
                measure_of(contents),
                order=subject_of(order),
                by=by,
                now=now,
                item_url=url,
                author_id=author,
            )
        order.state, order.carried_out_at, order.carried_out_by = OrderState.CARRIED_OUT, now, str(by)
        order.save(update_fields=["state", "carried_out_at", "carried_out_by", "unverified_because"])
        record(
            FactKind.ORDER_CARRIED_OUT, order, by=by, now=now,
            body={"items": len(contents.urls), "territory": list(contents.territory), "verified": order.verified_how},
            private={"unverified_because": order.unverified_because} if order.unverified_because else None,
        )  # fmt: skip
        if contents.kind is OrderKind.REMOVAL:
            deadlines.meet("tco.removal", subject=subject_of(order), by=by, now=now)
            deadlines.start("tco.feedback", subject=subject_of(order), by=by, now=now)
            deadlines.start(
                "tco.preserve", subject=subject_of(order), by=by, now=now
            )  # TCO Art. 6, TCO Art. 6(2)
        if order.silent_until is not None and order.silent_until > now:
            deadlines.start(
                "order.recipient", subject=subject_of(order), by=by, now=now, length=order.silent_until - now
            )
    return order


def measure_of(contents: Contents) -> Measure:
    """Return what is done: in all Member States for a removal order, else only where the order applies.

    # DSA Art. 9(2)(b): the territorial scope is limited to what is strictly necessary. TCO Art. 3(3): all of them.
    """
    if contents.kind is OrderKind.REMOVAL or not contents.territory:
        return Measure(MeasureKind.REMOVE)
    return Measure(MeasureKind.WITHHOLD, territory=tuple(sorted(contents.territory)))


def items_of(order: Order, contents: Contents) -> list[tuple[ItemRef, str, str]]:
    """Return what an order against content concerns, as (item, address, account or empty)."""
    return named_items.located(contents.urls, order.platform)


def answer(order_id: str, *, by: Actor, now: datetime, note: str = "", annex: Annexed = nothing) -> Order:
    """Tell the authority what was done and when: Annex II for a removal order (TCO Art. 3(6), DSA Art. 9(1)).

    `annex` makes what goes with the letter. Raises `OrderError` before it was carried out, or while nobody has
    confirmed the authority.
    """
    with transaction.atomic():
        order = locked(order_id)
        contents = contents_of(order)
        if order.state != OrderState.CARRIED_OUT:
            raise OrderError(str(already.ORDER[order.state]))
        if order.authority.confirmed_at is None:
            raise OrderError(
                _("a second person must confirm the authority first: answers go to its registered address")
            )
        taken = facts_of(subject_of(order), FactKind.DISCLOSURE_TAKEN)
        if contents.kind is OrderKind.PRODUCTION and not taken:
            raise OrderError(_("hand the data over first: take the copy that was released"))
        _write(order, EffectKind.ORDER_ANSWER, order_letters.done(order, contents, note=storable(note).strip()),
               key="answer", now=now, attached=annex(order))  # fmt: skip
        order.state, order.answered_at = OrderState.ANSWERED, now
        order.save(update_fields=["state", "answered_at"])
        record(FactKind.ORDER_ANSWERED, order, by=by, now=now)
        clock = "tco.feedback" if contents.kind is OrderKind.REMOVAL else effect_clock(contents)
        deadlines.meet(clock, subject=subject_of(order), by=by, now=now)
    return order


def ask_scrutiny(order_id: str, *, by: Actor, now: datetime, because: str) -> Order:
    """Note that the home authority was asked to examine a cross-border removal order, within 48 hours of it.

    # TCO Art. 4(4): it decides within 72 hours. Raises `OrderError`.
    """
    because = said(because, _("say what infringes the regulation or fundamental rights"))
    with transaction.atomic():
        order = locked(order_id)
        contents = contents_of(order)
        if contents.kind is not OrderKind.REMOVAL or contents.home_state in {"", order.authority.country}:
            raise OrderError(_("only a removal order of another Member State is examined"))
        if now > order.received_at + timedelta(hours=48):
            raise OrderError(_("the 48 hours are over"))
        if order.scrutiny_asked_at is None:
            order.scrutiny_asked_at = now
            order.save(update_fields=["scrutiny_asked_at"])
            deadlines.meet("tco.scrutiny.ask", subject=subject_of(order), by=by, now=now)
            deadlines.start("tco.scrutiny.decision", subject=subject_of(order), by=by, now=now)
            record(FactKind.ORDER_SCRUTINY_ASKED, order, by=by, now=now, private={"because": because})
    return order


def finalise(order_id: str, *, by: Actor, now: datetime, because: str) -> Order:
    """Note that a removal order is final: nobody can challenge it any more, or a court confirmed it.

    # TCO Art. 5(4): two or more of them in twelve months can let the authority decide that one is exposed. The clock
    of those months starts. Raises `OrderError`.
    """
    because = said(because, _("say which period is over, or which court confirmed it"))
    with transaction.atomic():
        order = locked(order_id)
        if (
            order.kind != OrderKind.REMOVAL
            or order.carried_out_at is None
            or order.state == OrderState.ANNULLED
        ):
            raise OrderError(_("only a removal order that was carried out and stands becomes final"))
        if not any(one.clock == EXPOSURE for one in deadlines_of(subject_of(order))):
            deadlines.start(EXPOSURE, subject=subject_of(order), by=by, now=now)
            record(FactKind.ORDER_FINAL, order, by=by, now=now, private={"because": because})
    return order


def annul(order_id: str, *, by: Actor, now: datetime, because: str) -> Order:
    """Take back what an order did, since it has no effect any more: reinstate at once (TCO Art. 4(7)).

    Raises `OrderError`.
    """
    because = said(because, _("say who decided that, and when"))
    with transaction.atomic():
        order = locked(order_id)
        if order.state == OrderState.ANNULLED:
            return order
        if order.carried_out_at is not None and OrderKind(order.kind) not in DISCLOSES:
            reverse(by=by, now=now, decision=subject_of(order), because=because)
        for clock in _running(order):
            deadlines.meet(clock.clock, subject=subject_of(order), by=by, now=now)
        for key in ("tco.scrutiny.decision", EXPOSURE):
            deadlines.meet(key, subject=subject_of(order), by=by, now=now)
        order.state = OrderState.ANNULLED
        order.save(update_fields=["state"])
        record(FactKind.ORDER_ANNULLED, order, by=by, now=now, private={"because": because})
    return order


def said(text: str, otherwise: str) -> str:
    """Return what somebody said, fit to be stored. Raises `OrderError` with `otherwise` if it says nothing."""
    text = storable(text).strip()
    if not text:
        raise OrderError(otherwise)
    return text


def locked(order_id: str) -> Order:
    """Return an order, locked until the transaction ends. Raises `OrderError`."""
    ledger.lock()
    order = (
        Order.objects.select_for_update(of=("self",)).select_related("authority").filter(pk=order_id).first()
    )
    if order is None:
        raise OrderError(_("there is no such order"))
    return order


def _write(
    order: Order, kind: EffectKind, words: order_letters.Told, *, key: str, now: datetime,
    attached: tuple[Attachment, ...] = (),
) -> None:  # fmt: skip
    """Write to the authority, at its registered address and no other."""
    enqueue(
        now=now,
        key=f"order:{order.pk}:{key}",
        platform=order.platform,
        channel=Channel.EMAIL,
        kind=kind,
        payload=letter(
            to=order.authority.email,
            language=order_letters.language_of(order, contents_of(order)),
            subject=words.subject,
            paragraphs=list(words.paragraphs),
            attachments=attached,
        ),
        stream=f"order:{order.pk}#email",
    )


def record(
    kind: FactKind,
    order: Order,
    *,
    by: Actor,
    now: datetime,
    body: Mapping[str, Any] | None = None,
    private: Mapping[str, str] | None = None,
) -> None:
    """Write a fact about an order, linked to its authority. For the verbs of orders."""
    ledger.record(
        kind,
        by=by,
        now=now,
        subject=subject_of(order),
        about=(authorities.subject_of(order.authority),),
        body={"platform": order.platform, **(body or {})},
        private=private,
    )
