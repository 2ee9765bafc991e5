"""The page of a waiting room, as a browser shows it: both languages, narrow and wide, light and dark."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from tests.live.waiting.hall import plan

from hakam.live.waiting.gate import Wait
from hakam.live.waiting.page import WORDS, page
from hakam.live.waiting.plan import Plan

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
LANGUAGES = sorted(WORDS)
STATES: dict[str, dict[str, Any]] = {
    "long": {"wait": Wait(120, 700)},
    "soon": {"wait": Wait(2, 2)},
    "unknown": {"wait": Wait(60, None)},
    "inside": {"wait": None},
    "over": {"wait": None, "problem": "expired"},
    "refused": {"wait": None, "problem": "forged"},
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def shown(chosen: Plan, language: str, state: str) -> str:
    """Return the page in a state."""
    given = dict(STATES[state])
    return page(chosen, language, given.pop("wait"), **given)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_every_state_can_be_read_by_everybody(
    browser: Browser, language: str, width: int, scheme: Any
) -> None:
    source = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    broken = []
    chosen = plan(url="https://example.org/live")
    for state in STATES:
        # The page asks again by itself, which is what it is for: nothing is lost and no focus is taken.
        text = shown(chosen, language, state).replace('<meta http-equiv="refresh"', "<meta name=again")
        opened.set_content(text)
        opened.evaluate(source)
        found = opened.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
        )
        broken += [f"{state}: {v['id']}: {v['nodes'][0]['html'][:120]}" for v in found["violations"]]
        if opened.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            broken.append(f"{state}: too wide")
    opened.close()
    assert broken == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_state_says_one_thing_and_asks_again_only_while_one_waits(language: str) -> None:
    words = WORDS[language]
    texts = {state: shown(plan(), language, state) for state in STATES}
    headings = {
        "long": words.waiting,
        "soon": words.waiting,
        "unknown": words.waiting,
        "inside": words.inside,
        "over": words.over,
        "refused": words.refused,
    }
    for state, text in texts.items():
        assert f"<h1>{headings[state]}</h1>" in text
        assert ('http-equiv="refresh"' in text) == (state in {"long", "soon", "unknown"})
        assert text.count("<h1>") == 1
    assert 'content="120"' in texts["long"]
    assert words.soon in texts["soon"]
    assert words.unknown in texts["unknown"]
    assert words.again in texts["refused"]


def test_the_title_is_in_the_language_or_in_the_first_there_is() -> None:
    assert "الحوار" in shown(plan(), "ar", "long")
    assert "The conversation" in shown(plan(), "en", "long")
    assert "Le débat" in shown(plan(title={"fr": "Le débat"}), "ar", "long")


@pytest.mark.parametrize("state", sorted(STATES))
def test_nothing_of_a_plan_becomes_markup(state: str) -> None:
    evil = plan(title={"en": '<script>alert("1")</script>'}, url='https://example.org/"><script>x</script>')
    text = shown(evil, "en", state)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_who_is_let_in_finds_the_way_if_the_plan_has_one() -> None:
    assert 'href="/live"' in shown(plan(url="/live"), "en", "inside")
    assert "href" not in shown(plan(), "en", "inside")


def test_the_page_loads_nothing_from_anywhere() -> None:
    for language in LANGUAGES:
        for state in STATES:
            text = shown(plan(), language, state)
            assert "src=" not in text
            assert "url(" not in text
            assert "<link" not in text


def test_a_browser_that_waits_asks_again_by_itself(browser: Browser, tmp_path: Path) -> None:
    from tests.live.waiting.test_server import opened, served  # noqa: PLC0415 -- shares its server

    with served(opened(pace=50), tmp_path) as url:
        context = browser.new_context(locale="ar")
        visit = context.new_page()
        visit.goto(f"{url}/")
        assert visit.locator("html").get_attribute("dir") == "rtl"
        visit.get_by_role("heading", name=WORDS["ar"].inside).wait_for(timeout=60_000)
        kept = {cookie["name"]: cookie for cookie in context.cookies()}
        assert all(kept[name]["httpOnly"] for name in ("hakam_ticket", "hakam_holder"))
        context.close()
