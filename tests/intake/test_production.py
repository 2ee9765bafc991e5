"""European Production Orders: ten days or eight hours, two people, the enforcing authority's word, nobody is told."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from tests.intake.test_disclosures import posted
from tests.intake.test_order_contents import INFORM, PRODUCTION
from tests.intake.test_orders import DAY, HOUR, NOW, Desk, clock, facts, letters
from tests.intake.test_orders import desk as desk  # noqa: PLC0414 -- the fixture

from hakam.compliance import deadlines
from hakam.compliance.calendar import end_of_period
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Deadline
from hakam.compliance.reports import gathering
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import ORDERS, TOTAL
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.intake import disclosures, order_recipients, orders, production
from hakam.intake.models import Disclosure, Order
from hakam.intake.order_contents import Contents, missing
from hakam.intake.orders import OrderError, OrderState
from hakam.privacy import gathering as personal
from hakam.privacy import holds
from hakam.privacy.models import Hold
from hakam.review.models import Case
from hakam.testing import scene

pytestmark = pytest.mark.django_db
TEN_DAYS, EIGHT_HOURS = "evidence.production", "evidence.production.emergency"
EMERGENCY = msgspec.structs.replace(PRODUCTION, emergency=True, emergency_because="A child is held.")
NOTIFIED = msgspec.structs.replace(PRODUCTION, notified=True)


def said(**more: Any) -> Contents:
    return msgspec.structs.replace(PRODUCTION, **more)


class House:
    """The desk, with what a production order needs."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def prepare(self, order: Order, now: Any = NOW) -> Disclosure:
        return disclosures.prepare(str(order.pk), vault=self.desk.vault, by=self.desk.lena.actor, now=now)

    def release(self, order: Order, now: Any = NOW) -> Disclosure:
        return disclosures.release(str(order.pk), by=self.desk.omar.actor, now=now)

    def take(self, order: Order, now: Any = NOW) -> bytes:
        return disclosures.hand_over(str(order.pk), vault=self.desk.vault, by=self.desk.omar.actor, now=now)

    def produced(self, contents: Contents = PRODUCTION, now: Any = NOW) -> Order:
        order = self.desk.verified(contents)
        self.prepare(order, now)
        self.release(order, now)
        self.take(order, now)
        return self.desk.answer(order, now)


@pytest.fixture
def house(desk: Desk) -> House:
    posted(desk, "I will find you", item="a", email="u1@example.net")
    return House(desk)


def test_data_are_due_at_the_end_of_the_tenth_day(house: House) -> None:
    # e-Evidence Art. 10(3)
    order = house.desk.verified(PRODUCTION)
    assert clock(order, TEN_DAYS).due_at == end_of_period(NOW, 0, days=10, working=False)
    assert not Deadline.objects.filter(clock=EIGHT_HOURS).exists()


def test_in_an_emergency_within_eight_hours(house: House) -> None:
    # e-Evidence Art. 10(4)
    order = house.desk.verified(EMERGENCY)
    assert clock(order, EIGHT_HOURS).due_at == NOW + 8 * HOUR
    told = deadlines.warned(now=NOW + 2 * HOUR)
    assert [one.clock for one in told] == [EIGHT_HOURS]
    assert [one.clock for one in deadlines.missed(now=NOW + 9 * HOUR)] == [EIGHT_HOURS]


def test_nothing_is_taken_down_and_no_case_is_opened(house: House) -> None:
    before = Case.objects.count()
    order = house.desk.verified(said(urls=("https://maydan.example/p/77",)))
    assert Case.objects.count() == before
    with pytest.raises(OrderError, match="two people release"):
        house.desk.carry_out(order)
    assert not AppliedMeasure.objects.exists()
    (fact,) = facts(FactKind.ORDER_RECEIVED)
    assert (body_of(fact)["kind"], body_of(fact)["law"]) == ("produce", "e-evidence")


def test_two_people_produce_and_every_copy_is_on_record(house: House) -> None:
    # e-Evidence Art. 10
    order = house.desk.verified(PRODUCTION)
    made = house.prepare(order)
    with pytest.raises(OrderError, match="somebody else"):
        disclosures.release(str(order.pk), by=house.desk.lena.actor, now=NOW)
    house.release(order)
    with pytest.raises(OrderError, match="hand the data over first"):
        house.desk.answer(order)
    assert clock(order, TEN_DAYS).met_at is None
    found = msgspec.json.decode(house.take(order, NOW + HOUR))
    assert set(found["accounts"]) == {"u1"}
    assert made.fields == {"u1": ["account", "contact"]}
    house.desk.answer(order, NOW + HOUR)
    assert clock(order, TEN_DAYS).met_at == NOW + HOUR
    names = [one.kind for one in (*facts(FactKind.DISCLOSURE_PREPARED), *facts(FactKind.DISCLOSURE_RELEASED),
                                  *facts(FactKind.DISCLOSURE_TAKEN), *facts(FactKind.ORDER_ANSWERED))]  # fmt: skip
    assert names == ["disclosure.prepared", "disclosure.released", "disclosure.taken", "order.answered"]
    assert "The information was released" in letters("order.answer")[0]


