"""Earlier years for everybody: what the published reports say, drawn, in English and in Arabic."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.console.conftest import Desk
from tests.console.test_outside import report as send_report

from hakam.compliance.models import MadeReport
from hakam.compliance.reports import keeping, laws
from hakam.compliance.reports.period import Period, half
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Stated
from hakam.console import published_figures
from hakam.console.published_figures import (
    CATEGORIES,
    RESTRICTIONS,
    TEXTS,
    Figures,
    figures_of,
    newest,
    years,
)
from hakam.review.states import SourceKind
from hakam.staff.models import User
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
STATED = Stated(provider="Maydan Ltd", service="Maydan")


@pytest.fixture(autouse=True)
def _of_maydan(settings: Any) -> None:
    """Let the installation be the platform of the scene."""
    settings.HAKAM = replace(settings.HAKAM, platform="maydan", platform_name="Maydan")


def publish(period: Period, *, law: str = "dsa", note: str = "", **more: Any) -> MadeReport:
    """Make and publish the report of a period soon after it."""
    now = datetime(period.last.year + 1, 2, 1, tzinfo=UTC)
    draft = keeping.make("maydan", period, stated=STATED, by=SYSTEM, now=now, zone=UTC, law=law, **more)
    return keeping.publish(draft.pk, by=SYSTEM, now=now, note=note)


def page(year: int, language: str = "en") -> str:
    answer = Client().get(reverse("console:past_year", args=[year]), HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    return str(answer.content.decode())


def words(html: str) -> str:
    """Return what a person reads of the page's own part."""
    main = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]+>", " ", main)))


@pytest.fixture
def happened(desk: Desk, amal: User) -> int:
    """Let people report, decide and object; return the year."""
    for _n in range(3):
        send_report()
    send_report({"harm": "fraud"})
    removed = desk.remove(desk.case(kind=SourceKind.STAFF), amal)
    desk.remove(desk.case(kind=SourceKind.STAFF, clause="spam", harm="spam"), amal, clause="spam")
    desk.complaint(removed)
    return desk.now.year


def test_a_year_shows_what_its_report_says(happened: int) -> None:
    # DSA Art. 15(1)
    made = publish(year_of(happened))
    says = figures_of(made)
    assert (says.notices, says.trusted, says.measures, says.complaints) == (4, 0, 2, 1)
    assert says.reported == (
        ("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", 3),
        ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", 1),
    )
    assert says.done == (("H", 2),)
    assert sum(law + terms for _code, law, terms in says.acted) == 2
    html = page(happened)
    for name, count in (("notices", 4), ("measures", 2), ("complaints", 1)):
        assert f'data-figure="{name}"><span class="num">{count}</span>' in html
    assert '<svg class="hbar"' in html
    assert "Illegal or harmful speech" in html
    assert reverse("console:public_report", args=[made.pk, "xlsx"]) in html


def test_what_a_report_leaves_blank_is_a_dash_and_no_nought(happened: int) -> None:
    made = publish(year_of(happened))
    blank = {4, 7}
    MadeReport.objects.filter(pk=made.pk).update(
        sheets=[
            {**one, "rows": [[*row[:5], *[None] * (len(row) - 5)] for row in one["rows"]]}
            if one["part"] == 4
            else {**one, "rows": [[*row[:6], None, *row[7:]] for row in one["rows"]]}
            if one["part"] in blank
            else one
            for one in made.sheets
        ]
    )
    says = figures_of(MadeReport.objects.get(pk=made.pk))
    assert (says.notices, says.complaints, says.suspensions, says.reported) == (None, None, None, ())
    assert 'data-figure="notices">–<' in page(happened)


def test_it_is_found_from_the_figures_of_today_and_leads_back(happened: int) -> None:
    publish(year_of(happened))
    publish(year_of(happened - 1))
    now = Client().get(reverse("console:transparency")).content.decode()
    assert re.findall(r'data-year="(\d+)"', now) == [str(happened), str(happened - 1)]
    for year in (happened, happened - 1):
        assert reverse("console:past_year", args=[year]) in now
        html = page(year)
        assert f'aria-current="true">{year}<' in html
        assert reverse("console:transparency") in html
        assert reverse("console:past_year", args=[2 * happened - 1 - year]) in html


