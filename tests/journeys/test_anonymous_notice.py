"""Somebody reports the sexual abuse of a child without saying who they are, and reads what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.console.conftest import Desk
from tests.journeys.album import Album
from tests.journeys.conftest import Enter, speaks, submit

from hakam.enforcement.models import Effect
from hakam.intake.models import Notice
from hakam.review.decisions import finalise_due
from hakam.review.models import Case, Decision

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
SEEN = {
    "en": "An account shares links to pictures of children. It changes its name every day.",
    "ar": "حساب ينشر روابط إلى صور أطفال، ويغيّر اسمه كل يوم.",
}
FACTS = {
    "en": "The post links to known pictures of child abuse.",
    "ar": "يحيل المنشور إلى صور معروفة لاعتداء على أطفال.",
}
ADDRESS = "https://maydan.example/p/4711"


def fill(page: Page, harm: str, words: str) -> None:
    page.select_option("[name=harm]", harm)
    page.fill("[name=addresses]", ADDRESS)
    page.check("[name=illegal][value=yes]")
    page.fill("[name=explanation]", words)
    page.check("[name=good_faith]")


def test_an_anonymous_notice(house: Desk, enter: Enter, album: Album, language: str) -> None:
    # DSA Art. 16(2)(c), Art. 16(5)
    stranger = enter("")
    stranger.goto("/report")
    speaks(stranger, language)
    fill(stranger, "hate_speech", SEEN[language])
    expect(stranger.locator(".not-needed")).to_be_hidden()
    submit(stranger, "report")
    assert not Notice.objects.exists()  # anything else that is illegal wants a name
    expect(stranger.locator("[role=alert]")).to_be_visible()
    assert stranger.locator("[name=explanation]").input_value() == SEEN[language]

    stranger.goto("/report")
    fill(stranger, "csam", SEEN[language])
    expect(stranger.locator(".not-needed")).to_be_visible()
    album.keep(stranger, "1-no-name-needed", at=stranger.locator("[data-who]"))
    submit(stranger, "report")
    notice = Notice.objects.get()
    assert (notice.name, notice.email, notice.notifier) == ("", "", "")
    assert notice.good_faith
    assert f"/n/{notice.token}?" in stranger.url
    speaks(stranger, language)
    album.keep(stranger, "2-receipt")
    receipt = urlsplit(stranger.locator("#address").inner_text()).path
    assert receipt == f"/n/{notice.token}"

    decide(enter("sana"), language)
    house.answer(Decision.objects.get())
    stranger.goto(receipt)
    speaks(stranger, language)
    expect(stranger.locator("[data-item] ol.way li.done")).to_have_count(3)
    expect(stranger.locator("[data-item] .note.good")).to_be_visible()
    album.keep(stranger, "3-outcome")
    assert not Effect.objects.filter(kind__startswith="notice.", channel="email").exists()  # to whom?


def decide(sana: Page, language: str) -> None:
    """Decide the case with the keyboard, as somebody who may see such cases."""
    sana.goto("/desk/")
    speaks(sana, language)
    sana.keyboard.press("n")
    sana.wait_for_url(re.compile(r"/desk/cases/\d+/"))
    expect(sana.locator("#content")).not_to_contain_text(
        SEEN[language]
    )  # closed until somebody says: open it
    sana.locator("[data-reveal=evidence] button").click()
    expect(sana.locator("#content")).to_contain_text(SEEN[language])
    sana.keyboard.press("1")
    expect(sana.locator("[data-detail]")).to_be_visible()
    sana.keyboard.press("e")
    sana.keyboard.press("Control+a")
    sana.keyboard.type(FACTS[language])
    expect(sana.locator("[data-preview-target]")).to_contain_text(FACTS[language])
    case = Case.objects.get()
    sana.wait_for_load_state("networkidle")  # the draft is kept
    sana.keyboard.press("Control+Enter")
    sana.wait_for_url(lambda url: f"/cases/{case.pk}/" not in url)
    sana.wait_for_load_state("networkidle")
    made = Decision.objects.get()
    finalise_due(made.at + timedelta(minutes=1))
