"""What people see of orders: lists, one order, the register. Absent and forbidden look the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from hakam.compliance.calendar import add_months
from hakam.compliance.clocks import clock as clock_of
from hakam.compliance.models import Deadline
from hakam.intake.models import Authority, Disclosure, Order
from hakam.intake.order_contents import Contents, OrderKind
from hakam.intake.orders import EXPOSURE, OrderState, subject_of
from hakam.staff.models import User
from hakam.staff.roles import Permission

EXPOSURE_MONTHS: Final = clock_of(EXPOSURE).months
_CLOSED = (OrderState.ANSWERED.value, OrderState.ANNULLED.value)


def orders(user: User, *, closed: bool = False, limit: int = 200) -> list[tuple[Order, Deadline | None]]:
    """Return orders with the duty of each that is due first: the open ones by that, the closed ones newest first."""
    if not user.may(Permission.ORDER_READ):
        return []
    found = Order.objects.select_related("authority").order_by("-received_at")
    rows = list((found.filter(state__in=_CLOSED) if closed else found.exclude(state__in=_CLOSED))[:limit])
    running: dict[str, Deadline] = {}
    names = [subject_of(one) for one in rows]
    for clock in Deadline.objects.filter(subject__in=names, met_at=None, kind="act").order_by("-due_at"):
        running[clock.subject] = clock
    pairs = [(one, running.get(subject_of(one))) for one in rows]
    if closed:
        return pairs
    return sorted(
        pairs, key=lambda pair: (pair[1] is None, pair[1].due_at if pair[1] else pair[0].received_at)
    )


def open_count(user: User) -> int:
    """Return how many orders wait for us, for who may read them."""
    if not user.may(Permission.ORDER_READ):
        return 0
    return Order.objects.filter(state__in=[OrderState.OPEN.value, OrderState.CARRIED_OUT.value]).count()


def removals(user: User, *, now: datetime) -> int:
    """Return how many removal orders of the last twelve months stand, for who may read them.

    # TCO Art. 5(4): two or more that are final can let the authority decide that one is exposed.
    """
    if not user.may(Permission.ORDER_READ):
        return 0
    since = datetime.combine(add_months(now.date(), -EXPOSURE_MONTHS), now.timetz())
    standing = Order.objects.filter(
        kind=OrderKind.REMOVAL, received_at__gte=since, carried_out_at__isnull=False
    )
    return standing.exclude(state=OrderState.ANNULLED).count()


def final(user: User) -> int:
    """Return how many removal orders that became final in the last twelve months stand, for who may read them."""
    if not user.may(Permission.ORDER_READ):
        return 0
    return Deadline.objects.filter(clock=EXPOSURE, met_at=None).count()


def order(user: User, order_id: str) -> Order | None:
    """Return one order, for who may read them."""
    if not user.may(Permission.ORDER_READ):
        return None
    return Order.objects.select_related("authority").filter(pk=order_id).first()


def authorities(user: User) -> list[Authority]:
    """Return the register, for who may read orders."""
    if not user.may(Permission.ORDER_READ):
        return []
    return list(Authority.objects.order_by("country", "name"))


def authority_like(user: User, name: str, email: str) -> int | None:
    """Return the number of the authority that a form names, by its address or its name; None if none fits."""
    known = authorities(user)
    by_email = [one for one in known if email and one.email == email.strip().lower()]
    by_name = [
        one for one in known if name and one.name.casefold() == name.partition("\n")[0].strip().casefold()
    ]
    return next((one.pk for one in (*by_email, *by_name)), None)


def disclosure(order: Order) -> Disclosure | None:
    """Return what is prepared or released on an order, or None."""
    return Disclosure.objects.filter(order=order).first()


def fields(contents: Contents) -> dict[str, Any]:
    """Return an order as the values of a form: lists of lines as lines."""
    return {
        **msgspec.structs.asdict(contents),
        "urls": "\n".join(contents.urls),
        "accounts": "\n".join(contents.accounts),
        "information": list(contents.data),
    }


def directory() -> list[Authority]:
    """Return the confirmed authorities, for whoever must tell one of a threat to life."""
    return list(Authority.objects.filter(confirmed_at__isnull=False).order_by("country", "name"))
