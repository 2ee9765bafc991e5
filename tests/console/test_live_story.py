"""A moderator before a live stream in a real browser, in English and in Arabic: watching, one key, and what is read."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from tests.console.test_live import lay_frames
from tests.live.stage import Stage
from tests.media.films import VP8, WEBM, film

from hakam.live.models import Cut, Refusal, Stream, StreamPoint, StreamStep
from hakam.live.states import StreamState
from hakam.live.watching import video_files
from hakam.live.watching.video_files import Form, Shelf, Told
from hakam.media.fragments import WebM
from hakam.staff.models import User
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]
LANGUAGES = ["en", "ar"]
Enter = Callable[..., Page]
PATIENCE = 30_000  # milliseconds


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

    def open_for(who: str, language: str, *, moving: bool = False) -> Page:
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
        if not moving:  # fewer questions to a database that lies in memory
            page.add_init_script("localStorage.setItem('hakam.stills', '1')")
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


class Maker:
    """Makes a moving picture in its own time, as the watch does for who has asked, until it is told to stop."""

    def __init__(self, stage: Stage, stream: Stream, form: Form = Form.PLAIN) -> None:
        self.place = video_files.folder(stage.home, stream.pk, form)
        self.asked = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._make, daemon=True)
        self._thread.start()

    def _make(self) -> None:
        splitter, run = WebM(), secrets.token_hex(8)
        pieces = splitter.feed(film(*VP8, *WEBM, seconds=60.0))
        while not (self.place / "wanted").exists():
            if self._stop.wait(0.05):
                return
        self.asked = True
        shelf = Shelf(self.place, run)
        shelf.begin(splitter.head)
        for number, piece in enumerate(pieces):
            shelf.add(piece, at=number / 4)
            video_files.tell(self.place, Told(run, splitter.type))
            if self._stop.wait(0.25):
                return

    def stop(self) -> None:
        """Give no sign any more."""
        self._stop.set()
        self._thread.join()


@pytest.fixture
def make() -> Iterator[Callable[..., Maker]]:
    made: list[Maker] = []
    film(*VP8, *WEBM, seconds=60.0)

    def begin(*given: Any) -> Maker:
        made.append(Maker(*given))
        return made[-1]

    yield begin
    for one in made:
        one.stop()


def shown(page: Page) -> float:
    """Return how many seconds of the moving picture were shown."""
    return float(page.evaluate("document.querySelector('video').currentTime"))


WORDS = {
    "en": ("without sound", "does not answer", "not on air", "Stills alone"),
    "ar": ("بلا صوت", "لا تستجيب", "لم يعد البث", "صور ثابتة فقط"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_stream_moves_grey_and_muted_and_goes_on_after_an_interruption(
    stage: Stage, enter: Enter, make: Callable[..., Maker], language: str
) -> None:
    playing, nobody, over, _stills = WORDS[language]
    stream = on_air(stage)
    maker = make(stage, stream)
    page = enter("amal", language, moving=True)
    page.goto(f"/desk/live/{stream.pk}")
    screen, video, says = page.locator("#screen"), page.locator("video"), page.locator("[data-says]")
    expect(screen).to_have_attribute("data-playing", "", timeout=PATIENCE)
    expect(says).to_contain_text(playing, timeout=PATIENCE)
    expect(video).to_have_css("filter", "grayscale(1) blur(7px)")
    expect(video).to_have_css("visibility", "visible")
    expect(page.locator("#still")).to_have_css("visibility", "hidden")
    assert page.evaluate("document.querySelector('video').muted")
    first = shown(page)
    page.wait_for_timeout(2_500)  # the rest of the page is renewed meanwhile, and the picture goes on
    assert shown(page) > first + 1.0
    page.keyboard.press("v")
    expect(video).to_have_css("filter", "grayscale(1)")
    page.keyboard.press("c")
    expect(video).to_have_css("filter", "none")
    page.keyboard.press("v")
    expect(video).to_have_css("filter", "blur(7px)")
    maker.stop()  # the watch is killed: the page says so, and shows stills
    expect(says).to_contain_text(nobody, timeout=PATIENCE)
    expect(page.locator("#still")).to_have_css("visibility", "visible")
    make(stage, stream)  # and goes on with what comes
    expect(says).to_contain_text(playing, timeout=PATIENCE)
    expect(screen).to_have_attribute("data-playing", "", timeout=PATIENCE)
    Stream.objects.filter(pk=stream.pk).update(state=StreamState.ENDED, ended_at=stage.now)
    expect(says).to_contain_text(over, timeout=PATIENCE)
    expect(video).to_have_css("visibility", "hidden")
    assert not page.evaluate("document.querySelector('video').hasAttribute('src')")
    expect(page.locator("[data-sound]")).to_be_hidden()


@pytest.mark.parametrize("language", LANGUAGES)
def test_stills_are_a_choice_that_stays(
    stage: Stage, enter: Enter, make: Callable[..., Maker], language: str
) -> None:
    stream = on_air(stage)
    make(stage, stream)
    page = enter("amal", language, moving=True)
    page.goto(f"/desk/live/{stream.pk}")
    expect(page.locator("#screen")).to_have_attribute("data-playing", "", timeout=PATIENCE)
    page.locator("[data-stills]").click()
    expect(page.locator("[data-says]")).to_contain_text(WORDS[language][3], timeout=PATIENCE)
    expect(page.locator("#still")).to_have_css("visibility", "visible")
    page.reload()
    expect(page.locator("[data-stills]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-sound]")).to_be_hidden()
    page.locator("[data-stills]").click()
    expect(page.locator("#screen")).to_have_attribute("data-playing", "", timeout=PATIENCE)


def test_sound_is_asked_for_by_a_key_and_by_nothing_else(
    stage: Stage, enter: Enter, make: Callable[..., Maker]
) -> None:
    stream = on_air(stage)
    silent, loud = make(stage, stream), make(stage, stream, Form.SOUND)
    page = enter("amal", "en", moving=True)
    page.goto(f"/desk/live/{stream.pk}")
    expect(page.locator("#screen")).to_have_attribute("data-playing", "", timeout=PATIENCE)
    assert silent.asked
    assert not loud.asked
    page.keyboard.press("m")
    expect(page.locator("[data-says]")).to_contain_text("with sound", timeout=PATIENCE)
    assert loud.asked
    assert not page.evaluate("document.querySelector('video').muted")
    page.keyboard.press("m")
    expect(page.locator("[data-says]")).to_contain_text("without sound", timeout=PATIENCE)
    assert page.evaluate("document.querySelector('video').muted")


def test_a_browser_that_can_not_play_it_asks_for_another_form_and_says_when_that_fails(
    stage: Stage, enter: Enter, make: Callable[..., Maker]
) -> None:
    stream = on_air(stage)
    plain, encoded = make(stage, stream), make(stage, stream, Form.ENCODED)
    page = enter("amal", "en", moving=True)
    page.add_init_script("MediaSource.isTypeSupported = () => false")
    page.goto(f"/desk/live/{stream.pk}")
    expect(page.locator("[data-says]")).to_contain_text("This browser can't play", timeout=PATIENCE)
    assert plain.asked
    assert encoded.asked
    expect(page.locator("#still img")).to_be_visible()
