"""The pages that a letter leads to, and the forms of Art. 16 before them, speak six languages whole.

English, Arabic, French, German, Spanish, Italian.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as replaced
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polib
import pytest
from django.template import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.test import Client
from django.utils.functional import Promise
from tests.console.conftest import Desk
from tests.console.test_outside import report as send_report

import hakam
from hakam.compliance.profile import Profile, set_profile
from hakam.compliance.statement_text import render
from hakam.console.installation import vault
from hakam.console.outside.reading import NAMES
from hakam.console.terms import FAMILIES
from hakam.enforcement.letters import LANGUAGES
from hakam.intake.models import Conduct, Notice, Strike, Suspension
from hakam.live.models import Refusal
from hakam.policy.clauses import Clause
from hakam.regulator import requests
from hakam.regulator.regimes import Said
from hakam.review.complaints import decide_complaint
from hakam.review.models import Complaint
from hakam.staff.models import User
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

PACKAGE = Path(hakam.__file__).parent
CATALOGUES = ("fr", "de", "es", "it")
TEMPLATES = (
    *(f"console/outside/{name}.html" for name in (
        "report", "intimate", "notice", "statement", "complaint", "complaint_fields", "misuse", "request_status",
        "live", "rulebook", "differences", "outside",
    )),
    "console/page.html",
    *(f"console/pieces/{name}.html" for name in ("brand", "language", "theme", "field", "wrong")),
    *(f"{code}.html" for code in ("400", "403", "403_csrf", "404", "500")),
)  # fmt: skip
# What the pages say when something is wrong; None: the whole module.
MODULES: dict[str, frozenset[str] | None] = {
    "console/outside/complaint": None,
    "console/outside/misuse": None,
    "console/outside/live": None,
    "console/outside/forms": None,
    "console/outside/report": None,
    "console/outside/intimate": None,
    "intake/harms": None,
    "vocabulary/notice": None,
    "intake/objections": None,
    "intake/holding": frozenset({"object_to"}),
    "live/permits": frozenset({"ask"}),
}
NEEDED = {"_": 0, "gettext": 0, "gettext_lazy": 0, "pgettext": 1, "pgettext_lazy": 1}


def bare(said: Any) -> str:
    """Return what a tag of a template has in quotes."""
    return str(getattr(said.var, "literal", said.var)).strip("\"'")


def in_templates() -> Iterator[tuple[str | None, str]]:
    """Yield (context, message) for every message of the templates."""
    engine = Engine.get_default()
    for name in TEMPLATES:
        found = engine.get_template(name).nodelist
        for node in found.get_nodes_by_type((TranslateNode, BlockTranslateNode)):  # type: ignore[arg-type]
            if isinstance(node, BlockTranslateNode):
                yield None, node.render_token_list(node.singular)[0]
            else:
                context = node.message_context
                yield context and bare(context), bare(node.filter_expression)


def in_modules() -> Iterator[tuple[str | None, str]]:
    """Yield (context, message) for every message of what takes the forms."""
    for name, parts in MODULES.items():
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        for part in tree.body:
            if parts is not None and getattr(part, "name", None) not in parts:
                continue
            for node in ast.walk(part):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                place = NEEDED.get(node.func.id)
                said = [a.value for a in node.args if isinstance(a, ast.Constant)]
                if place is not None and len(said) > place:
                    yield (str(said[0]) if place else None), str(said[place])


def in_terms() -> Iterator[tuple[str | None, str]]:
    """Yield (context, message) for every word of the vocabularies that the templates show."""
    source = "".join((PACKAGE / "console/templates" / name).read_text() for name in TEMPLATES)
    for family in {*re.findall(r'term:"(\w+)"', source), "measure"}:
        for word in FAMILIES[family].values():
            assert isinstance(word, Promise)
            said = word.__reduce__()[1][1]  # type: ignore[call-overload, index]
            yield (said[0], said[1]) if len(said) > 1 else (None, said[0])


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_word_of_these_pages_is_in_each_catalogue(language: str) -> None:
    catalogue = polib.pofile(str(PACKAGE / "console/locale" / language / "LC_MESSAGES/django.po"))
    known = {(entry.msgctxt, entry.msgid) for entry in catalogue if entry.translated()}
    asked = {*in_templates(), *in_modules(), *in_terms()}
    assert len(asked) > 300
    assert asked - known == set()


class Seen(HTMLParser):
    """What a person reads, or is read to, on a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: set[str] = set()
        self.language = ""
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag in {"script", "style", "textarea"}:
            self._silent += 1
        self.said |= {
            given[one] or "" for one in ("aria-label", "title", "placeholder", "alt") if given.get(one)
        }

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "textarea"}:
            self._silent -= 1

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not self._silent and re.search("[A-Za-z]{2}", text):
            self.said.add(text)


@dataclass(frozen=True)
class House:
    """One of each page, in many states."""

    paths: tuple[str, ...]
    wrong: tuple[tuple[str, dict[str, str]], ...]  # forms that are sent with something wrong
    written: frozenset[str]  # by people, and names: they stay as they are