def test_only_what_lies_in_the_time_that_the_order_names_is_given(house: House) -> None:
    for start, end, texts in (
        (NOW - DAY, NOW + DAY, ["I will find you"]),
        (NOW + DAY, None, []),
        (None, NOW - DAY, []),
    ):
        order = house.desk.verified(said(data=("content", "items"), data_from=start, data_to=end))
        made = house.prepare(order)
        part = msgspec.json.decode(house.desk.vault.get(made.document))["accounts"]["u1"]
        assert [one["text"] for one in part["content"]] == texts
        assert len(part["items"]) == len(texts)


class TestTheEnforcingAuthority:
    """e-Evidence Art. 8, e-Evidence Art. 10(2), e-Evidence Art. 12(1)."""

    def test_data_wait_for_its_word_or_for_ten_days(self, house: House) -> None:
        order = house.desk.verified(NOTIFIED)
        house.prepare(order)
        with pytest.raises(OrderError, match="may refuse until"):
            house.release(order, NOW + 9 * DAY)
        production.clear(
            str(order.pk), by=house.desk.lena.actor, now=NOW + 2 * DAY, because="The court of Berlin, today."
        )
        house.release(order, NOW + 2 * DAY)
        assert len(facts(FactKind.ORDER_CLEARED)) == 1

    def test_after_ten_days_of_silence_they_leave_and_that_is_in_time(self, house: House) -> None:
        order = house.desk.verified(NOTIFIED)
        house.prepare(order)
        then = NOW + 10 * DAY
        house.release(order, then)
        house.take(order, then)
        house.desk.answer(order, then)
        assert then < clock(order, TEN_DAYS).due_at
        (fact,) = [one for one in facts(FactKind.DEADLINE_MET) if body_of(one)["clock"] == TEN_DAYS]
        assert body_of(fact)["late"] is False

    def test_an_emergency_waits_for_nobody(self, house: House) -> None:
        order = house.desk.verified(msgspec.structs.replace(EMERGENCY, notified=True))
        house.prepare(order)
        house.release(order, NOW + HOUR)

    def test_its_refusal_ends_the_order_and_its_clock(self, house: House) -> None:
        order = house.desk.verified(NOTIFIED)
        house.prepare(order)
        orders.annul(str(order.pk), by=house.desk.lena.actor, now=NOW + DAY, because="Refused: immunity.")
        with pytest.raises(OrderError, match="annulled"):
            house.release(order, NOW + 11 * DAY)
        assert clock(order, TEN_DAYS).met_at == NOW + DAY

    def test_its_word_is_noted_where_it_was_asked_and_once(self, house: House) -> None:
        given = {"by": house.desk.lena.actor, "now": NOW}
        plain = house.desk.verified(PRODUCTION)
        with pytest.raises(OrderError, match="no enforcing authority"):
            production.clear(str(plain.pk), because="x", **given)
        order = house.desk.verified(NOTIFIED)
        with pytest.raises(OrderError, match="who said"):
            production.clear(str(order.pk), because=" ", **given)
        for _ in range(2):
            production.clear(str(order.pk), because="Cleared.", **given)
        assert len(facts(FactKind.ORDER_CLEARED)) == 1


