"""Countries are offered by their names, in the reader's language, with the codes that forms and files hold."""

from __future__ import annotations

import pytest
from django.utils import translation

from hakam.compliance.eu_database.codes import EU
from hakam.console.countries import country_choices, country_name, offered
from hakam.console.desk.disputes import BodyForm
from hakam.console.desk.profile import _countries


@pytest.mark.parametrize(
    ("language", "name"),
    [("en", "The Netherlands"), ("ar", "هولندا"), ("de", "Niederlande"), ("fr", "Pays-Bas")],
)
def test_a_country_has_its_name_in_the_readers_language(language: str, name: str) -> None:
    with translation.override(language):
        assert name in country_name("NL")


def test_a_code_that_nobody_named_stands_for_itself() -> None:
    with translation.override("ar"):
        assert country_choices(["XX"]) == [("XX", "XX")]


def test_names_are_in_order_and_an_article_does_not_count() -> None:
    with translation.override("en"):
        named = country_choices(["NL", "MT", "PL", "AT"], ("", "–"))
    assert named == [
        ("", "–"), ("AT", "Austria (AT)"), ("MT", "Malta (MT)"), ("NL", "The Netherlands (NL)"), ("PL", "Poland (PL)"),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_country_that_a_form_offers_has_a_name(language: str) -> None:
    with translation.override(language):
        for code, name in country_choices([*_countries(), "EU"]):
            assert name.endswith(f" ({code})"), code
            assert len(name) > len(code) + 3, code


def test_a_form_that_was_declared_before_speaks_the_language_of_who_reads_it() -> None:
    said = {}
    for language in ("en", "ar"):
        with translation.override(language):
            said[language] = dict(BodyForm().fields["country"].choices)  # type: ignore[attr-defined]
            assert said[language] == dict(offered(EU)())
    assert said["en"]["DE"] == "Germany (DE)"
    assert said["ar"]["DE"] == "ألمانيا (DE)"
