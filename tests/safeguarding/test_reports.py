"""A report of child abuse: prepared from a case, completed by one person, approved by another, never by a machine."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest
from tests.safeguarding.conftest import NOW, Office

from hakam.compliance.access import deadlines_of, facts_of
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.safeguarding import reports
from hakam.safeguarding.contents import Contents, Incident, lacking
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ChildReportError, ReportState, contents_of
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db


def test_a_case_fills_what_it_knows(office: Office) -> None:
    made = office.prepare()
    contents = contents_of(made)
    assert contents.incident == Incident.PORNOGRAPHY
    assert contents.urls == ("https://maydan.example/x1",)
    assert (contents.account, contents.account_email) == ("u9", "u9@people.example")
    assert contents.reporter == "Sana Haddad"
    assert contents.at == NOW
    assert made.files.count() == 1
    assert not made.files.get().viewed  # nobody saw it yet
    assert lacking(contents) == []


def test_the_clock_of_its_law_runs(office: Office) -> None:
    """18 USC 2258A(a); OSA s.66."""
    case = office.case()
    american, british = office.prepare(case), office.prepare(case, body="nca")
    assert [c.clock for c in deadlines_of(f"child_report:{american.pk}")] == ["us.csam"]
    assert [c.clock for c in deadlines_of(f"child_report:{british.pk}")] == ["uk.csea"]
    assert office.prepare(case).pk == american.pk  # the same again is the same


def test_only_those_who_may_and_only_child_abuse(office: Office) -> None:
    case = office.case()
    for role in (Role.ADMINISTRATOR, Role.LEGAL, Role.SENIOR_MODERATOR):
        with pytest.raises(ChildReportError, match="no such case"):
            office.prepare(case, user=scene.person(role.value, role))
    with pytest.raises(ChildReportError, match="only cases of child abuse"):
        office.prepare(office.case(harm="spam", clause="spam"))
    with pytest.raises(ChildReportError, match="to whom"):
        office.prepare(case, body="somebody")
    assert not Report.objects.exists()


def test_a_second_person_approves_what_lacks_nothing(office: Office) -> None:
    made = office.prepare()
    number = str(made.pk)
    with pytest.raises(ChildReportError, match="somebody else"):
        reports.approve(number, user=office.sana, now=NOW)
    without = msgspec.structs.replace(contents_of(made), urls=(), incident="x", reporter="Sana")
    reports.complete(number, without, viewed=set(), user=office.sana, now=NOW)
    with pytest.raises(ChildReportError) as refused:
        reports.approve(number, user=office.omar, now=NOW)
    assert [lack.field for lack in refused.value.lacks] == ["incident", "urls", "reporter"]
    reports.complete(
        number, contents_of(office.prepare(office.case())), viewed=set(), user=office.sana, now=NOW
    )
    approved = reports.approve(number, user=office.omar, now=NOW)
    assert (approved.state, approved.approved_by) == (ReportState.APPROVED, str(office.omar.actor))
    with pytest.raises(ChildReportError, match="can't be changed"):
        reports.complete(number, Contents(), viewed=set(), user=office.sana, now=NOW)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"incident": "abuse"}, "incident"),
        ({"at": None}, "at"),
        ({"platform": ""}, "platform"),
        ({"platform": "x" * 257}, "platform"),
        ({"urls": (), "chat": False}, "urls"),
        ({"escalate": "x" * 3_001}, "escalate"),
        ({"annotations": ("cruel",)}, "annotations"),
        ({"reporter": "Sana"}, "reporter"),
        ({"reporter_email": "x"}, "reporter_email"),
        ({"account": "", "screen_name": ""}, "account"),
        ({"address_event": "Logout"}, "address_event"),
    ],
)
def test_each_element_that_is_missing_is_named(office: Office, given: dict[str, object], field: str) -> None:
    whole = contents_of(office.prepare())
    assert [lack.field for lack in lacking(msgspec.structs.replace(whole, **given))] == [field]


def test_in_messages_there_is_no_address(office: Office) -> None:
    whole = contents_of(office.prepare())
    assert lacking(msgspec.structs.replace(whole, urls=(), chat=True)) == []


def test_the_ledger_knows_of_it_and_nothing_of_its_contents(office: Office) -> None:
    made = office.approved()
    reports.view(str(made.pk), user=office.omar, now=NOW)
    facts = facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_PREPARED)
    facts += facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_APPROVED)
    facts += facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_VIEWED)
    assert len(facts) == 4
    for fact in Fact.objects.filter(subject=f"child_report:{made.pk}"):
        for secret in ("zq7", "u9", "maydan.example", "Sana"):
            assert secret not in fact.body
        assert fact.private is None


def test_opening_one_is_a_fact_and_who_may_not_finds_nothing(office: Office) -> None:
    made = office.prepare()
    root = scene.person("root", Role.ADMINISTRATOR)
    assert reports.view(str(made.pk), user=root, now=NOW) is None
    assert reports.listed(root) == []
    assert reports.find(str(made.pk), user=root) is None
    assert facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_VIEWED) == []
    assert [one.pk for one in reports.listed(office.omar)] == [made.pk]


def test_a_person_sends_it_where_no_machine_does(office: Office) -> None:
    made = office.prepare(body="nca")
    number = str(made.pk)
    with pytest.raises(ChildReportError, match="second person"):
        reports.take(number, user=office.omar, now=NOW)
    reports.approve(number, user=office.omar, now=NOW)
    document = json.loads(reports.take(number, user=office.sana, now=NOW))
    assert document["to"] == "nca"
    assert document["report"]["account"] == "u9"
    assert len(document["files"][0]["sha256"]) == 64
    with pytest.raises(ChildReportError, match="give the number"):
        reports.sent_by_hand(number, number=" ", user=office.sana, now=NOW)
    filed = reports.sent_by_hand(number, number="NCA-77", user=office.sana, now=NOW + timedelta(hours=1))
    assert (filed.state, filed.number) == (ReportState.FILED, "NCA-77")
    assert [c.met_at for c in deadlines_of(f"child_report:{number}")] == [NOW + timedelta(hours=1)]
    assert len(facts_of(f"child_report:{number}", FactKind.CHILD_REPORT_TAKEN)) == 1


def test_it_is_given_up_by_somebody_else_with_a_reason(office: Office) -> None:
    made = office.prepare()
    number = str(made.pk)
    for user, because, said in ((office.sana, "No.", "somebody else"), (office.omar, " ", "say why")):
        with pytest.raises(ChildReportError, match=said):
            reports.send_back(number, because=because, user=user, now=NOW)
    given_up = reports.send_back(number, because="It was a drawing of a cat.", user=office.omar, now=NOW)
    assert given_up.state == ReportState.RETRACTED
    assert reports.send_back(number, because="x", user=office.omar, now=NOW).state == ReportState.RETRACTED
    with pytest.raises(ChildReportError, match="only a draft"):
        reports.approve(number, user=office.omar, now=NOW)


def test_what_is_filed_is_not_given_up(office: Office) -> None:
    made = office.approved(body="nca")
    reports.sent_by_hand(str(made.pk), number="7", user=office.sana, now=NOW)
    with pytest.raises(ChildReportError, match="it is filed"):
        reports.send_back(str(made.pk), because="x", user=office.omar, now=NOW)


def test_a_report_that_is_not_there(office: Office) -> None:
    absent = "00000000-0000-4000-8000-000000000000"
    with pytest.raises(ChildReportError, match="no such report"):
        reports.approve(absent, user=office.sana, now=NOW)
    assert reports.view(absent, user=office.sana, now=NOW) is None