WROTE = "Wrote this myself"


@pytest.fixture
def house(desk: Desk, amal: User, basil: User, settings: Any) -> House:
    settings.HAKAM = replaced(settings.HAKAM, platform="maydan", platform_name="Maydan")
    scene.publish({**scene.PACK, "pack.yaml": scene.PACK["pack.yaml"].replace("1.0.0", "1.1.0"),
                   "policies.yaml": scene.PACK["policies.yaml"].replace("same thing", "same")})  # fmt: skip
    paths: list[str] = []
    wrong: list[tuple[str, dict[str, str]]] = []
    send_report({"explanation": WROTE})
    paths += [f"/n/{Notice.objects.get().token}?new=1"]
    send_report({"explanation": WROTE, "addresses": "https://maydan.example/2"})
    answered = Notice.objects.order_by("-received_at")[0]
    from hakam.review.models import Case  # noqa: PLC0415 -- of this fixture alone

    desk.answer(desk.remove(Case.objects.order_by("-pk")[0], amal, facts=WROTE))
    paths += [f"/n/{answered.token}"]
    wrong += [(f"/n/{answered.token}/0/complain", {"text": "", "email": "nobody"})]
    first, second, third = (desk.remove(desk.case(WROTE), amal, facts=WROTE) for _n in range(3))
    for one in (first, second, third):
        paths += [f"/s/{desk.statement(one).token}"]
    wrong += [(f"/s/{desk.statement(third).token}/complain", {"text": "", "email": "nobody"})]
    upheld, waiting = desk.complaint(first, WROTE), desk.complaint(second, WROTE)
    decide_complaint(
        upheld.pk, by=basil.actor, now=desk.now + timedelta(minutes=1), uphold=True, answer=WROTE
    )  # fmt: skip
    paths += [f"/c/{upheld.token}", f"/c/{waiting.token}"]
    for number, kind in enumerate(("illegal_content", "notices", "complaints")):
        conduct = Conduct.objects.create(token=f"tok{number}", platform=scene.PLATFORM, kind=kind, account=f"u{number}",
                                         warned_at=desk.now, warning=WROTE)  # fmt: skip
        Strike.objects.create(
            conduct=conduct, ref=f"notice:{kind}", at=desk.now, by=str(amal.actor), because=WROTE
        )
        paths += [f"/m/tok{number}"]
        if number:
            Suspension.objects.create(
                conduct=conduct, begins=desk.now, ends=desk.now + timedelta(days=7), by=str(amal.actor), because=WROTE,
                factors={"strikes": 2, "total": 9, "gravity": WROTE, "intention": ""},
                **({"objection": WROTE, "objected_at": desk.now} if number == 2 else {}),
            )  # fmt: skip
    wrong += [("/m/tok1/object", {"text": ""})]
    set_profile(Profile(platform="maydan", countries=("US",)), by=SYSTEM, now=desk.now)
    asked = requests.receive(
        "us.intimate", Said(contact="a@b.example", urls=("https://maydan.example/77",), language="fr"),
        platform="maydan", vault=vault(), by=SYSTEM, now=desk.now,
    )  # fmt: skip
    paths += [f"/q/{asked.token}"]
    for number, (why, facts) in enumerate(
        (("new_account", {"account_days": [1, 7]}), ("age", {"age": [None, 16]}), ("barred", {}), ("unsure", {}))
    ):  # fmt: skip
        Refusal.objects.create(platform=scene.PLATFORM, server="s", stream="show", account="u2", first_at=desk.now,
                               last_at=desk.now, token=f"told{number}", why=why, facts=facts)  # fmt: skip
        paths += [f"/live/told{number}"]
    wrong += [("/live/told0/ask", {"text": ""})]
    paths += ["/report", "/intimate"]
    lost = {"harm": "", "addresses": "post 7", "explanation": WROTE, "illegal": "yes", "email": "nobody"}
    wrong += [
        ("/report", {}),
        ("/report", lost),
        ("/intimate", {}),
        ("/intimate", {"urls": "post 7", "contact": "x"}),
    ]
    paths += ["/rules", "/rules/1.0.0", "/rules/differences"]
    return House(tuple(paths), tuple(wrong), frozenset())


def read(path: str, language: str, posted: dict[str, str] | None = None) -> Seen:
    browser = Client()
    answer = browser.post("/language", {"language": language, "next": path})
    assert answer.status_code == 302
    got = browser.get(path) if posted is None else browser.post(path, posted)
    assert got.status_code == (200 if posted is None else 422), path
    return Seen(got.content.decode())


