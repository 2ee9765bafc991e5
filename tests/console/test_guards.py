"""What every page carries, whoever asks: its policy for scripts, its language, its isolation, its keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.test import Client
from tests.console.conftest import Desk, SignIn

from hakam.intake.models import Notice
from hakam.staff.models import User
from hakam.staff.roles import Role
from hakam.testing import scene

NASTY = 'سلام <script>alert(1)</script> "quoted" \u202eright {{ 7 }} </textarea>'
STATIC = Path(__file__).resolve().parents[2] / "src/hakam/console/static/console"


class Page(HTMLParser):
    """The tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def of(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of every `tag`."""
        return [attributes for name, attributes in self.tags if name == tag]


class Shown(NamedTuple):
    """A page as it arrived."""

    path: str
    answer: Any
    html: str
    page: Page
    language: str


def everything(desk: Desk, sign_in: SignIn, amal: User, language: str) -> list[Shown]:
    """Return every page that shows something, each with what nasty people wrote on it."""
    removed = desk.remove(desk.case(NASTY), amal, facts=NASTY)
    complaint = desk.complaint(removed, NASTY)
    case = desk.case(NASTY, values={"x": NASTY}, author=NASTY[:30])
    desk.later(case, NASTY + " more")
    given = {
        "harm": "threat",
        "addresses": "https://maydan.example/77?<b>",
        "illegal": "no",
        "explanation": NASTY,
        "good_faith": "on",
    }
    Client().post("/report", given)
    public = f"""/ /report /rules /transparency /accounts/login/ /nothing /c/{complaint.token}
        /n/{Notice.objects.get().token} /s/{desk.statement(removed).token}"""
    inside = f"""/desk/ /desk/search?search=%3Cscript%3E /desk/cases/{case.pk}/ /desk/complaints
        /desk/complaints/{complaint.pk} /desk/rules /desk/deliveries /desk/deliveries/{desk.effect().pk}
        /desk/ledger /desk/ledger/story?subject=case:{case.pk} /desk/ledger/3 /desk/people /desk/keys
        /desk/preferences"""
    stranger, root = Client(), sign_in(Role.ADMINISTRATOR, language=language)
    stranger.cookies["django_language"] = language
    found = []
    for client, paths in ((stranger, public), (root, inside)):
        for path in paths.split():
            answer = client.get(path)
            html = answer.content.decode()
            found.append(Shown(path, answer, html, Page(html), language))
    return found


def policy_of(answer: Any) -> dict[str, list[str]]:
    policy = answer.headers.get("Content-Security-Policy", "")
    return {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}


def runs_nothing_foreign(shown: Shown) -> Iterator[str]:
    rules = policy_of(shown.answer)
    if rules.get("default-src") != ["'none'"] or rules.get("frame-ancestors") != ["'none'"]:
        yield f"its policy is {rules}"
    if {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & set(rules.get("script-src", ["*"])):
        yield "scripts of others may run"
    nonces = [part[7:-1] for part in rules["script-src"] if part.startswith("'nonce-")]
    for script in shown.page.of("script"):
        if not script.get("src", "").startswith("/static/") and script.get("nonce") not in nonces:
            yield f"a script without a nonce: {script}"
    for tag, attributes in shown.page.tags:
        if tag in {"iframe", "object", "embed", "base"}:
            yield f"a {tag}"
        if "style" in attributes or any(name.startswith("on") for name in attributes):
            yield f"{tag} has {sorted(attributes)}"
    guards = shown.answer.headers
    if guards["X-Frame-Options"] != "DENY" or guards["X-Content-Type-Options"] != "nosniff":
        yield "it can be framed or sniffed"


def shows_words_as_words(shown: Shown) -> Iterator[str]:
    if "<script>alert" in shown.html:
        yield "what somebody wrote is markup"
    drawn = re.sub(r"<textarea.*?</textarea>", "", shown.html, flags=re.DOTALL)  # holds text, no glyphs
    if "\u202e" in drawn:
        yield "a bidi control of a user turns the page around"


def says_its_language(shown: Shown) -> Iterator[str]:
    html = shown.page.of("html")[0]
    wanted = (shown.language, {"en": "ltr", "ar": "rtl"}[shown.language])
    if (html.get("lang"), html.get("dir")) != wanted:
        yield f"it says {html.get('lang')}, {html.get('dir')}"


def can_be_walked_without_eyes(shown: Shown) -> Iterator[str]:
    title = re.search(r"<title>([^<]+)</title>", shown.html)
    if not title or not title[1].strip():
        yield "no title"
    for tag in ("h1", "main"):
        if len(shown.page.of(tag)) != 1:
            yield f"{len(shown.page.of(tag))} {tag}"
    ids = [attributes["id"] for _tag, attributes in shown.page.tags if "id" in attributes]
    for id_ in {id_ for id_ in ids if ids.count(id_) > 1}:
        yield f"the id {id_} twice"
    for label in shown.page.of("label"):
        if label.get("for") and label["for"] not in ids:
            yield f"a label for nothing: {label['for']}"


def guards_its_forms(shown: Shown) -> Iterator[str]:
    for form in re.findall(r'<form\b[^>]*method="post".*?</form>', shown.html, re.DOTALL):
        if "csrfmiddlewaretoken" not in form:
            yield "a form that posts carries no token"


def brings_its_scripts(shown: Shown) -> Iterator[str]:
    for script in shown.page.of("script"):
        source = script.get("src", "")
        own = "/static/console/"
        if source.startswith(own) and not (STATIC / source.removeprefix(own)).exists():
            yield f"{source} is not there"


CHECKS = (
    runs_nothing_foreign,
    shows_words_as_words,
    says_its_language,
    can_be_walked_without_eyes,
    guards_its_forms,
    brings_its_scripts,
)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_page_is_guarded(desk: Desk, sign_in: SignIn, amal: User, language: str) -> None:
    pages = everything(desk, sign_in, amal, language)
    wrong = [f"{shown.path}: {why}" for shown in pages for check in CHECKS for why in check(shown)]
    assert wrong == []
    policies = [shown.answer.headers["Content-Security-Policy"] for shown in pages]
    nonces = [found for policy in policies for found in set(re.findall(r"nonce-([^']+)", policy))]
    assert len(set(nonces)) == len(nonces), "a nonce was used twice"


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/report", {"harm": "threat"}),
        ("/language", {"language": "ar"}),
        ("/theme", {"theme": "dark"}),
        ("/accounts/login/", {"login": "x", "password": "y"}),
    ],
)
def test_public_forms_are_not_taken_from_elsewhere(book: object, path: str, given: dict[str, str]) -> None:
    answer = Client(enforce_csrf_checks=True).post(path, given)
    assert answer.status_code == 403
    assert not Notice.objects.exists()


def test_a_complaint_is_not_taken_from_elsewhere(desk: Desk, amal: User) -> None:
    statement = desk.statement(desk.remove(desk.case(), amal))
    answer = Client(enforce_csrf_checks=True).post(f"/s/{statement.token}/complain", {"text": "x"})
    assert answer.status_code == 403


@pytest.mark.parametrize("form", [("/language", {"language": "ar"}), ("/theme", {"theme": "dark"})], ids=str)
def test_no_switch_leads_out_of_the_house(db: None, form: tuple[str, dict[str, str]]) -> None:
    path, given = form
    for target in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:x",
        "x",
        "",
    ):
        assert Client().post(path, given | {"next": target}).headers["Location"] == "/", target
    assert Client().post(path, given | {"next": "/rules?a=b"}).headers["Location"] == "/rules?a=b"


@pytest.mark.parametrize("form", [("/language", {"language": "xx"}), ("/theme", {"theme": "pink"})], ids=str)
def test_an_unknown_choice_sets_no_cookie(db: None, form: tuple[str, dict[str, str]]) -> None:
    answer = Client().post(*form)
    assert answer.status_code == 400
    assert not answer.cookies


def test_cookies_can_not_be_read_by_scripts_nor_sent_from_elsewhere(desk: Desk) -> None:
    scene.person("nour", password="a sentence that only I would say")
    client = Client()
    client.post("/theme", {"theme": "dark"})
    given = {"login": "nour", "password": "a sentence that only I would say"}
    client.post("/accounts/login/", given)
    for name in (settings.SESSION_COOKIE_NAME, "hakam_theme"):
        cookie = client.cookies[name]
        assert (bool(cookie["httponly"]), cookie["samesite"]) == (True, "Lax"), name


# --------------------------------------------------------------------------------- the keyboard


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_case_offers_every_key_of_the_sheet(desk: Desk, sign_in: SignIn, language: str) -> None:
    page = Page(sign_in(language=language).get(f"/desk/cases/{desk.case().pk}/").content.decode())
    offered = {a["aria-keyshortcuts"] for _tag, a in page.tags if "aria-keyshortcuts" in a}
    assert {"0", "S", "1", "2", "3", "Enter"} <= offered


def test_shortcuts_are_by_place_on_the_keyboard_so_that_they_work_on_an_arabic_one() -> None:
    source = (STATIC / "js" / "keys.js").read_text(encoding="utf-8")
    assert ".code" in source
    assert "isContentEditable" in source or "textarea" in source.lower()


def test_the_rule_book_for_machines_is_json_in_both_languages(desk: Desk) -> None:
    body = json.loads(Client().get("/rules.json").content)
    clause = next(one for one in body["clauses"] if one["id"] == "hate")
    assert (clause["title"]["en"], clause["title"]["ar"]) == ("Hate speech", "خطاب كراهية")
