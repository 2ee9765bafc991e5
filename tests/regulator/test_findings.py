"""What a compliance officer must be told: late requests, assessments to review, what is not public, reports due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.regulator.test_contacts import CONTACTS
from tests.regulator.test_requests import NOW, ask
from tests.regulator.test_risks import WHOLE

from hakam.compliance.clocks import clock
from hakam.compliance.models import Deadline, Fact, Statement, Submission
from hakam.compliance.profile import Profile, set_profile
from hakam.compliance.reports import keeping
from hakam.compliance.reports.period import year
from hakam.compliance.reports.sheets import Stated
from hakam.regulator import checklists, contacts, keepers, requests, risks
from hakam.regulator.findings import CODES, check
from hakam.regulator.models import Request
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.finding import Severity

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PLATFORM = scene.PLATFORM


def codes(now: datetime = NOW) -> list[str]:
    return [one.code for one in check(now=now)]


def profile(*countries: str, **more: Any) -> None:
    set_profile(Profile(platform=PLATFORM, countries=countries, **more), by=SYSTEM, now=NOW)


def test_a_new_house_is_sound(db: None) -> None:
    assert codes() == []
    assert list(check()) == []  # at the present moment too


def test_a_request_is_late_after_its_hours_and_not_before(book: Any, vault: FileVault, lena: User) -> None:
    # OSA s.10(3A)
    made = ask(vault, owner=lena.pk)
    assert codes(NOW + timedelta(hours=47)) == []
    late = list(check(now=NOW + timedelta(hours=49)))
    assert [(one.code, one.subject, one.severity) for one in late] == [
        ("G001", f"request:{made.pk}", Severity.WARNING)
    ]
    assert "uk.intimate" in (late[0].hint or "")
    requests.carry_out(str(made.pk), by=lena.actor, now=NOW)
    requests.answer(str(made.pk), by=lena.actor, now=NOW, text="Gone.")
    assert codes(NOW + 9 * DAY) == []


def test_statements_that_wait_too_long_for_the_database_are_named_once(book: Any, db: None) -> None:
    # DSA Art. 24(5): without undue delay
    for number, state in enumerate(("queued", "sending", "needs_fix", "sent", "not_due")):
        Submission.objects.create(
            puid=f"p{number}",
            statement=issued(number),
            payload={},
            state=state,
            because="",
            wrong=[],
            created_at=NOW,
        )
    length = clock("statement.database").length
    assert codes(NOW + length) == []
    (late,) = check(now=NOW + length + timedelta(minutes=1))
    assert (late.code, late.subject, late.severity) == ("G009", "database:statements", Severity.WARNING)
    assert (late.hint or "").startswith("3, ")
    Submission.objects.update(state="sent")
    assert codes(NOW + 9 * DAY) == []


def issued(number: int) -> Statement:
    return Statement.objects.create(
        decision=f"decision:{number}", platform=PLATFORM, item_kind="post", item_id=str(number), recipient="u1",
        reasons={}, measures=[], language="en", issued_at=NOW, effective_from=NOW, complain_until=NOW + 200 * DAY,
        token=f"t{number}",
    )  # fmt: skip


def test_a_request_without_anybody_in_charge_is_named(
    book: Any, vault: FileVault, lena: User, omar: User
) -> None:
    made = ask(vault, owner=lena.pk)
    assert codes() == []
    keepers.go_away(lena, begins=NOW - DAY, ends=NOW + DAY, by=SYSTEM, now=NOW)
    assert codes() == ["G002"]
    Request.objects.filter(pk=made.pk).update(deputy=omar.pk)
    assert codes() == []


def test_a_clock_that_outlives_its_request_is_an_error(book: Any, vault: FileVault, lena: User) -> None:
    made = ask(vault, owner=lena.pk)
    requests.refuse(str(made.pk), because="Not ours.", by=lena.actor, now=NOW)
    assert codes() == []
    Deadline.objects.update(met_at=None)
    (found,) = check(now=NOW)
    assert (found.code, found.severity, found.subject) == ("G008", Severity.ERROR, f"request:{made.pk}")


def test_an_assessment_is_asked_for_where_it_is_owed_and_again_after_a_year(
    db: None, lena: User, omar: User
) -> None:
    # OSA s.9
    profile("FR")
    assert "G004" not in codes()
    profile("GB")
    owed = [one.subject for one in check(now=NOW) if one.code == "G004"]
    assert f"risk:{PLATFORM}/uk" in owed
    made = risks.write(PLATFORM, "uk", WHOLE, owner=lena, by=lena.actor, now=NOW)
    risks.approve(PLATFORM, made.pk, by=omar.actor, now=NOW)
    assert f"risk:{PLATFORM}/uk" not in [one.subject for one in check(now=NOW) if one.code == "G004"]
    assert "G003" not in codes(NOW + 360 * DAY)
    assert [one.subject for one in check(now=NOW + 370 * DAY) if one.code == "G003"] == [
        f"risk:{PLATFORM}/uk"
    ]


def test_an_attestation_that_ran_out_is_named(db: None) -> None:
    checklists.attest(
        PLATFORM,
        "ofcom",
        "A6",
        text="In the staff handbook.",
        until=(NOW + 30 * DAY).date(),
        by=SYSTEM,
        now=NOW,
    )
    assert codes(NOW + 29 * DAY) == []
    (found,) = check(now=NOW + 32 * DAY)
    assert (found.code, found.subject) == ("G005", f"checklist:{PLATFORM}/ofcom")


def test_what_must_be_public_is_named_until_it_is(db: None) -> None:
    # DSA Art. 11(1), Art. 12(1), Art. 13(1)
    profile("DE", "FR")
    gaps = [one.hint or "" for one in check(now=NOW) if one.code == "G006"]
    assert any("authorities_email" in gap for gap in gaps)
    contacts.publish(PLATFORM, CONTACTS, by=SYSTEM, now=NOW)
    left = [one.hint or "" for one in check(now=NOW) if one.code == "G006"]
    assert not any("authorities_email" in gap for gap in left)


def test_a_yearly_report_is_owed_from_the_first_of_march_until_it_is_published(book: Any) -> None:
    # DSA Art. 15(1), TCO Art. 7(2)
    profile("DE")
    Fact.objects.filter(seq=1).update(at=datetime(2025, 5, 1, tzinfo=UTC))
    march = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert "G007" not in codes(march)
    owed = {one.subject for one in check(now=march + DAY) if one.code == "G007"}
    assert f"report:{PLATFORM}/dsa/2025" in owed
    made = keeping.make(
        PLATFORM, year(2025), stated=Stated(provider="P", service="S"), by=SYSTEM, now=march, zone=UTC
    )
    keeping.publish(made.pk, by=SYSTEM, now=march)
    after = {one.subject for one in check(now=march + DAY) if one.code == "G007"}
    assert f"report:{PLATFORM}/dsa/2025" not in after
    assert after == owed - {f"report:{PLATFORM}/dsa/2025"}


def test_who_began_this_year_owes_no_report_of_the_last(book: Any) -> None:
    profile("DE")
    Fact.objects.update(at=datetime(2026, 1, 5, tzinfo=UTC))
    assert "G007" not in codes(datetime(2026, 6, 1, tzinfo=UTC))


def test_every_code_begins_with_the_letter_of_the_room() -> None:
    assert all(code.startswith("G") and CODES[code][0].islower() for code in CODES)
