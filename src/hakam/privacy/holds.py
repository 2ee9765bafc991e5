"""Legal holds: what must not be erased, by whose word, until when. A hold wins over schedule and requests.

Some acts make their own: a removal order carried out holds the content and its data for six months (TCO Art. 6(2)); a
report of child abuse that was filed, for a year (18 USC 2258A(h)); a production order, until it is answered; a request
to preserve, for as long as its law says. They follow from the ledger's facts, so that an act is never without its hold;
the eraser reads the ledger to its end before it erases anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.clocks import clock
from hakam.compliance.counting import due_at
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.storable import storable
from hakam.intake import cursors, orders
from hakam.intake.models import Order
from hakam.intake.order_contents import OrderKind
from hakam.privacy.models import Hold
from hakam.review.models import Case
from hakam.vocabulary.actor import SYSTEM, Actor

CLOCK: Final = "hold.end"
CURSOR: Final = "holds"
KINDS: Final = frozenset(
    {
        FactKind.ORDER_RECEIVED,
        FactKind.ORDER_CLARIFIED,
        FactKind.ORDER_CARRIED_OUT,
        FactKind.ORDER_ANSWERED,
        FactKind.ORDER_ANNULLED,
        FactKind.CHILD_REPORT_FILED,
        FactKind.REQUEST_CARRIED_OUT,
        FactKind.REQUEST_PROLONGED,
    }
)
_SETTLED: Final = frozenset({orders.OrderState.ANSWERED, orders.OrderState.ANNULLED})
_TARGET: Final = re.compile(
    r"item:[a-z0-9-]{1,63}/[a-z_.]{1,32}/.{1,512}"
    r"|account:[a-z0-9-]{1,63}/.{1,512}|case:[1-9]\d{0,17}|incident:.{1,200}|child_report:[0-9a-f-]{36}",
    re.DOTALL,
)


class HoldError(ValueError):
    """This can't be done to a hold. Nothing was changed."""


def subject_of(hold: Hold) -> str:
    """Return a hold's name in the ledger."""
    return f"hold:{hold.pk}"


def place(
    target: str,
    *,
    reason: str,
    until: datetime,
    by: Actor,
    now: datetime,
    authority: str = "",
    covers: Iterable[str] = (),
    origin: str | None = None,
) -> Hold:
    """Hold an item, an account, a case or an incident until a day. The same `origin` again is the same hold.

    An incident holds what `covers` names. Raises `HoldError`.
    """
    target, reason = storable(target).strip(), storable(reason).strip()
    further = sorted({storable(one).strip() for one in covers} - {target, ""})
    for one in (target, *further):
        if not _TARGET.fullmatch(one):
            raise HoldError(
                _("%(name)s is none of item:, account:, case: or incident:, as item:forum/post/77")
                % {"name": one[:80] or "-"}
            )
    if not reason:
        raise HoldError(_("say why it is held"))
    if until <= now:
        raise HoldError(_("a hold ends in the future"))
    if target.startswith("incident:") and not further:
        raise HoldError(_("name what the incident holds: items, accounts or cases"))
    with transaction.atomic():
        ledger.lock()
        if origin is not None and (same := Hold.objects.filter(origin=origin).first()) is not None:
            return same
        hold = Hold.objects.create(
            target=target, covers=further, reason=reason, authority=storable(authority).strip()[:300],
            origin=origin, placed_by=str(by), placed_at=now, until=until,
        )  # fmt: skip
        deadlines.start(CLOCK, subject=subject_of(hold), by=by, now=now, length=until - now)
        _record(FactKind.HOLD_PLACED, hold, by=by, now=now, reason=reason)
    return hold


def renew(hold_id: int, *, until: datetime, reason: str, by: Actor, now: datetime) -> Hold:
    """Let a hold go on until a later day. Raises `HoldError`."""
    reason = storable(reason).strip()
    if not reason:
        raise HoldError(_("say why it goes on"))
    with transaction.atomic():
        hold = _running(hold_id)
        if until <= hold.until:
            raise HoldError(_("a hold that goes on ends later than before"))
        hold.until, hold.renewed = until, hold.renewed + 1
        hold.save(update_fields=["until", "renewed"])
        deadlines.extend(CLOCK, subject=subject_of(hold), by=by, now=now, to=until, reason=reason)
        _record(FactKind.HOLD_RENEWED, hold, by=by, now=now, reason=reason)
    return hold


