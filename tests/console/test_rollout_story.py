"""The policy lead's story in a real browser: from a mistake in a rule to live by two people, and back.

With `PICTURES=FOLDER` each step leaves a picture there; those in `docs/images` were made so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from tests.console.conftest import Stored
from tests.console.test_accessibility import WIDE, open_for

from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.console.installation import vault
from hakam.intake import events
from hakam.review import trials
from hakam.review.models import RuleTrip
from hakam.staff.roles import Role
from hakam.testing import scene
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import Verdict

pytestmark = [pytest.mark.browser, pytest.mark.sockets, pytest.mark.django_db(transaction=True)]

NEW = """\
- rule: carpets
  policy: spamm
  stage: shadow
  quota: {hour: 2}
  when: word(text.folded, "carpets", "سجاد") and author.posts < 5
  then: [label("spam"), 'review(queue="spam")']
"""
WORDS = {
    "en": {
        "title": "Carpets for sale",
        "why": "A shop posts the same text again and again.",
        "back": "It hit a museum.",
        "mean": "did you mean",
    },
    "ar": {
        "title": "سجاد للبيع",
        "why": "متجر يكرر النص نفسه.",
        "back": "أصابت القاعدة متحفًا.",
        "mean": "هل المقصود",
    },
}


class Lead:
    """A person of the rules at her browser."""

    def __init__(self, page: Page, url: str, language: str) -> None:
        self.page, self.url, self.language = page, url, language
        self.said = WORDS[language]
        page.set_default_timeout(20_000)

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        expect(self.page.locator("html")).to_have_attribute("dir", "rtl" if self.language == "ar" else "ltr")
        return self.page

    def submit(self, form: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(f"[data-form={form}] button").last.click()

    def picture(self, name: str) -> None:
        folder = os.environ.get("PICTURES")
        if folder:
            self.page.screenshot(path=Path(folder) / f"rollout-{name}-{self.language}.png")

    def begin(self) -> str:
        """Begin a draft; return its address."""
        page = self.go("/desk/rules/drafts")
        page.fill("[name=title]", self.said["title"])
        self.submit("begin-draft")
        return page.url.removeprefix(self.url)

    def look(self, draft: str, log: Stored) -> None:
        """Ask whom it would touch, let the worker look, and read the answer."""
        page = self.go(f"{draft}/trial")
        self.submit("ask-trial")
        assert trials.run_next(lambda since: since_of(log, since), clock=timezone.now)
        page.locator("[data-trial=done]").wait_for()
        page.locator("[data-rule=carpets]").wait_for()

    def stage(self, draft: str, stage: str, share: str = "") -> None:
        page = self.go(f"{draft}/release")
        row = page.locator("[data-step=carpets]")
        row.locator("select").select_option(stage)
        if share:
            row.locator("[name=share]").fill(share)
        with page.expect_navigation():
            row.locator("button").click()

    def release(self, draft: str) -> None:
        page = self.go(f"{draft}/release")
        page.fill("[name=note]", self.said["why"])
        self.submit("publish-rules")


def since_of(log: Stored, since: datetime) -> Iterable[Event]:
    """Return the events of the log since a moment, as the worker's process reads them."""
    read = [msgspec.json.decode(record.raw, type=Event) for record in log.log.read(0, 10_000)]
    return [event for event in read if event.at >= since]


def in_force() -> str:
    version = rulebook.active()
    assert version is not None
    return next(str(rule.staging) for rule in rulebook.load(version).rules if rule.id == "carpets")


