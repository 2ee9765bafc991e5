"""While somebody is suspended nothing of theirs is lost: it is kept, answered, and taken up when they were right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.intake.test_misuse import DAY, HOUR, NOW, House, facts
from tests.intake.test_misuse import house as house  # noqa: PLC0414 -- the fixture

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Deadline, Statement
from hakam.compliance.reports import gathering
from hakam.compliance.reports.gathering import AGAINST
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import APPEALS
from hakam.enforcement.models import Effect
from hakam.intake import findings, holding, misuse, objections
from hakam.intake.misuse import MisuseError
from hakam.intake.models import Conduct, HeldComplaint, Notice, Suspension
from hakam.intake.objections import SuspendedError
from hakam.review.complaints import ComplaintError
from hakam.review.models import Case, CaseSource, Complaint
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Restriction

pytestmark = pytest.mark.django_db
LATER = NOW + 6 * HOUR
FRESH = "https://maydan.example/fresh"


@pytest.fixture
def suspended(house: House) -> Suspension:
    return house.suspend(house.notifier(), LATER)


def send(house: House, now: Any = LATER + HOUR, **more: Any) -> Notice:
    return house.inbox.take(now=now, **({"urls": (FRESH,), "email": "n@example.net"} | more))


class TestNotices:
    def test_a_notice_is_kept_and_answered_and_nobody_looks_at_it(
        self, house: House, suspended: Suspension
    ) -> None:
        # DSA Art. 23(2)
        notice = send(house)
        assert notice.held_by == suspended
        assert notice.items.count() == 1
        assert not CaseSource.objects.filter(ref__startswith=f"notice:{notice.pk}").exists()
        assert not Deadline.objects.filter(subject__startswith=f"notice:{notice.pk}").exists()
        answer = Effect.objects.get(
            kind="notice.receipt", payload__subject="Your report is kept, but not processed"
        )
        assert answer.payload["to"] == "n@example.net"
        assert len(facts(FactKind.NOTICE_HELD)) == 1
        assert [one for one in findings.check() if one.subject.startswith("notice:")] == []

    def test_it_counts_as_received(self, house: House, suspended: Suspension) -> None:
        before = len(facts(FactKind.NOTICE_RECEIVED))
        send(house)
        assert len(facts(FactKind.NOTICE_RECEIVED)) == before + 1

    def test_another_person_s_notice_about_the_same_is_processed(
        self, house: House, suspended: Suspension
    ) -> None:
        send(house)
        notice = send(house, email="else@example.net")
        assert notice.held_by is None
        assert CaseSource.objects.filter(ref=f"notice:{notice.pk}:0").exists()

    @pytest.mark.parametrize("harm", ["csam", "terrorism_threat", "ncii"])
    def test_a_notice_of_the_gravest_harm_is_always_processed(
        self, house: House, suspended: Suspension, harm: str
    ) -> None:
        notice = send(house, harm=harm)
        assert notice.held_by is None
        assert CaseSource.objects.filter(ref=f"notice:{notice.pk}:0").exists()

    def test_before_and_after_the_suspension_notices_are_processed(
        self, house: House, suspended: Suspension
    ) -> None:
        assert send(house, now=suspended.ends).held_by is None

    def test_an_anonymous_notice_meets_no_suspension(self, house: House, suspended: Suspension) -> None:
        assert send(house, illegal=False, email="", name="").held_by is None

    def test_lifted_everything_is_taken_up_once(self, house: House, suspended: Suspension) -> None:
        notices = [send(house, urls=(f"{FRESH}/{n}", f"{FRESH}/{n}/b")) for n in range(3)]
        holding.lift(
            suspended.pk, because="We erred.", vault=house.vault, by=house.moderator.actor, now=LATER + DAY
        )
        for notice in notices:
            assert CaseSource.objects.filter(ref__startswith=f"notice:{notice.pk}").count() == 2
            assert (
                Deadline.objects.filter(subject__startswith=f"notice:{notice.pk}", met_at=None).count() == 2
            )
        assert not Notice.objects.filter(held_by__isnull=False).exists()
        assert len(facts(FactKind.NOTICE_TAKEN_UP)) == 3
        assert [one for one in findings.check() if one.subject.startswith("notice:")] == []
        cases = Case.objects.count()
        holding.take_up(str(notices[0].pk), vault=house.vault, by=SYSTEM, now=LATER + DAY)
        assert Case.objects.count() == cases


class TestObjections:
    def token(self, suspended: Suspension) -> str:
        return suspended.conduct.token

    def test_an_objection_is_heard_by_somebody_else(self, house: House, suspended: Suspension) -> None:
        # DSA Art. 20(1)(b), 20(6)
        send(house)
        made = holding.object_to(self.token(suspended), text="They were right!", now=LATER + HOUR)
        assert Deadline.objects.filter(clock="complaint.answer", subject=f"suspension:{made.pk}").exists()
        given: dict[str, Any] = {"answer": "They were.", "vault": house.vault, "now": LATER + DAY}
        with pytest.raises(MisuseError, match="somebody else"):
            holding.decide_objection(made.pk, uphold=True, by=house.lead.actor, **given)
        with pytest.raises(MisuseError, match="a person decides"):
            holding.decide_objection(made.pk, uphold=True, by=SYSTEM, **given)
        done = holding.decide_objection(made.pk, uphold=True, by=house.moderator.actor, **given)
        assert (done.lifted, done.upheld) == (True, True)
        assert not Notice.objects.filter(held_by__isnull=False).exists()
        assert Deadline.objects.get(subject=f"suspension:{made.pk}").met_at is not None
        assert Effect.objects.filter(kind="complaint.outcome", payload__to="n@example.net").exists()
        with pytest.raises(MisuseError, match="no objection waits"):
            holding.decide_objection(made.pk, uphold=False, by=house.moderator.actor, **given)

    def test_a_rejected_objection_leaves_the_suspension(self, house: House, suspended: Suspension) -> None:
        made = holding.object_to(self.token(suspended), text="No!", now=LATER + HOUR)
        with pytest.raises(MisuseError, match="say why"):
            holding.decide_objection(
                made.pk, uphold=False, answer=" ", vault=house.vault, by=house.moderator.actor, now=LATER
            )
        done = holding.decide_objection(
            made.pk,
            uphold=False,
            answer="It is.",
            vault=house.vault,
            by=house.moderator.actor,
            now=LATER + DAY,
        )
        assert (done.ended_at, done.upheld) == (None, False)
        assert send(house, now=LATER + 2 * DAY).held_by == suspended

    @pytest.mark.parametrize(
        ("text", "after", "said"),
        [(" ", HOUR, "say why"), ("x" * 20_001, HOUR, "at most"), ("No!", timedelta(days=200), "six months")],
    )
    def test_what_can_not_be_taken_says_why(
        self, suspended: Suspension, text: str, after: timedelta, said: str
    ) -> None:
        with pytest.raises(MisuseError, match=said):
            holding.object_to(self.token(suspended), text=text, now=LATER + after)

    def test_who_was_right_after_it_ended_is_heard_all_the_same(
        self, house: House, suspended: Suspension
    ) -> None:
        # DSA Art. 20(4)
        send(house)
        made = holding.object_to(self.token(suspended), text="They were right!", now=LATER + HOUR)
        after = suspended.ends + DAY
        assert misuse.end_due(after) == 1
        holding.decide_objection(
            made.pk, uphold=True, answer="They were.", vault=house.vault, by=house.moderator.actor, now=after
        )
        assert not Notice.objects.filter(held_by__isnull=False).exists()
        assert Case.objects.exists()

    def test_one_objects_once_and_only_to_what_is_there(self, house: House, suspended: Suspension) -> None:
        holding.object_to(self.token(suspended), text="No!", now=LATER + HOUR)
        with pytest.raises(MisuseError, match="was made"):
            holding.object_to(self.token(suspended), text="No!", now=LATER + HOUR)
        with pytest.raises(MisuseError, match="no suspension"):
            holding.object_to("nothing", text="No!", now=LATER)
        account = house.account()
        house.suspend(account, LATER + HOUR)
        with pytest.raises(MisuseError, match="no suspension"):  # it has a statement of reasons
            holding.object_to(account.token, text="No!", now=LATER + 2 * HOUR)

    def test_the_report_counts_it_as_a_complaint_about_the_service(
        self, house: House, suspended: Suspension
    ) -> None:
        # DSA Art. 15(1)(d)
        made = holding.object_to(self.token(suspended), text="No!", now=LATER + HOUR)
        holding.decide_objection(
            made.pk, uphold=True, answer="Yes.", vault=house.vault, by=house.moderator.actor, now=LATER + DAY
        )
        tally = gathering.gather(scene.PLATFORM, year_of(NOW.year), zone=NOW.tzinfo)  # type: ignore[arg-type]
        row = AGAINST[Restriction.SERVICE]
        found = [
            tally.number(Cell(APPEALS, (row, scope), "G")) for scope in ("Total number", "Decisions reversed")
        ]
        assert found == [1, 1]


class TestComplaints:
    @pytest.fixture
    def stopped(self, house: House) -> Suspension:
        first = house.strike(f"complaint:{house.denied().pk}", NOW + 3 * HOUR)
        house.warn(first.conduct, NOW + 4 * HOUR)
        house.strike(f"complaint:{house.denied(now=NOW + 5 * HOUR).pk}", NOW + 8 * HOUR)
        return house.suspend(Conduct.objects.get(kind="complaints"), NOW + 9 * HOUR, total=None)

    def object_again(self, house: House, now: Any = NOW + 11 * HOUR, text: str = "No!") -> Complaint:
        decision = house.removed(now=NOW + 10 * HOUR)
        token = Statement.objects.get(decision=f"decision:{decision.pk}").token
        return objections.complain_as_affected(
            statement_token=token, text=text, now=now, email="u1@example.net"
        )

    def test_a_complaint_is_kept_and_answered(self, house: House, stopped: Suspension) -> None:
        # DSA Art. 23(2)
        before = Complaint.objects.count()
        with pytest.raises(SuspendedError) as told:
            self.object_again(house)
        assert told.value.token == stopped.conduct.token
        assert Complaint.objects.count() == before
        assert HeldComplaint.objects.get().text == "No!"
        assert len(facts(FactKind.COMPLAINT_HELD)) == 1

    def test_empty_words_are_refused_first(self, house: House, stopped: Suspension) -> None:
        with pytest.raises(ComplaintError, match="say why") as told:
            self.object_again(house, text=" ")
        assert not isinstance(told.value, SuspendedError)

    def test_lifted_the_complaint_is_taken(self, house: House, stopped: Suspension) -> None:
        with pytest.raises(SuspendedError):
            self.object_again(house)
        before = Complaint.objects.count()
        holding.lift(
            stopped.pk, because="We erred.", vault=house.vault, by=house.moderator.actor, now=NOW + 2 * DAY
        )
        assert Complaint.objects.count() == before + 1
        assert HeldComplaint.objects.get().processed_at == NOW + 2 * DAY

    def test_held_for_longer_than_six_months_it_is_taken_as_of_when_it_came(
        self, house: House, stopped: Suspension
    ) -> None:
        Suspension.objects.update(ends=NOW + 400 * DAY)
        with pytest.raises(SuspendedError):
            self.object_again(house)
        holding.lift(
            stopped.pk, because="We erred.", vault=house.vault, by=house.moderator.actor, now=NOW + 300 * DAY
        )
        assert Complaint.objects.latest("received_at").received_at == NOW + 11 * HOUR

    def test_other_people_complain_as_ever(self, house: House, stopped: Suspension) -> None:
        decision = house.removed("u2", now=NOW + 10 * HOUR)
        token = Statement.objects.get(decision=f"decision:{decision.pk}").token
        assert objections.complain_as_affected(statement_token=token, text="No!", now=NOW + 11 * HOUR)

    def test_a_notifier_s_complaint_is_kept_too(self, house: House, stopped: Suspension) -> None:
        Conduct.objects.filter(kind="complaints").update(account="", email="n@example.net")
        notice = house.rejected(now=NOW + 10 * HOUR)
        with pytest.raises(SuspendedError):
            objections.complain(token=notice.token, text="No!", now=NOW + 13 * HOUR)
        assert HeldComplaint.objects.get().notice_token == notice.token
        before = Complaint.objects.count()
        holding.lift(stopped.pk, because="x", vault=house.vault, by=house.moderator.actor, now=NOW + DAY)
        assert Complaint.objects.count() == before + 1


def test_a_link_leads_to_its_record_or_nowhere(suspended: Suspension) -> None:
    assert holding.by_token(suspended.conduct.token) == suspended.conduct
    assert holding.by_token("") is None
    assert holding.by_token("x") is None
    assert misuse.subject_of(suspended.conduct).startswith("misuse:")