class TestWhatIsMissing:
    """e-Evidence Art. 10(6) and e-Evidence Art. 10(7): the clock stands still, and goes on."""

    def test_it_runs_from_the_receipt_whatever_is_missing(self, house: House) -> None:
        order = house.desk.verified(said(provisions=""))
        assert order.complete_at is None
        assert clock(order, TEN_DAYS).started_at == NOW
        assert [one.read for one in missing(orders.contents_of(order))] == [False]  # ask counsel

    def test_a_clarification_lets_the_days_go_on_that_were_left(self, house: House) -> None:
        order = house.desk.verified(said(provisions=""))
        due = clock(order, TEN_DAYS).due_at
        by = house.desk.lena.actor
        orders.return_to_authority(str(order.pk), by=by, now=NOW + DAY, because="Which law?")
        assert clock(order, TEN_DAYS).paused_at == NOW + DAY
        letter = letters("order.answer")[0]
        assert "Annex III, Regulation (EU) 2023/1543" in letter
        assert "the provisions of criminal law" in letter
        assert "kept meanwhile" in letter
        orders.clarify(str(order.pk), PRODUCTION, by=by, now=NOW + 4 * DAY)
        assert clock(order, TEN_DAYS).due_at == due + 3 * DAY
        house.prepare(order, NOW + 4 * DAY)

    def test_an_order_that_turns_out_to_be_an_emergency_has_eight_hours_from_its_receipt(
        self, house: House
    ) -> None:
        order = house.desk.verified(PRODUCTION)
        orders.clarify(str(order.pk), EMERGENCY, by=house.desk.lena.actor, now=NOW + HOUR)
        assert clock(order, EIGHT_HOURS).due_at == NOW + 8 * HOUR
        assert clock(order, TEN_DAYS).met_at == NOW + HOUR
        assert [one.clock for one in deadlines.missed(now=NOW + 30 * DAY)] == [EIGHT_HOURS]

    def test_an_emergency_says_why_it_is_one(self, house: House) -> None:
        (found,) = missing(msgspec.structs.replace(EMERGENCY, emergency_because=""))
        assert (found.field, found.law) == ("emergency_because", "e-Evidence Art. 5(5)(g)")
        with pytest.raises(OrderError, match="not complete"):
            house.prepare(house.desk.verified(msgspec.structs.replace(EMERGENCY, emergency_because="")))


class TestConfidentiality:
    """e-Evidence Art. 13: the issuing authority tells the person, we tell nobody."""

    def test_nobody_is_told_by_us_ever(self, house: House) -> None:
        order = house.produced()
        assert order.state == OrderState.ANSWERED
        assert order_recipients.inform_due(NOW + 400 * DAY) == 0
        assert not Effect.objects.filter(kind="order.recipient").exists()

    def test_a_copy_of_ones_data_does_not_tell_of_it(self, house: House) -> None:
        order = house.produced()
        assert personal.silenced(scene.PLATFORM, "u1", now=NOW + 400 * DAY) == {f"order:{order.pk}"}
        assert personal.silenced(scene.PLATFORM, "u2", now=NOW) == frozenset()


class TestWhatIsPreserved:
    """e-Evidence Art. 10(1): from the receipt until it was produced."""

    def test_the_accounts_are_held_until_the_answer(self, house: House) -> None:
        order = house.desk.verified(PRODUCTION)
        holds.follow(now=NOW)
        hold = Hold.objects.get()
        assert (hold.target, hold.authority) == ("account:maydan/u1", "e-Evidence Art. 10(1)")
        assert hold.until > NOW + 59 * DAY
        house.prepare(order)
        house.release(order)
        house.take(order)
        house.desk.answer(order, NOW + DAY)
        holds.follow(now=NOW + DAY)
        hold.refresh_from_db()
        assert hold.ended_at == NOW + DAY
        assert not holds.held(NOW + 2 * DAY)

    def test_a_refused_order_holds_nothing_any_more(self, house: House) -> None:
        order = house.desk.verified(PRODUCTION)
        holds.follow(now=NOW)
        orders.annul(str(order.pk), by=house.desk.lena.actor, now=NOW + HOUR, because="Withdrawn.")
        holds.follow(now=NOW + HOUR)
        assert not Hold.objects.filter(ended_at=None).exists()

    def test_accounts_that_a_clarification_names_are_held_then(self, house: House) -> None:
        order = house.desk.verified(said(accounts=()))
        holds.follow(now=NOW)
        assert not Hold.objects.exists()
        orders.clarify(str(order.pk), PRODUCTION, by=house.desk.lena.actor, now=NOW + HOUR)
        holds.follow(now=NOW + HOUR)
        assert Hold.objects.get().target == "account:maydan/u1"

    def test_an_order_to_inform_holds_nothing(self, house: House) -> None:
        house.desk.verified(INFORM)
        holds.follow(now=NOW)
        assert not Hold.objects.exists()


def test_the_report_of_the_dsa_counts_no_production_order(house: House) -> None:
    # DSA Art. 15(1)(a)
    house.produced()
    taken = [fact for fact in facts(FactKind.ORDER_RECEIVED) if body_of(fact)["law"] == "e-evidence"]
    assert len(taken) == 1
    tally = gathering.gather(scene.PLATFORM, year_of(NOW.year), zone=UTC)
    assert [tally.number(Cell(ORDERS, (TOTAL, TOTAL, "", ""), letter)) for letter in "GHK"] == [0, 0, 0]


def test_times_that_end_before_they_begin_are_refused(house: House) -> None:
    with pytest.raises(OrderError) as error:
        house.desk.verified(said(data_from=NOW, data_to=NOW - timedelta(seconds=1)))
    assert set(error.value.wrong) == {"data_to"}
