"""What whoever is in charge of child safety must be told, without a word of what the reports hold."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.safeguarding.conftest import NOW, Office

from hakam.compliance.profile import Profile, set_profile
from hakam.review.decisions import decide, finalise_due
from hakam.review.models import Case
from hakam.review.states import Outcome
from hakam.safeguarding import reports
from hakam.safeguarding.findings import CODES, check
from hakam.safeguarding.models import Report
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.finding import Severity
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def codes(now: datetime = NOW) -> list[str]:
    return [one.code for one in check(now=now)]


def prepared(office: Office, case: Case) -> Report:
    return reports.prepare(
        case.pk, "ncmec", user=office.sana, platform_name="Maydan", vault=office.vault, now=NOW
    )


def found_to_be(office: Office, outcome: Outcome) -> Case:
    """Decide a case, for good."""
    case = office.case()
    given = (
        {"clause": "child-abuse", "measures": [Measure(MeasureKind.REMOVE)], "facts": "Known pictures."}
        if outcome is Outcome.VIOLATION
        else {}
    )
    decide(case.pk, by=office.sana.actor, now=NOW, undo_seconds=1, outcome=outcome, **given)  # type: ignore[arg-type]
    finalise_due(NOW + timedelta(seconds=2))
    return case


def test_a_new_house_is_sound(office: Office) -> None:
    assert codes() == []
    assert list(check()) == []


def test_a_report_is_late_a_day_after_it_was_prepared(office: Office) -> None:
    # 18 USC 2258A(a)
    made = prepared(office, office.case())
    assert codes(NOW + 23 * HOUR) == []
    (found,) = check(now=NOW + 25 * HOUR)
    assert (found.code, found.subject, found.severity) == (
        "Y001",
        f"child_report:{made.pk}",
        Severity.WARNING,
    )


def test_what_the_receiver_refused_waits_for_a_person(office: Office) -> None:
    made = prepared(office, office.case())
    Report.objects.filter(pk=made.pk).update(state="failed", last_error="zq7 is no incident")
    (found,) = check(now=NOW)
    assert found.code == "Y002"
    assert "zq7" not in f"{found.message} {found.hint}"  # never what a report holds


def test_one_person_alone_is_an_error(office: Office) -> None:
    made = prepared(office, office.case())
    Report.objects.filter(pk=made.pk).update(state="approved", approved_by=made.prepared_by)
    assert [(one.code, one.severity) for one in check(now=NOW)] == [("Y003", Severity.ERROR)]


@pytest.mark.parametrize(("country", "owed"), [("US", True), ("GB", True), ("FR", False)])
def test_abuse_that_was_found_is_reported_where_the_law_says_so(
    office: Office, country: str, owed: bool
) -> None:
    # 18 USC 2258A(a), OSA s.66
    case = found_to_be(office, Outcome.VIOLATION)
    assert codes(NOW + 30 * HOUR) == []  # nobody has said where the platform is offered
    set_profile(
        Profile(platform=scene.PLATFORM, countries=(country,), established=country), by=SYSTEM, now=NOW
    )
    assert codes(NOW + HOUR) == []
    found = [
        (one.code, one.subject) for one in check(now=NOW + timedelta(days=60))
    ]  # s.66 is in force by then
    assert found == ([("Y004", f"case:{case.pk}")] if owed else [])
    prepared(office, case)
    assert "Y004" not in codes(NOW + timedelta(days=60))


def test_what_was_found_to_be_none_is_not_reported(office: Office) -> None:
    found_to_be(office, Outcome.NO_VIOLATION)
    set_profile(Profile(platform=scene.PLATFORM, countries=("US",)), by=SYSTEM, now=NOW)
    assert codes(NOW + 30 * HOUR) == []


def test_every_code_begins_with_the_letter_of_the_room() -> None:
    assert all(code.startswith("Y") and CODES[code][0].islower() for code in CODES)
