"""What rules change, at the desk: two groups of authors, and what may be concluded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, expect
from tests.console.conftest import SignIn, Stored
from tests.console.test_accessibility import NARROW, VIOLATIONS, WIDE, axe, open_for
from tests.console.test_accessibility import RULES as RULES_OF_AXE
from tests.console.test_investigate import words

from hakam.compliance import ledger
from hakam.compliance.models import Fact, RulebookVersion
from hakam.console.desk.holdback import _tells
from hakam.policy.engine import HOLDBACK
from hakam.policy.staging import place
from hakam.signals.evaluation.figures import Figure
from hakam.staff.roles import Role
from hakam.testing import scene

DAY = 86_400.0
RULES = """\
- rule: known-spam
  policy: spam
  stage: live
  when: word(text.folded, "carpets")
  then: [label("spam")]
- rule: never
  policy: spam
  stage: live
  when: word(text.folded, "marmots")
  then: [label("spam")]
"""


def publish(*, held: bool, version: str = "1.1.0") -> None:
    head = scene.PACK["pack.yaml"].replace("1.0.0", version) + ("holdback: 10%\n" if held else "")
    scene.publish({**scene.PACK, "pack.yaml": head, "rules.yaml": RULES})


def authors(*, held: bool) -> Iterator[str]:
    found = (f"u{n}" for n in range(100_000))
    return (name for name in found if (place(HOLDBACK, "maydan", name) < 0.1) is held)


@pytest.fixture
def lead(sign_in: SignIn) -> Client:
    return sign_in(Role.POLICY_LEAD)


@pytest.fixture
def log(book: RulebookVersion, stored: Stored) -> Stored:
    """Forty authors on whom the rule acts, five of whom do it again; twelve whom it watches, of whom ten do."""
    publish(held=True)
    some, watched = authors(held=False), authors(held=True)
    hit = [next(some) for _ in range(40)], [next(watched) for _ in range(12)]
    for name in (*hit[0], *hit[1]):
        stored.post("carpets", ago=20 * DAY, author=name)
    for name in (*hit[0][:5], *hit[1][:10]):
        stored.post("more carpets", ago=18 * DAY, author=name)
    return stored


def get(client: Client, **asked: Any) -> Any:
    return client.get("/desk/rules/holdback", asked)


def test_nothing_is_looked_at_before_somebody_asks(log: Stored, lead: Client) -> None:
    page = get(lead)
    assert "Held back now: 10.0% of all authors." in words(page)
    assert b"data-rule" not in page.content
    assert not Fact.objects.filter(kind="log.queried").exists()
    assert 'href="/desk/rules/holdback"' in lead.get("/desk/rules").content.decode()


def test_both_groups_stand_side_by_side_with_what_they_tell(log: Stored, lead: Client) -> None:
    page = get(lead, span="28", days="7")
    content, said = page.content.decode(), words(page)
    assert [content.count(f'data-rule="{rule}"') for rule in ("", "known-spam", "never")] == [1, 1, 0]
    assert content.count('data-again="less"') == 2
    assert "Acting makes fewer authors do it again." in said
    assert "Acted on 12% ( 5% – 26% ) 12% ( 5% – 26% ) 40 40" in said
    assert "Only watched 83% ( 55% – 95% ) 83% ( 55% – 95% ) 12 12" in said
    assert "Difference, in percentage points +71 (" in said
    fact = Fact.objects.get(kind="log.queried")
    assert ledger.body_of(fact)["fields"] == ["holdback"]
    assert ledger.body_of(fact)["looked"] == 67


def test_few_authors_tell_nothing(log: Stored, lead: Client) -> None:
    said = words(get(lead, span="14", days="1"))  # all of it was earlier
    assert "Nothing to compare in this time" in said
    log.post("carpets", ago=3 * DAY, author="one")
    page = get(lead, span="14", days="1")
    assert page.content.decode().count('data-again="few"') == 2
    assert "each group needs 10 that were followed" in words(page)


def test_a_rule_book_that_holds_nobody_back_says_how_to(log: Stored, lead: Client, sign_in: SignIn) -> None:
    publish(held=False, version="1.2.0")
    log.post("carpets", ago=60.0, author="later")
    page = get(lead, span="28", days="7")
    assert "holds nobody back" in words(page)
    assert "holdback: 2%" in words(page)
    assert b"/desk/rules/drafts" in page.content


def test_odd_choices_are_the_usual_ones(log: Stored, lead: Client) -> None:
    page = get(lead, span="1000000", days="ü")
    assert page.status_code == 200
    assert '<option value="28" selected>' in page.content.decode()


def test_the_page_speaks_arabic(log: Stored, sign_in: SignIn) -> None:
    said = words(get(sign_in(Role.POLICY_LEAD, language="ar"), span="28", days="7"))
    assert "ما تغيّره القواعد" in said
    assert "يقلّ تكرار المخالفة حيث يُتّخذ إجراء." in said
    assert "did it again" not in said
    assert "In brackets" not in said


@pytest.mark.browser
@pytest.mark.sockets
@pytest.mark.embedded
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "look", [("en", "light", WIDE), ("ar", "dark", WIDE), ("ar", "light", NARROW)], ids=str
)
def test_the_figures_break_no_rule_and_fit_the_screen(
    browser: Browser, live_server: Any, log: Stored, look: tuple[str, str, dict[str, int]]
) -> None:
    scene.person("lead", Role.POLICY_LEAD)
    page = open_for(browser, live_server.url, "lead", look)
    page.goto(f"{live_server.url}/desk/rules/holdback?span=28&days=7")
    expect(page.locator("[data-rule]")).to_have_count(2)
    if pictures := os.environ.get("PICTURES"):
        page.screenshot(path=f"{pictures}/holdback-{look[0]}-{look[2]['width']}.png", full_page=True)
    page.evaluate(axe())
    assert [one["id"] for one in page.evaluate(VIOLATIONS, RULES_OF_AXE)] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.usefixtures("book")
def test_without_anything_stored_there_is_nothing_to_compare(lead: Client) -> None:
    assert "Nothing to compare" in words(get(lead, span="28", days="7"))


def test_what_a_difference_tells() -> None:
    assert _tells(Figure(0.2, 0.1, 0.3), enough=True) == "less"
    assert _tells(Figure(-0.2, -0.3, -0.1), enough=True) == "more"
    assert _tells(Figure(0.1, -0.1, 0.3), enough=True) == "open"
    assert _tells(Figure(0.2, 0.1, 0.3), enough=False) == "few"
    assert _tells(None, enough=True) == "few"
