"""A house with people of every office, browsers for them, and an album of what they saw."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from tests.console.conftest import Desk
from tests.journeys.album import VIEWPORT, Album

from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

LANGUAGES = ["en", "ar"]
Enter = Callable[[str], Page]
OFFICES = {
    "lena": Role.LEGAL,
    "omar": Role.LEGAL,
    "root": Role.ADMINISTRATOR,
    "nora": Role.TRUSTED_FLAGGER,
    "mina": Role.MODERATOR,
    "sana": Role.CHILD_SAFETY,
    "basim": Role.SENIOR_MODERATOR,
}
NAMES = {
    "en": {"lena": "Lena Roth", "omar": "Omar Field", "root": "Ada Stone", "nora": "Nora Lind", "mina": "Mina Park",
           "sana": "Sana Moor", "basim": "Basil Noor"},
    "ar": {"lena": "لينا حدّاد", "omar": "عمر منصور", "root": "هدى سالم", "nora": "نورة خليل", "mina": "مينا فارس",
           "sana": "سناء عيسى", "basim": "باسم نور"},
}  # fmt: skip


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Give each journey in both languages."""
    return str(request.param)


@pytest.fixture
def house(live_server: Any, settings: Any, language: str) -> Desk:
    """Give the house of Maydan, with colleagues of every office who read the language."""
    name = {"en": "Maydan", "ar": "ميدان"}[language]
    settings.HAKAM = replace(settings.HAKAM, platform=scene.PLATFORM, platform_name=name)
    scene.publish()
    for name, role in OFFICES.items():
        scene.person(name, role, name=NAMES[language][name], language=language, languages_read=["en", "ar"])
    made = Desk()
    made.now -= timedelta(hours=1)  # what people find when they come was done before
    return made


@pytest.fixture
def enter(browser: Browser, live_server: Any, language: str) -> Iterator[Enter]:
    """Return a function that opens a browser, signed in as somebody or, for an empty name, as nobody."""
    opened = []

    def open_for(who: str) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=VIEWPORT)  # type: ignore[arg-type]
        opened.append(context)
        cookies = {"django_language": language}
        if who:
            client = Client()
            client.force_login(User.objects.get(username=who))
            cookies[django_settings.SESSION_COOKIE_NAME] = client.cookies[
                django_settings.SESSION_COOKIE_NAME
            ].value
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield open_for
    for context in opened:
        context.close()


@pytest.fixture
def album(request: pytest.FixtureRequest, language: str) -> Album:
    """Give the album of this journey, named after its file."""
    return Album(request.path.stem.removeprefix("test_").replace("_", "-"), language)


def speaks(page: Page, language: str) -> None:
    """Check that the page is written in the language, in its direction, and that nothing runs off its edge."""
    html = page.locator("html")
    expect(html).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(html).to_have_attribute("lang", re.compile(f"^{language}"))
    words = page.locator("main").inner_text()
    arabic = len(re.findall("[\u0600-\u06ff]", words))
    latin = len(re.findall("[A-Za-z]", words))
    assert (arabic > latin) is (language == "ar"), words
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def press(page: Page, form: str, do: str) -> None:
    """Press the button of a form that says what is done, and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(f"[data-form={form}] button[value={do}]").click()


def submit(page: Page, form: str) -> None:
    """Send a form by its last button, and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(f"[data-form={form}] button:not([type=button])").last.click()
