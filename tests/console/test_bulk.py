"""Deciding an answer as one act, at the desk: looked at first, with words, a second person, and one way back."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from django.test import Client
from django.utils import timezone
from tests.console.conftest import Desk, SignIn, Stored
from tests.console.test_why import case_of, words

from hakam.compliance.models import Statement
from hakam.console.desk import bulk as bulk_page
from hakam.investigation.query import Stopped
from hakam.review import bulk
from hakam.review.models import Bulk, Decision
from hakam.staff.roles import Role
from hakam.testing import scene

GIVEN = {"choice": "spam|2", "facts": "It advertises carpets.", "because": "one shop, the same text"}


@pytest.fixture
def senior(sign_in: SignIn) -> Client:
    return sign_in(Role.SENIOR_MODERATOR)


@pytest.fixture
def second(sign_in: SignIn, db: None) -> Client:
    return sign_in(scene.person("second", Role.SENIOR_MODERATOR))


@pytest.fixture
def shop(stored: Stored) -> Stored:
    for n in range(4):
        stored.post(f"carpets, number {n}", author="shop")
    stored.post("a lovely day", author="ali")
    return stored


def prepare(client: Client, **asked: str) -> Bulk:
    answer = client.post(
        "/desk/together/prepare", {"where": 'word(text.folded, "carpets")', "span": "all"} | asked
    )
    assert answer.status_code == 302
    made = Bulk.objects.latest("pk")
    assert answer["Location"] == f"/desk/together/{made.pk}"
    return made


def post(client: Client, made: Bulk, what: str, **data: str) -> Any:
    return client.post(f"/desk/together/{made.pk}/{what}", data)


def test_the_answer_leads_to_a_preview_of_whom_it_touches(shop: Stored, senior: Client) -> None:
    answer = senior.get("/desk/investigate", {"go": "1", "where": 'word(text.folded, "carpets")'})
    assert b'data-form="prepare-bulk"' in answer.content
    made = prepare(senior)
    page = words(senior.get(f"/desk/together/{made.pk}"))
    assert "4 items" in page
    assert "carpets, number 3" in page
    assert "a lovely day" not in page
    assert re.search(r"Whom it touches .*shop 4", page)
    assert "leaves you 1,000 items" in page
    assert not Decision.objects.exists()


def test_it_is_decided_followed_and_taken_back(shop: Stored, senior: Client) -> None:
    made = prepare(senior)
    assert post(senior, made, "ask", **GIVEN).status_code == 302
    piece = senior.get(f"/desk/together/{made.pk}", headers={"HX-Request": "true"}).content.decode()
    assert 'data-bulk="running"' in piece
    assert 'hx-trigger="every 2s"' in piece
    bulk.work(shop.log, timezone.now())
    piece = senior.get(f"/desk/together/{made.pk}", headers={"HX-Request": "true"}).content.decode()
    assert 'data-bulk="done" data-decided="4"' in piece
    assert "every 2s" not in piece
    assert Statement.objects.count() == 4
    assert "Take all of it back" in words(senior.get(f"/desk/together/{made.pk}"))
    assert "Nobody outside hears of it" in words(senior.post(f"/desk/together/{made.pk}/undo", follow=True))
    bulk.work(shop.log, timezone.now())
    assert set(Decision.objects.values_list("state", flat=True)) == {"undone"}
    assert post(senior, made, "undo").status_code == 422


@pytest.mark.parametrize(
    "wrong", [{"choice": ""}, {"choice": "spam|9"}, {"choice": "none|0"}, {"facts": ""}, {"because": " "}]
)
def test_without_clause_measure_facts_and_reason_nothing_happens(
    shop: Stored, senior: Client, wrong: dict[str, str]
) -> None:
    made = prepare(senior)
    answer = post(senior, made, "ask", **(GIVEN | wrong))
    assert answer.status_code == 422
    assert "Choose a clause and a measure" in words_of(answer)
    made.refresh_from_db()
    assert made.state == "prepared"


def words_of(answer: Any) -> str:
    answer.status_code = 200
    return words(answer)


def test_many_wait_for_a_second_person(
    shop: Stored, senior: Client, second: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "SECOND_ABOVE", 3)
    made = prepare(senior)
    assert "A colleague must confirm it" in words(
        senior.post(f"/desk/together/{made.pk}/ask", GIVEN, follow=True)
    )
    assert post(senior, made, "settle", verdict="confirm").status_code == 422
    assert "You are the second person" in words(second.get(f"/desk/together/{made.pk}"))
    assert post(second, made, "settle", verdict="").status_code == 422
    assert post(second, made, "settle", verdict="confirm").status_code == 302
    made.refresh_from_db()
    assert made.state == "running"
    assert "under way" in words(second.get("/desk/together"))


def test_the_quota_is_said(shop: Stored, senior: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "HOURLY", 2)
    answer = post(senior, prepare(senior), "ask", **GIVEN)
    assert "leaves you 2 items" in words_of(answer)


@pytest.mark.parametrize("lacking", ["facts", "because"])
def test_what_was_chosen_and_written_is_kept_when_something_is_missing(
    shop: Stored, senior: Client, lacking: str
) -> None:
    page = post(senior, prepare(senior), "ask", **(GIVEN | {lacking: ""})).content.decode()
    assert re.findall(r'<option value="([^"]+)" selected', page) == [GIVEN["choice"]]
    assert all(GIVEN[name] in page for name in {"facts", "because"} - {lacking})


def test_nothing_or_too_much_leads_back(
    shop: Stored, senior: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = {"where": 'word(text.folded, "rugs")', "span": "all"}
    assert "There is nothing to decide" in words(senior.post("/desk/together/prepare", nothing, follow=True))
    monkeypatch.setattr(bulk, "MOST", 2)
    much = {"where": 'word(text.folded, "carpets")', "span": "all"}
    assert "narrow the question" in words(senior.post("/desk/together/prepare", much, follow=True))
    wrong = {"where": "author.postz", "span": "all"}
    assert "The condition has an error" in words(senior.post("/desk/together/prepare", wrong, follow=True))
    assert not Bulk.objects.exists()


def test_what_became_abuse_of_children_meanwhile_is_not_shown(
    shop: Stored, desk: Desk, senior: Client
) -> None:
    made = prepare(senior)
    case_of(desk, shop, 1, clause="child-abuse", harm="csam")
    page = words(senior.get(f"/desk/together/{made.pk}"))
    assert "carpets, number 0" not in page
    assert "carpets, number 1" in page


def test_it_reads_in_arabic(shop: Stored, sign_in: SignIn) -> None:
    client = sign_in(Role.SENIOR_MODERATOR, language="ar")
    page = words(client.get(f"/desk/together/{prepare(client).pk}"))
    assert "4 عناصر" in page
    assert "البتّ في الكل" in page


def test_the_page_says_what_was_asked_and_leads_back_to_it(shop: Stored, senior: Client) -> None:
    made = prepare(senior)
    page = senior.get(f"/desk/together/{made.pk}").content.decode()
    assert '<code dir="ltr">word(text.folded, &quot;carpets&quot;)</code>' in page
    (back,) = set(
        re.findall(r'href="(/desk/investigate\?where=[^"]+|/desk/investigate\?[^"]+&amp;where=[^"]+)"', page)
    )
    asked = parse_qs(urlsplit(html.unescape(back)).query)  # in any order: databases keep none
    assert asked == {"where": ['word(text.folded, "carpets")'], "span": ["all"], "by": ["day"]}
    everything = prepare(senior, where="", span="all")
    assert "What was asked everything" in words(senior.get(f"/desk/together/{everything.pk}"))


def test_an_answer_that_is_not_all_says_so_before_anything_is_decided(
    shop: Stored, senior: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = bulk_page.ask_log

    def short(*args: Any, **how: Any) -> Any:
        return msgspec.structs.replace(asked(*args, **how), stopped=Stopped.TIME)

    monkeypatch.setattr(bulk_page, "ask_log", short)
    made = prepare(senior)
    assert "these are only the items that are newer than" in words(senior.get(f"/desk/together/{made.pk}"))


@pytest.mark.parametrize("where", ['word(text.folded, "nothing")', "word(text.folded"])
def test_who_is_refused_finds_the_question_as_it_was(shop: Stored, senior: Client, where: str) -> None:
    answer = senior.post("/desk/together/prepare", {"where": where, "span": "30d"}, follow=True)
    assert html.escape(where) in answer.content.decode()
    assert '<option value="30d" selected>' in answer.content.decode()
    assert not Bulk.objects.exists()
