"""The page of models: what each is, whether it reads, what it may use up, and what went wrong last."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser
from tests.console.conftest import SignIn
from tests.console.test_accessibility import LOOKS, NARROW, broken_rules

from hakam.adapters.declared import Declared, read
from hakam.intake.models import ModelUse
from hakam.intake.switching import switch_on
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
TEXT = """\
adapter = "chat"
labels = ["hate"]
private = true
[budget]
calls = 40
[fallback]
then = "review"
clause = "hate"
most = 20
[settings]
url = "https://models.example/v1"
seconds = 12
"""
Declare = Callable[..., Declared]


@pytest.fixture
def declare(book: object) -> Iterator[Declare]:
    folder = Path(settings.HAKAM.home) / "models"

    def write(text: str = TEXT, name: str = "judge") -> Declared:
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        return read(folder / f"{name}.toml")

    yield write
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


def said(client: Client, language: str = "en") -> str:
    answer: Any = client.get(reverse("console:models"), headers={"accept-language": language})
    assert answer.status_code == 200
    page = " ".join(answer.content.decode().split())
    return f"{page} {re.sub('<[^>]+>', '', page)}"  # as it is written, and its words alone


def test_without_a_declaration_those_that_ship_are_shown(book: object, lead: Client) -> None:
    page = said(lead)
    assert 'data-model="encoder"' in page
    assert "Where a rule reads it" in page
    assert page.count(" data-model=") == 1


def test_a_model_in_use_is_told_whole(declare: Declare, lead: Client) -> None:
    now = timezone.now()
    one = declare()
    switch_on(one, sends_to="models.example", by=SYSTEM, now=now)
    ModelUse.objects.create(
        name="judge", day=now.date(), texts=45, unknown=3, calls=40, tokens=1_234, milliseconds=9_000,
        model="judge-0123-4567", trouble="the endpoint answers 503", trouble_at=now,
    )  # fmt: skip
    page = said(lead)
    for words in (
        'data-model="judge" data-state="on"', one.version, "judge-0123-4567", "judge:hate", "models.example",
        "private messages too", "one text 12 s", "A person is asked", "used up", "the endpoint answers 503", "1,234",
        "200.0", "not calibrated",
    ):  # fmt: skip
        assert words in page


def test_a_changed_and_a_torn_declaration_are_told_apart(declare: Declare, lead: Client) -> None:
    switch_on(declare(), sends_to="", by=SYSTEM, now=timezone.now())
    declare(TEXT.replace("12", "13"))
    (Path(settings.HAKAM.home) / "models" / "torn.toml").write_text("labels = [<b>", encoding="utf-8")
    page = said(lead)
    assert 'data-model="judge" data-state="changed"' in page
    assert 'data-state="unreadable"' in page
    assert "[<b>" not in page  # what a file says is escaped


def test_it_is_said_in_arabic(declare: Declare, lead: Client) -> None:
    declare()
    lead.cookies[settings.LANGUAGE_COOKIE_NAME] = "ar"
    page = said(lead, "ar")
    assert "النماذج" in page
    assert "Time-out" not in page


@pytest.mark.browser
@pytest.mark.sockets
@pytest.mark.embedded  # what is on a page is the same on any database
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [*LOOKS, ("ar", "light", NARROW)], ids=str)
def test_a_page_full_of_models_breaks_no_rule_of_accessibility(
    browser: Browser, live_server: Any, declare: Declare, look: tuple[str, str, dict[str, int]]
) -> None:
    now = timezone.now()
    scene.person("root", Role.ADMINISTRATOR)
    switch_on(declare(), sends_to="models.example", by=SYSTEM, now=now)
    declare(TEXT.replace("chat", "transformers").replace("url", "folder"), "other")
    (Path(settings.HAKAM.home) / "models" / "torn.toml").write_text("labels = [", encoding="utf-8")
    ModelUse.objects.create(
        name="judge", day=now.date(), texts=45, unknown=3, calls=40, tokens=1_234, milliseconds=9_000,
        model="judge-5d1f0a9c77ab-0b8b17e3c1d2", trouble="no answer within 12 seconds", trouble_at=now,
    )  # fmt: skip
    assert broken_rules(browser, live_server.url, {"root": ["/desk/models"]}, look) == []


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Frames of live streams"), ("ar", "لقطات من البث المباشر")]
)
def test_a_model_that_looks_says_what_it_is_given(
    declare: Declare, lead: Client, language: str, words: str
) -> None:
    text = TEXT.replace('adapter = "chat"', 'adapter = "moderations"\nreads = "picture"\nevery = 3')
    declare(text, "eyes")
    lead.cookies["django_language"] = language
    page = lead.get(reverse("console:models")).content.decode()
    assert words in page
    assert "models.example" in page
    assert ("a text waits at most" in page) is False
