"""From a report to a decision, a complaint and its reversal: every page a person meets, in both languages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect
from tests.house import PLATFORM, House
from tests.receiver import Received
from tests.stories.conftest import Visitors

pytestmark = [pytest.mark.browser, pytest.mark.sockets]


class Words(NamedTuple):
    """What the people of a story write and read."""

    language: str
    moderator: str
    senior: str
    post: str
    explanation: str
    facts: str
    objection: str
    answer: str
    report_title: str
    reversed_note: str
    direction: str
    story: tuple[str, ...]  # facts of the ledger, as its page calls them, in their order


STORIES = {
    "en": Words(
        language="en",
        moderator="mona",
        senior="omar",
        post="Everybody in this street knows that Lara lies, and nobody here can stand her.",
        explanation="She is my neighbour and he has been at her for weeks.",
        facts="The post holds a named neighbour up to ridicule.",
        objection="Lara is the character of a play that I reviewed. Nobody lives in that street.",
        answer="Read in its context it is about a play. The decision was wrong.",
        report_title="Report content",
        reversed_note="This decision was reversed.",
        direction="ltr",
        story=("Case opened", "Case decided", "Decision final"),
    ),
    "ar": Words(
        language="ar",
        moderator="amal",
        senior="basim",
        post="كل أهل الشارع يعرفون أن ليلى تكذب، ولا أحد هنا يطيقها.",
        explanation="هي جارتي وهو يلاحقها بالكلام منذ أسابيع.",
        facts="يجعل المنشور جارة معروفة باسمها موضع سخرية.",
        objection="ليلى شخصية في مسرحية كتبت عنها، ولا أحد بهذا الاسم يسكن هناك.",
        answer="بعد القراءة في السياق تبيّن أن الكلام عن مسرحية، والقرار لم يكن في محله.",
        report_title="الإبلاغ عن محتوى",
        reversed_note="أُلغي",
        direction="rtl",
        story=("فتح حالة", "البتّ في حالة", "صيرورة قرار نهائيًّا"),
    ),
}


def published(house: House, words: Words) -> str:
    """Let the platform publish the post; return its address."""
    url = f"https://forum.example/{words.language}/posts/7"
    event = {
        "id": f"story-{words.language}",
        "platform": PLATFORM,
        "kind": "post",
        "at": datetime.now(tz=UTC).isoformat(),
        "author": {"id": f"author-{words.language}", "language": words.language, "followers": 12},
        "item": {"id": f"post-{words.language}", "text": words.post, "language": words.language, "url": url},
    }
    with house.client(house.door_url) as client:
        answer = client.post("/v1/events", json=event)
    assert answer.status_code == 200, answer.text
    return url


def eventually(look: Callable[[], object], what: str, *, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def told(house: House, kind: str, words: Words) -> Received:
    """Wait until the platform received a message about the post; return it. Its signature was verified."""
    found: list[Received] = []

    def look() -> bool:
        found[:] = [
            message
            for message in house.received()
            if message.kind == kind
            and (message.data.get("item") or {}).get("id") == f"post-{words.language}"
            and not message.refused
        ]
        return bool(found)

    eventually(look, f"the platform was never told {kind}; {[m.kind for m in house.received()]}")
    assert len(found) == 1
    return found[0]


def assert_speaks(page: Page, words: Words) -> None:
    html = page.locator("html")
    expect(html).to_have_attribute("lang", re.compile(f"^{words.language}"))
    expect(html).to_have_attribute("dir", words.direction)
    if words.language == "ar":
        heading = page.locator("h1").first.inner_text()
        assert re.search("[\u0600-\u06ff]", heading), heading


class Telling(NamedTuple):
    """What one chapter hands on to the next."""

    house: House
    visitors: Visitors
    words: Words


def report_without_an_account(telling: Telling, address: str) -> str:
    """Report the post and return the address of the receipt."""
    words = telling.words
    with telling.visitors.visitor(words.language) as reporter:
        page = reporter.go("/report")
        assert_speaks(page, words)
        expect(page.locator("h1")).to_have_text(words.report_title)
        page.select_option("#id_harm", "harassment")
        page.fill("#id_addresses", address)
        page.locator("input[name=illegal]").last.check()
        page.fill("#id_explanation", words.explanation)
        page.fill("#id_name", "R. Reader")
        page.fill("#id_email", f"reader-{words.language}@example.org")
        page.check("#id_good_faith")
        page.locator("form[data-form=report] button.primary").click()
        page.wait_for_url("**/n/**")
        assert_speaks(page, words)
        expect(page.locator("[data-item] h2")).to_contain_text(address)
        return page.locator("#address").inner_text()


def decide_with_the_keyboard(telling: Telling) -> int:
    """Take the case and decide it without touching the mouse; return its number."""
    words = telling.words
    with telling.visitors.visitor(words.language) as moderator:
        page = moderator.sign_in(words.moderator)
        assert_speaks(page, words)
        expect(page.locator("tr[data-case]")).to_have_count(1)
        page.keyboard.press("n")
        page.wait_for_url(re.compile(r"/desk/cases/\d+/"))
        case = int(page.url.rstrip("/").rpartition("/")[2])
        expect(page.locator("#content")).to_contain_text(words.post)
        expect(page.locator("#content")).to_contain_text(words.explanation)
        page.keyboard.press("1")
        expect(page.locator("[data-detail]")).to_be_visible()
        page.keyboard.press("-")  # the next milder step, and back
        page.keyboard.press("=")
        page.keyboard.press("e")
        page.keyboard.press("Control+a")
        page.keyboard.type(words.facts)
        expect(page.locator("[data-preview-target]")).to_contain_text(words.facts)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url: f"/cases/{case}/" not in url)
        return case


def read_and_contest(telling: Telling, link: str) -> str:
    """Read the statement of reasons as the author and complain; return the address of the complaint."""
    words = telling.words
    with telling.visitors.visitor(words.language) as author:
        page = author.go(link)
        assert_speaks(page, words)
        expect(page.locator("[data-statement]")).to_contain_text(words.facts)
        assert page.locator("[data-section]").count() >= 5
        for section in page.locator("[data-section]").all():
            expect(section.locator("h2")).not_to_be_empty()
        page.fill("#id_text", words.objection)
        page.locator("form[data-form=complain] button.primary").click()
        page.wait_for_url("**/c/**")
        expect(page.locator("ol.way")).to_have_attribute("data-state", "open")
        return page.url


def open_the_complaint(page: Page, house: House) -> None:
    """Open the one complaint of the list with the keyboard."""
    page.goto(f"{house.console_url}/desk/complaints")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/desk/complaints/[0-9a-f-]+"))


def may_not_judge_herself(telling: Telling) -> None:
    """See that who took the decision is not offered to judge the complaint about it."""
    with telling.visitors.visitor(telling.words.language) as moderator:
        page = moderator.sign_in(telling.words.moderator)
        open_the_complaint(page, telling.house)
        expect(page.locator("[data-may-not]")).to_be_visible()
        expect(page.locator("form[data-form=complaint]")).to_have_count(0)


def reverse_as_somebody_else(telling: Telling) -> None:
    """Find that the author is right."""
    words = telling.words
    with telling.visitors.visitor(words.language) as senior:
        page = senior.sign_in(words.senior)
        open_the_complaint(page, telling.house)
        assert_speaks(page, words)
        expect(page.locator("body")).to_contain_text(words.objection)
        page.locator("input[name=verdict][value=uphold]").check()
        page.fill("#answer", words.answer)
        page.locator("form[data-form=complaint] button.primary").click()
        expect(page.locator("form[data-form=complaint]")).to_have_count(0)
        told(telling.house, "measure.reverse", words)


def read_the_ledger(telling: Telling, case: int) -> None:
    """Read the whole story on the ledger's page, in order."""
    words = telling.words
    with telling.visitors.visitor(words.language) as senior:
        page = senior.sign_in(words.senior)
        page.goto(f"{telling.house.console_url}/desk/ledger/story?subject=case:{case}")
        assert_speaks(page, words)
        numbers = [int(fact.get_attribute("data-fact") or 0) for fact in page.locator("[data-fact]").all()]
        assert numbers == sorted(numbers)
        kinds = page.locator("[data-fact] .strong").all_inner_texts()
        for kind in words.story:
            assert kind in kinds, (kind, kinds)
        places = [kinds.index(kind) for kind in words.story]
        assert places == sorted(places), kinds