def test_a_year_without_a_public_report_is_not_there(happened: int) -> None:
    keeping.make(
        "maydan",
        year_of(happened),
        stated=STATED,
        by=SYSTEM,
        now=datetime(happened, 12, 1, tzinfo=UTC),
        zone=UTC,
    )
    for year in (happened, 1999, 99_999):
        assert Client().get(reverse("console:past_year", args=[year])).status_code == 404
    assert 'id="years"' not in Client().get(reverse("console:transparency")).content.decode()


def test_a_correction_is_what_holds_and_says_why(happened: int) -> None:
    publish(year_of(happened))
    send_report()
    second = publish(year_of(happened), note="One report was counted late.")
    html = page(happened)
    assert 'data-figure="notices"><span class="num">5<' in html
    assert "One report was counted late." in html
    assert html.count("data-report=") == 2  # both versions stay to be read
    assert [one.pk for one in newest(keeping.published("maydan"))] == [second.pk]


def test_halves_stand_one_after_the_other_and_are_summed_up(happened: int) -> None:
    for which in (1, 2):
        publish(half(happened, which))
    html = page(happened)
    assert html.count("data-period=") == 2
    (found,) = years(keeping.published("maydan"))
    assert (found.number, found.notices, found.measures, found.complaints) == (happened, 4, 2, 1)
    publish(year_of(happened))  # the whole year is not added to its halves
    (found,) = years(keeping.published("maydan"))
    assert (found.notices, found.measures) == (4, 2)


def test_the_arabic_page_is_arabic_to_its_last_row(happened: int) -> None:
    publish(year_of(happened))
    publish(year_of(happened), law="tco", groups=[("terrorism", "Terrorism", laws.TERROR)])
    html = page(happened, "ar")
    assert 'dir="rtl"' in html
    html = re.sub('<div class="words" dir="auto">.*?</div>', "", html, flags=re.DOTALL)  # as it was written
    latin = set(re.findall("[A-Za-z]{2,}", words(html)))
    assert latin <= {"XLSX", "CSV"}
    assert f"الشفافية في عام {happened}" in html


def test_what_the_report_says_in_words_is_read_there(happened: int) -> None:
    # DSA Art. 15(1)(c) and (e): "meaningful and comprehensible information"
    text = "نستخدم بصمات رقمية.\nWe use <hashes>."
    indicator = "Qualitative description of the automated means"
    made = keeping.make(
        "maydan", year_of(happened), stated=Stated(provider="M", service="Maydan", texts={indicator: text}), by=SYSTEM,
        now=datetime(happened + 1, 2, 1, tzinfo=UTC), zone=UTC,
    )  # fmt: skip
    says = figures_of(keeping.publish(made.pk, by=SYSTEM, now=datetime(happened + 1, 2, 1, tzinfo=UTC)))
    assert len(says.texts) == 6  # of eleven: the others are owed by very large platforms alone
    assert dict(says.texts)[indicator] == text
    html = page(happened)
    section = html[html.index("data-texts") :]
    assert section.count("<details>") == 6
    assert "Automated means" in section
    assert "We use &lt;hashes&gt;." in section
    assert "we took 2 measures on our own initiative" in words(html)
    assert "الوسائل الآلية" in page(happened, "ar")


def test_a_report_without_texts_has_no_such_section(happened: int) -> None:
    made = publish(year_of(happened))
    MadeReport.objects.filter(pk=made.pk).update(sheets=[one for one in made.sheets if one["part"] != 11])
    assert figures_of(MadeReport.objects.get(pk=made.pk)).texts == ()
    assert "data-texts" not in page(happened)


def test_the_page_says_what_is_counted_and_it_is_so(happened: int) -> None:
    for _n in range(2):
        assert send_report({"illegal": "no"}).status_code == 302
    publish(year_of(happened))
    html = page(happened)
    assert (
        'data-figure="notices"><span class="num">4<' in html
    )  # without those of breaches of the rules alone
    told = words(html[: html.index('id="reports"')] + "</main>")
    assert "Reports that something breaks our rules alone are not among them." in told
    assert 'id="counted"' in page(happened, "ar")


