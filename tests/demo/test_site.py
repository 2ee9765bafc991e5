"""Maydan as its readers see it, in both languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from hakam.demo.hakam_client import Hakam
from hakam.demo.pages import Pages
from hakam.demo.platform import Platform
from hakam.demo.site import Site, preferred
from hakam.demo.store import Measure, Store

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def apply(store: Store, kind: str, post: str = "p1", **more: str) -> None:
    with store.work() as db:
        db.execute(
            "INSERT INTO measure (id, target, subject, kind, label, note, statement)"
            " VALUES (1, ?, ?, ?, ?, ?, ?)",
            ("item", post, kind, more.get("label"), more.get("note"), more.get("statement")),
        )


@pytest.mark.parametrize(
    ("accept", "language"),
    [("ar-JO,ar;q=0.9", "ar"), ("fr, en;q=0.5", "en"), ("de", "en"), ("", "en"), ("*", "en")],
)
def test_the_front_door_leads_to_the_readers_language(browser: Any, accept: str, language: str) -> None:
    browser.get("/", accept_language=accept)
    assert browser.status == 303
    assert browser.headers["location"] == f"/{language}/"
    assert preferred(accept) == language


def test_the_arabic_page_is_arabic_and_runs_from_right_to_left(browser: Any) -> None:
    page = browser.get("/ar/")
    assert browser.status == 200
    assert '<html lang="ar" dir="rtl">' in page
    assert "ميدان" in page
    assert "ماذا يجري؟" in page
    assert 'href="/en/"' in page


def test_the_timeline_shows_everything_or_one_language(browser: Any) -> None:
    both = browser.get("/en/")
    assert both.index("صباح النور") < both.index("Good morning") < both.index("صباح الخير")
    only = browser.get("/en/?only=ar")
    assert "Good morning" not in only
    assert "صباح الخير" in only


def test_what_people_write_is_never_html(browser: Any) -> None:
    page = browser.get("/en/")
    assert "Good morning &lt;everybody&gt; &amp; welcome" in page
    assert "<everybody>" not in page


def test_text_finds_its_own_direction(browser: Any) -> None:
    assert '<p class="text" dir="auto" lang="ar">' in browser.get("/en/")


def test_older_posts_are_a_page_further(browser: Any, store: Store) -> None:
    newest = store.timeline(limit=1)[0]
    page = browser.get(f"/en/?before={newest.at!r}")
    assert "صباح النور" not in page
    assert "Good morning" in page
    browser.get("/en/?before=nonsense")
    assert browser.status == 200


def test_a_post_stands_with_its_answers(browser: Any) -> None:
    page = browser.get("/en/post/p2")
    assert page.index("Good morning") < page.index("صباح النور")
    assert 'name="reply" value="p2"' in page


def test_a_removed_post_shows_why_and_nothing_of_itself(browser: Any, store: Store) -> None:
    apply(store, "remove", statement="s1")
    with store.work() as db:
        db.execute(
            "INSERT INTO letter (recipient, at, statement, title, body, link)"
            " VALUES ('salma', 1, 's1', 't', 'b', ?)",
            ("http://hakam.example/s/token",),
        )
    page = browser.get("/ar/post/p1")
    assert "صباح الخير" not in page
    assert "أُزيل هذا المنشور." in page
    assert 'href="http://hakam.example/s/token">السبب وطريقة التظلّم' in page


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("limit_reach", "Shown to fewer people"),
        ("age_gate", "<summary>For adults: open to read</summary>"),
        ("lock_replies", "Replies are closed"),
    ],
)
def test_each_state_is_visible(browser: Any, store: Store, kind: str, shown: str) -> None:
    apply(store, kind)
    page = browser.get("/en/post/p1")
    assert shown in page
    assert "صباح الخير" in page


def test_a_label_shows_the_moderators_words(browser: Any, store: Store) -> None:
    apply(store, "label", note="satire, from a play")
    assert "Note from the moderators" in browser.get("/en/post/p1")
    assert "satire, from a play" in browser.get("/en/post/p1")


def test_a_person_has_a_page_with_what_hakam_told(browser: Any, store: Store) -> None:
    with store.work() as db:
        db.execute(
            "INSERT INTO letter (recipient, at, title, body, link)"
            " VALUES ('dan', 1, 'About <you>', 'a\n\nb', '')"
        )
    page = browser.get("/en/@dan")
    assert "Dan Okafor" in page
    assert "Messages to Dan Okafor" in page
    assert "About &lt;you&gt;" in page
    assert "<p>a</p>" in page


@pytest.mark.sockets
def test_a_post_is_written_even_while_hakam_is_down(browser: Any, store: Store) -> None:
    browser.post("/ar/post", {"author": "salma", "text": "  مساء الخير  "})
    assert browser.status == 303
    written = store.timeline(limit=1)[0]
    assert (written.text, written.language, written.sent) == ("مساء الخير", "ar", False)
    assert "في انتظار الفحص" in browser.get("/ar/")


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_empty_or_endless_post_is_refused(browser: Any, store: Store, text: str) -> None:
    page = browser.post("/en/post", {"author": "dan", "text": text})
    assert browser.status == 422
    assert "Write something first." in page
    assert store.count_posts() == 3


def test_a_form_from_elsewhere_is_refused(browser: Any, store: Store) -> None:
    browser.post("/en/post", {"author": "dan", "text": "hello"}, origin="http://evil.example")
    assert browser.status == 403
    assert store.count_posts() == 3


@pytest.mark.sockets
def test_a_report_that_can_not_be_passed_on_says_so_and_can_be_sent_again(browser: Any) -> None:
    form = {"author": "dan", "harm": "spam", "why": "the same text again and again", "faith": "yes"}
    page = browser.post("/en/report/p1", form)
    assert browser.status == 502
    assert "Nothing was lost" in page
    assert '<form class="sheet" method="post">' in page


@pytest.mark.sockets
def test_a_report_reaches_hakam_and_gives_a_link(store: Store, other_side: Any, make_browser: Any) -> None:
    url, answers = other_side
    platform = Platform(store, Hakam(door=url, api=url, key="hk_1"), base_url="http://m.example")
    browser = make_browser(Site(platform, Pages(store, console="x"), secret=SECRET))
    form = {"author": "dan", "harm": "spam", "why": "الإعلان نفسه مرة بعد مرة", "faith": "yes"}
    page = browser.post("/ar/report/p1", form)
    assert browser.status == 200
    assert "شكرًا لك" in page
    assert "http://hakam.example/n/abc" in page
    [(path, headers, body)] = answers.got
    assert path == "/api/v1/notices"
    assert headers["authorization"] == "Bearer hk_1"
    assert headers["idempotency-key"] == "p1/dan/spam"
    assert body["explanation"] == "الإعلان نفسه مرة بعد مرة"
    assert body["items"] == [{"kind": "post", "id": "p1"}]


@pytest.mark.parametrize("missing", ["author", "harm", "faith"])
def test_a_report_without_its_parts_is_not_sent(browser: Any, missing: str) -> None:
    form = {"author": "dan", "harm": "spam", "why": "because it is", "faith": "yes"}
    browser.post("/en/report/p1", {name: value for name, value in form.items() if name != missing})
    assert browser.status == 404


def test_the_form_of_report_names_its_harms_in_both_languages(browser: Any) -> None:
    assert "Hate speech" in browser.get("/en/report/p1")
    assert "خطاب كراهية" in browser.get("/ar/report/p1")


@pytest.mark.parametrize(
    "path", ["/fr/", "/en/post/none", "/ar/@nobody", "/en/report/none", "/static/../store.py"]
)
def test_what_is_not_there_is_not_there(browser: Any, path: str) -> None:
    browser.get(path)
    assert browser.status == 404


def test_every_answer_carries_its_guards(browser: Any) -> None:
    for path in ("/en/", "/ar/", "/healthz", "/static/maydan.css", "/nowhere"):
        browser.get(path)
        assert "default-src 'none'" in browser.headers["content-security-policy"]
        assert browser.headers["x-content-type-options"] == "nosniff"
    assert "style=" not in browser.get("/en/"), "the policy permits no inline style"


def test_styles_and_script_are_served(browser: Any) -> None:
    assert "--paper" in browser.get("/static/maydan.css")
    assert browser.headers["content-type"] == "text/css"
    browser.get("/static/maydan.js")
    assert browser.headers["content-type"] == "text/javascript"


def test_health_tells_how_many_posts_there_are(browser: Any) -> None:
    assert json.loads(browser.get("/healthz")) == {"status": "ok", "posts": 3}


def test_a_webhook_changes_what_readers_see(browser: Any) -> None:
    when = datetime.now(tz=UTC)
    data = {
        "measure": {"id": 1, "kind": "remove"},
        "target": "item",
        "item": {"id": "p2"},
        "author": {"id": "dan"},
        "statement": None,
    }
    body = json.dumps({"type": "measure.apply", "timestamp": when.isoformat(), "data": data})
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("m1", when, body),
    }
    assert json.loads(browser.send("/hooks/hakam", body.encode(), headers)) == {"status": "applied"}
    assert "Good morning" not in browser.get("/en/")
    assert "measure.apply" in browser.get("/en/messages")


def test_a_forged_webhook_is_refused_with_its_reason(browser: Any) -> None:
    answer = json.loads(browser.send("/hooks/hakam", b"{}", {"webhook-id": "m1"}))
    assert browser.status == 400
    assert answer["status"] == "failed"


def test_a_failure_is_logged_and_told_without_its_insides(
    browser: Any, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with store.work() as db:
        db.execute("DROP TABLE measure")
    page = browser.get("/en/")
    assert browser.status == 500
    assert page == "Maydan stumbled; its log says why."
    assert "no such table" in caplog.text


def test_measures_are_values() -> None:
    assert Measure(1, "item", "p1", "remove").reversed is False


@pytest.fixture
def make_browser(browser: Any) -> Callable[[Site], object]:
    return type(browser)