def release(hold_id: int, *, reason: str, by: Actor, now: datetime) -> Hold:
    """End a hold before its day. One that the law made is not ended by whoever's act made it. Raises `HoldError`."""
    reason = storable(reason).strip()
    if not reason:
        raise HoldError(_("say why it ends"))
    with transaction.atomic():
        hold = _running(hold_id)
        if hold.origin is not None:
            raise HoldError(_("the law sets the end of this hold; it can be made longer, not shorter"))
        if hold.placed_by == str(by):
            raise HoldError(_("somebody else must end the hold that you placed"))
        hold.ended_at, hold.ended_by, hold.ended_because = now, str(by), reason
        hold.save(update_fields=["ended_at", "ended_by", "ended_because"])
        deadlines.meet(CLOCK, subject=subject_of(hold), by=by, now=now)
        _record(FactKind.HOLD_RELEASED, hold, by=by, now=now, reason=reason)
    return hold


def lapse_due(now: datetime) -> int:
    """End the holds whose day has come, and return how many."""
    if not Hold.objects.filter(ended_at=None, until__lte=now).exists():
        return 0
    with transaction.atomic():
        ledger.lock()
        due = list(
            Hold.objects.select_for_update().filter(ended_at=None, until__lte=now).order_by("pk")[:200]
        )
        for hold in due:
            hold.ended_at = now
            hold.save(update_fields=["ended_at"])
            deadlines.meet(CLOCK, subject=subject_of(hold), by=SYSTEM, now=now)
            _record(FactKind.HOLD_ENDED, hold, by=SYSTEM, now=now)
    return len(due)


class Held:
    """What is held at one moment. Names are those of the ledger: `item:...`, `account:...`, `case:...`."""

    def __init__(self, subjects: Iterable[str]) -> None:
        self.subjects = frozenset(subjects)

    def __bool__(self) -> bool:
        """Whether anything is held at all."""
        return bool(self.subjects)

    def covers(self, names: Iterable[str]) -> bool:
        """Whether any of these names of one thing is held."""
        return bool(self.subjects) and not self.subjects.isdisjoint(names)


def held(now: datetime) -> Held:
    """Return what is held now."""
    found: set[str] = set()
    for target, covers in Hold.objects.filter(ended_at=None, until__gt=now).values_list("target", "covers"):
        found |= {target, *covers}
    return Held(found)


def holding(names: Iterable[str], *, now: datetime) -> list[Hold]:
    """Return the holds in force on one thing, given all its names."""
    wanted = set(names)
    return [
        hold
        for hold in Hold.objects.filter(ended_at=None, until__gt=now).order_by("until")
        if wanted & {hold.target, *hold.covers}
    ]


def listed(*, ended: bool = False, limit: int = 200) -> list[Hold]:
    """Return the holds in force, the first to end on top; or those that ended, the newest first."""
    if ended:
        return list(Hold.objects.exclude(ended_at=None).order_by("-ended_at")[:limit])
    return list(Hold.objects.filter(ended_at=None).order_by("until")[:limit])


def hold(hold_id: int) -> Hold | None:
    """Return one hold, or None."""
    return Hold.objects.filter(pk=hold_id).first()


def on_fact(fact: Fact, now: datetime) -> None:
    """Make the hold that an act owes by law."""
    if fact.kind == FactKind.ORDER_CARRIED_OUT:
        _of_order(fact, now)
    elif fact.kind in {FactKind.ORDER_RECEIVED, FactKind.ORDER_CLARIFIED}:
        _until_produced(fact, now)
    elif fact.kind in {FactKind.ORDER_ANSWERED, FactKind.ORDER_ANNULLED}:
        _produced(fact, now)
    elif fact.kind == FactKind.CHILD_REPORT_FILED:
        _of_child_report(fact, now)
    elif fact.kind == FactKind.REQUEST_CARRIED_OUT:
        _of_request(fact, now)
    elif fact.kind == FactKind.REQUEST_PROLONGED:
        _prolong(fact, now)


def _of_order(fact: Fact, now: datetime) -> None:
    """TCO Art. 6(1) and 6(2): what a removal order took away, and the data that belong to it, are kept six months."""
    order = Order.objects.select_related("authority").filter(pk=fact.subject.partition(":")[2]).first()
    if order is None:
        return
    contents = orders.contents_of(order)
    if contents.kind is not OrderKind.REMOVAL:
        return
    names: list[str] = []
    for item, _url, author in orders.items_of(order, contents):
        names.append(f"item:{item}")
        if author:
            names.append(f"account:{item.platform}/{author}")
    until = due_at(clock("tco.preserve"), fact.at, zone=get_default_timezone())
    if not names or until <= now:
        return
    place(
        names[0], covers=names[1:], origin=fact.subject, authority="TCO Art. 6(2)", until=until, by=SYSTEM,
        now=fact.at,
        reason=_("carried out on a removal order: %(reference)s") % {"reference": contents.reference or "-"},
    )  # fmt: skip


