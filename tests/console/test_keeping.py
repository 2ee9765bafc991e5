"""Keeping a question in a real browser: what stands in the form is kept, asked or not."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tests.console.test_accessibility import LOOKS, open_for

from hakam.review import questions
from hakam.review.models import SavedQuestion
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]


def test_what_was_written_but_not_asked_is_kept(browser: Browser, live_server: Any) -> None:
    scene.publish()
    scene.person("lena", Role.POLICY_LEAD)
    page = open_for(browser, live_server.url, "lena", LOOKS[0])
    page.goto(f"{live_server.url}/desk/investigate?where=author.posts+%3C+3&top=rule")
    page.fill("#where", "author.posts < 9")
    page.select_option("#span", "30d")
    page.locator("[type=checkbox][value=rule]").uncheck()
    page.locator("[type=checkbox][value='author.id']").check()
    page.fill("#name", "Newcomers")
    with page.expect_navigation():
        page.locator("[data-form=keep-question] button").click()
    kept = SavedQuestion.objects.get()
    assert kept.asked == {"where": "author.posts < 9", "span": "30d", "by": "day", "top": ["author.id"]}
    expect(page.locator("#where")).to_have_value("author.posts < 9")
    page.context.close()


def test_what_stands_in_the_form_is_still_there_after_a_kept_question_got_another_name(
    browser: Browser, live_server: Any
) -> None:
    scene.publish()
    amal = scene.person("amal", Role.POLICY_LEAD)
    questions.keep("Carpets", {"where": "author.posts < 3"}, shared=False, user=amal, now=scene.NOW)
    page = open_for(browser, live_server.url, "amal", LOOKS[0])
    page.goto(f"{live_server.url}/desk/investigate")
    page.fill("#where", "author.posts < 9")
    kept = page.locator(".kept details")
    kept.locator("summary").click()
    kept.locator("[name=name]").fill("Rugs")
    with page.expect_navigation():
        kept.locator("button").click()
    assert page.input_value("#where") == "author.posts < 9"
    found = SavedQuestion.objects.get()
    assert (found.name, found.asked["where"]) == ("Rugs", "author.posts < 3")
    page.context.close()
