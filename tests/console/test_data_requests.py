"""Requests about data at the desk: entered, identified, released by another, handed over, refused."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk, SignIn, Stored

from hakam.console.installation import vault
from hakam.privacy import work
from hakam.privacy.models import Subject
from hakam.privacy.retention import Stores
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog

pytestmark = pytest.mark.django_db
GIVEN = {
    "kind": "access",
    "platform": scene.PLATFORM,
    "account": "u1",
    "email": "u1@people.example",
    "language": "ar",
}


@pytest.fixture
def lena(sign_in: SignIn) -> Client:
    return sign_in(scene.person("lena", Role.LEGAL))


@pytest.fixture
def mira(sign_in: SignIn) -> Client:
    return sign_in(scene.person("mira", Role.LEGAL))


def enter(client: Client, **given: str) -> Any:
    return client.post(reverse("console:receive_data_request"), GIVEN | given)


def act(client: Client, made: Subject, do: str, **given: str) -> Any:
    return client.post(reverse("console:act_on_data_request", args=[made.pk]), {"do": do} | given)


def read(client: Client, made: Subject) -> str:
    return client.get(reverse("console:data_request", args=[made.pk])).content.decode()


def serve(stored: Stored, desk: Desk) -> None:
    stores = Stores(stored.log, MemoryEventLog(), vault())
    while work.step(stores, secret="key", now=desk.now):
        pass


def test_a_copy_is_made_released_and_taken(desk: Desk, stored: Stored, lena: Client, mira: Client) -> None:
    stored.post("my own words")
    assert "Nobody asked" in lena.get(reverse("console:data_requests")).content.decode()
    assert enter(lena).status_code == 302
    made = Subject.objects.get()
    assert 'data-clock="gdpr.request"' in read(lena, made)
    assert act(lena, made, "identify", text="").status_code == 422
    assert act(lena, made, "identify", text="Signed in on the platform.").status_code == 302
    assert "looks through everything" in read(lena, made)
    serve(stored, desk)
    page = read(lena, made)
    assert "What the copy holds" in page
    assert "somebody else must release it" in page
    assert act(lena, made, "release").status_code == 422
    look = act(mira, made, "look")
    assert look["Content-Type"] == "application/zip"
    assert act(mira, made, "release").status_code == 302
    taken = act(lena, made, "take")
    assert taken["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(taken.content)) as archive:
        assert b"my own words" in archive.read("data.json")
        assert "ما نشرتموه" in archive.read("data-ar.html").decode()
    assert "Answered" in lena.get(reverse("console:data_requests")).content.decode()


def test_an_erasure_says_first_what_goes_and_what_stays(
    desk: Desk, stored: Stored, lena: Client, mira: Client, amal: User
) -> None:
    stored.post("gone soon", author="u1")
    desk.remove(desk.case("You are vermin"), amal)
    enter(lena, kind="erasure")
    made = Subject.objects.get()
    act(lena, made, "identify", text="Signed in.")
    serve(stored, desk)
    page = read(mira, made)
    assert "What would be erased, and what stays" in page
    assert "the law obliges us to keep it" in page
    assert "Erase it for good" in page
    assert act(mira, made, "release").status_code == 302
    assert "The worker erases" in read(mira, made)
    assert act(mira, made, "refuse", ground="claims", text="x").status_code == 422
    serve(stored, desk)
    assert "What was erased, and what stays" in read(mira, made)
    assert stored.log.read(0, 9) == []


def test_an_erasure_that_waits_for_a_decision_is_open_and_owes_nothing(
    desk: Desk, stored: Stored, lena: Client, mira: Client
) -> None:
    stored.post("gone soon", author="u1")
    desk.case("You are vermin")  # nobody has decided it
    enter(lena, kind="erasure")
    made = Subject.objects.get()
    act(lena, made, "identify", text="Signed in.")
    assert "days left" in lena.get(reverse("console:data_requests")).content.decode()
    serve(stored, desk)
    act(mira, made, "release")
    serve(stored, desk)
    page = read(mira, made)
    assert "data-waits" in page
    assert "What was erased, and what stays" in page
    assert 'data-form="refuse"' not in page
    assert 'data-form="extend"' not in page
    assert "data-clock" not in page
    listed = lena.get(reverse("console:data_requests")).content.decode()
    assert "Waits for a decision" in listed
    assert "days left" not in listed  # the person was answered within the month
    assert act(mira, made, "refuse", ground="claims", text="x").status_code == 422


def test_a_refusal_and_an_extension(desk: Desk, lena: Client) -> None:
    enter(lena, kind="objection", words="Do not profile me.")
    made = Subject.objects.get()
    assert act(lena, made, "extend", text="Holidays.").status_code == 302
    assert act(lena, made, "extend", text="Again.").status_code == 422
    assert act(lena, made, "refuse", ground="nothing", text="x").status_code == 422
    wrong = act(lena, made, "refuse", ground="compelling", text="")
    assert wrong.status_code == 422
    assert act(lena, made, "refuse", ground="compelling", text="Safety of others.").status_code == 302
    page = read(lena, made)
    assert "Article 21(1)" in page
    assert "Safety of others." in page
    assert 'data-form="refuse"' not in page


def test_a_correction_is_answered(desk: Desk, lena: Client) -> None:
    enter(lena, kind="rectification", words="My name is Una.")
    made = Subject.objects.get()
    act(lena, made, "identify", text="Signed in.")
    assert act(lena, made, "answer", text="").status_code == 422
    assert act(lena, made, "answer", text="Corrected on the platform.").status_code == 302
    assert "Corrected on the platform." in read(lena, made)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": ""},
        {"kind": "x"},
        {"account": ""},
        {"email": "x"},
        {"received": "yesterday"},
        {"received": "2026-02-31"},
        {"received": "2999-01-01"},
        {"kind": "objection", "words": ""},
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    desk: Desk, lena: Client, given: dict[str, str]
) -> None:
    answer = enter(lena, **given)
    assert answer.status_code == 422
    assert (GIVEN | given)["email"] in answer.content.decode()
    assert not Subject.objects.exists()


def test_unknown_acts_and_requests(desk: Desk, lena: Client, sign_in: SignIn) -> None:
    enter(lena)
    made = Subject.objects.get()
    assert act(lena, made, "dance").status_code == 422
    assert act(lena, made, "take").status_code == 422
    assert act(sign_in(Role.SENIOR_MODERATOR), made, "release").status_code == 404
    absent = reverse("console:data_request", args=["00000000-0000-4000-8000-000000000000"])
    assert lena.get(absent).status_code == 404


@pytest.mark.parametrize(
    ("asked", "kept"), [("fr", "fr"), ("de", "de"), ("es", "es"), ("it", "it"), ("pl", "en"), ("", "en")]
)
def test_who_asks_is_answered_in_one_of_six_languages(
    desk: Desk, lena: Client, asked: str, kept: str
) -> None:
    # GDPR Art. 12(1): in words that the person understands
    page = lena.get(reverse("console:data_requests")).content.decode()
    assert f'<option value="{kept}"' in page
    lena.post(reverse("console:receive_data_request"), GIVEN | {"language": asked})
    assert Subject.objects.get().language == kept