@pytest.fixture
def enter(browser: Browser, live_server: Any) -> Iterable[Callable[[str, str], Lead]]:
    """Return a function that opens a browser for somebody."""
    opened: list[Page] = []

    def made(who: str, language: str) -> Lead:
        opened.append(open_for(browser, live_server.url, who, (language, "light", WIDE)))
        return Lead(opened[-1], live_server.url, language)

    yield made
    for page in opened:
        page.context.close()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_from_a_mistake_to_live_by_two_people_and_back(  # noqa: PLR0915 -- a story is told in one piece
    stored: Stored, enter: Callable[[str, str], Lead], language: str
) -> None:
    for name in ("lena", "omar"):
        scene.person(name, Role.POLICY_LEAD)
    for n in range(6):
        stored.post(
            f"lovely carpets, number {n}" if n % 2 else f"سجاد جميل رقم {n}",
            ago=80_000.0 * n + 60,
            by={"posts": n},
        )
    stored.post("carpets of the museum", ago=900_000.0, by={"posts": 1})  # more than a week ago
    lena, omar = enter("lena", language), enter("omar", language)

    # A rule with a mistake: it is found while she writes, and mended where it stands.
    draft = lena.begin()
    page = lena.page
    page.locator("#text").fill(scene.PACK["rules.yaml"] + NEW)
    finding = page.locator("[data-code=P310]")
    expect(finding).to_contain_text(lena.said["mean"])
    lena.picture("finding")
    finding.locator("a[data-line]").click()
    page.keyboard.type("spam")
    expect(page.locator("[data-code=P310]")).to_have_count(0)
    expect(page.locator("#kept")).not_to_be_empty()

    # Whom it would have touched last week, before anybody is judged by it.
    lena.look(draft, stored)
    expect(page.locator("[data-rule=carpets] .samples").first).to_contain_text("carpets, number 1")
    expect(page.locator("#answer")).not_to_contain_text("museum")
    lena.picture("whom")

    # Shadow: it only records. One person may do that.
    lena.release(draft)
    assert in_force() == "shadow"

    # Canary: it acts for a share of authors.
    draft = lena.begin()
    lena.stage(draft, "canary", "20")
    lena.look(draft, stored)
    lena.release(draft)
    assert in_force() == "canary 20%"
    canary = RulebookVersion.objects.get(active_until=None)

    # Live: it takes a second person, who is not she.
    draft = lena.begin()
    lena.stage(draft, "live")
    lena.look(draft, stored)
    lena.release(draft)
    assert in_force() == "canary 20%"
    expect(page.locator("[data-form=settle-release] [value=confirm]")).to_have_count(0)
    second = omar.go(f"{draft}/release")
    second.check("[name=verdict][value=confirm]")
    omar.picture("second-person")
    omar.submit("settle-release")
    assert in_force() == "live"

    # The breaker: after two measures in an hour the rule only asks for people, and people are told.
    numbers = [stored.post(f"carpets again, number {n}", ago=0.0, by={"posts": 1}) for n in range(4)]
    verdicts = [msgspec.json.decode(stored.log.read(n - 1, 1)[0].verdict, type=Verdict) for n in numbers]
    assert [bool(verdict.tripped) for verdict in verdicts] == [False, False, True, True]
    while events.consume(stored.log, vault=vault(), now=timezone.now() + timedelta(seconds=1), limit=100):
        pass
    page = lena.go("/desk/rules")
    trip = page.locator("[data-trip=carpets]")
    expect(trip).to_be_visible()
    lena.picture("breaker")
    trip.locator("[name=because]").fill(lena.said["back"])
    with page.expect_navigation():
        trip.locator("form button").click()
    expect(page.locator("[data-trip=carpets]")).to_have_count(0)
    assert RuleTrip.objects.get().because == lena.said["back"]

    # And back, at once and by one person.
    page = lena.go(f"/desk/rules?version={canary.version}")
    lena.picture("back")
    page.locator("[data-form=go-back] [name=because]").fill(lena.said["back"])
    lena.submit("go-back")
    assert in_force() == "canary 20%"
    assert lena.said["back"] in page.content()

    # One key: the rules before these are in force, and the page asks why until it was said.
    lena.go("/desk/rules")
    lena.picture("one-key")
    with page.expect_navigation():
        page.keyboard.press("Shift+B")
    assert in_force() == "shadow"
    assert RulebookVersion.objects.latest("pk").note.startswith("back to 1.0.")
    lena.picture("why")
    page.locator("[data-form=explain-back] [name=because]").fill(lena.said["back"])
    lena.submit("explain-back")
    expect(page.locator("[data-form=explain-back]")).to_have_count(0)
    assert RulebookVersion.objects.latest("pk").note.endswith(f": {lena.said['back']}")