def of_clauses(desk: Desk) -> set[str]:
    """Return what the operator wrote: titles, texts and examples of clauses."""
    from hakam.compliance import rulebook  # noqa: PLC0415 -- of this test alone

    found: set[str] = set()
    for version in rulebook.versions():
        for clause in rulebook.load(version).clauses.values():
            assert isinstance(clause, Clause)
            found |= {*clause.title.values(), *clause.text.values()}
            found |= {
                f"{law.provision} ({law.country})" if law.country else law.provision for law in clause.legal
            }
            for some in clause.examples.values():
                found |= {*some}
    return {" ".join(one.split()) for one in found}


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_word_of_such_a_page_stays_english(desk: Desk, house: House, language: str) -> None:
    own = of_clauses(desk) | {*NAMES.values(), WROTE, "Maydan", "Hakam", "rules.json", "1.0.0", "1.1.0", "show",
                              "Version", "same", "same thing", "https://maydan.example/77"}  # fmt: skip
    left: dict[str, set[str]] = {}
    for path, posted in [*((path, None) for path in house.paths), *house.wrong]:
        english, theirs = read(path, "en", posted), read(path, language, posted)
        assert (english.language, theirs.language) == ("en", language), path
        assert len(english.said) > 15
        same = {one for one in english.said & theirs.said if one not in own}
        # Addresses, numbers and tokens are the same everywhere.
        same = {one for one in same if not re.fullmatch(r"\S*[/@:0-9_-]\S*", one)}
        if path == "/rules/differences":  # clauses stand there in pieces
            same = {one for one in same if not any(one in text for text in own)}
        left |= {path: same} if same else {}
    assert left == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_speaks_the_language_of_its_letter(desk: Desk, house: House, language: str) -> None:
    Notice.objects.update(language=language)
    Complaint.objects.update(language=language)
    Conduct.objects.update(language=language)
    Refusal.objects.update(language=language)
    for path in house.paths:
        if path.startswith(("/n/", "/c/", "/m/", "/live/")):
            got = Client(HTTP_ACCEPT_LANGUAGE="pl,en;q=0.5").get(path).content.decode()
            assert f'<html lang="{language}"' in got, path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_statement_leads_to_the_rules_in_its_language(desk: Desk, amal: User, language: str) -> None:
    # DSA Art. 17(3)(e)
    told = render(desk.statement(desk.remove(desk.case(), amal)), language)
    (path,) = [link.url for one in told.sections for link in one.links if link.url.startswith("/rules/")]
    got = Client(HTTP_ACCEPT_LANGUAGE="en").get(path.partition("#")[0]).content.decode()
    assert f'<html lang="{language}"' in got


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_complaint_is_answered_in_the_language_in_which_it_was_made(
    desk: Desk, amal: User, language: str
) -> None:
    # DSA Art. 20(5)
    statement = desk.statement(desk.remove(desk.case(), amal))
    statement.language = language
    statement.save(update_fields=["language"])
    given = {"text": WROTE, "email": "a@b.example"}
    assert Client().post(f"/s/{statement.token}/complain", given).status_code == 302
    assert Complaint.objects.get().language == language


def test_all_six_are_offered_and_one_choice_holds_for_all_such_pages(house: House) -> None:
    browser = Client()
    first, second = house.paths[0], house.paths[-1]
    page = browser.get(first).content.decode()
    assert re.findall(r'data-language="(\w+)"', page) == list(LANGUAGES)
    answer = browser.post("/language", {"language": "it", "next": first})
    assert answer.headers["Location"] == first
    for path in (first, second):
        assert '<html lang="it"' in browser.get(path).content.decode()


@pytest.mark.parametrize("path", ["/", "/transparency", "/contact", "/incidents", "/accounts/login/"])
def test_a_page_that_is_not_written_in_a_language_does_not_begin_to_speak_it(house: House, path: str) -> None:
    browser = Client(HTTP_ACCEPT_LANGUAGE="fr")
    browser.post("/language", {"language": "fr", "next": "/"})
    page = browser.get(path).content.decode()
    assert '<html lang="en"' in page
    assert "Signaler" not in page
    assert re.findall(r'data-language="(\w+)"', page) in ([], ["ar"])


def test_english_or_arabic_chosen_later_goes_for_all_pages(house: House) -> None:
    browser = Client()
    for language in ("fr", "ar"):
        browser.post("/language", {"language": language, "next": "/"})
    for path in (house.paths[0], "/report"):
        assert '<html lang="ar"' in browser.get(path).content.decode()


def test_a_language_that_nobody_is_written_to_in_is_refused() -> None:
    assert Client().post("/language", {"language": "pl", "next": "/"}).status_code == 400


def test_who_chooses_a_language_after_a_mistake_comes_back_to_the_page(house: House) -> None:
    for path, posted in house.wrong:
        browser = Client()
        assert browser.post(path, posted).status_code == 422
        answer = browser.post("/language", {"language": "es", "next": path}, follow=True)
        assert answer.status_code == 200, path
        assert '<html lang="es"' in answer.content.decode()
        assert path.startswith(answer.redirect_chain[-1][0])


def test_the_rules_say_when_they_are_shown_in_another_language(house: House) -> None:
    page = Client().get("/rules?language=de").content.decode()
    assert "nicht in dieser Sprache verfasst" in page
    assert '<h2 lang="en">' in page
    assert "not written in this language" not in Client().get("/rules?language=en").content.decode()
