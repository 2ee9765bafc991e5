"""Codes of countries and languages: the table against the time zone database's, and what people write instead."""

from __future__ import annotations

from importlib.resources import files

import pytest

from hakam.policy.territories import TERRITORIES
from hakam.signals.language import _ONE_LANGUAGE
from hakam.vocabulary import country_names
from hakam.vocabulary.iso_codes import (
    COUNTRIES,
    LANGUAGES,
    country_meant,
    is_country,
    is_language,
    language_meant,
)


def time_zone_database() -> dict[str, str]:
    """Return the countries that the time zone database names, by their codes."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    return {line[:2]: line[3:] for line in lines if not line.startswith("#")}


def test_the_countries_are_those_of_the_time_zone_database() -> None:
    assert time_zone_database().keys() == COUNTRIES


def test_names_of_countries_are_theirs_in_the_time_zone_database_too() -> None:
    found = {code: country_meant(name) for code, name in time_zone_database().items()}
    assert [code for code, meant in found.items() if meant not in {code, None}] == []
    assert sum(meant is not None for meant in found.values()) > 180


def test_territories_are_made_of_countries() -> None:
    assert {code for territory in TERRITORIES.values() for code in territory} <= COUNTRIES


def test_languages_that_are_recognised_are_languages() -> None:
    assert all(is_language(code) for code in _ONE_LANGUAGE.values())
    assert len(LANGUAGES) == 184


@pytest.mark.parametrize("code", ["GB", "GR", "XK", "ZZ", "AA", "QM", "CW", "SS"])
def test_codes_of_countries_and_of_users_are_good(code: str) -> None:
    assert is_country(code)


@pytest.mark.parametrize("code", ["UK", "EL", "EU", "YU", "gb", "GBR", ""])
def test_other_codes_are_not(code: str) -> None:
    assert not is_country(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UK", "GB"),
        ("uk", "GB"),
        ("EL", "GR"),
        ("gb", "GB"),
        (" de ", "DE"),
        ("USA", "US"),
        ("deu", "DE"),
        ("ZR", "CD"),
        ("Germany", "DE"),
        ("côte d’ivoire", "CI"),
        ("St. Lucia", "LC"),
        ("Bosnia & Herzegovina", "BA"),
        ("england", "GB"),
        ("السعوديه", "SA"),
        ("الامارات", "AE"),
        ("عُمان", "OM"),
        ("kosovo", "XK"),
        ("EU", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_the_country_that_is_meant(text: str, code: str | None) -> None:
    assert country_meant(text) == code
    assert code is None or is_country(code)


def test_no_name_stands_for_two_countries() -> None:
    lines = [line for line in country_names._NAMES.split("\n") if line]
    named = [(country_names._plain(name), line[:2]) for line in lines for name in line[3:].split(",")]
    assert len({name for name, _code in named}) == len(set(named))
    assert all(line[2] == " " and is_country(line[:2]) for line in lines)
    assert len({line[:2] for line in lines}) == len(lines) > 200
    assert not {name.upper() for name, _code in named} & COUNTRIES


@pytest.mark.parametrize(
    "tag",
    ["ar", "en", "uk", "pt-BR", "zh-Hant-TW", "es-419", "ckb", "fil", "und", "x-any", "i-klingon", "en-us"],
)
def test_tags_of_languages(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize(
    "tag", ["english", "EN", "ar_EG", "jp", "ara", "ger", "en-", "e", "", "en US", "العربية", "en--us"]
)
def test_other_texts_are_no_tags(tag: str) -> None:
    assert not is_language(tag)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("english", "en"),
        ("Arabic", "ar"),
        ("EN", "en"),
        ("ara", "ar"),
        ("ger", "de"),
        ("deu", "de"),
        ("pt_br", "pt-BR"),
        ("ZH_hant_tw", "zh-Hant-TW"),
        ("jp", "ja"),
        ("iw", "he"),
        ("qq", None),
        ("klingon", None),
        ("en US", None),
        ("العربية", None),
        ("", None),
    ],
)
def test_the_language_that_is_meant(text: str, tag: str | None) -> None:
    assert language_meant(text) == tag
    assert tag is None or is_language(tag)
