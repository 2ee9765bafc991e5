"""The editor in a real browser: findings come while one writes, a click goes to the place, two windows meet."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from tests.console.test_accessibility import LOOKS, open_for

from hakam.compliance import drafts
from hakam.compliance.models import RulebookDraft
from hakam.staff.roles import Role
from hakam.testing import scene

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]

RULES = scene.PACK["rules.yaml"]
MISTAKE = RULES.replace("policy: spam", "policy: spamm")


@pytest.fixture
def draft(live_server: Any) -> RulebookDraft:
    scene.publish()
    lead = scene.person("lena", Role.POLICY_LEAD)
    return drafts.begin("Followers for sale", by=lead.actor, now=timezone.now())


def opened(browser: Browser, live_server: Any, draft: RulebookDraft, look: Any = LOOKS[0]) -> Page:
    page = open_for(browser, live_server.url, "lena", look)
    page.goto(f"{live_server.url}/desk/rules/drafts/{draft.pk}")
    return page


def test_a_mistake_is_found_while_one_writes_and_mended(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft)
    page.locator("#text").fill(MISTAKE)
    finding = page.locator("[data-code=P310]")
    expect(finding).to_contain_text("did you mean spam?")
    finding.locator("a[data-line]").click()
    chosen = page.evaluate("(() => { const t = document.getElementById('text');"
                           "return t.value.slice(t.selectionStart, t.selectionEnd); })()")  # fmt: skip
    assert chosen == "spamm"
    page.keyboard.type("spam")
    expect(page.locator("[data-code=P310]")).to_have_count(0)
    expect(page.locator("#kept")).to_have_text("Saved")
    draft.refresh_from_db()
    assert draft.files["rules.yaml"] == RULES


def hold(page: Page) -> list[Any]:
    """Let every check wait until the test lets it go on."""
    waiting: list[Any] = []
    page.route("**/drafts/*/save", lambda route: waiting.append(route))  # noqa: PLW0108 -- it is given a name
    return waiting


def let_go(page: Page, waiting: list[Any]) -> None:
    while not waiting:
        page.wait_for_timeout(50)
    waiting.pop(0).continue_()


def test_findings_of_an_earlier_text_are_never_shown_as_current(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft)
    findings, told = page.locator("#findings"), page.locator("#checking")
    assert told.inner_text() == ""
    page.locator("#text").fill(MISTAKE)
    expect(page.locator("[data-code=P310]")).to_be_visible()
    expect(told).to_have_text("")
    waiting = hold(page)
    page.locator("#text").fill(RULES + "# first\n")
    expect(told).to_have_text("of an earlier text; checking…")  # at once, before anything is asked
    expect(findings).to_have_attribute("aria-busy", "true")
    assert float(findings.locator("> *").first.evaluate("e => getComputedStyle(e).opacity")) < 0.5
    while not waiting:
        page.wait_for_timeout(50)
    page.locator("#text").fill(RULES + "# second\n")
    let_go(page, waiting)
    expect(page.locator("[data-code=P310]")).to_have_count(0)  # the answer about the first text has come
    expect(told).to_have_text("of an earlier text; checking…")
    expect(page.locator("#kept")).to_have_text("")
    let_go(page, waiting)
    expect(told).to_have_text("")
    expect(findings).to_have_attribute("aria-busy", "false")
    expect(page.locator("#kept")).to_have_text("Saved")
    draft.refresh_from_db()
    assert draft.files["rules.yaml"] == RULES + "# second\n"


def test_without_an_answer_it_says_so_and_tries_again(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft)
    page.route("**/drafts/*/save", lambda route: route.abort())
    page.locator("#text").fill(RULES + "# more\n")
    expect(page.locator("#checking")).to_have_text("of an earlier text; no answer, trying again")
    page.unroute("**/drafts/*/save")
    expect(page.locator("#checking")).to_have_text("")
    expect(page.locator("#kept")).to_have_text("Saved")


def test_who_leaves_before_the_text_is_kept_is_asked(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.route("**/drafts/*/save", lambda route: route.abort())
    page.locator("#text").press_sequentially("# ")
    page.get_by_role("link", name="Whom it would touch").click()
    expect(page.locator("#checking")).to_have_text("of an earlier text; no answer, trying again")
    assert asked == ["beforeunload"]
    page.unroute("**/drafts/*/save")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.get_by_role("link", name="Whom it would touch").click()
    expect(page.get_by_role("heading", name="Whom it would touch").first).to_be_visible()
    assert asked == ["beforeunload"]


def test_lines_are_numbered_and_words_go_in_at_the_caret(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft)
    assert page.locator("[data-gutter]").inner_text().split() == ["1", "2", "3", "4", "5", "6"]
    page.locator("#text").fill("")
    page.get_by_text("What a rule sees").click()
    page.locator('[data-insert="author.age"]').click()
    expect(page.locator("#text")).to_have_value("author.age")


def test_the_open_file_is_in_sight_among_many(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    lists = {f"lists/a{n:02}.txt": "one\n" for n in range(60)}
    RulebookDraft.objects.filter(pk=draft.pk).update(files={**draft.files, **lists})
    page = opened(browser, live_server, draft)
    shelf, one = page.locator(".files .side-list"), page.locator(".files [aria-current]")
    expect(one).to_have_text("rules.yaml")
    around, box = shelf.bounding_box(), one.bounding_box()
    assert around is not None
    assert box is not None
    assert around["y"] <= box["y"] <= around["y"] + around["height"] - box["height"]


def test_a_second_window_loses_nothing(browser: Browser, live_server: Any, draft: RulebookDraft) -> None:
    first, second = (opened(browser, live_server, draft) for _ in range(2))
    first.locator("#text").fill(RULES + "# first window\n")
    expect(first.locator("#kept")).to_have_text("Saved")
    second.locator("#text").fill(RULES + "# second window\n")
    expect(second.locator("#findings")).to_contain_text("Nothing was overwritten")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Two texts")
    expect(second.locator("del").first).to_have_text("first")
    second.get_by_role("button", name="Save this text").click()
    expect(second.locator("#text")).to_have_value(RULES + "# second window\n")
    assert [save.text for save in drafts.history(draft, "rules.yaml")] == [
        RULES + "# second window\n",
        RULES + "# first window\n",
    ]


def test_what_comes_back_breaks_no_policy_of_the_page(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    """A browser that sizes or marks a field gives it a style, which no swap may carry over as an attribute."""
    known = opened(browser, live_server, draft)
    guarded = browser.new_context(viewport=LOOKS[0][2])  # type: ignore[arg-type] -- unlike the others, with its policy
    guarded.add_cookies(known.context.cookies())  # type: ignore[arg-type]
    page = guarded.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(known.url)
    page.evaluate("document.getElementById('seen').style.color = 'red'")
    page.locator("#text").fill(RULES + "# more\n")
    expect(page.locator("#kept")).to_have_text("Saved")
    page.wait_for_timeout(200)
    assert said == []
    page.evaluate("document.getElementById('seen').setAttribute('style', 'color: red')")
    page.wait_for_timeout(200)
    assert "Content Security Policy" in said[0]  # it would have been told
    guarded.close()


def test_writing_on_and_on_never_meets_oneself(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft)
    page.locator("#text").click()
    page.keyboard.press("Control+End")
    for _ in range(4):
        page.keyboard.type("# more\n", delay=20)
        page.wait_for_timeout(650)
    expect(page.locator("#kept")).to_have_text("Saved")
    expect(page.locator("#findings")).not_to_contain_text("in the meantime")
    draft.refresh_from_db()
    assert draft.files["rules.yaml"] == RULES + "# more\n" * 4


def test_code_reads_from_the_left_on_an_arabic_page(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft, LOOKS[1])
    assert page.evaluate("getComputedStyle(document.getElementById('text')).direction") == "ltr"
    assert page.evaluate("document.documentElement.dir") == "rtl"
    gutter, text = page.locator("[data-gutter]").bounding_box(), page.locator("#text").bounding_box()
    assert gutter is not None
    assert text is not None
    assert gutter["x"] < text["x"]


def test_a_reader_of_arabic_is_told_in_arabic(
    browser: Browser, live_server: Any, draft: RulebookDraft
) -> None:
    page = opened(browser, live_server, draft, LOOKS[1])
    page.locator("#text").fill(MISTAKE)
    finding = page.locator("[data-code=P310]")
    expect(finding.locator("p").first).to_have_text("لا بند باسم \u2068spamm\u2069")
    expect(finding.locator(".hint")).to_have_text("← هل المقصود \u2068spam\u2069؟")
    assert (
        finding.locator("code", has_text="spamm").first.evaluate("e => getComputedStyle(e).direction")
        == "ltr"
    )
