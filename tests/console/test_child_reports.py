"""Reports of child abuse at the desk: no list shows a word, opening is a fact, two people, what lacks is named."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.compliance.access import facts_of
from hakam.compliance.facts import FactKind
from hakam.review.models import Case
from hakam.safeguarding.models import Report
from hakam.safeguarding.reports import ReportState
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
WHOLE = {
    "do": "save", "incident": "Online Enticement of Children for Sexual Acts", "at": "2026-03-02T09:00:00+00:00",
    "platform": "Maydan", "urls": "https://maydan.example/1\nhttps://maydan.example/2", "account": "u1",
    "reporter": "Sana Haddad", "reporter_email": "sana@example.org", "address_event": "Upload",
    "annotations": ["sextortion"],
}  # fmt: skip


def officer(name: str) -> User:
    made = scene.person(name, Role.CHILD_SAFETY)
    made.first_name, made.last_name = name.title(), "Haddad"
    made.save()
    return made


@pytest.fixture
def sana(sign_in: SignIn) -> Client:
    return sign_in(officer("sana"))


@pytest.fixture
def omar(sign_in: SignIn) -> Client:
    return sign_in(officer("omar"))


@pytest.fixture
def case(desk: Desk) -> Case:
    return desk.case("zq7 unspeakable", clause="child-abuse", harm="csam")


def prepare(client: Client, case: object, body: str = "ncmec") -> Any:
    return client.post(reverse("console:prepare_child_report"), {"case": case, "body": body})


def act(client: Client, made: Report, **given: Any) -> Any:
    return client.post(reverse("console:act_on_child_report", args=[made.pk]), given)


def read(client: Client, made: Report) -> str:
    return client.get(reverse("console:child_report", args=[made.pk])).content.decode()


def listing(client: Client) -> str:
    return client.get(reverse("console:child_reports")).content.decode()


def test_from_a_case_to_approval_by_two_people(sana: Client, omar: Client, case: Case) -> None:
    assert "None was prepared" in listing(sana)
    assert prepare(sana, case.pk).status_code == 302
    made = Report.objects.get()
    page = read(sana, made)
    assert 'data-clock="us.csam"' in page
    assert "You completed it: somebody else must approve it." in page
    assert act(sana, made, do="approve").status_code == 422
    assert act(sana, made, **(WHOLE | {"incident": "", "urls": ""})).status_code == 302
    page = read(omar, made)
    assert "Still missing" in page
    assert "choose what kind of incident it is" in page
    refused = act(omar, made, do="approve")
    assert refused.status_code == 422
    assert "give the exact address" in refused.content.decode()
    assert act(sana, made, **WHOLE, viewed=[made.files.get().digest]).status_code == 302
    assert made.files.get().viewed
    assert act(omar, made, do="approve").status_code == 302
    made.refresh_from_db()
    assert made.state == ReportState.APPROVED
    assert made.contents["urls"] == ["https://maydan.example/1", "https://maydan.example/2"]
    assert act(sana, made, **WHOLE).status_code == 422


def test_no_list_shows_a_word_of_it(sana: Client, case: Case) -> None:
    prepare(sana, case.pk)
    page = listing(sana)
    assert f'data-report="{Report.objects.get().pk}"' in page
    for secret in ("zq7", "u1", case.item_url, case.item_id):
        assert f">{secret}" not in page
        assert "zq7" not in page


def test_opening_one_is_recorded(sana: Client, omar: Client, case: Case) -> None:
    prepare(sana, case.pk)
    made = Report.objects.get()
    read(omar, made)
    viewed = facts_of(f"child_report:{made.pk}", FactKind.CHILD_REPORT_VIEWED)
    assert len({fact.actor for fact in viewed}) == 1


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.LEGAL, Role.SENIOR_MODERATOR, Role.AUDITOR])
def test_for_everybody_else_there_is_no_such_page(
    sana: Client, sign_in: SignIn, case: Case, role: Role
) -> None:
    prepare(sana, case.pk)
    made = Report.objects.get()
    client = sign_in(role)
    assert client.get(reverse("console:child_reports")).status_code == 404
    assert client.get(reverse("console:child_report", args=[made.pk])).status_code == 404
    assert act(client, made, do="approve").status_code == 404
    assert prepare(client, case.pk).status_code == 404


def test_a_person_sends_it_to_the_nca(sana: Client, omar: Client, case: Case) -> None:
    prepare(sana, case.pk, "nca")
    made = Report.objects.get()
    act(sana, made, **WHOLE)
    assert act(sana, made, do="take").status_code == 422
    assert act(omar, made, do="approve").status_code == 302
    document = act(sana, made, do="take")
    assert document.json()["to"] == "nca"
    assert document["Cache-Control"] == "no-store"
    assert act(sana, made, do="sent", number="").status_code == 422
    assert act(sana, made, do="sent", number="NCA-1").status_code == 302
    assert "NCA-1" in read(omar, made)


def test_it_is_given_up_with_a_reason(sana: Client, omar: Client, case: Case) -> None:
    prepare(sana, case.pk)
    made = Report.objects.get()
    assert 'data-form="give-up"' not in read(sana, made)
    assert act(omar, made, do="give_up", because="").status_code == 422
    assert act(omar, made, do="give_up", because="A drawing of a cat.").status_code == 302
    assert "A drawing of a cat." in read(omar, made)


@pytest.mark.parametrize("number", ["", "x", "987654", "9" * 40])
def test_a_case_that_is_none_is_said(sana: Client, desk: Desk, number: str) -> None:
    assert prepare(sana, number).status_code == 422
    assert prepare(sana, desk.case("spam").pk).status_code == 422
    assert not Report.objects.exists()


def test_bad_input_is_kept_as_a_draft_and_named(sana: Client, case: Case) -> None:
    prepare(sana, case.pk)
    made = Report.objects.get()
    given = WHOLE | {
        "at": "yesterday",
        "annotations": ["cruel"],
        "address_event": "Logout",
        "platform": "x" * 999,
    }
    assert act(sana, made, **given).status_code == 302
    page = read(sana, made)
    for said in (
        "say when it happened",
        "choose among the marks",
        "choose what the address",
        "256 characters",
    ):
        assert said in page
    assert act(sana, made, do="dance").status_code == 422


def test_in_arabic_it_is_arabic(sign_in: SignIn, sana: Client, case: Case) -> None:
    prepare(sana, case.pk)
    arabic = sign_in(officer("huda"), language="ar")
    page = read(arabic, Report.objects.get())
    assert 'dir="rtl"' in page
    assert "ما يقوله التقرير" in page
    assert "What the report says" not in page


def test_the_receivers_words_are_read_in_arabic_and_sent_as_they_are(sana: Client, case: Case) -> None:
    prepare(sana, case.pk)
    made = Report.objects.get()
    sana.cookies.load({"django_language": "ar"})
    User.objects.filter(username="sana").update(language="ar")
    page = read(sana, made)
    selects = page[page.index('name="incident"') :]
    for words in ("استدراج الأطفال عبر الإنترنت", "تسجيل الدخول", "غير معروف"):
        assert words in selects
    assert ">Child Sex" not in page
    assert ">Unknown<" not in page
    act(sana, made, **WHOLE)
    made.refresh_from_db()
    assert (made.contents["incident"], made.contents["address_event"]) == (WHOLE["incident"], "Upload")
