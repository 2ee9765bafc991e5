"""Where the way back to the rules before stands on the page of the rules: in sight when it is urgent."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from tests.console.test_accessibility import NARROW, WIDE, open_for

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sockets,
    pytest.mark.embedded,
    pytest.mark.django_db(transaction=True),
]
PAGES = {"back-at-once": "/desk/rules", "go-back": "/desk/rules?version=1.0.0"}


@pytest.fixture
def two_versions(book: RulebookVersion) -> None:
    scene.person("lena", Role.POLICY_LEAD)
    files = {
        **book.files,
        "pack.yaml": book.files["pack.yaml"].replace("1.0.0", "1.1.0"),
        "rules.yaml": book.files["rules.yaml"] + "# Mended.\n",
    }
    rulebook.publish(files, by=SYSTEM, now=timezone.now())


def places(page: Page, form: str) -> dict[str, dict[str, float]]:
    """Return where the form, the clauses, the versions and the lists stand on the page."""
    parts = {
        "back": page.locator(f"[data-form={form}]"),
        "clauses": page.locator("section.panel", has=page.locator("#clause-hate")),
        "versions": page.locator("section.of-versions"),
        "lists": page.locator("aside section.panel", has_text="Lists").first,
    }
    found = {}
    for name, part in parts.items():
        expect(part).to_be_visible(timeout=5_000)
        box = part.bounding_box()
        assert box is not None
        found[name] = dict(box)
    return found


@pytest.mark.parametrize("form", PAGES)
def test_on_a_phone_it_stands_before_the_rules_and_is_reached_before_them(
    browser: Browser, live_server: Any, two_versions: None, form: str
) -> None:
    page = open_for(browser, live_server.url, "lena", ("en", "light", NARROW))
    page.set_default_timeout(5_000)
    page.goto(live_server.url + PAGES[form])
    at = places(page, form)
    assert at["back"]["y"] + at["back"]["height"] < at["clauses"]["y"]
    assert at["clauses"]["y"] < at["versions"]["y"] < at["lists"]["y"]
    page.locator(f"[data-form={form}] button").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('details.rule') !== null")
    page.context.close()


@pytest.mark.parametrize("form", PAGES)
def test_on_a_wide_screen_it_stands_beside_the_rules_between_versions_and_lists(
    browser: Browser, live_server: Any, two_versions: None, form: str
) -> None:
    page = open_for(browser, live_server.url, "lena", ("en", "light", WIDE))
    page.set_default_timeout(5_000)
    page.goto(live_server.url + PAGES[form])
    at = places(page, form)
    assert at["versions"]["y"] == at["clauses"]["y"]
    assert at["versions"]["x"] == at["back"]["x"] == at["lists"]["x"] > at["clauses"]["x"]
    gap = at["back"]["y"] - at["versions"]["y"] - at["versions"]["height"]
    assert at["lists"]["y"] - at["back"]["y"] - at["back"]["height"] == pytest.approx(gap, abs=1)
    assert 0 < gap < 40
    heading, first = (
        page.locator(".of-versions h2").bounding_box(),
        page.locator(".of-versions nav").bounding_box(),
    )
    assert heading is not None
    assert first is not None
    assert heading["y"] + heading["height"] < first["y"]
    page.context.close()


def test_without_a_way_back_the_lists_follow_the_versions(
    browser: Browser, live_server: Any, book: RulebookVersion
) -> None:
    scene.person("lena", Role.POLICY_LEAD)
    page = open_for(browser, live_server.url, "lena", ("en", "light", WIDE))
    page.set_default_timeout(5_000)
    page.goto(f"{live_server.url}/desk/rules")
    expect(page.locator("[data-back]")).to_have_count(0)
    versions = page.locator("section.of-versions").bounding_box()
    lists = page.locator("aside section.panel", has_text="Lists").first.bounding_box()
    assert versions is not None
    assert lists is not None
    assert versions["x"] == lists["x"]
    assert 0 < lists["y"] - versions["y"] - versions["height"] < 40
    page.context.close()
