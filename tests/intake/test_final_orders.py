"""Removal orders that are final count towards being exposed; an authority's first contact begins its twelve hours."""

from __future__ import annotations

import pytest
from tests.intake.test_order_contents import ACT, REMOVAL
from tests.intake.test_orders import DAY, HOUR, NOW, Desk, clock, facts
from tests.intake.test_orders import desk as desk  # noqa: PLC0414 -- the fixture

from hakam.compliance import deadlines
from hakam.compliance.calendar import end_of_period
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline
from hakam.intake import order_access, orders
from hakam.intake.orders import OrderError
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


class TestFinalOrders:
    """TCO Art. 5(4): what counts towards being exposed."""

    def test_an_order_that_nobody_can_challenge_counts_for_twelve_months(self, desk: Desk) -> None:
        order = desk.carry_out(desk.verified(REMOVAL))
        assert order_access.final(desk.lena) == 0
        for _ in range(2):
            orders.finalise(
                str(order.pk), by=desk.lena.actor, now=NOW + 40 * DAY, because="The month is over."
            )
        found = clock(order, "tco.exposure")
        assert (found.started_at, found.due_at) == (
            NOW + 40 * DAY,
            end_of_period(NOW + 40 * DAY, 12, working=False),
        )
        assert len(facts(FactKind.ORDER_FINAL)) == 1
        assert order_access.final(desk.lena) == 1
        assert order_access.final(scene.person("viewer", Role.VIEWER)) == 0
        deadlines.ended(now=NOW + 420 * DAY)
        assert order_access.final(desk.lena) == 0

    def test_only_a_removal_order_that_stands_becomes_final(self, desk: Desk) -> None:
        waiting = desk.verified(REMOVAL)
        other = desk.carry_out(desk.verified(ACT))
        gone = desk.carry_out(desk.verified(REMOVAL))
        orders.annul(str(gone.pk), by=desk.lena.actor, now=NOW, because="Annulled by the court.")
        for order in (waiting, other, gone):
            with pytest.raises(OrderError, match="carried out and stands"):
                orders.finalise(str(order.pk), by=desk.lena.actor, now=NOW, because="Over.")
        with pytest.raises(OrderError, match="which period"):
            orders.finalise(str(waiting.pk), by=desk.lena.actor, now=NOW, because=" ")

    def test_an_order_that_is_annulled_after_all_counts_no_more(self, desk: Desk) -> None:
        order = desk.carry_out(desk.verified(REMOVAL))
        orders.finalise(str(order.pk), by=desk.lena.actor, now=NOW + DAY, because="Confirmed.")
        orders.annul(str(order.pk), by=desk.lena.actor, now=NOW + 2 * DAY, because="Reopened and annulled.")
        assert order_access.final(desk.lena) == 0


def test_twelve_hours_run_from_an_authoritys_first_contact(desk: Desk) -> None:
    # TCO Art. 3(2)
    made = desk.authority(first_contact_at=NOW - 3 * DAY - HOUR)
    found = Deadline.objects.get(clock="tco.first_contact")
    assert found.subject == f"authority:{made.pk}"
    assert found.due_at == NOW - 3 * DAY + 11 * HOUR
    assert [one.pk for one in deadlines.ended(now=NOW)] == [found.pk]
    desk.authority(name="No removal", removal=False)
    desk.authority(name="No contact yet", first_contact_at=None)
    assert Deadline.objects.filter(clock="tco.first_contact").count() == 1
