"""Whoever reported with very many others has a page of their own; the case says how many they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.console.conftest import SignIn
from tests.intake import flood as floods
from tests.intake.flood import Flood, case, decided

from hakam.console.installation import installation, notice_log, vault
from hakam.intake import crowds
from hakam.intake.models import Notice
from hakam.review.models import Complaint
from hakam.staff.models import User
from hakam.storage.event_log import EventLog

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("book")]
OPENED: dict[str, EventLog] = {}


def lent() -> EventLog:
    """Lend the log of notices of the test that runs."""
    return OPENED["log"]


@pytest.fixture
def flood(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flood]:
    now = timezone.now()
    monkeypatch.setattr(crowds, "FULL", 5)
    monkeypatch.setattr(floods, "NOW", now)
    monkeypatch.setattr(floods, "LATER", now + timedelta(seconds=1))
    made = Flood(tmp_path, vault())
    OPENED["log"] = made.log
    settings.HAKAM_NOTICE_LOG = f"{__name__}.lent"
    notice_log.cache_clear()
    yield made
    notice_log.cache_clear()
    made.log.close()
    OPENED.clear()


def page(token: str, **more: Any) -> str:
    answer = Client().get(f"/n/{token}", **more)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_the_page_is_there_as_soon_as_the_receipt_is(flood: Flood, language: str, direction: str) -> None:
    [made] = flood.report(1, language=language)
    found = page(made.token)
    assert f'<html lang="{language}" dir="{direction}"' in found
    assert floods.URL in found
    assert not Notice.objects.exists()


def test_a_wrong_link_leads_nowhere(flood: Flood) -> None:
    [made] = flood.report(1)
    assert Client().get(f"/n/{made.token[:-2]}xx").status_code == 404
    assert Client().get("/n/nothing").status_code == 404


def test_one_of_a_crowd_reads_the_outcome_and_complains(flood: Flood, amal: User) -> None:
    made = flood.report(20)
    flood.take()
    last = made[-1]
    assert 'name="text"' not in page(last.token)
    decided(amal)
    assert 'name="text"' in page(last.token)
    answer = Client().post(f"/n/{last.token}/0/complain", {"text": "It does break them."})
    assert answer.status_code == 302
    assert Complaint.objects.get().notice == f"notice:{last.id}:0"
    assert Notice.objects.get(pk=last.id).explanation == last.submission.explanation


def test_the_case_says_how_many_they_were(flood: Flood, amal: User, sign_in: SignIn) -> None:
    flood.report(1_205)
    flood.take()
    shown = sign_in(amal).get(f"/desk/cases/{case().pk}/").content.decode()
    assert re.search(r"× (<[^>]*>)*1,200", shown)
    queue = sign_in(amal).get("/desk/").content.decode()
    assert "1,205" in queue


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_says_what_was_decided_and_by_whom(flood: Flood, amal: User, language: str) -> None:
    made = flood.report(12, language=language)
    flood.take()
    waiting = page(made[-1].token)
    decided(amal)
    answered = page(made[-1].token)
    assert waiting != answered
    assert answered.count(f'dir="{"rtl" if language == "ar" else "ltr"}"') >= 1


def test_who_reports_by_the_form_while_many_do_is_one_of_the_same_case(flood: Flood) -> None:
    here = installation().platform
    flood.report(10, platform=here)
    flood.take()
    given = {
        "harm": "hate_speech",
        "addresses": floods.URL,
        "illegal": "yes",
        "explanation": "It calls a whole people vermin.",
        "name": "Huda",
        "email": "huda@example.org",
        "good_faith": "on",
    }
    assert Client().post("/report", given).status_code == 302
    assert case().notices == 11
    assert Notice.objects.get(name="Huda").items.get().crowd is None
    flood.report(3, platform=here)
    flood.take()
    assert case().notices == 14


@pytest.mark.parametrize(("language", "more"), [("en", "What 2 more say"), ("ar", "قول مبلّغَين آخرين")])
def test_a_case_of_very_many_shows_what_the_newest_say_and_folds_the_rest(
    flood: Flood, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, language: str, more: str
) -> None:
    monkeypatch.setattr(crowds, "FULL", 7)
    flood.report(60)
    flood.take()
    found = sign_in(language=language).get(f"/desk/cases/{case().pk}/").content.decode()
    before, _tag, after = found.partition("data-more-notes")
    assert (before.count("<blockquote"), after.count("<blockquote")) == (5, 2)
    assert more in re.sub("<[^>]+>", "", after)
    assert found.count("<details") == found.count("</details>")


def test_few_notes_are_not_folded(flood: Flood, sign_in: SignIn) -> None:
    flood.report(4)
    flood.take()
    found = sign_in().get(f"/desk/cases/{case().pk}/").content.decode()
    assert found.count("<blockquote") == 4
    assert "data-more-notes" not in found
