"""The checks of the checklists read what really happened: each can be met, not met, or not shown yet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from tests.console.conftest import Desk

from hakam.compliance import deadlines, guards
from hakam.compliance.models import RulebookVersion, Statement
from hakam.enforcement.models import AppliedMeasure
from hakam.intake.models import Conduct, Flagger, Notice, NoticeItem, Strike, Suspension
from hakam.regulator.checks import CHECKS, Chosen, Found
from hakam.regulator.evidence import Situation
from hakam.review.complaints import decide_complaint
from hakam.review.models import Complaint, Decision
from hakam.staff.keys import issue_key
from hakam.staff.models import User
from hakam.staff.roles import Role, Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
CHOSEN = Chosen(24, 14, database=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def look(check: str, **more: Any) -> Found:
    """Return what a check finds a minute from now, so that what just happened is over."""
    return CHECKS[check](Situation(scene.PLATFORM, now=timezone.now() + timedelta(minutes=1), **more), CHOSEN)


@pytest.fixture
def house(book: RulebookVersion) -> Desk:
    made = Desk()
    made.now -= 3 * DAY
    return made


@pytest.fixture
def mona(db: None) -> User:
    return scene.person("mona")


@pytest.fixture
def omar(db: None) -> User:
    return scene.person("omar", Role.SENIOR_MODERATOR)


@pytest.mark.parametrize(
    "check",
    ["figures", "priority", "complaints", "easy", "optout", "reversals", "automation_told", "misuse", "flaggers",
     "statements", "targets", "swift", "acknowledged", "answered", "orders", "removal_orders", "threats", "disputes",
     "appeal_targets", "terms"],
)  # fmt: skip
def test_where_nothing_happened_nothing_is_called_met(house: Desk, check: str) -> None:
    found = look(check)
    assert found.met is None
    assert found.by
    assert found.url.startswith("/")


def notice(harm: str = "hate_speech", *, ago: timedelta = DAY, email: str = "n@example.net") -> Notice:
    made = Notice.objects.create(
        token=f"t{Notice.objects.count()}", platform=scene.PLATFORM, harm=harm, illegal=True, explanation="e",
        good_faith="g", email=email, received_at=timezone.now() - ago,
    )  # fmt: skip
    NoticeItem.objects.create(notice=made, item_kind="post", item_id="7", ref=f"notice:{made.pk}:0")
    return made


def test_harm_that_rises_is_counted(house: Desk) -> None:
    for _n in range(3):
        notice()
    notice("spam", ago=100 * DAY)
    found = look("figures")
    assert found.met is True
    assert found.by.startswith("2 kinds of harm were notified in twelve months; 1 rose")


def test_who_left_no_address_was_sent_nothing(house: Desk) -> None:
    notice()
    assert look("optout").met is None
    notice(email="")
    assert (look("optout").met, look("optout").by[:7]) == (True, "1 of 2 ")


@pytest.mark.parametrize(("grave_hours", "met"), [(1, True), (40, False)])
def test_what_is_gravest_comes_first_or_the_line_says_so(
    house: Desk, mona: User, grave_hours: int, met: bool
) -> None:
    other, grave = house.case(), house.case("I will find you", clause="threat", harm="threat")
    for case, clause, hours in ((other, "hate", 20), (grave, "threat", grave_hours)):
        made = house.remove(case, mona, clause=clause)
        Decision.objects.filter(pk=made.pk).update(at=case.opened_at + hours * HOUR)
    found = look("priority")
    assert found.met is met
    assert f"{float(grave_hours)}" in found.by


def test_complaints_are_met_until_one_waits_too_long(house: Desk, mona: User) -> None:
    house.complaint(house.remove(house.case(), mona))
    assert (look("complaints").met, look("complaints").url) == (True, "/desk/complaints?state=")
    Complaint.objects.update(due_at=timezone.now() - DAY)
    assert (look("complaints").met, look("complaints").url) == (False, "/desk/complaints?state=open")


def test_a_measure_that_stands_after_a_right_complaint_opens_the_line(
    house: Desk, mona: User, omar: User
) -> None:
    # DSA Art. 20(4)
    complaint = house.complaint(house.remove(house.case(), mona))
    assert look("reversals").met is None  # nobody has decided it
    decide_complaint(
        str(complaint.pk), by=omar.actor, now=house.now + HOUR, uphold=True, answer="You were right."
    )
    assert look("reversals").met is True
    AppliedMeasure.objects.update(state="applied")
    assert (look("reversals").met, look("reversals").by[:2]) == (False, "1 ")
    assert look("targets").by.startswith("The target is 24 hours; 1 of ")


def test_a_statement_that_never_arrived_opens_the_line(house: Desk, mona: User) -> None:
    # DSA Art. 17(1)
    house.remove(house.case(), mona)
    Statement.objects.update(informed_at=timezone.now())
    assert (look("statements").met, look("statements").url) == (True, "/desk/ledger?kind=statement.issued")
    Statement.objects.update(informed_at=None)
    found = look("statements")
    assert (found.met, found.url) == (False, "/desk/deliveries")
    assert "Not delivered for two days: 1" in found.by


def test_a_decision_of_a_rule_without_a_statement_opens_the_line(house: Desk, mona: User) -> None:
    # DSA Art. 17(3)(c)
    house.remove(house.case(), mona)
    assert look("automation_told").met is None  # a person decided
    Decision.objects.update(by="rule:known-spam")
    assert look("automation_told").met is True
    Statement.objects.update(decision="decision:987654")
    assert look("automation_told").met is False


def test_who_has_several_strikes_is_warned_or_the_line_is_open(house: Desk) -> None:
    # DSA Art. 23(1)
    conduct = Conduct.objects.create(token="t", platform=scene.PLATFORM, kind="notices", account="u7")
    for n in range(2):
        assert look("misuse").met is (True if n else None)
        Strike.objects.create(conduct=conduct, ref=f"notice:{n}", at=house.now, by="staff:1", because="b")
    assert look("misuse").met is False
    Conduct.objects.update(warned_at=house.now)
    assert look("misuse").met is True
    Strike.objects.all().delete()
    Suspension.objects.create(
        conduct=conduct,
        begins=house.now,
        ends=house.now + DAY,
        by="staff:1",
        because="b",
        factors={"strikes": 2},
    )
    assert look("misuse").met is True


def test_a_flagger_who_waited_too_long_opens_the_line(house: Desk) -> None:
    # DSA Art. 22(1)
    Flagger.objects.create(
        platform=scene.PLATFORM, name="H", email="h@h.example", country="DE", scope=["threat"], state="active",
        coordinator_email="d@d.example", awarded_on=house.now.date(), since=house.now, registered_by="staff:1",
    )  # fmt: skip
    assert look("flaggers").met is True
    deadlines.start("notice.decision.flagger", subject="notice:1:0", by=SYSTEM, now=house.now)
    deadlines.missed(now=timezone.now())
    found = look("flaggers")
    assert (found.met, found.url) == (False, "/desk/clocks?of=notice.decision.flagger")


def test_the_app_hands_reports_in_with_a_key_that_works(house: Desk) -> None:
    given: dict[str, Any] = {"platform": scene.PLATFORM, "by": SYSTEM, "now": house.now}
    issue_key(scopes=[Scope.EVENTS_WRITE], name="events", **given)
    assert look("reporting_api").met is False
    key, _text = issue_key(scopes=[Scope.NOTICES_WRITE], name="reports", **given)
    assert look("reporting_api").met is True
    key.revoked_at = house.now
    key.save()
    assert look("reporting_api").met is False


def test_a_ledger_without_its_guards_proves_nothing(house: Desk) -> None:
    with connection.cursor() as cursor:
        for statement in guards.create_sql(connection.vendor):
            cursor.execute(statement)
        assert look("ledger").met is True
        for statement in guards.drop_sql(connection.vendor):
            cursor.execute(statement)
    assert look("ledger").met is False


def test_each_link_of_a_clock_leads_to_the_clocks_it_counts(house: Desk) -> None:
    deadlines.start("threat.report", subject="threat:1", by=SYSTEM, now=house.now)
    deadlines.start("threat.report", subject="threat:2", by=SYSTEM, now=house.now + HOUR)
    deadlines.meet("threat.report", subject="threat:2", by=SYSTEM, now=house.now + HOUR)
    deadlines.missed(now=timezone.now())
    deadlines.start("dispute.outcome", subject="dispute:9", by=SYSTEM, now=house.now)
    found = look("threats")
    assert (found.met, found.by[:7]) == (False, "1 of 2 ")
    client = Client()
    client.force_login(scene.person("lena", Role.LEGAL))
    page = client.get(found.url).content.decode()
    listed = page[: page.index("All clocks")]
    assert listed.index("threat:1") < listed.index("threat:2")  # the late one first
    assert "dispute:9" not in listed
    assert "in time" in listed
    assert "data-owed" not in page
    assert "dispute:9" in client.get("/desk/clocks?of=nonsense").content.decode()
