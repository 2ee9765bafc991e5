"""Whoever is written to reads it whole in Arabic, English, French, German, Spanish or Italian."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import polib
import pytest
from django.utils import translation
from tests.intake.test_order_contents import WHOLE
from tests.intake.test_order_letters import every_letter

import hakam
from hakam.compliance.statement_text import LANGUAGES as OF_STATEMENTS
from hakam.enforcement.letters import LANGUAGES, letter, tongue
from hakam.intake import letters, misuse_letters
from hakam.intake.models import Conduct, Notice, NoticeItem, Suspension
from hakam.intake.order_contents import OrderKind
from hakam.privacy import request_letters
from hakam.privacy.models import Subject
from hakam.privacy.schedule import shipped
from hakam.review import letters as review_letters
from hakam.review.models import Complaint
from hakam.review.states import ComplaintState, Outcome
from hakam.testing import scene

PACKAGE = Path(hakam.__file__).parent
LOCALE = PACKAGE / "console" / "locale"
CATALOGUES = ("fr", "de", "es", "it")
FUNCTIONS = {"_", "gettext", "gettext_lazy", "ngettext"}
PLACEHOLDER = re.compile(r"%\((\w+)\)")
NUMBER = UUID(int=7)
ALIKE = {"Hakam", "Version"}  # a name; the same word in French
# Every function whose words leave the house in the language of who reads them; None: the whole module.
WRITERS: dict[str, tuple[str, ...] | None] = {
    "intake/letters": None,
    "intake/misuse_letters": None,
    "intake/order_letters": None,
    "review/letters": None,
    "privacy/request_letters": None,
    "intake/threats": ("_letter",),
    "intake/flagging": ("_letter",),
    "regulator/requests": ("_acknowledge", "_said_in", "_answer"),
    "review/automatic": ("_facts",),
}


def messages() -> Iterator[str]:
    """Yield every message that a letter is made of."""
    for name, functions in WRITERS.items():
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        parts = [
            node
            for node in tree.body
            if functions is None or (isinstance(node, ast.FunctionDef) and node.name in functions)
        ]
        for node in chain.from_iterable(ast.walk(part) for part in parts):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
    for one in shipped().values():
        yield one.title["en"]


@pytest.fixture(scope="module", params=CATALOGUES)
def catalogue(request: pytest.FixtureRequest) -> polib.POFile:
    return polib.pofile(str(LOCALE / request.param / "LC_MESSAGES" / "django.po"))


def test_letters_have_the_languages_of_statements() -> None:
    assert set(LANGUAGES) == set(OF_STATEMENTS) == {"en", "ar", *CATALOGUES}


def test_every_message_of_every_letter_is_in_each_catalogue(catalogue: polib.POFile) -> None:
    known = {entry.msgid: entry for entry in catalogue if entry.translated()}
    asked = set(messages())
    assert len(asked) > 120
    assert asked - set(known) == set()


def test_placeholders_are_kept(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        for said in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            assert set(PLACEHOLDER.findall(said)) == set(PLACEHOLDER.findall(entry.msgid)), entry.msgid


def test_nothing_is_left_in_english(catalogue: polib.POFile) -> None:
    same = [e.msgid for e in catalogue if e.msgstr == e.msgid and e.msgid not in ALIKE]
    assert same == []


def test_the_compiled_catalogue_is_fresh(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(catalogue.fpath.removesuffix("po") + "mo")
    assert {(e.msgid, e.msgstr) for e in compiled if not e.msgid_plural} == {
        (e.msgid, e.msgstr) for e in catalogue if not e.msgid_plural
    }


class Sent(NamedTuple):
    """A letter as it is read."""

    subject: str
    paragraphs: tuple[str, ...]


def every(language: str) -> Iterator[tuple[str, Sent]]:
    """Yield every letter to people with a name for each, without what somebody wrote themselves."""

    def sent(told: Any) -> Sent:
        return Sent(told.subject, tuple(text for text in told.paragraphs if text and text != "!"))

    notice = Notice(pk=NUMBER, language=language)
    item = NoticeItem(item_kind="post", item_id="7", url="")
    yield "notice.receipt", sent(letters.receipt(notice, 2))
    yield (
        "notice.outcome",
        sent(letters.outcome(notice, item, result=Outcome.NO_VIOLATION, reasons=None, measures=())),
    )
    for kind in ("illegal_content", "notices", "complaints"):
        conduct = Conduct(kind=kind, warning="!", language=language)
        made = Suspension(ends=scene.NOW, begins=scene.NOW, because="!")
        yield f"misuse.warning.{kind}", sent(misuse_letters.warning(conduct))
        yield f"misuse.lifted.{kind}", sent(misuse_letters.lifted(conduct, "!"))
        for upheld in (True, False):
            yield f"misuse.{upheld}.{kind}", sent(misuse_letters.objected(conduct, upheld=upheld, answer="!"))
        yield f"misuse.suspension.{kind}", sent(misuse_letters.suspension(conduct, made))
        yield f"misuse.held.{kind}", sent(misuse_letters.held(made, language))
    for complainant in ("affected", "notifier"):
        for state in (ComplaintState.UPHELD, ComplaintState.DENIED):
            complaint = Complaint(
                decision_id=7, complainant=complainant, state=state, answer="!", language=language,
                due_at=scene.NOW + timedelta(days=14),
            )  # fmt: skip
            yield f"complaint.{complainant}.receipt", sent(review_letters.receipt(complaint))
            yield f"complaint.{complainant}.{state}", sent(review_letters.outcome(complaint))
    asked = Subject(pk=NUMBER, language=language, answer="!", extended_because="!")
    kinds = [{"kind": kind.value, "count": 3, "why": "law"} for kind in shipped()]
    asked.outcome = {"erased": {"cases": 3}, "kept": kinds}
    for told in (
        request_letters.ready, request_letters.extended, request_letters.erased, request_letters.answered,
    ):  # fmt: skip
        yield f"data.{told.__name__}", sent(told(asked))
    for ground in request_letters.GROUNDS:
        asked.ground = ground
        yield f"data.refused.{ground}", sent(request_letters.refused(asked))


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_paragraph_of_a_letter_to_a_person_stays_english(language: str) -> None:
    for (name, told), (_name, english) in zip(every(language), every("en"), strict=True):
        assert told.subject != english.subject, name
        assert not set(told.paragraphs) & set(english.paragraphs), name
        assert "%(" not in "".join(told.paragraphs), name


@pytest.mark.parametrize(
    ("gone", "kept", "subject"),
    [
        ({"cases": 3}, [], "Your data were erased"),
        ({}, [], "Your data were erased"),  # there were none
        ({"cases": 3}, [{"kind": "orders", "count": 1, "why": "law"}], "Your data were erased"),
        ({}, [{"kind": "orders", "count": 1, "why": "held"}], "What can't be erased yet of your data"),
    ],
)
def test_nobody_is_told_of_an_erasure_that_was_none(
    gone: dict[str, int], kept: list[dict[str, Any]], subject: str
) -> None:
    told = request_letters.erased(Subject(pk=NUMBER, language="en", outcome={"erased": gone, "kept": kept}))
    assert told.subject == subject


@pytest.mark.parametrize("kind", OrderKind)
@pytest.mark.parametrize("language", CATALOGUES)
def test_no_sentence_of_a_letter_about_an_order_stays_english(kind: OrderKind, language: str) -> None:
    # TCO Annexes II and III; DSA Art. 9(1), DSA Art. 10(1), DSA Art. 9(5)
    contents = msgspec.structs.replace(WHOLE[kind], language=language)
    said_by_them = {"!", *(f"- {url}" for url in contents.urls), *contents.urls}
    for told, english in zip(
        every_letter(contents, language),
        every_letter(msgspec.structs.replace(contents, language="en"), "en"),
        strict=True,
    ):
        assert told.subject != english.subject
        assert not (set(told.paragraphs) & set(english.paragraphs)) - said_by_them


@pytest.mark.parametrize("kind", [OrderKind.INFORM, OrderKind.PRODUCTION])
def test_who_was_told_about_is_not_told_of_a_removal(kind: OrderKind) -> None:
    # DSA Art. 10(5)
    told = every_letter(WHOLE[kind], "en")[-1]
    assert "gave it information about your account" in told.paragraphs[0]
    assert "removed" not in "".join(told.paragraphs)


@pytest.mark.parametrize(
    ("asked", "got"),
    [("fr-BE", "fr"), ("DE", "de"), ("ar", "ar"), ("pl", "en"), ("", "en"), ("en-GB", "en"), ("fa", "en")],
)
def test_a_letter_says_the_language_in_which_it_is(asked: str, got: str) -> None:
    assert tongue(asked) == got
    made = letter(to="a@b.example", language=asked, subject="s", paragraphs=["p"])
    assert made["language"] == got


def test_the_pages_stay_english_and_arabic() -> None:
    for language in CATALOGUES:
        with translation.override(language):
            assert translation.gettext("Legal holds") == "Legal holds"