def read_how_it_ended(telling: Telling, *, complaint: str, statement: str, receipt: str) -> None:
    """Read the end of it as the author, and as the one who reported."""
    words = telling.words
    with telling.visitors.visitor(words.language) as author:
        page = author.go(complaint)
        expect(page.locator("ol.way")).to_have_attribute("data-state", "upheld")
        expect(page.locator("[data-answer]")).to_contain_text(words.answer)
        page.goto(statement)
        expect(page.locator("[role=status]")).to_contain_text(words.reversed_note)
    with telling.visitors.visitor(words.language) as reporter:
        page = reporter.go(receipt)
        assert_speaks(page, words)
        expect(page.locator("[data-item] ol.way li.done")).to_have_count(3)


@pytest.mark.parametrize("language", STORIES)
def test_a_report_is_decided_contested_and_reversed(house: House, visitors: Visitors, language: str) -> None:
    words = STORIES[language]
    telling = Telling(house, visitors, words)

    receipt = report_without_an_account(telling, published(house, words))
    case = decide_with_the_keyboard(telling)
    applied = told(house, "measure.apply", words)
    statement = told(house, "statement.issued", words)
    assert applied.data["statement"] == statement.data["id"]
    assert statement.data["recipient"]["id"] == f"author-{language}"

    complaint = read_and_contest(telling, statement.data["links"]["statement"])
    may_not_judge_herself(telling)
    reverse_as_somebody_else(telling)
    reversed_ = told(house, "measure.reverse", words)
    told(house, "statement.withdrawn", words)
    assert reversed_.data["measure"]["id"] == applied.data["measure"]["id"]
    assert reversed_.at > applied.at

    read_the_ledger(telling, case)
    read_how_it_ended(
        telling, complaint=complaint, statement=statement.data["links"]["statement"], receipt=receipt
    )


def test_after_both_stories_the_house_is_sound(house: House) -> None:
    eventually(
        lambda: house.hakam("doctor", check=False).returncode == 0,
        house.hakam("doctor", check=False).stdout.decode(),
        seconds=30,
    )
    assert all(not message.refused for message in house.received())
