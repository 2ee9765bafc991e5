"""What Maydan does with texts and messages that mean harm: it shows them as text, or refuses them, and goes on."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.demo.test_hooks import OTHER_SECRET, measure, message, send, statement, visibility

from hakam.demo.hooks import RefusedError
from hakam.demo.platform import LONGEST_POST
from hakam.demo.standing import Visibility
from hakam.demo.store import Author, Post, Store

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE post; --",
    "{{ w.name }}{% include 'base.html' %}",
    "</p></article><form action='//evil.example'>",
    "\u202egpj.exe\u202c \u2066نص\u2069",
    "&lt;b&gt; &amp; &#x3c;",
    "javascript:alert(1)",
    "\x00\x1b[2J\x07",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
)
PAGES = ("/en/", "/ar/", "/en/post/bad", "/ar/post/bad", "/en/report/bad", "/en/@mallory", "/en/?fragment=1")


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request: Any, store: Store) -> str:
    """Put a hostile text wherever a person can put one."""
    text: str = request.param
    store.add_authors([Author("mallory", text, "en", "XX", 1.0, 0)])
    store.add_posts(
        [Post("bad", "mallory", 4e9, "en", text), Post("worse", "mallory", 5e9, "en", text, reply="bad")]
    )
    return text


def tags(page: str) -> list[str]:
    """Return every tag of a page with its attributes' names, in order."""
    found = re.findall(r"<(/?\w[\w-]*)((?:\s+[\w:-]+(?:=\"[^\"]*\")?)*)\s*/?>", page)
    return [name + " ".join(re.findall(r"\s([\w:-]+)(?==|\s|$)", more)) for name, more in found]


@pytest.mark.parametrize("path", PAGES)
def test_a_hostile_text_is_shown_and_nothing_else(
    browser: Any, store: Store, hostile: str, path: str
) -> None:
    page = browser.get(path)
    assert browser.status == 200
    assert hostile in html.unescape(page)
    with store.work() as db:
        db.execute("UPDATE post SET text = 'plain' WHERE author = 'mallory'")
        db.execute("UPDATE author SET name = 'plain' WHERE id = 'mallory'")
    assert tags(page) == tags(browser.get(path)), "a text brings no tag and no attribute of its own"


def test_a_hostile_letter_and_label_are_text(browser: Any, store: Store, hostile: str) -> None:
    told = {
        "subject": hostile,
        "text": hostile,
        "links": {"notice": "http://hakam.example/n/1"},
        "recipient": "dan",
    }
    send(store, *message("notice.outcome", told))
    send(store, *message("measure.apply", measure(kind="label", note=hostile), name="m2"))
    for path in ("/en/@dan", "/en/post/p1", "/ar/messages"):
        page = browser.get(path)
        assert browser.status == 200
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "action='//evil" not in page
    assert hostile in html.unescape(browser.get("/en/post/p1"))


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,<script>", '" onmouseover="x'])
def test_a_link_of_a_letter_never_runs(browser: Any, store: Store, link: str) -> None:
    send(
        store,
        *message("notice.outcome", {"subject": "s", "text": "t", "links": {"n": link}, "recipient": "dan"}),
    )
    page = browser.get("/en/@dan")
    assert 'href="javascript' not in page
    assert 'href="data:' not in page
    assert '" onmouseover="x"' not in page


@pytest.mark.parametrize(
    "path",
    [
        "/en/post/" + quote("<script>"),
        "/en/post/../../etc/passwd",
        "/en/@" + "x" * 5_000,
        "/static/maydan.css/../../store.py",
        "/static/%2e%2e/store.py",
        "/EN/",
        "//en/",
        "/en",
        "/ar/post/",
        "/en/?before=nan",
        "/en/?before=inf",
        "/en/?before=-1e400",
        "/en/?only=<script>",
        "/en/?only=ar&only=en&fragment",
    ],
)
def test_no_address_makes_maydan_stumble(browser: Any, path: str) -> None:
    page = browser.get(path)
    assert browser.status in {200, 404}
    assert "<script>" not in page.replace('<script src="', "")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/en/post"), ("DELETE", "/en/post/p1"), ("POST", "/en/"), ("GET", "/hooks/hakam")],
)
def test_a_method_that_a_page_does_not_have_finds_nothing(
    browser: Any, store: Store, method: str, path: str
) -> None:
    browser._ask(method, path)
    assert browser.status == 404
    assert store.count_posts() == 3


@pytest.mark.parametrize("size", ["-1", "many", "", "99999999999"])
def test_a_length_that_is_none_is_an_empty_body(browser: Any, store: Store, size: str) -> None:
    browser._site(
        {"REQUEST_METHOD": "POST", "PATH_INFO": "/en/post", "CONTENT_LENGTH": size, "wsgi.input": None},
        lambda status, _headers: setattr(browser, "status", int(status.split()[0])),
    )
    assert browser.status in {400, 404}
    assert store.count_posts() == 3


@pytest.mark.sockets
@pytest.mark.parametrize("length", [1, LONGEST_POST])
def test_a_post_may_be_as_long_as_that(browser: Any, store: Store, length: int) -> None:
    browser.post("/ar/post", {"author": "salma", "text": "ض" * length})
    assert browser.status == 303
    assert len(store.timeline(limit=1)[0].text) == length


# --------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    "away", [timedelta(minutes=-6), timedelta(hours=-1), timedelta(minutes=6), timedelta(days=365)]
)
def test_a_message_from_another_time_is_refused(store: Store, away: timedelta) -> None:
    with pytest.raises(RefusedError, match=r"too old|too new"):
        send(store, *message("measure.apply", measure(), at=datetime.now(tz=UTC) + away))
    assert (store.hooks(), visibility(store)) == ([], Visibility.OPEN)


