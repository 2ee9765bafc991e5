"""The Arabic words are complete, as fresh as the pages, and compiled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.template import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

import hakam

PACKAGE = Path(hakam.__file__).parent
FOLDER = PACKAGE / "console" / "locale" / "ar" / "LC_MESSAGES"
TEMPLATES = PACKAGE / "console" / "templates"
FUNCTIONS = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "pgettext_lazy"}
PLACEHOLDER = re.compile(r"%\((\w+)\)")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(FOLDER / "django.po"))


def test_every_message_is_translated(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []


def test_no_translation_is_a_guess(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_there_are_six_plural_forms(catalogue: polib.POFile) -> None:
    assert "nplurals=6" in catalogue.metadata["Plural-Forms"]
    counted = [entry for entry in catalogue if entry.msgid_plural]
    assert counted
    for entry in counted:
        assert sorted(entry.msgstr_plural) == list(range(6)), entry.msgid
        assert all(entry.msgstr_plural.values()), entry.msgid


def test_placeholders_are_kept(catalogue: polib.POFile) -> None:
    for entry in catalogue:
        # One may say so in words, as "the last day": what more than one needs is what counts.
        wanted = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
        if not entry.msgid_plural:
            assert set(PLACEHOLDER.findall(entry.msgstr)) == wanted, entry.msgid
            continue
        for form in range(3, 6):  # none, one and two may say so in words
            assert set(PLACEHOLDER.findall(entry.msgstr_plural[form])) == wanted, entry.msgid


def test_every_translation_is_arabic(catalogue: polib.POFile) -> None:
    latin = [e.msgid for e in catalogue if not e.msgid_plural and not re.search("[\u0600-\u06ff]", e.msgstr)]
    assert latin == []


def test_the_compiled_catalogue_is_fresh(catalogue: polib.POFile) -> None:
    compiled = {(e.msgctxt, e.msgid): e for e in polib.mofile(str(FOLDER / "django.mo"))}
    assert len(compiled) == len(catalogue)
    for entry in catalogue:
        found = compiled[entry.msgctxt, entry.msgid]
        assert found.msgstr == entry.msgstr or found.msgstr_plural == entry.msgstr_plural, entry.msgid


def in_python() -> Iterator[tuple[str, str]]:
    """Yield (file, message) for every message in the code."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                not isinstance(node, ast.Call)
                or not isinstance(node.func, ast.Name)
                or node.func.id not in FUNCTIONS
            ):
                continue
            place = 1 if node.func.id.startswith("pgettext") else 0
            message = node.args[place] if len(node.args) > place else None
            if isinstance(message, ast.Constant) and isinstance(message.value, str):
                yield str(path.relative_to(PACKAGE)), message.value


def in_templates() -> Iterator[tuple[str, str]]:
    """Yield (file, message) for every message in the templates."""
    engine = Engine.get_default()
    for path in TEMPLATES.rglob("*.html"):
        name = str(path.relative_to(TEMPLATES))
        for node in engine.get_template(name).nodelist.get_nodes_by_type((TranslateNode, BlockTranslateNode)):  # type: ignore[arg-type]
            if isinstance(node, TranslateNode):
                yield (
                    name,
                    str(getattr(node.filter_expression.var, "literal", node.filter_expression.var)).strip(
                        "\"'"
                    ),
                )
            else:
                yield name, node.render_token_list(node.singular)[0]


def test_every_message_of_the_code_is_in_the_catalogue(catalogue: polib.POFile) -> None:
    known = {entry.msgid for entry in catalogue}
    missing = {(file, message) for file, message in in_python() if message not in known}
    assert missing == set(), "run makemessages, translate, compilemessages"


def test_every_message_of_the_templates_is_in_the_catalogue(catalogue: polib.POFile) -> None:
    known = {entry.msgid for entry in catalogue}
    found = list(in_templates())
    assert len(found) > 400
    missing = {(file, message) for file, message in found if message not in known}
    assert missing == set(), "run makemessages, translate, compilemessages"
