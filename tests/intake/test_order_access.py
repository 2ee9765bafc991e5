"""Who sees orders, in which order, and how many wait."""

from __future__ import annotations

import msgspec
import pytest
from tests.intake.test_order_contents import ACT, INFORM, REMOVAL
from tests.intake.test_orders import DAY, HOUR, NOW, Desk
from tests.intake.test_orders import desk as desk  # noqa: PLC0414 -- the fixture

from hakam.intake import order_access, orders
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


def test_what_is_due_first_is_on_top_and_what_is_settled_apart(desk: Desk) -> None:
    act, inform = desk.receive(ACT, NOW), desk.receive(INFORM, NOW)
    removal = desk.receive(REMOVAL, NOW + HOUR)
    assert [one for one, _clock in order_access.orders(desk.lena)] == [removal, act, inform]
    assert [clock.clock for _one, clock in order_access.orders(desk.lena) if clock] == [
        "tco.removal",
        "order.act.effect",
        "order.inform.effect",
    ]
    desk.answer(desk.carry_out(removal, NOW + HOUR, unverified_because="The hour."), NOW + HOUR)
    assert removal not in [one for one, _clock in order_access.orders(desk.lena)]
    assert [one for one, _clock in order_access.orders(desk.lena, closed=True)] == [removal]


def test_what_waits_for_the_authority_is_not_counted_as_waiting_for_us(desk: Desk) -> None:
    order = desk.receive(msgspec.structs.replace(ACT, reasons=""))
    assert order_access.open_count(desk.lena) == 1
    orders.return_to_authority(str(order.pk), by=desk.lena.actor, now=NOW + DAY, because="Why?")
    assert order_access.open_count(desk.lena) == 0


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.VIEWER, Role.RESEARCHER, Role.TRUSTED_FLAGGER])
def test_who_may_not_read_orders_finds_none(desk: Desk, role: Role) -> None:
    order = desk.receive(ACT)
    nobody = scene.person("nobody", role)
    assert order_access.orders(nobody) == []
    assert order_access.order(nobody, str(order.pk)) is None
    assert order_access.authorities(nobody) == []
    assert order_access.open_count(nobody) == 0
    assert order_access.order(desk.lena, str(order.pk)) == order


def test_removal_orders_of_twelve_months_are_counted_towards_being_exposed(desk: Desk) -> None:
    # TCO Art. 5(4)
    assert order_access.removals(desk.lena, now=NOW) == 0
    first = desk.carry_out(desk.receive(REMOVAL, NOW), NOW, unverified_because="The hour.")
    desk.receive(msgspec.structs.replace(REMOVAL, reference="waits"), NOW)  # not carried out
    desk.carry_out(desk.receive(ACT, NOW), NOW, unverified_because="Known.")  # another law
    assert order_access.removals(desk.lena, now=NOW) == 1
    assert order_access.removals(desk.lena, now=NOW + 364 * DAY) == 1
    assert order_access.removals(desk.lena, now=NOW + 366 * DAY) == 0
    orders.annul(
        str(first.pk), by=desk.lena.actor, now=NOW + DAY, because="The home authority found it wrong."
    )
    assert order_access.removals(desk.lena, now=NOW + DAY) == 0
    assert order_access.removals(scene.person("nobody", Role.MODERATOR), now=NOW) == 0
