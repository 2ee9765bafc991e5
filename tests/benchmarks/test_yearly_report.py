"""The benchmark of the yearly report: its year is the same each time, and SQL says what the report says."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC
from itertools import islice
from pathlib import Path

import pytest
from benchmarks.yearly_report import __main__ as bench
from benchmarks.yearly_report import recount
from benchmarks.yearly_report.year import PLATFORM, YEAR, happenings, write
from django.db import connection

from hakam.compliance.chain import verify_chain
from hakam.compliance.eu_database.codes import EU
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, LedgerHead
from hakam.compliance.profile import Profile
from hakam.compliance.reports import gathering, sheets, writing
from hakam.compliance.reports.period import year
from hakam.compliance.reports.tally import Cell, Tally
from hakam.compliance.reports.template import ORDERS, TOTAL

pytestmark = pytest.mark.django_db
ONLY_SQLITE = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the second reckoning is in SQLite's SQL"
)


def counted() -> Tally:
    return gathering.gather(PLATFORM, year(YEAR), zone=UTC)


def test_the_same_seed_gives_the_same_year_and_another_another() -> None:
    first, again = list(islice(happenings(500), 300)), list(islice(happenings(500), 300))
    assert first == again
    assert first != list(islice(happenings(500, seed=12), 300))


def test_a_year_holds_every_kind_of_fact_and_every_member_state() -> None:
    kinds: Counter[FactKind] = Counter()
    states = set()
    for _at, kind, _subject, body in happenings(12_000):
        kinds[kind] += 1
        if kind is FactKind.ORDER_RECEIVED:
            states.add(body["country"])
    assert set(kinds) == set(gathering.KINDS)
    assert states == set(EU)


def test_its_ledger_is_chained_like_any_other() -> None:
    count = write(300)
    assert LedgerHead.objects.get().seq == count
    assert list(verify_chain()) == []
    assert Fact.objects.filter(kind="decision.final").count() > 200


@ONLY_SQLITE
def test_sql_says_what_the_report_says(capsys: pytest.CaptureFixture[str]) -> None:
    write(3_000)
    assert bench.different(counted()) == []
    assert "0 differ" in capsys.readouterr().out


@ONLY_SQLITE
def test_a_figure_that_is_wrong_is_found() -> None:
    write(600)
    tally = counted()
    cell = Cell(ORDERS, (TOTAL, TOTAL, "", ""), "G")
    tally.count(cell, 1)
    made_up = Cell(ORDERS, ("XX", TOTAL, "", ""), "G")
    tally.count(made_up, 1)
    wrong = bench.different(tally)
    assert len(wrong) == 2
    assert f"report {tally.number(cell)}, SQL {tally.number(cell) - 1}" in wrong[0]
    assert "SQL knows no such figure" in wrong[1]


@ONLY_SQLITE
def test_the_second_reckoning_reaches_every_part() -> None:
    write(3_000)
    recount.prepare()
    found = Counter((figure.part, figure.column) for figure in recount.figures())
    assert {part for part, _column in found} == {3, 4, 5, 6}
    assert {column for part, column in found if part == ORDERS} == set("GHIJKLM")
    assert {column for part, column in found if part == 4} == set("FGHIJKLMNO")


def test_headers_are_held_to_the_annex_byte_for_byte(tmp_path: Path) -> None:
    pages = sheets.Report(
        Profile(platform="p"), year(YEAR), sheets.Stated(provider="P", service="S"), Tally()
    ).sheets()
    files = writing.write_csv(pages, tmp_path)
    assert bench.headers(files) == []
    text = files[3].read_bytes()
    files[3].write_bytes(text.replace(b"Number of notices received ,", b"Number of notices received,", 1))
    assert bench.headers(files) == [f"DIFFERENT header of {files[3].name}"]


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert bench._same("12.5", "12.5000")
    assert bench._same("a", "a")
    assert not bench._same("1", "2")
    assert not bench._same("", "x")


def test_every_file_has_a_sheet_of_the_workbook(tmp_path: Path) -> None:
    pages = sheets.Report(
        Profile(platform="p"), year(YEAR), sheets.Stated(provider="P", service="S"), Tally()
    ).sheets()
    names = [bench._sheet(path) for path in writing.write_csv(pages, tmp_path)]
    assert len(set(names)) == 11
    with (tmp_path / pages[0].file).open(newline="", encoding="utf-8") as handle:
        assert len(list(csv.reader(handle))) == 6
