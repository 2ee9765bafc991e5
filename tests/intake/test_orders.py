"""Orders of authorities: the hour runs at night, the scope is kept, the authority and the recipient are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.intake.test_order_contents import ACT, INFORM, REMOVAL

from hakam.compliance import deadlines
from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Deadline, Fact, RulebookVersion, Statement, Submission
from hakam.compliance.reports import gathering
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import ORDERS, TOTAL
from hakam.enforcement import alerts
from hakam.enforcement.models import AppliedMeasure, Effect
from hakam.enforcement.ordered import apply_ordered, states_of
from hakam.intake import authorities, disclosures, order_recipients, orders
from hakam.intake.authorities import AuthorityError
from hakam.intake.events import consume
from hakam.intake.models import Authority, Disclosure, Order
from hakam.intake.order_contents import Contents
from hakam.intake.orders import OrderError
from hakam.review.models import Case
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
NOW = scene.NOW
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class Desk:
    """The contact point of a platform (DSA Art. 11, TCO Art. 15)."""

    def __init__(self, vault: FileVault, log: FileEventLog, lena: User, omar: User) -> None:
        self.vault, self.log, self.lena, self.omar = vault, log, lena, omar

    def authority(self, *, confirmed: bool = True, **more: Any) -> Authority:
        given: dict[str, Any] = {
            "name": f"Office {Authority.objects.count()}", "kind": "law_enforcement", "country": "DE",
            "email": "orders@office.example", "phone": "+49 611 1", "public_key": PEM, "removal": True,
            "first_contact_at": NOW - 2 * DAY,
        }  # fmt: skip
        made = authorities.register(**(given | more), by=self.lena.actor, now=NOW - 3 * DAY)
        return authorities.confirm(made.pk, by=self.omar.actor, now=NOW - 3 * DAY) if confirmed else made

    def receive(
        self, contents: Contents, now: datetime = NOW, authority: Authority | None = None, **more: Any
    ) -> Order:
        office = authority or Authority.objects.first() or self.authority()
        return orders.receive(
            contents, platform=scene.PLATFORM, authority_id=office.pk, vault=self.vault, log=self.log,
            by=self.lena.actor, now=now, **more,
        )  # fmt: skip

    def verified(self, contents: Contents, now: datetime = NOW, **more: Any) -> Order:
        return self.receive(contents, now, document=b"order", signature=KEY.sign(b"order"), **more)

    def carry_out(self, order: Order, now: datetime = NOW, **more: Any) -> Order:
        return orders.carry_out(str(order.pk), by=self.lena.actor, now=now, **more)

    def answer(self, order: Order, now: datetime = NOW) -> Order:
        return orders.answer(str(order.pk), by=self.lena.actor, now=now)


@pytest.fixture
def desk(book: RulebookVersion, vault: FileVault, log: FileEventLog) -> Desk:
    for n in (77, 78):
        event = scene.event(
            "Attack them", item=str(n), url=f"https://maydan.example/p/{n}", email="u1@example.net"
        )
        log.append([scene.entry(event, scene.verdict())])
    consume(log, vault=vault, now=NOW - DAY, limit=10)
    return Desk(vault, log, scene.person("lena", Role.LEGAL), scene.person("omar", Role.LEGAL))


def facts(kind: FactKind) -> list[Fact]:
    return list(facts_after(0, kinds=frozenset({kind})))


def clock(order: Order, key: str) -> Deadline:
    return Deadline.objects.get(subject=f"order:{order.pk}", clock=key)


def letters(kind: str) -> list[str]:
    return [
        f"{e.payload['subject']}\n" + "\n".join(e.payload["sections"][0]["paragraphs"])
        for e in Effect.objects.filter(kind=kind, channel="email").order_by("created_at", "place")
    ]


class TestTheRegister:
    def test_two_people_enter_an_authority(self, desk: Desk) -> None:
        made = desk.authority(confirmed=False)
        with pytest.raises(AuthorityError, match="somebody else"):
            authorities.confirm(made.pk, by=desk.lena.actor, now=NOW)
        for _ in range(2):
            authorities.confirm(made.pk, by=desk.omar.actor, now=NOW)
        assert len(facts(FactKind.AUTHORITY_CONFIRMED)) == 1
        with pytest.raises(AuthorityError, match="no such authority"):
            authorities.confirm(987_654, by=desk.omar.actor, now=NOW)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("name", ""), ("kind", "club"), ("country", "US"), ("email", "x"), ("public_key", "garbage")],
    )
    def test_a_wrong_entry_is_refused_by_its_field(self, desk: Desk, field: str, value: str) -> None:
        with pytest.raises(AuthorityError) as error:
            desk.authority(**{field: value})
        assert set(error.value.wrong) == {field}

    def test_there_is_a_key_or_a_number(self, desk: Desk) -> None:
        with pytest.raises(AuthorityError) as error:
            desk.authority(phone="", public_key="")
        assert "call back" in error.value.wrong["phone"]

    def test_an_authority_is_entered_once(self, desk: Desk) -> None:
        desk.authority(name="BKA")
        with pytest.raises(AuthorityError, match="registered"):
            desk.authority(name="BKA")

    def test_only_its_own_signature_over_the_very_bytes_is_believed(self, desk: Desk) -> None:
        office = desk.authority()
        assert authorities.signed(office, b"order", KEY.sign(b"order"))
        assert not authorities.signed(office, b"order!", KEY.sign(b"order"))
        assert not authorities.signed(office, b"order", b"")
        other = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
        assert not authorities.signed(office, b"order", other.sign(b"order"))
        assert not authorities.signed(desk.authority(public_key=""), b"order", KEY.sign(b"order"))


class TestAnOrderToAct:
    def test_it_is_kept_acknowledged_at_once_and_on_top_of_the_queue(self, desk: Desk) -> None:
        # DSA Art. 9(1)
        order = desk.receive(ACT, document=b"%PDF order")
        assert desk.vault.get(order.document) == b"%PDF order"
        assert order.acknowledged_at == NOW
        assert clock(order, "order.act.receipt").met_at == NOW
        case = Case.objects.get()
        assert (case.item_id, case.priority_parts["lane"]) == ("77", 4000)
        assert "4 O 12/26 has arrived" in letters("order.receipt")[0]
        assert list(Effect.objects.get(kind="order.receipt").payload["to"].split()) == [
            "orders@office.example"
        ]

    def test_an_authority_that_nobody_confirmed_gets_no_letter(self, desk: Desk) -> None:
        order = desk.receive(ACT, authority=desk.authority(confirmed=False))
        assert order.acknowledged_at is None
        assert letters("order.receipt") == []
        with pytest.raises(OrderError, match="second person"):
            orders.acknowledge(str(order.pk), by=desk.lena.actor, now=NOW)
        authorities.confirm(order.authority_id, by=desk.omar.actor, now=NOW)
        orders.acknowledge(str(order.pk), by=desk.lena.actor, now=NOW + HOUR)
        assert clock(order, "order.act.receipt").met_at == NOW + HOUR

    def test_it_works_only_where_it_says(self, desk: Desk) -> None:
        # DSA Art. 9(2)(b)
        desk.carry_out(desk.verified(ACT))
        measure = AppliedMeasure.objects.get()
        assert measure.measure == {"kind": "withhold", "territory": ["DE"]}
        sent = Effect.objects.get(kind="measure.apply")
        assert (sent.payload["item"]["id"], sent.next_at) == ("77", NOW)

    def test_it_owes_no_statement_of_reasons_and_no_entry_in_the_database(self, desk: Desk) -> None:
        # DSA Art. 17(5)
        desk.carry_out(desk.verified(ACT))
        assert not Statement.objects.exists()
        assert not Submission.objects.exists()

    def test_the_authority_is_told_what_was_done_when_and_where(self, desk: Desk) -> None:
        # DSA Art. 9(1)
        order = desk.answer(desk.carry_out(desk.verified(ACT), NOW + HOUR), NOW + 2 * HOUR)
        [said] = letters("order.answer")
        assert "disabled in: DE" in said
        assert "2026-03-02 10:00:00 UTC" in said
        assert "4 O 12/26" in said
        assert str(order.pk) in said
        assert clock(order, "order.act.effect").met_at == NOW + 2 * HOUR

    def test_the_recipient_is_told_with_reasons_scope_and_redress(self, desk: Desk) -> None:
        # DSA Art. 9(5)
        desk.carry_out(desk.verified(ACT))
        # TCO Art. 11: the content provider is told
        assert (order_recipients.inform_due(NOW), order_recipients.inform_due(NOW)) == (1, 0)
        to_platform = Effect.objects.get(kind="order.recipient", channel="platform")
        assert to_platform.payload["recipient"] == "u1"
        [said] = letters("order.recipient")
        for words in (
            "Office 0 (DE)",
            "It applies DE.",
            "calls a minority vermin",
            "Section 130",
            "Higher Court",
        ):
            assert words in said

    def test_an_unverified_order_is_carried_out_by_choice_only(self, desk: Desk) -> None:
        order = desk.receive(ACT)
        with pytest.raises(OrderError, match="not verified"):
            desk.carry_out(order)
        done = desk.carry_out(order, unverified_because="The hour would be over.")
        assert done.unverified_because
        assert body_of(facts(FactKind.ORDER_CARRIED_OUT)[0])["verified"] == ""

    def test_a_call_back_verifies(self, desk: Desk) -> None:
        order = desk.receive(ACT)
        with pytest.raises(OrderError, match="whom you reached"):
            orders.verify(str(order.pk), by=desk.lena.actor, now=NOW, note=" ")
        orders.verify(str(order.pk), by=desk.lena.actor, now=NOW, note="Ms M., +49 611 1")
        assert desk.carry_out(order).verified_how == "call_back"
        nobody = desk.receive(ACT, authority=desk.authority(phone=""))
        with pytest.raises(OrderError, match="no number"):
            orders.verify(str(nobody.pk), by=desk.lena.actor, now=NOW, note="x")

    def test_an_incomplete_order_goes_back_with_what_is_missing(self, desk: Desk) -> None:
        order = desk.receive(msgspec.structs.replace(ACT, provisions="", redress=""))
        assert not Deadline.objects.filter(clock="order.act.effect").exists()
        orders.return_to_authority(str(order.pk), by=desk.lena.actor, now=NOW, because="Please add these.")
        [said] = letters("order.answer")
        assert "DSA Art. 9(2)(a)(ii): the specific provisions of law" in said
        assert "DSA Art. 9(2)(a)(v)" in said
        assert "9(2)(a)(iv)" not in said
        assert body_of(facts(FactKind.ORDER_RETURNED)[0])["missing"] == ["provisions", "redress"]
        with pytest.raises(OrderError, match="went back"):
            desk.carry_out(order, unverified_because="x")
        orders.clarify(str(order.pk), ACT, by=desk.lena.actor, now=NOW + DAY)
        assert clock(order, "order.act.effect").started_at == NOW + DAY

    def test_what_can_not_be_stored_is_said_and_nothing_is_kept(self, desk: Desk) -> None:
        for contents, more, field in (
            (msgspec.structs.replace(ACT, harm=""), {}, "harm"),
            (ACT, {"received_at": NOW + HOUR}, "received_at"),
            (ACT, {"document": b"x" * 20_000_001}, "document"),
        ):
            with pytest.raises(OrderError) as error:
                desk.receive(contents, **more)
            assert set(error.value.wrong) == {field}
        assert not Order.objects.exists()
        with pytest.raises(OrderError, match="no such authority"):
            orders.receive(
                ACT, platform="m", authority_id=98_765, vault=desk.vault, by=desk.lena.actor, now=NOW
            )

    def test_only_removal_and_withholding_are_ordered(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="does not make us `suspend`"):
            apply_ordered(
                ItemRef("m", "post", "1"),
                Measure(MeasureKind.SUSPEND),
                order="order:1",
                by=desk.lena.actor,
                now=NOW,
            )
        for _ in range(2):
            apply_ordered(
                ItemRef("m", "post", "1"),
                Measure(MeasureKind.REMOVE),
                order="order:1",
                by=desk.lena.actor,
                now=NOW,
            )
        assert states_of("order:1") == ["planned"]


def wall(zone: str, *moment: int, fold: int = 0) -> datetime:
    """Return an instant as the clock on the wall shows it."""
    return datetime(*moment, fold=fold, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type]


BERLIN, DUBLIN, CAIRO = "Europe/Berlin", "Europe/Dublin", "Africa/Cairo"
NIGHTS = [
    # 03:00 on the last Sunday: in spring the wall clock jumps from 02:00 to 03:00, in autumn back from 03:00 to 02:00
    (BERLIN, wall(BERLIN, 2026, 3, 29, 3, 0), datetime(2026, 3, 29, 2, 0, tzinfo=UTC)),
    (BERLIN, wall(BERLIN, 2026, 3, 29, 1, 30), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    (BERLIN, wall(BERLIN, 2026, 10, 25, 3, 0), datetime(2026, 10, 25, 3, 0, tzinfo=UTC)),
    (BERLIN, wall(BERLIN, 2026, 10, 25, 2, 30), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    (BERLIN, wall(BERLIN, 2026, 10, 25, 2, 30, fold=1), datetime(2026, 10, 25, 2, 30, tzinfo=UTC)),
    (DUBLIN, wall(DUBLIN, 2026, 3, 29, 3, 0), datetime(2026, 3, 29, 3, 0, tzinfo=UTC)),
    (CAIRO, wall(CAIRO, 2026, 10, 29, 23, 30), datetime(2026, 10, 29, 21, 30, tzinfo=UTC)),
]


class TestARemovalOrder:
    @pytest.mark.parametrize(
        ("zone", "received", "due"), NIGHTS, ids=[f"{z}-{r:%m-%d %H%M}-{r.fold}" for z, r, _d in NIGHTS]
    )
    def test_the_hour_is_sixty_minutes_on_the_night_when_the_clocks_change(
        self, desk: Desk, settings: Any, zone: str, received: datetime, due: datetime
    ) -> None:
        # TCO Art. 3(3)
        settings.TIME_ZONE = zone
        first = received.astimezone(UTC)
        order = desk.receive(REMOVAL, first, received_at=received)
        assert clock(order, "tco.removal").due_at == due
        assert due - first == HOUR
        assert deadlines.missed(now=due) == []
        assert [
            one.clock
            for one in deadlines.missed(now=due + timedelta(seconds=1))
            if one.clock == "tco.removal"
        ] == ["tco.removal"]

    def test_people_on_call_are_rung_at_each_quarter(self, desk: Desk) -> None:
        lead = scene.person("ines", Role.INCIDENT_LEAD)
        root = scene.person("root", Role.ADMINISTRATOR)
        order = desk.receive(REMOVAL)
        called = []
        for minutes in (0, 15, 30, 45, 61):
            at = NOW + minutes * MINUTE
            deadlines.warned(now=at)
            deadlines.missed(now=at)
            for fact in facts_after(0, kinds=alerts.KINDS):
                if fact.subject == f"order:{order.pk}" and body_of(fact)["clock"] == "tco.removal":
                    alerts.on_fact(fact, at)
            called.append({e.payload["to"] for e in Effect.objects.filter(kind="staff.alert", created_at=at)})
        assert called == [
            {lead.email},
            {lead.email},
            {desk.lena.email, desk.omar.email},
            {root.email},
            {root.email},
        ]

    def test_it_works_in_all_member_states_whatever_territory_it_names(self, desk: Desk) -> None:
        # TCO Art. 3(3)
        desk.carry_out(desk.verified(msgspec.structs.replace(REMOVAL, territory=("DE",))))
        assert AppliedMeasure.objects.get().measure == {"kind": "remove"}

    def test_the_answer_is_annex_two_with_its_sections(self, desk: Desk) -> None:
        # TCO Art. 3(6)
        order = desk.answer(desk.carry_out(desk.verified(REMOVAL), NOW + 20 * MINUTE), NOW + 25 * MINUTE)
        [said] = letters("order.answer")
        assert "Annex II" in said
        for section in (
            "A. Issuing authority: Office 0 (DE)",
            "B. The content was removed in all Member States",
            "C. ",
        ):
            assert section in said
        assert "2026-03-02 09:20:00 UTC" in said
        assert clock(order, "tco.removal").met_at == NOW + 20 * MINUTE
        assert clock(order, "tco.feedback").met_at == NOW + 25 * MINUTE

    def test_what_was_removed_is_kept_for_six_months(self, desk: Desk) -> None:
        # TCO Art. 6(2)
        order = desk.carry_out(desk.verified(REMOVAL))
        kept = clock(order, "tco.preserve")
        assert (kept.kind, kept.due_at.date().isoformat()) == ("keep", "2026-09-03")

    def test_impossible_is_annex_three_and_the_hour_stands_still_then_begins_anew(self, desk: Desk) -> None:
        # TCO Art. 3(7)
        order = desk.receive(REMOVAL)
        orders.return_to_authority(
            str(order.pk), by=desk.lena.actor, now=NOW + 10 * MINUTE, because="Power is out.", impossible=True
        )
        [said] = letters("order.answer")
        assert "Annex III" in said
        assert "force majeure" in said
        assert deadlines.missed(now=NOW + 5 * HOUR) == []
        orders.clarify(
            str(order.pk), REMOVAL, by=desk.lena.actor, now=NOW + 5 * HOUR, reason="Power is back."
        )
        found = clock(order, "tco.removal")
        assert found.due_at == NOW + 6 * HOUR
        order.refresh_from_db()
        assert order.received_at == NOW  # never changed

    def test_a_missing_address_goes_back_and_the_hour_begins_with_the_clarification(self, desk: Desk) -> None:
        # TCO Art. 3(8)
        order = desk.receive(msgspec.structs.replace(REMOVAL, urls=()))
        with pytest.raises(OrderError, match="no location"):
            desk.carry_out(order, unverified_because="x")
        orders.return_to_authority(
            str(order.pk), by=desk.lena.actor, now=NOW + 5 * MINUTE, because="Which post?"
        )
        assert "TCO Annex I, B" in letters("order.answer")[0]
        orders.clarify(str(order.pk), REMOVAL, by=desk.lena.actor, now=NOW + 3 * HOUR)
        assert clock(order, "tco.removal").due_at == NOW + 4 * HOUR

    @pytest.mark.parametrize(
        ("contact", "emergency", "late"),
        [
            (None, False, True),
            (NOW - 11 * HOUR, False, True),
            (NOW - 12 * HOUR, False, False),
            (None, True, False),
        ],
    )
    def test_a_first_order_without_twelve_hours_contact_is_noted_and_obeyed(
        self,
        desk: Desk,
        contact: datetime | None,
        emergency: bool,
        late: bool,
    ) -> None:
        # TCO Art. 3(2)
        office = desk.authority(first_contact_at=contact)
        order = desk.receive(msgspec.structs.replace(REMOVAL, emergency=emergency), authority=office)
        assert order.late_contact is late
        assert clock(order, "tco.removal").due_at == NOW + HOUR
        assert desk.receive(REMOVAL, NOW + DAY, authority=office).late_contact is False

    def test_a_cross_border_order_can_be_examined_within_48_hours(self, desk: Desk) -> None:
        # TCO Art. 4(4)
        order = desk.carry_out(desk.verified(REMOVAL))
        assert clock(order, "tco.scrutiny.ask").due_at == NOW + 48 * HOUR
        given: dict[str, Any] = {"by": desk.lena.actor, "because": "It is journalism (Art. 1(3))."}
        with pytest.raises(OrderError, match="48 hours are over"):
            orders.ask_scrutiny(str(order.pk), now=NOW + 49 * HOUR, **given)
        for _ in range(2):
            orders.ask_scrutiny(str(order.pk), now=NOW + 47 * HOUR, **given)
        assert clock(order, "tco.scrutiny.decision").due_at == NOW + (47 + 72) * HOUR
        home = desk.receive(msgspec.structs.replace(REMOVAL, home_state="DE"))
        with pytest.raises(OrderError, match="another Member State"):
            orders.ask_scrutiny(str(home.pk), now=NOW, **given)

    def test_found_to_infringe_it_is_taken_back_at_once(self, desk: Desk) -> None:
        # TCO Art. 4(7)
        order = desk.carry_out(desk.verified(REMOVAL))
        scene.deliver(NOW)
        for _ in range(2):
            orders.annul(
                str(order.pk), by=desk.lena.actor, now=NOW + DAY, because="Decision of the home authority"
            )
        assert Effect.objects.filter(kind="measure.reverse").count() == 1
        assert order_recipients.inform_due(NOW + DAY) == 0
        assert len(facts(FactKind.ORDER_ANNULLED)) == 1

    def test_while_silence_is_ordered_nothing_for_the_recipient_exists(self, desk: Desk) -> None:
        # TCO Art. 11(3)
        silent = msgspec.structs.replace(REMOVAL, silent_days=42, silent_because="Art. 11(3)")
        order = desk.answer(desk.carry_out(desk.verified(silent)))
        for days in (0, 1, 41):
            assert order_recipients.inform_due(NOW + days * DAY) == 0
        assert not Effect.objects.filter(kind="order.recipient").exists()
        assert not Effect.objects.filter(kind__startswith="statement").exists()
        assert clock(order, "order.recipient").due_at == NOW + 42 * DAY
        assert order_recipients.inform_due(NOW + 42 * DAY) == 1
        assert Effect.objects.filter(kind="order.recipient").count() == 2
        assert clock(order, "order.recipient").met_at == NOW + 42 * DAY


class TestAnOrderToInform:
    def prepare(self, desk: Desk, **more: Any) -> Order:
        desk.receive(ACT)  # by which the account is known
        order = desk.verified(msgspec.structs.replace(INFORM, **more))
        disclosures.prepare(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)
        return order

    def given(self, desk: Desk, order: Order) -> dict[str, Any]:
        disclosures.release(str(order.pk), by=desk.omar.actor, now=NOW + HOUR)
        document = disclosures.hand_over(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW + HOUR)
        found: dict[str, Any] = msgspec.json.decode(document)
        return found

    def test_the_least_that_was_asked_for_is_disclosed(self, desk: Desk) -> None:
        # DSA Art. 10(2)(b)
        found = self.given(desk, self.prepare(desk))["accounts"]["u1"]
        assert set(found) == {"account", "contact"}
        assert found["contact"]["email"] == ["u1@example.net"]
        found = self.given(desk, self.prepare(desk, data=("items",)))["accounts"]["u1"]
        assert [one["url"] for one in found["items"]] == ["https://maydan.example/p/77"]
        assert "example.net" not in str(found)

    def test_an_account_that_nothing_is_known_of_is_not_invented(self, desk: Desk) -> None:
        found = self.given(desk, self.prepare(desk, accounts=("nobody",), data=("contact", "content")))
        assert found["accounts"] == {"nobody": {"contact": {"email": [], "language": None}, "content": []}}

    def test_two_people_release_it_and_every_copy_is_a_fact(self, desk: Desk) -> None:
        order = self.prepare(desk)
        with pytest.raises(OrderError, match="nothing is released"):
            disclosures.hand_over(str(order.pk), vault=desk.vault, by=desk.omar.actor, now=NOW)
        with pytest.raises(OrderError, match="somebody else"):
            disclosures.release(str(order.pk), by=desk.lena.actor, now=NOW)
        self.given(desk, order)
        disclosures.hand_over(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)
        assert len(facts(FactKind.DISCLOSURE_TAKEN)) == 2
        [prepared], [released] = facts(FactKind.DISCLOSURE_PREPARED), facts(FactKind.DISCLOSURE_RELEASED)
        assert (
            body_of(released)["document"]
            == body_of(prepared)["document"]
            == Disclosure.objects.get().document
        )
        assert "u1@" not in prepared.body + released.body
        with pytest.raises(OrderError, match="was released"):
            disclosures.prepare(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)

    def test_nothing_is_disclosed_to_whom_nobody_verified_or_on_an_incomplete_order(self, desk: Desk) -> None:
        for order, said in (
            (desk.receive(INFORM), "verified"),
            (desk.verified(msgspec.structs.replace(INFORM, reasons="")), "not complete"),
            (desk.receive(ACT), "order to inform"),
        ):
            with pytest.raises(OrderError, match=said):
                disclosures.prepare(str(order.pk), vault=desk.vault, by=desk.lena.actor, now=NOW)
        with pytest.raises(OrderError, match="nothing is prepared"):
            disclosures.release(str(order.pk), by=desk.omar.actor, now=NOW)
        with pytest.raises(OrderError, match="disclosure"):
            desk.carry_out(desk.verified(INFORM))

    def test_the_recipient_is_told_unless_the_authority_delays_it(self, desk: Desk) -> None:
        # DSA Art. 10(5)
        order = self.prepare(desk, silent_days=10, silent_because="Section 101 StPO")
        self.given(desk, order)
        assert order_recipients.inform_due(NOW + 9 * DAY) == 0
        assert order_recipients.inform_due(NOW + 10 * DAY) == 1
        told = Effect.objects.get(kind="order.recipient")
        assert "we gave it information about your account" in told.payload["text"]
        desk.answer(order, NOW + 2 * HOUR)
        assert clock(order, "order.inform.effect").met_at == NOW + 2 * HOUR


def test_the_yearly_report_counts_orders_by_state_and_how_long_they_took(desk: Desk) -> None:
    # DSA Art. 15(1)(a)
    desk.carry_out(desk.verified(ACT), NOW + 2 * HOUR)
    desk.carry_out(desk.verified(REMOVAL), NOW + HOUR)
    desk.receive(INFORM)
    desk.receive(INFORM, NOW + DAY, received_at=NOW + DAY - 5 * HOUR)  # written down five hours after it came
    tally = gathering.gather(scene.PLATFORM, year_of(NOW.year), zone=UTC)
    for scope in (TOTAL, "DE"):
        whole = (scope, TOTAL, "", "")
        assert [tally.number(Cell(ORDERS, whole, letter)) for letter in "GHK"] == [2, 2, 2]
        assert tally.median(Cell(ORDERS, whole, "I")) == 0  # acknowledged within the hour
        assert tally.median(Cell(ORDERS, whole, "J")) == 1.5
        assert tally.median(Cell(ORDERS, whole, "L")) == 2.5  # of none and of five hours


def test_unknown_orders_are_refused_everywhere(desk: Desk) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"
    given: dict[str, Any] = {"by": desk.lena.actor, "now": NOW}
    for call in (
        lambda: orders.acknowledge(nothing, **given),
        lambda: orders.answer(nothing, **given),
        lambda: orders.carry_out(nothing, **given),
        lambda: orders.annul(nothing, because="x", **given),
        lambda: disclosures.prepare(nothing, vault=desk.vault, **given),
    ):
        with pytest.raises(OrderError, match="no such order"):
            call()
    with pytest.raises(OrderError, match="is open"):
        desk.answer(desk.receive(ACT))
