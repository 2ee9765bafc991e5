"""A trusted flagger's program hands in notices with a key of its own (DSA Art. 22(1))."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from tests.api.conftest import Caller, problem

from hakam.api.problems import ProblemKind
from hakam.intake import flaggers
from hakam.intake.flaggers import FlaggerEvent
from hakam.intake.models import Flagger, Notice
from hakam.staff.roles import Scope
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
BODY: dict[str, Any] = {
    "harm": "hate_speech",
    "explanation": "It calls people vermin.",
    "urls": ["https://maydan.example/p/1"],
    "good_faith": "I believe in good faith that it is accurate.",
}


class Program(Caller):
    """The program of a trusted flagger."""

    def __init__(self, flagger: Flagger) -> None:
        _key, text = flaggers.issue_key(flagger.pk, by=SYSTEM, now=scene.NOW)
        self.headers = {"Authorization": f"Bearer {text}"}
        self.client = Client(raise_request_exception=False)


def entity(name: str = "Hotline") -> Flagger:
    return flaggers.register(
        platform=scene.PLATFORM,
        name=name,
        email="notices@hotline.example",
        country="DE",
        coordinator_email="dsc@coordinator.example",
        scope=["hate_speech"],
        awarded_on=date(2025, 5, 1),
        by=SYSTEM,
        now=scene.NOW,
    )


@pytest.fixture
def hotline(platform: Caller) -> Flagger:
    return entity()


def test_a_notice_is_taken_goes_first_and_is_followed(hotline: Flagger) -> None:
    program = Program(hotline)
    answer = program.post("/flags", BODY, Idempotency_Key="1")
    assert answer.status_code == 201
    notice = Notice.objects.get()
    assert (notice.trusted, notice.flagger_id, notice.email) == (True, hotline.pk, "notices@hotline.example")
    found = program.get(f"/flags/{answer.json()['id']}").json()
    assert (found["answered"], found["items"][0]["url"]) == (False, "https://maydan.example/p/1")
    again = program.post("/flags", BODY, Idempotency_Key="1")
    assert again.json()["id"] == answer.json()["id"]
    assert Notice.objects.count() == 1


def test_another_notice_under_the_same_key_is_refused(hotline: Flagger) -> None:
    program = Program(hotline)
    program.post("/flags", BODY, Idempotency_Key="1")
    problem(program.post("/flags", BODY | {"harm": "threat"}, Idempotency_Key="1"), ProblemKind.KEY_REUSED)


def test_two_flaggers_may_number_alike(hotline: Flagger) -> None:
    one, other = Program(hotline), Program(entity("Other"))
    first, second = (p.post("/flags", BODY, Idempotency_Key="1").json()["id"] for p in (one, other))
    assert first != second
    problem(one.get(f"/flags/{second}"), ProblemKind.NOT_FOUND)


@pytest.mark.parametrize(
    "wrong",
    [
        {"harm": "boredom"},
        {"explanation": ""},
        {"urls": []},
        {"urls": ["ftp://maydan.example"]},
        {"good_faith": ""},
        {"trusted": True},
        {"name": "Somebody"},
    ],
    ids=str,
)
def test_a_wrong_notice_is_refused_with_a_pointer(hotline: Flagger, wrong: dict[str, Any]) -> None:
    answer = Program(hotline).post("/flags", BODY | wrong, Idempotency_Key="1")
    problem(answer, ProblemKind.INVALID)
    assert next(iter(wrong)) in answer.json()["pointer"]
    assert not Notice.objects.exists()


def test_a_flagger_numbers_its_notices(hotline: Flagger) -> None:
    problem(Program(hotline).post("/flags", BODY), ProblemKind.NO_IDEMPOTENCY_KEY)


def test_the_key_of_a_platform_does_not_flag_and_the_key_of_a_flagger_does_nothing_else(
    platform: Caller, hotline: Flagger
) -> None:
    problem(platform.post("/flags", BODY, Idempotency_Key="1"), ProblemKind.SCOPE_MISSING)  # nobody's key
    problem(Caller(Scope.NOTICES_WRITE).post("/flags", BODY, Idempotency_Key="1"), ProblemKind.SCOPE_MISSING)
    program = Program(hotline)
    for path in ("/notices", "/complaints"):
        problem(program.post(path, BODY, Idempotency_Key="1"), ProblemKind.SCOPE_MISSING)
    assert not Notice.objects.exists()


def test_a_suspended_flagger_is_heard_like_anybody_and_an_ended_one_has_no_key(hotline: Flagger) -> None:
    # DSA Art. 22(6)
    program = Program(hotline)
    flaggers.change_status(hotline.pk, FlaggerEvent.SUSPEND, because="Inquiry", by=SYSTEM, now=scene.NOW)
    assert program.post("/flags", BODY, Idempotency_Key="1").status_code == 201
    assert Notice.objects.get().trusted is False
    flaggers.change_status(hotline.pk, FlaggerEvent.REVOKE, because="Ended", by=SYSTEM, now=scene.NOW)
    problem(program.post("/flags", BODY, Idempotency_Key="2"), ProblemKind.KEY_UNKNOWN)
