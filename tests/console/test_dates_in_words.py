"""Dates and lists in the words of the reader: no message of ours in a date, no Latin comma between Arabic words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import django
import polib
import pytest
from django.template import Context, Template
from django.utils import dates, translation
from tests.console.test_locale import FOLDER, TEMPLATES

from hakam.console.templatetags.hakam import written

THEIRS = Path(django.__file__).parent / "conf" / "locale" / "ar" / "LC_MESSAGES" / "django.mo"
NAMES = (dates.MONTHS, dates.MONTHS_3, dates.MONTHS_ALT, dates.MONTHS_AP, dates.WEEKDAYS, dates.WEEKDAYS_ABBR)


@pytest.fixture(scope="module")
def theirs() -> dict[tuple[str | None, str], str]:
    """Give the words of the framework in Arabic, by context and message."""
    return {(entry.msgctxt, entry.msgid): entry.msgstr for entry in polib.mofile(str(THEIRS))}


def test_no_message_of_ours_is_the_name_of_a_month_or_a_day() -> None:
    ours = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(FOLDER / "django.po"))}
    with translation.override(None):
        names = {str(name) for table in NAMES for name in table.values()}
    assert {"May", "Monday"} <= names
    assert {name for name in names if (None, name) in ours} == set()


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_is_written_as_arabic_does(theirs: dict[tuple[str | None, str], str], month: int) -> None:
    with translation.override(None):
        english = str(dates.MONTHS[month])
    with translation.override("ar"):
        text = written(datetime(2026, month, 3, 10, 0, tzinfo=UTC))
    assert theirs[None, english] in text


@pytest.mark.parametrize("language", ["fr", "es", "it"])
def test_months_and_days_begin_with_no_capital_where_none_is_written(language: str) -> None:
    with translation.override(language):
        names = [str(name) for table in (dates.MONTHS, dates.WEEKDAYS) for name in table.values()]
    assert names == [name.lower() for name in names]


@pytest.mark.parametrize(("language", "between"), [("en", "a, b, c; d"), ("ar", "a\u060c b\u060c c\u061b d")])
def test_words_of_a_list_stand_apart_as_the_language_wants(language: str, between: str) -> None:
    page = Template(
        "{% load hakam %}{% for one in 'abc' %}{{ one }}{% if not forloop.last %}{% comma %}{% endif %}{% endfor %}"
        "{% semicolon %}d"
    )
    with translation.override(language):
        assert page.render(Context()) == between


def test_no_template_writes_a_comma_between_words_by_itself() -> None:
    between = re.compile(r"(?:}}|%}|</bdi>)[,;] [{<]")
    sentence = re.compile(r"{% blocktrans.*?{% endblocktrans %}", re.DOTALL)  # a translator puts them
    pages = {
        path.name: sentence.sub("", path.read_text(encoding="utf-8")) for path in TEMPLATES.rglob("*.html")
    }
    assert [name for name, text in pages.items() if between.search(text)] == []