def test_only_reports_of_the_dsa_are_explained(happened: int) -> None:
    publish(year_of(happened), law="tco", groups=[("terrorism", "Terrorism", laws.TERROR)])
    html = page(happened)
    assert 'id="counted"' not in html
    assert "data-texts" not in html


def test_every_text_of_the_template_has_words() -> None:
    from hakam.compliance.reports.template import parts  # noqa: PLC0415 -- of this test alone

    assert list(TEXTS) == [row["Indicator"] for row in parts()[11].rows]
    assert len({str(said) for said in TEXTS.values()}) == len(TEXTS)


def test_reports_of_other_laws_stand_in_a_table(happened: int) -> None:
    # TCO Art. 7(2)
    publish(year_of(happened), law="tco", groups=[("terrorism", "Terrorism", laws.TERROR)])
    html = page(happened)
    assert "Removal orders received" in html
    assert html.count("Removal orders received") == 1
    assert 'data-figure="notices"' not in html
    assert f'data-year="{happened}"' in Client().get(reverse("console:transparency")).content.decode()


def test_orders_are_drawn_by_member_state(monkeypatch: pytest.MonkeyPatch, happened: int) -> None:
    publish(year_of(happened))
    said = Figures(states=(("EL", 3), ("DE", 1)))
    monkeypatch.setattr("hakam.console.outside.past_years.figures_of", lambda _report: said)
    assert words(page(happened)).count("Greece") == 1
    assert "ألمانيا" in page(happened, "ar")


def test_member_states_are_read_from_the_sheet_of_orders() -> None:
    from hakam.compliance.reports.sheets import Sheet  # noqa: PLC0415 -- of this test alone
    from hakam.compliance.reports.template import parts  # noqa: PLC0415 -- the same

    header = parts()[3].columns

    def row(category: str, scope: str, act: int, inform: int) -> tuple[Any, ...]:
        cells: list[Any] = ["All", "Maydan", "2025", category, None, scope, act, 0, None, None, inform]
        return tuple(cells + [None] * (len(header) - len(cells)))

    rows = (
        row("TOTAL", "TOTAL", 5, 2),
        row("STATEMENT_CATEGORY_VIOLENCE", "TOTAL", 5, 2),
        row("TOTAL", "DE", 4, 0),
        row("STATEMENT_CATEGORY_VIOLENCE", "DE", 4, 0),
        row("TOTAL", "EL", 1, 2),
    )
    says = published_figures.read({3: Sheet(3, "3_orders", "3.csv", header, rows, {})})
    assert (says.orders, says.requests) == (5, 2)
    assert says.states == (("DE", 4), ("EL", 3))
    assert says.notices is None


def test_every_category_and_restriction_of_the_template_has_words() -> None:
    from hakam.compliance.reports.sheets import letters  # noqa: PLC0415 -- of this test alone
    from hakam.compliance.reports.template import parts  # noqa: PLC0415 -- the same

    wanted = {code for part in parts().values() for code in part.categories if code.startswith("STATEMENT_")}
    assert set(CATEGORIES) == wanted
    columns = letters(len(parts()[5].columns))
    restrictions = [
        column
        for column, title in zip(columns, parts()[5].columns, strict=True)
        if "restriction" in title.lower() or title.startswith("Provision")
        if not title.startswith("Contextual")
    ]
    assert list(RESTRICTIONS) == restrictions


def test_the_newest_version_of_each_law_and_period_holds() -> None:
    def made(law: str, version: int, last: date) -> MadeReport:
        return MadeReport(law=law, version=version, first=date(last.year, 1, 1), last=last)

    end, middle = date(2025, 12, 31), date(2025, 6, 30)
    given = [made("dsa", 2, end), made("dsa", 3, end), made("dsa", 1, middle), made("tco", 1, end)]
    found = [(one.law, one.version, one.last) for one in newest(given)]
    assert found == [("dsa", 1, middle), ("dsa", 3, end), ("tco", 1, end)]