def _until_produced(fact: Fact, now: datetime) -> None:
    """e-Evidence Art. 10(1): what a production order asks for is preserved from its receipt until it was produced."""
    order = Order.objects.filter(pk=fact.subject.partition(":")[2]).first()
    if order is None or order.kind != OrderKind.PRODUCTION or order.state in _SETTLED:
        return
    contents = orders.contents_of(order)
    names = [f"account:{order.platform}/{account}" for account in contents.accounts]
    until = due_at(clock("evidence.preservation"), order.received_at, zone=get_default_timezone())
    if not names or until <= now:
        return
    place(
        names[0], covers=names[1:], origin=fact.subject, authority="e-Evidence Art. 10(1)", until=until, by=SYSTEM,
        now=fact.at, reason=_("a production order that is not answered yet: %(reference)s")
        % {"reference": contents.reference or "-"},
    )  # fmt: skip


def _produced(fact: Fact, now: datetime) -> None:
    order = Order.objects.filter(pk=fact.subject.partition(":")[2], kind=OrderKind.PRODUCTION).first()
    made = Hold.objects.filter(origin=fact.subject, ended_at=None).first() if order else None
    if made is not None:
        reason = _("the order was answered, or has no effect any more")
        made.ended_at, made.ended_by, made.ended_because = now, str(SYSTEM), reason
        made.save(update_fields=["ended_at", "ended_by", "ended_because"])
        deadlines.meet(CLOCK, subject=subject_of(made), by=SYSTEM, now=now)
        _record(FactKind.HOLD_RELEASED, made, by=SYSTEM, now=now, reason=reason)


def _of_child_report(fact: Fact, now: datetime) -> None:
    """18 USC 2258A(h): the contents of a report to NCMEC are preserved for one year after it was filed.

    What was told to the NCA (OSA s.66) is kept as long: no period of its own is known.
    """
    body = ledger.body_of(fact)
    number, to_nca = body.get("case"), body.get("to") == "nca"
    case = Case.objects.filter(pk=int(number or 0)).first()
    until = due_at(clock("us.preserve"), fact.at, zone=get_default_timezone())
    if case is None or until <= now:
        return
    names = [f"item:{case.platform}/{case.item_kind}/{case.item_id}"]
    if case.author_id:
        names.append(f"account:{case.platform}/{case.author_id}")
    place(
        f"case:{case.pk}", covers=[*names, fact.subject], origin=fact.subject,
        authority="OSA s.66" if to_nca else "18 USC 2258A(h)",
        reason=_("a report of child abuse was filed"), until=until, by=SYSTEM, now=fact.at,
    )  # fmt: skip


def _of_request(fact: Fact, now: datetime) -> None:
    """e-Evidence Art. 11(1), OSA s.101, IT Rules r.3(1)(g): what a request wants kept is kept until its clock ends."""
    body = ledger.body_of(fact)
    names = [link.subject for link in fact.links.order_by("pk")]
    if not body.get("keep_until") or not names:
        return
    until = datetime.fromisoformat(body["keep_until"])
    if until <= now:
        return
    place(
        names[0], covers=names[1:], origin=fact.subject, authority=str(body.get("law", "")), until=until, by=SYSTEM,
        now=fact.at, reason=_("a request that was carried out wants it kept"),
    )  # fmt: skip


def _prolong(fact: Fact, now: datetime) -> None:
    until = datetime.fromisoformat(ledger.body_of(fact)["keep_until"])
    made = Hold.objects.filter(origin=fact.subject, ended_at=None).first()
    if made is not None and until > max(made.until, now):
        renew(
            made.pk, until=until, reason=_("the authority wants it kept for longer"), by=SYSTEM, now=fact.at
        )


def follow(*, now: datetime, limit: int = 200) -> int:
    """Make the holds that facts owe, up to the end of the ledger; return how many facts were read."""
    seen = 0
    while facts := ledger.facts_after(cursors.position(CURSOR), kinds=KINDS, limit=limit):
        for fact in facts:
            with transaction.atomic():
                if cursors.move(CURSOR, to=fact.seq):
                    on_fact(fact, now)
                    seen += 1
    return seen


def _running(hold_id: int) -> Hold:
    ledger.lock()
    found = Hold.objects.select_for_update().filter(pk=hold_id).first()
    if found is None:
        raise HoldError(_("there is no such hold"))
    if found.ended_at is not None:
        raise HoldError(_("the hold has ended"))
    return found


def _record(kind: FactKind, hold: Hold, *, by: Actor, now: datetime, reason: str = "") -> None:
    ledger.record(
        kind, by=by, now=now, subject=subject_of(hold), about=(hold.target, *hold.covers),
        body={"until": hold.until, "authority": hold.authority, "origin": hold.origin},
        private={"reason": reason} if reason else None,
    )  # fmt: skip
