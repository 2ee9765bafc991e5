"""Disputes out of court (DSA Art. 21): bodies, dates, the file, the outcome, the costs, and who answers for it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.intake.test_misuse import DAY, HOUR, NOW, House
from tests.intake.test_misuse import house as house  # noqa: PLC0414 -- the fixture

from hakam.compliance import deadlines, ledger
from hakam.compliance.access import facts_after
from hakam.compliance.facts import FactKind
from hakam.compliance.ledger import body_of
from hakam.compliance.models import Deadline, Fact
from hakam.compliance.reports import gathering
from hakam.compliance.reports.gathering import DISPUTES
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import APPEALS
from hakam.intake import dispute_access, disputes
from hakam.intake.disputes import DisputeError, DisputeOutcome
from hakam.intake.models import Dispute, DisputeBody
from hakam.review.lineage import standing
from hakam.review.models import Case, Decision
from hakam.review.states import Outcome
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
BODY: dict[str, Any] = {
    "name": "Appeals Board",
    "country": "ie",
    "email": "Cases@Board.example",
    "certified_on": date(2025, 1, 1),
    "certified_until": date(2029, 12, 31),
}


@pytest.fixture
def board(db: None) -> DisputeBody:
    return disputes.register_body(by=SYSTEM, now=NOW, **BODY)


class Office:
    """Whoever handles disputes."""

    def __init__(self, house: House, board: DisputeBody) -> None:
        self.house, self.board = house, board
        self.by = house.lead.actor

    def open(
        self, about: Decision | None = None, reference: str = "AB-1", now: Any = NOW, **more: Any
    ) -> Dispute:
        contested = about or self.house.removed()
        given: dict[str, Any] = {
            "received_at": now,
            "decision": f"decision:{contested.pk}",
            "body_id": self.board.pk,
        }
        return disputes.open_dispute(reference=reference, by=self.by, now=now, **(given | more))

    def decided(self, outcome: DisputeOutcome, dispute: Dispute | None = None, **more: Any) -> Dispute:
        made = dispute or self.open()
        given: dict[str, Any] = {"text": "The post quotes somebody.", "by": self.by, "now": NOW + 10 * DAY}
        return disputes.decide(str(made.pk), outcome=outcome, **(given | more))

    def settle(self, dispute: Dispute, **more: Any) -> Dispute:
        return disputes.settle(str(dispute.pk), by=self.by, now=NOW + 12 * DAY, **more)


@pytest.fixture
def office(house: House, board: DisputeBody) -> Office:
    return Office(house, board)


def facts(kind: FactKind) -> list[Fact]:
    return list(facts_after(0, kinds=frozenset({kind})))


def clock(dispute: Dispute, key: str) -> Deadline:
    return Deadline.objects.get(subject=f"dispute:{dispute.pk}", clock=key)


class TestBodies:
    def test_a_body_is_entered_as_in_the_public_list(self, board: DisputeBody) -> None:
        assert (board.country, board.email) == ("IE", "cases@board.example")
        assert dispute_access.bodies() == [board]
        with pytest.raises(DisputeError, match="is registered"):
            disputes.register_body(by=SYSTEM, now=NOW, **BODY)

    def test_who_entered_or_renewed_a_body_is_on_record(self, board: DisputeBody) -> None:
        # DSA Art. 21(3)
        disputes.renew_body(board.pk, certified_until=date(2026, 6, 30), by=SYSTEM, now=NOW)
        board.refresh_from_db()
        assert board.certified_until == date(2026, 6, 30)
        facts = ledger.story(f"dispute_body:{board.pk}")
        assert [fact.kind for fact in facts] == ["dispute_body.registered", "dispute_body.changed"]
        assert ledger.body_of(facts[1])["before"] == "2029-12-31"
        assert "board.example" not in facts[0].body
        for wrong in (date(2032, 1, 1), board.certified_on):
            with pytest.raises(DisputeError, match="five years"):
                disputes.renew_body(board.pk, certified_until=wrong, by=SYSTEM, now=NOW)
        with pytest.raises(DisputeError, match="no such body"):
            disputes.renew_body(987_654, certified_until=date(2027, 1, 1), by=SYSTEM, now=NOW)

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"email": "x"}, "e-mail"),
            ({"name": " "}, "a name"),
            ({"country": "US"}, "Member State"),
            ({"certified_until": date(2030, 1, 2)}, "five years"),  # DSA Art. 21(3)
            ({"certified_until": date(2025, 1, 1)}, "five years"),
            ({"certified_until": date(2024, 1, 1)}, "five years"),
        ],
    )
    def test_what_is_wrong_is_said(self, db: None, more: dict[str, Any], said: str) -> None:
        with pytest.raises(DisputeError, match=said):
            disputes.register_body(by=SYSTEM, now=NOW, **(BODY | more))
        assert not DisputeBody.objects.exists()


class TestOpening:
    def test_the_body_has_ninety_days_and_at_most_twice_that(self, office: Office) -> None:
        # DSA Art. 21(4)
        made = office.open()
        found = clock(made, "dispute.decision")
        assert (found.kind, found.due_at) == ("window", datetime(2026, 6, 1, tzinfo=UTC))
        most = {"subject": f"dispute:{made.pk}", "by": office.by, "now": NOW, "reason": "A complex case."}
        with pytest.raises(deadlines.DeadlineError, match="no end after"):
            deadlines.extend("dispute.decision", to=NOW + 182 * DAY, **most)  # type: ignore[arg-type]
        deadlines.extend("dispute.decision", to=NOW + 180 * DAY, **most)  # type: ignore[arg-type]

    def test_its_fact_names_the_decision(self, office: Office) -> None:
        made = office.open()
        [fact] = facts(FactKind.DISPUTE_OPENED)
        assert body_of(fact)["body"] == office.board.pk
        assert [link.subject for link in fact.links.all()] == [made.decision]

    @pytest.mark.parametrize(
        ("more", "said"),
        [
            ({"body_id": 987_654}, "no such body"),
            ({"decision": "decision:987654"}, "no such decision"),
            ({"decision": "case:1"}, "no such decision"),
            ({"reference": " "}, "reference is needed"),
            ({"received_at": NOW + HOUR}, "lies ahead"),
            ({"received_at": NOW - 800 * DAY}, "not certified on that day"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_noted(
        self, office: Office, more: dict[str, Any], said: str
    ) -> None:
        with pytest.raises(DisputeError, match=said):
            office.open(**more)
        assert not Dispute.objects.exists()
        assert not facts(FactKind.DISPUTE_OPENED)

    def test_the_same_dispute_is_noted_once(self, office: Office) -> None:
        office.open()
        with pytest.raises(DisputeError, match="on record"):
            office.open()
        assert office.open(reference="AB-2").pk

    def test_what_was_resolved_before_is_refused_with_its_resolution(self, office: Office) -> None:
        # DSA Art. 21(2)
        made = office.open()
        with pytest.raises(DisputeError, match="name the resolution"):
            disputes.refuse(str(made.pk), because=" ", by=office.by, now=NOW)
        done = disputes.refuse(str(made.pk), because="Court of Dublin, 1 March", by=office.by, now=NOW + HOUR)
        assert (done.state, done.refused_because) == ("refused", "Court of Dublin, 1 March")
        with pytest.raises(DisputeError, match="refused"):
            office.decided(DisputeOutcome.UPHELD, made)


class TestTheFile:
    def read(self, office: Office, made: Dispute, language: str = "en") -> dict[str, Any]:
        file = disputes.export(
            str(made.pk),
            language=language,
            platform_name="Maydan",
            vault=office.house.vault,
            by=office.by,
            now=NOW,
        )
        found: dict[str, Any] = msgspec.json.decode(file)
        return found

    def test_the_body_gets_decision_statement_and_complaints(self, office: Office) -> None:
        complaint = office.house.denied()
        found = self.read(office, office.open(complaint.decision))
        assert found["dispute"]["reference"] == "AB-1"
        [decision] = found["decisions"]
        assert (decision["clause"], decision["outcome"]) == ("hate", "violation")
        assert "Vermin." in str(decision["statement"])
        [told] = found["complaints"]
        assert (told["text"], told["answer"], told["state"]) == ("No!", "It is.", "denied")

    def test_the_body_reads_the_content_as_it_was_frozen(self, office: Office) -> None:
        # DSA Art. 21(2)
        decision = office.house.removed()
        made = office.open(decision)
        [version] = self.read(office, made)["content"]
        assert (version["text"], version["change"], version["damaged"]) == ("You are vermin", "created", "")
        assert "u1@example.net" not in str(self.read(office, made))

    def test_content_of_child_abuse_leaves_by_no_file(self, office: Office) -> None:
        decision = office.house.removed()
        Case.objects.update(restricted=True)
        found = self.read(office, office.open(decision))
        assert found["content"] is None
        assert "You are vermin" not in str(found)

    def test_what_replaced_the_decision_is_in_it_too(self, office: Office) -> None:
        made = office.open()
        office.settle(office.decided(DisputeOutcome.REVERSED, made), reverse=True)
        found = self.read(office, made)
        assert [one["outcome"] for one in found["decisions"]] == ["violation", "no_violation"]

    def test_it_is_written_in_the_language_that_is_asked_for_and_each_copy_is_a_fact(
        self, office: Office
    ) -> None:
        made = office.open()
        arabic = self.read(office, made, "ar")
        assert arabic["decisions"][0]["statement"]["direction"] == "rtl"
        self.read(office, made)
        assert len(facts(FactKind.DISPUTE_FILE_EXPORTED)) == 2

    def test_nobody_reads_who_notified_it(self, office: Office) -> None:
        notice = office.house.inbox.take(urls=("https://maydan.example/p/5",), email="secret@example.net")
        office.house.inbox.remove(office.house.moderator)
        decision = Decision.objects.latest("pk")
        found = self.read(office, office.open(decision))
        assert "secret" not in str(found)
        assert notice.name not in str(found)


class TestTheOutcome:
    def test_an_outcome_for_the_recipient_is_carried_out(self, office: Office) -> None:
        made = office.decided(DisputeOutcome.REVERSED)
        assert clock(made, "dispute.decision").met_at == NOW + 10 * DAY
        assert clock(made, "dispute.outcome").due_at == NOW + 17 * DAY
        done = office.settle(made, reverse=True)
        assert (done.state, done.implemented_at) == ("closed", NOW + 12 * DAY)
        contested = Decision.objects.get(pk=int(made.decision.partition(":")[2]))
        assert standing(contested).outcome == Outcome.NO_VIOLATION
        assert clock(made, "dispute.outcome").met_at == NOW + 12 * DAY

    def test_in_part_a_milder_measure_takes_the_place(self, office: Office) -> None:
        made = office.decided(DisputeOutcome.PARTLY)
        office.settle(made, clause="hate", measures=[Measure(MeasureKind.LIMIT_REACH)])
        contested = Decision.objects.get(pk=int(made.decision.partition(":")[2]))
        assert standing(contested).measures == [{"kind": "limit_reach"}]
        assert len(facts(FactKind.DISPUTE_IMPLEMENTED)) == 1

    def test_what_is_not_carried_out_says_why(self, office: Office) -> None:
        made = office.decided(DisputeOutcome.REVERSED)
        with pytest.raises(DisputeError, match="say why not"):
            office.settle(made)
        done = office.settle(made, because="A court decides on 1 June.")
        assert (done.implemented_at, done.not_implemented) == (None, "A court decides on 1 June.")
        [fact] = facts(FactKind.DISPUTE_NOT_IMPLEMENTED)
        assert "court" not in fact.body

    @pytest.mark.parametrize("outcome", [DisputeOutcome.UPHELD, DisputeOutcome.OMITTED])
    def test_where_nothing_must_be_done_nothing_must_be_said(
        self, office: Office, outcome: DisputeOutcome
    ) -> None:
        assert office.settle(office.decided(outcome)).implemented_at is not None

    def test_what_was_reversed_in_the_meantime_is_carried_out(self, office: Office) -> None:
        one, other = office.open(), None
        other = office.open(Decision.objects.get(pk=int(one.decision.partition(":")[2])), reference="AB-2")
        office.settle(office.decided(DisputeOutcome.REVERSED, one), reverse=True)
        assert office.settle(office.decided(DisputeOutcome.REVERSED, other)).implemented_at is not None

    def test_a_measure_off_the_ladder_is_refused_and_the_dispute_stays(self, office: Office) -> None:
        made = office.decided(DisputeOutcome.PARTLY)
        with pytest.raises(ValueError, match="terminate"):
            office.settle(made, clause="hate", measures=[Measure(MeasureKind.TERMINATE)])
        made.refresh_from_db()
        assert made.state == "decided"

    def test_an_outcome_is_written_down(self, office: Office) -> None:
        with pytest.raises(DisputeError, match="what the body found"):
            office.decided(DisputeOutcome.UPHELD, text="")
        made = office.decided(DisputeOutcome.UPHELD, Dispute.objects.get())
        with pytest.raises(DisputeError, match="decided"):
            office.decided(DisputeOutcome.REVERSED, made)


class TestTheCosts:
    def test_for_the_recipient_fee_and_expenses_are_owed_and_paid_once(self, office: Office) -> None:
        # DSA Art. 21(5)
        made = office.decided(DisputeOutcome.REVERSED, fee=Decimal("250.00"), reimburse=Decimal("40.50"))
        for days in (1, 2):
            disputes.pay(str(made.pk), by=office.by, now=NOW + (11 + days) * DAY)
        made.refresh_from_db()
        assert made.paid_at == NOW + 12 * DAY
        [fact] = facts(FactKind.DISPUTE_PAID)
        assert body_of(fact)["reimbursed"] == "40.50"

    def test_for_the_platform_nobody_is_reimbursed(self, office: Office) -> None:
        with pytest.raises(DisputeError, match="for the recipient"):
            office.decided(DisputeOutcome.UPHELD, reimburse=Decimal(1))
        with pytest.raises(DisputeError, match="not negative"):
            office.decided(DisputeOutcome.UPHELD, Dispute.objects.get(), fee=Decimal(-1))

    def test_what_is_not_owed_is_not_paid(self, office: Office) -> None:
        made = office.open()
        with pytest.raises(DisputeError, match="nothing is owed"):
            disputes.pay(str(made.pk), by=office.by, now=NOW)
        office.decided(DisputeOutcome.UPHELD, made)
        with pytest.raises(DisputeError, match="nothing is owed"):
            disputes.pay(str(made.pk), by=office.by, now=NOW)


def test_the_yearly_report_counts_them(office: Office) -> None:
    # DSA Art. 24(1)
    office.settle(office.decided(DisputeOutcome.REVERSED), reverse=True)
    office.decided(DisputeOutcome.UPHELD, office.open(reference="AB-2"))
    office.open(reference="AB-3")
    tally = gathering.gather(scene.PLATFORM, year_of(NOW.year), zone=UTC)
    found = {
        scope: tally.number(Cell(APPEALS, (DISPUTES, scope), "G"))
        for scope in (
            "Total number",
            "Decisions upheld",
            "Decisions reversed",
            gathering.IMPLEMENTED,
            gathering.ANSWERED,
        )
    }
    assert list(found.values()) == [3, 1, 1, 1, 1]
    assert tally.median(Cell(APPEALS, (DISPUTES, "Median time"), "G")) == timedelta(days=10) / HOUR


def test_what_waits_for_us_is_on_top_and_others_find_nothing(office: Office) -> None:
    waits = office.open()
    answered = office.decided(DisputeOutcome.REVERSED, office.open(reference="AB-2"))
    closed = office.settle(office.decided(DisputeOutcome.UPHELD, office.open(reference="AB-3")))
    legal, viewer = scene.person("lex", Role.LEGAL), scene.person("vi", Role.VIEWER)
    assert dispute_access.disputes(legal) == [answered, waits, closed]
    assert dispute_access.disputes(viewer) == []
    assert dispute_access.dispute(viewer, str(waits.pk)) is None
    assert dispute_access.dispute(legal, str(waits.pk)) == waits


def test_what_is_not_there_is_refused(office: Office) -> None:
    nothing = "00000000-0000-4000-8000-000000000000"
    for call in (
        lambda: disputes.refuse(nothing, because="x", by=office.by, now=NOW),
        lambda: disputes.pay(nothing, by=office.by, now=NOW),
        lambda: disputes.settle(nothing, by=office.by, now=NOW),
        lambda: disputes.export(
            nothing, language="en", platform_name="M", vault=office.house.vault, by=office.by, now=NOW
        ),
    ):
        with pytest.raises(DisputeError, match="no such dispute"):
            call()
