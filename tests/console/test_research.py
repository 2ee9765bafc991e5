"""Data for researchers at the desk: entered, settled by a second person, handed over, ended."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.console.conftest import Desk, SignIn

from hakam.console.installation import vault
from hakam.privacy import research
from hakam.privacy.models import Project
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = pytest.mark.django_db
GIVEN: dict[str, Any] = {
    "title": "Hate and time", "researcher": "University of Amman", "email": "n@uni.example", "purpose": "Speed.",
    "platform": scene.PLATFORM, "tables": ["cases", "decisions"], "first": "2026-01-01", "last": "2026-02-01",
    "expires_on": "2099-01-01", "least": "5",
}  # fmt: skip


@pytest.fixture
def lena(sign_in: SignIn) -> Client:
    return sign_in(scene.person("lena", Role.LEGAL))


@pytest.fixture
def mira(sign_in: SignIn) -> Client:
    return sign_in(scene.person("mira", Role.LEGAL))


def enter(client: Client, **given: Any) -> Any:
    return client.post(reverse("console:ask_research"), GIVEN | given)


def act(client: Client, project: Project, do: str, **given: str) -> Any:
    return client.post(reverse("console:act_on_research", args=[project.pk]), {"do": do} | given)


def read(client: Client, project: Project) -> str:
    return client.get(reverse("console:research_project", args=[project.pk])).content.decode()


def test_from_the_request_to_the_end(desk: Desk, lena: Client, mira: Client, amal: User) -> None:
    desk.remove(desk.case("You are vermin"), amal)
    assert "No researcher asked" in lena.get(reverse("console:research")).content.decode()
    assert enter(lena).status_code == 302
    project = Project.objects.get()
    assert "somebody else must settle it" in read(lena, project)
    assert act(lena, project, "approve").status_code == 422
    assert act(mira, project, "approve").status_code == 302
    assert "The worker makes the export" in read(mira, project)
    research.make_due(vault=vault(), now=timezone.now())
    assert "check sums" in read(mira, project)
    taken = act(mira, project, "take")
    assert taken["Content-Type"] == "application/zip"
    assert taken["Cache-Control"] == "no-store"
    assert act(lena, project, "end").status_code == 302
    assert act(lena, project, "take").status_code == 422


def test_a_refusal(desk: Desk, lena: Client, mira: Client) -> None:
    enter(lena)
    project = Project.objects.get()
    assert act(mira, project, "refuse", because="").status_code == 422
    assert act(mira, project, "refuse", because="Not systemic.").status_code == 302
    assert "Not systemic." in read(lena, project)
    assert act(mira, project, "dance").status_code == 422


@pytest.mark.parametrize(
    "given",
    [
        {"title": ""}, {"tables": []}, {"first": ""}, {"first": "2026-02-31"}, {"last": "2999-01-01"},
        {"expires_on": "2020-01-01"}, {"least": "2"}, {"least": "x"}, {"email": "x"},
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    desk: Desk, lena: Client, given: dict[str, Any]
) -> None:
    answer = enter(lena, **given)
    assert answer.status_code == 422
    assert "University of Amman" in answer.content.decode()
    assert not Project.objects.exists()


def test_in_arabic_it_is_arabic(desk: Desk, lena: Client, sign_in: SignIn) -> None:
    enter(lena)
    arabic = sign_in(Role.LEGAL, language="ar")
    for page in (
        arabic.get(reverse("console:research")).content.decode(),
        read(arabic, Project.objects.get()),
    ):
        assert 'dir="rtl"' in page
        assert "بيانات للباحثين" in page
        assert "Data for researchers" not in page