@pytest.mark.parametrize("away", [timedelta(minutes=-4), timedelta(minutes=4)])
def test_clocks_may_differ_a_little(store: Store, away: timedelta) -> None:
    assert send(store, *message("measure.apply", measure(), at=datetime.now(tz=UTC) + away)) == "applied"
    assert visibility(store) is Visibility.GONE


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1"),
        ("webhook-signature", "v1,not-base64!"),
        ("webhook-signature", "v2,AAAA"),
        ("webhook-signature", "توقيع"),
        ("webhook-timestamp", "now"),
        ("webhook-timestamp", ""),
        ("webhook-timestamp", "9" * 40),
        ("webhook-timestamp", "nan"),
        ("webhook-id", ""),
    ],
)
def test_a_header_that_is_none_is_a_refusal_over_http_too(
    browser: Any, store: Store, header: str, value: str
) -> None:
    headers, body = message("measure.apply", measure())
    answer = json.loads(browser.send("/hooks/hakam", body, headers | {header: value}))
    assert (browser.status, answer["status"]) == (400, "failed")
    assert (store.hooks(), visibility(store)) == ([], Visibility.OPEN)


def test_the_signature_of_another_platform_is_none_here(browser: Any, store: Store) -> None:
    headers, body = message("measure.apply", measure(), secret=OTHER_SECRET)
    browser.send("/hooks/hakam", body, headers)
    assert browser.status == 400
    assert store.hooks() == []


def test_one_good_signature_of_several_is_enough_while_a_secret_changes(store: Store) -> None:
    headers, body = message("measure.apply", measure())
    other, _ = message("measure.apply", measure(), secret=OTHER_SECRET)
    both = f"{other['webhook-signature']} {headers['webhook-signature']}"
    assert send(store, headers | {"webhook-signature": both}, body) == "applied"


@given(st.binary(max_size=200))
@hypothesis_settings(
    max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_no_body_that_hakam_did_not_sign_leaves_a_trace(store: Store, body: bytes) -> None:
    headers, _ = message("measure.apply", measure())
    with pytest.raises(RefusedError):
        send(store, headers, body)
    assert store.hooks() == []


@given(
    st.lists(st.sampled_from(["apply", "reverse"]), max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
@hypothesis_settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_however_often_each_message_comes_the_last_word_holds(
    store: Store, deeds: list[str], twice: list[bool]
) -> None:
    with store.work() as db:
        db.execute("DELETE FROM measure")
        db.execute("DELETE FROM hook")
    standing_now = Visibility.OPEN
    for place, deed in enumerate(deeds):
        # each removal is a measure of its own; a reversal takes back the newest
        number = (
            1 + place
            if deed == "apply"
            else max((1 + n for n in range(place) if deeds[n] == "apply"), default=99)
        )
        sent = message(f"measure.{deed}", measure(number), name=f"m{place}")
        for _ in range(1 + twice[place]):
            send(store, *sent)
    applied = [1 + n for n, deed in enumerate(deeds) if deed == "apply"]
    reversed_ = {
        max(1 + m for m in range(n) if deeds[m] == "apply")
        for n, deed in enumerate(deeds)
        if deed == "reverse" and "apply" in deeds[:n]
    }
    if set(applied) - reversed_:
        standing_now = Visibility.GONE
    assert visibility(store) is standing_now


def test_a_reversal_restores_what_was_removed_with_its_text_and_replies(browser: Any, store: Store) -> None:
    about = measure() | {"item": {"id": "p2"}, "author": {"id": "dan"}}
    before = browser.get("/en/post/p2")
    send(store, *message("measure.apply", about, name="a"))
    assert "Good morning" not in browser.get("/en/post/p2")
    send(store, *message("measure.reverse", about, name="b"))
    send(store, *message("statement.withdrawn", statement(), name="c"))
    assert browser.get("/en/post/p2") == before
    assert [hook.kind for hook in store.hooks()].count("statement.withdrawn") == 1


# --------------------------------------------------------------------------------------- the store


def test_who_is_there_stays_as_they_are(store: Store) -> None:
    store.add_authors([Author("dan", "Somebody else", "ar", "XX", 0.0, 99)])
    store.add_posts([Post("p2", "salma", 0.0, "ar", "something else")])
    assert store.authors()["dan"].name == "Dan Okafor"
    assert (store.post("p2") or Post("", "", 0, "", "")).text.startswith("Good morning")


def test_a_post_of_nobody_is_refused_whole(store: Store) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        store.add_posts([Post("p8", "dan", 1.0, "en", "fine"), Post("p9", "nobody", 1.0, "en", "not fine")])
    assert store.post("p8") is None


@pytest.mark.parametrize("name", HOSTILE[:8])
def test_ids_and_notes_are_values_never_sql(store: Store, name: str) -> None:
    store.set_note(name, name)
    store.set_note(name, "again")
    assert store.note(name) == "again"
    assert store.post(name) is None
    assert store.measures("item", [name]) == {name: []}
    assert store.timeline(author=name) == store.letters(name) == store.replies(name) == []
    assert store.count_posts() == 3


def test_pages_of_the_timeline_meet_without_gap_or_repeat(store: Store) -> None:
    store.add_posts(Post(f"q{n:02}", "dan", 1_000.0 + n, "en", f"number {n}") for n in range(25))
    seen: list[str] = []
    before = 0.0
    while part := store.timeline(before=before, limit=7):
        seen += [post.id for post in part]
        before = part[-1].at
    assert len(seen) == len(set(seen)) == 28
    assert seen[3:] == [f"q{n:02}" for n in reversed(range(25))]
