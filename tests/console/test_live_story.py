"""A moderator before a live stream in a real browser, in English and in Arabic: watching, one key, and what is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from tests.console.test_live import lay_frames
from tests.live.stage import Stage

from hakam.live.models import Cut, Refusal, Stream, StreamPoint, StreamStep
from hakam.live.states import StreamState
from hakam.staff.models import User
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
LANGUAGES = ["en", "ar"]
Enter = Callable[[str, str], Page]


@pytest.fixture
def stage(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    scene.publish()
    scene.person("amal")
    scene.person("oskar")
    made = Stage(settings.HAKAM.home)
    monkeypatch.setattr("hakam.console.desk.live.media_servers", lambda: made.servers)
    return made


@pytest.fixture
def enter(browser: Browser, live_server: Any) -> Iterator[Enter]:
    opened = []

    def open_for(who: str, language: str) -> Page:
        context = browser.new_context(base_url=live_server.url)
        opened.append(context)
        cookies = {"django_language": language}
        if who:
            client = Client()
            client.force_login(User.objects.get(username=who))
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": n, "value": v, "url": live_server.url} for n, v in cookies.items()])
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    yield open_for
    for context in opened:
        context.close()


def on_air(stage: Stage, **more: Any) -> Stream:
    given = {"flagged": {"attack": "entry 1"}, "flagged_at": stage.now, "clause": "hate", "watched": "close"}
    stream = stage.stream(**(given | more))
    lay_frames(stage, stream)
    for n in range(30):
        at = stage.now - timedelta(seconds=30 - n)
        StreamPoint.objects.create(stream=stream, at=at, score=n / 30, parts={"known": n / 30})
    return stream


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_key_cuts_and_the_page_says_when_it_was_black(stage: Stage, enter: Enter, language: str) -> None:
    stream = on_air(stage)
    page = enter("amal", language)
    page.goto("/desk/live")
    page.locator(f'[data-stream="{stream.pk}"] a').click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("[data-flagged]")).to_be_visible()
    page.keyboard.press("8")
    expect(page.locator("[data-black]")).to_be_visible()
    assert stage.server.dropped == ["show"]
    assert Cut.objects.get().preserve
    expect(page.locator("#state")).to_have_attribute("data-state", StreamState.CUT.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_frames_are_blurred_until_somebody_wants_to_see(stage: Stage, enter: Enter, language: str) -> None:
    stream = on_air(stage)
    page = enter("amal", language)
    page.goto(f"/desk/live/{stream.pk}")
    picture = page.locator(".screen img")
    expect(picture).to_have_css("filter", "blur(7px)")
    page.keyboard.press("v")
    expect(picture).to_have_css("filter", "none")
    page.wait_for_timeout(2_500)  # the page renews itself each second, and the choice stays
    expect(page.locator(".screen img")).to_have_css("filter", "none")
    expect(page.locator("[data-watch]")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-watch]").click()
    expect(page.locator(".screen img")).to_have_css("filter", "blur(7px)")


def test_keys_rest_while_somebody_writes_the_facts(stage: Stage, enter: Enter) -> None:
    stream = on_air(stage)
    page = enter("amal", "en")
    page.goto(f"/desk/live/{stream.pk}")
    page.locator("#facts").click()
    page.keyboard.type("78")
    page.wait_for_timeout(500)
    assert not StreamStep.objects.exists()
    page.locator("h1").click()
    page.keyboard.press("4")
    expect(page.locator('[data-taken="lock_chat"]')).to_be_visible()
    page.wait_for_load_state()  # the page is there before its keys are
    page.keyboard.press("u")
    page.wait_for_url("**/desk/cases/**")
    page.goto(f"/desk/live/{stream.pk}")
    expect(page.locator('[data-taken="lock_chat"] .pill')).not_to_have_class("pill danger")


def test_what_a_bank_knows_later_fills_the_form_of_a_page_that_is_open(stage: Stage, enter: Enter) -> None:
    stream = on_air(stage, flagged={}, flagged_at=None, clause="")
    page, writer = enter("amal", "en"), enter("oskar", "en")
    for one in (page, writer):
        one.goto(f"/desk/live/{stream.pk}")
        expect(one.locator("#clause")).to_have_value("")
    writer.locator("#facts").fill("I saw it myself.")
    writer.select_option("#clause", "spam")
    Stream.objects.filter(pk=stream.pk).update(
        flagged={"attack": "entry 1"}, flagged_at=stage.now, clause="hate"
    )
    expect(page.locator("#clause")).to_have_value("hate")
    expect(page.locator("#facts")).to_have_value(re.compile("bank of known content"))
    expect(writer.locator("[data-flagged]")).to_be_visible()
    expect(writer.locator("#facts")).to_have_value("I saw it myself.")
    expect(writer.locator("#clause")).to_have_value("spam")
    page.keyboard.press("7")
    expect(page.locator("[data-black]")).to_be_visible()


def test_two_colleagues_see_each_other(stage: Stage, enter: Enter) -> None:
    stream = on_air(stage)
    first, second = enter("amal", "ar"), enter("oskar", "en")
    first.goto(f"/desk/live/{stream.pk}")
    second.goto(f"/desk/live/{stream.pk}")
    expect(second.get_by_text("Also here:")).to_contain_text("amal")
    expect(first.locator("#state .note").filter(has_text="oskar")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_was_refused_asks_in_their_language(stage: Stage, enter: Enter, language: str) -> None:
    Refusal.objects.create(
        token="t", platform=scene.PLATFORM, server="s", stream="show", account="u2", why="new_account",
        facts={"account_days": [1, 7]}, first_at=stage.now, last_at=stage.now,
    )  # fmt: skip
    page = enter("", language)
    page.goto("/live/t")
    page.locator("#text").fill("أنا معلّمة" if language == "ar" else "I am a teacher")
    page.locator("[data-form=ask] button").click()
    expect(page.locator('[data-permit="asked"]')).to_be_visible()
