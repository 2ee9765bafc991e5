"""Threats to life at the desk: one form for anybody on shift, one page to tell the authorities (DSA Art. 18)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn

from hakam.enforcement.models import Effect
from hakam.intake import authorities
from hakam.intake.models import Authority, Threat
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator(sign_in: SignIn, amal: User) -> Client:
    return sign_in(amal)


@pytest.fixture
def senior(sign_in: SignIn) -> Client:
    return sign_in(Role.SENIOR_MODERATOR)


@pytest.fixture
def office(desk: Desk, amal: User, basil: User) -> Authority:
    made = authorities.register(
        name="BKA", kind="law_enforcement", country="DE", email="bka@office.example", phone="+49 611 1", by=amal.actor,
        now=desk.now,
    )  # fmt: skip
    return authorities.confirm(made.pk, by=basil.actor, now=desk.now)


def start(client: Client, case: object, **given: Any) -> Any:
    return client.post(reverse("console:raise_threat"), {"case": case, "what": "He will kill her."} | given)


def act(client: Client, threat: Threat, do: str, **given: Any) -> Any:
    return client.post(reverse("console:act_on_threat", args=[threat.pk]), {"do": do} | given)


def read(client: Client, threat: Threat) -> str:
    return client.get(reverse("console:threat", args=[threat.pk])).content.decode()


def test_anybody_on_shift_raises_one(desk: Desk, moderator: Client) -> None:
    case = desk.case("Tonight.", clause="threat", harm="threat")
    assert "None was raised" in moderator.get(reverse("console:threats")).content.decode()
    assert (
        f'value="{case.pk}"' in moderator.get(reverse("console:threats"), {"case": case.pk}).content.decode()
    )
    assert start(moderator, case.pk, imminent="on", countries=["DE"]).status_code == 302
    made = Threat.objects.get()
    assert (made.imminent, made.countries) == (True, ["DE"])
    page = read(moderator, made)
    assert 'data-clock="threat.report"' in page
    assert "Tell them now" not in page  # a moderator raises, a senior tells


@pytest.mark.parametrize(
    ("case", "given"),
    [
        ("987654", {}),
        ("", {}),
        ("x", {}),
        ("9" * 40, {}),
        ("real", {"what": ""}),
        ("real", {"countries": ["US"]}),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    desk: Desk, moderator: Client, case: str, given: dict[str, Any]
) -> None:
    number = desk.case("Tonight.", clause="threat", harm="threat").pk if case == "real" else case
    answer = start(moderator, number, **given)
    assert answer.status_code == 422
    assert given.get("what", "He will kill her.") in answer.content.decode()
    assert not Threat.objects.exists()


def test_the_authorities_suggested_are_told(
    desk: Desk, moderator: Client, senior: Client, office: Authority
) -> None:
    start(moderator, desk.case("Tonight.", clause="threat", harm="threat").pk, countries=["DE"])
    threat = Threat.objects.get()
    page = read(senior, threat)
    assert "suggested" in page
    assert act(senior, threat, "report", to=["x", "9" * 30]).status_code == 422
    assert act(senior, threat, "report", to=[office.pk]).status_code == 302
    assert Effect.objects.get(kind="threat.report").payload["to"] == "bka@office.example"
    assert "Authorities told" in read(senior, threat)
    assert act(moderator, threat, "report", to=[office.pk]).status_code == 404


def test_without_a_register_the_page_says_to_call(desk: Desk, moderator: Client, senior: Client) -> None:
    start(moderator, desk.case("Tonight.", clause="threat", harm="threat").pk)
    assert "Call the emergency number" in read(senior, Threat.objects.get())


def test_a_second_person_closes_it_and_takes_a_copy(desk: Desk, moderator: Client, senior: Client) -> None:
    start(moderator, desk.case("Tonight.", clause="threat", harm="threat").pk)
    threat = Threat.objects.get()
    copy = act(senior, threat, "take")
    assert copy.json()["what"] == "He will kill her."
    assert "no-store" in copy.headers["Cache-Control"]
    assert act(senior, threat, "dance").status_code == 422
    assert act(senior, threat, "dismiss", because="").status_code == 422
    assert act(senior, threat, "dismiss", because="A song.").status_code == 302
    assert "A song." in read(senior, threat)


def test_who_raised_it_does_not_close_it(desk: Desk, senior: Client) -> None:
    start(senior, desk.case("Tonight.", clause="threat", harm="threat").pk)
    threat = Threat.objects.get()
    assert "somebody else must judge" in read(senior, threat)
    assert act(senior, threat, "dismiss", because="x").status_code == 422


def test_in_arabic_it_is_arabic(desk: Desk, moderator: Client, sign_in: SignIn, office: Authority) -> None:
    start(moderator, desk.case("Tonight.", clause="threat", harm="threat").pk)
    page = read(sign_in(Role.LEGAL, language="ar"), Threat.objects.get())
    assert 'dir="rtl"' in page
    assert "أبلغهم الآن" in page
    assert "Tell them now" not in page


def test_who_was_told_is_not_offered_again(
    desk: Desk, moderator: Client, senior: Client, office: Authority
) -> None:
    start(moderator, desk.case("Tonight.", clause="threat", harm="threat").pk, countries=["DE"])
    threat = Threat.objects.get()
    act(senior, threat, "report", to=[office.pk])
    page = read(senior, threat)
    assert "Every authority that is registered was told." in page
    assert "Tell them now" not in page
    other = authorities.register(
        name="Gendarmerie", kind="law_enforcement", country="FR", email="g@office.example", phone="+33 1",
        by=SYSTEM, now=desk.now,
    )  # fmt: skip
    authorities.confirm(other.pk, by=scene.person("basil-two").actor, now=desk.now)
    page = read(senior, threat)
    assert "Tell others too" in page
    assert f'value="{office.pk}" disabled' in page
    assert act(senior, threat, "report", to=[other.pk]).status_code == 302
    assert Effect.objects.filter(kind="threat.report").count() == 2


def test_the_case_leads_to_its_threats_and_back(desk: Desk, moderator: Client) -> None:
    case = desk.case("Tonight.", clause="threat", harm="threat")
    url = reverse("console:case", args=[case.pk])
    page = moderator.get(url).content.decode()
    assert f'href="{reverse("console:threats")}?case={case.pk}"' in page
    assert "data-threats" not in page
    start(moderator, case.pk)
    threat = Threat.objects.get()
    assert reverse("console:threat", args=[threat.pk]) in moderator.get(url).content.decode()
    assert f'href="{url}"' in read(moderator, threat)
