"""The words of the annexes: the same keys and values in each language, and the language of each answer."""

from __future__ import annotations

import re

import msgspec
import pytest
from tests.intake.test_order_contents import REMOVAL
from tests.intake.test_order_letters import every_letter, order, whole

from hakam.compliance import statement_text
from hakam.intake import annex_words, order_letters
from hakam.intake.order_contents import Contents, OrderKind, missing

KEYS = set(annex_words.of("en"))


def holes(text: str) -> list[str]:
    return sorted(re.findall(r"%\((\w+)\)s", text))


@pytest.mark.parametrize("language", [*annex_words.LEAVES_IN, *annex_words.AIDS])
def test_each_language_has_every_word_with_the_same_values_in_it(language: str) -> None:
    words = annex_words.of(language)
    assert set(words) == KEYS
    for key, text in words.items():
        assert text.strip() == text != ""
        assert holes(text) == holes(annex_words.of("en")[key]), key
        if language != "en" and not key.startswith("annex"):
            assert text != annex_words.of("en")[key] or key == "section", key


def test_every_element_that_can_be_missing_has_its_words() -> None:
    assert {one.field for one in missing(Contents(kind=OrderKind.REMOVAL))} <= KEYS


@pytest.mark.parametrize(
    ("of_order", "of_authority", "answered_in"),
    [
        ("de", "en", "de"), ("fr", "ar", "fr"), ("de-AT", "en", "de"), ("pl", "it", "it"), ("pl", "en", "en"),
        ("", "es", "es"), ("ar", "en", "en"), ("", "ar", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_orders_else_the_authoritys_else_english(
    of_order: str, of_authority: str, answered_in: str
) -> None:
    contents = msgspec.structs.replace(REMOVAL, language=of_order)
    assert annex_words.language_of(order(contents, of_authority), contents) == answered_in


@pytest.mark.parametrize("language", ["fr", "de", "es", "it"])
def test_letters_about_a_removal_order_are_whole_in_its_language(language: str) -> None:
    contents = msgspec.structs.replace(REMOVAL, language=language)
    letters = every_letter(contents, "en")[:-1]  # the last is the recipient's
    english = every_letter(REMOVAL, "en")[:-1]
    for told, same in zip(letters, english, strict=True):
        said = (
            set(whole(told).splitlines()) - {"!"} - set(REMOVAL.urls) - {f"- {url}" for url in REMOVAL.urls}
        )
        assert said.isdisjoint(whole(same).splitlines())
        assert REMOVAL.reference in told.subject


def test_letters_about_other_orders_keep_the_language_of_the_authority() -> None:
    from tests.intake.test_order_contents import ACT  # noqa: PLC0415 -- only here

    contents = msgspec.structs.replace(ACT, language="de")
    assert order_letters.language_of(order(contents, "ar"), contents) == "ar"
    assert (
        order_letters.language_of(order(REMOVAL, "ar"), REMOVAL) == "ar"
    )  # who reads Arabic is written to in Arabic


def test_the_languages_are_those_in_which_statements_of_reasons_are_complete() -> None:
    assert {*annex_words.LEAVES_IN, *annex_words.AIDS} == set(statement_text.LANGUAGES)
