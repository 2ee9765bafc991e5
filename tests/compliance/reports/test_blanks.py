"""Blank is not zero: what the ledger doesn't count is blank and said so, what it does count is a number."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.compliance.reports.conftest import FIRST, PLATFORM, YEAR, K, Year

from hakam.compliance.profile import Profile, Tier
from hakam.compliance.reports import gathering
from hakam.compliance.reports.period import Period, half
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import LANGUAGES, Report, Sheet, Stated, Value, letters
from hakam.compliance.reports.tally import Tally
from hakam.compliance.reports.template import (
    APPEALS,
    AUTOMATED,
    ILLEGAL,
    NOTICES,
    ORDERS,
    PEOPLE,
    RECIPIENTS,
    TERMS,
    TOTAL,
    parts,
)
from hakam.vocabulary.measure import MeasureKind
from hakam.vocabulary.reasons import Source

SOURCE = Path(gathering.__file__).parents[2]
DISPUTES = "Number of disputes submitted to out-of-court dispute settlement bodies"
FIGURES = {ORDERS: "GHIJKLM", NOTICES: "FGHIJKLMNO", ILLEGAL: "FGHIJKLMNOPQRSTU", TERMS: "FGHIJKLMNOPQRSTU"}


def sheet(
    part: int,
    *,
    tally: Tally | None = None,
    period: Period | None = None,
    tier: Tier = Tier.PLATFORM,
    **stated: Any,
) -> Sheet:
    said = Stated(**({"provider": "Maydan Ltd", "service": "Maydan"} | stated))
    made = Report(Profile(platform=PLATFORM, tier=tier), period or year_of(YEAR), said, tally or Tally())
    return next(page for page in made.sheets() if page.part == part)


def rows(page: Sheet) -> list[dict[str, Value]]:
    """Return the rows by the letters of their columns."""
    return [dict(zip(letters(len(page.header)), row, strict=True)) for row in page.rows]


def counted(period: Period, zone: Any = UTC) -> Tally:
    return gathering.gather(PLATFORM, period, zone=zone)


class TestWhatNobodyWrites:
    def test_the_list_is_what_no_source_writes(self) -> None:
        # Whoever writes such facts one day strikes them from the list: then zero means none.
        named = re.compile(r"FactKind\.([A-Z_]+)")
        written = {
            found
            for path in SOURCE.rglob("*.py")
            if "reports" not in path.parts and path.name != "facts.py"
            for found in named.findall(path.read_text(encoding="utf-8"))
        }
        assert {kind.name for kind in gathering.KINDS} - written == {k.name for k in gathering.UNWRITTEN}

    def test_orders_are_counted_and_none_is_zero(self) -> None:
        page = sheet(ORDERS)
        assert len(page.rows) == 91
        for row in rows(page):
            assert [row[letter] for letter in FIGURES[ORDERS]] == [0, 0, None, None, 0, None, None]
            assert all(row[letter] is None for letter in "NOPQRST")
        assert frozenset() == gathering.UNWRITTEN

    def test_orders_that_somebody_brought_in_are_counted_and_nothing_is_excused(self, year: Year) -> None:
        year.order(FIRST + timedelta(days=3), "DE", "hate_speech", kind="act", items=4)
        page = rows(sheet(ORDERS, tally=counted(year_of(YEAR))))
        heads = {row["F"]: row for row in page if row["D"] == TOTAL}
        assert {scope: (row["G"], row["H"], row["K"]) for scope, row in heads.items()} == {
            TOTAL: (1, 4, 0),
            "DE": (1, 4, 0),
        }
        assert all(row[letter] is None for row in page for letter in "NOPQRST")

    def test_the_operator_s_words_take_the_place_of_ours(self) -> None:
        title = parts()[ORDERS].columns[6].strip()
        page = rows(sheet(ORDERS, context={title: "Seven, kept by our counsel."}))
        assert {row["N"] for row in page} == {"Seven, kept by our counsel."}
        assert all(row["O"] is None for row in page)

    def test_suspensions_for_misuse_are_counted(self, year: Year) -> None:
        # DSA Art. 24(1)
        for kind in ("notices", "notices", "complaints"):
            year.note(K.MISUSE_SUSPENDED, FIRST + timedelta(days=3), "misuse:1", kind=kind)
        page = rows(sheet(APPEALS, tally=counted(year_of(YEAR))))
        found = {kind: [r["G"] for r in page if r["E"] == name] for kind, name in gathering.SUSPENDED.items()}
        assert found == {"illegal_content": [0], "notices": [2], "complaints": [1]}

    def test_disputes_are_counted(self, year: Year) -> None:
        # DSA Art. 24(1)
        at = FIRST + timedelta(days=3)
        for n, (outcome, done) in enumerate(
            [
                ("upheld", None),
                ("reversed", True),
                ("partly", True),
                ("reversed", False),
                ("omitted", None),
                ("", None),
            ]
        ):
            year.note(K.DISPUTE_OPENED, at, f"dispute:{n}", received_at=at)
            if outcome:
                year.note(
                    K.DISPUTE_DECIDED, at + timedelta(hours=10 * (n + 1)), f"dispute:{n}", outcome=outcome
                )
            if done is not None:
                kind = K.DISPUTE_IMPLEMENTED if done else K.DISPUTE_NOT_IMPLEMENTED
                year.note(kind, at + timedelta(days=9), f"dispute:{n}", outcome=outcome)
        page = rows(sheet(APPEALS, tally=counted(year_of(YEAR))))
        assert {row["F"]: row["G"] for row in page if row["E"] == DISPUTES} == {
            "Total number": 6,
            "Decisions upheld": 1,
            "Decisions partially reversed": 1,
            "Decisions reversed": 2,
            "Median time": 25.0,  # of 10, 20, 30 and 40 hours
            "Decision omitted": 1,
            "Percentage of outcomes implemented": 0.6667,
        }

    def test_a_year_without_disputes_is_zero_and_has_no_share(self) -> None:
        found = {row["F"]: row["G"] for row in rows(sheet(APPEALS)) if row["E"] == DISPUTES}
        assert found.pop("Median time") is None
        assert found.pop("Percentage of outcomes implemented") is None
        assert set(found.values()) == {0}

    def test_complaints_that_nobody_decided_are_not_known_while_those_decided_are(self) -> None:
        found = {row["F"]: row for row in rows(sheet(APPEALS)) if row["E"] == gathering.COMPLAINTS}
        assert {scope: row["G"] for scope, row in found.items()} == {
            "Total number": 0,
            "Decisions upheld": 0,
            "Decisions partially reversed": 0,
            "Decisions reversed": 0,
            "Median time": None,  # of nothing
            "Decision omitted": None,
        }
        assert {scope for scope, row in found.items() if row["H"]} == {"Decision omitted"}

    def test_every_figure_of_appeals_is_counted_or_says_that_it_is_not(self) -> None:
        for row in rows(sheet(APPEALS)):
            if row["F"] not in {"Median time", gathering.IMPLEMENTED}:
                assert (row["G"] is None) is (row["H"] is not None), (row["E"], row["F"])

    def test_what_automated_means_were_not_measured_for_says_so(self) -> None:
        for row in rows(sheet(AUTOMATED, tier=Tier.VERY_LARGE)):
            blank = str(row["E"]).startswith("Accuracy") or row["F"] in LANGUAGES
            assert (row["G"] is None, row["H"] is not None) == (blank, blank), (row["E"], row["F"])

    @pytest.mark.parametrize("part", [APPEALS, AUTOMATED])
    def test_what_is_not_owed_is_excused_by_nobody(self, part: int) -> None:
        for row in rows(sheet(part, tier=Tier.INTERMEDIARY)):
            if row["A"] != "All":
                assert (row["G"], row["H"]) == (None, None)


# (part, tier) -> the letters that hold `0` in an empty year; all other figures are blank.
ZEROS = {
    (ORDERS, Tier.PLATFORM): "GHK",
    (ORDERS, Tier.VERY_LARGE): "GHK",
    (NOTICES, Tier.INTERMEDIARY): "",
    (NOTICES, Tier.HOSTING): "FHLN",
    (NOTICES, Tier.PLATFORM): "FGHILMNO",
    (NOTICES, Tier.VERY_LARGE): "FGHILMNO",
    (ILLEGAL, Tier.PLATFORM): "FGHIJKLMNORTU",
    (ILLEGAL, Tier.INTERMEDIARY): "FGHIJKLMNORTU",
    (TERMS, Tier.PLATFORM): "FGHIJKLMNORTU",
    (TERMS, Tier.HOSTING): "FGHIJKLMNORTU",
}


@pytest.mark.parametrize(("part", "tier"), ZEROS, ids=[f"{part}-{tier}" for part, tier in ZEROS])
def test_an_empty_year_is_zero_where_something_could_have_been(part: int, tier: Tier) -> None:
    for row in rows(sheet(part, tier=tier)):
        shown = "".join(letter for letter in FIGURES[part] if row[letter] == 0)
        assert shown == ZEROS[part, tier]
        assert all(row[letter] in (0, None) for letter in FIGURES[part])


@pytest.mark.parametrize("part", range(1, 12))
@pytest.mark.parametrize("tier", Tier)
def test_every_row_is_as_wide_as_its_header_whoever_reports(part: int, tier: Tier) -> None:
    page = sheet(part, tier=tier)
    assert page.rows
    assert {len(row) for row in page.rows} == {len(page.header)}
    assert len(page.rows) == len(sheet(part, tier=Tier.PLATFORM).rows)  # a tier blanks figures, not rows
    for row, column in page.cells:
        assert row < len(page.rows)
        assert column < len(page.header)


@pytest.mark.parametrize("part", [PEOPLE, RECIPIENTS])
@pytest.mark.parametrize("tier", [t for t in Tier if t is not Tier.VERY_LARGE])
def test_people_and_recipients_are_told_by_very_large_platforms_alone(part: int, tier: Tier) -> None:
    # DSA Art. 42(2) and (3)
    given: dict[str, Any] = {"recipients": {TOTAL: 5, "DE": 2}, "moderators": {"total": 3.5, "de": 1}}
    assert any(row["G"] for row in rows(sheet(part, tier=Tier.VERY_LARGE, **given)))
    page = rows(sheet(part, tier=tier, **given))
    assert all(row["G"] is None for row in page if row["A"] != "All")


# Boundaries: (zone, what is reported, an instant in UTC, whether it is inside)
CAIRO, KIRITIMATI, PAGO = "Africa/Cairo", "Pacific/Kiritimati", "Pacific/Pago_Pago"
EDGES = [
    ("UTC", year_of(2026), "2025-12-31T23:59:59.999999", False),
    ("UTC", year_of(2026), "2026-01-01T00:00:00", True),
    ("UTC", year_of(2026), "2026-12-31T23:59:59.999999", True),
    ("UTC", year_of(2026), "2027-01-01T00:00:00", False),
    ("UTC", half(2026, 1), "2026-06-30T23:59:59.999999", True),
    ("UTC", half(2026, 1), "2026-07-01T00:00:00", False),
    ("UTC", half(2026, 2), "2026-06-30T23:59:59.999999", False),
    ("UTC", half(2026, 2), "2026-07-01T00:00:00", True),
    ("Europe/Berlin", half(2026, 1), "2026-06-30T21:59:59", True),  # summer time: two hours ahead
    ("Europe/Berlin", half(2026, 1), "2026-06-30T22:00:00", False),
    ("Europe/Berlin", year_of(2026), "2025-12-31T22:59:59", False),  # winter time: one
    ("Europe/Berlin", year_of(2026), "2025-12-31T23:00:00", True),
    (CAIRO, half(2026, 2), "2026-06-30T20:59:59", False),
    (CAIRO, half(2026, 2), "2026-06-30T21:00:00", True),
    (KIRITIMATI, year_of(2026), "2025-12-31T10:00:00", True),
    (KIRITIMATI, year_of(2026), "2026-12-31T10:00:00", False),
    (PAGO, year_of(2026), "2026-01-01T10:59:59", False),
    (PAGO, year_of(2026), "2027-01-01T10:59:59", True),
]


@pytest.mark.parametrize(
    ("zone", "period", "instant", "inside"), EDGES, ids=[f"{z}-{i}" for z, _p, i, _in in EDGES]
)
def test_a_fact_counts_on_the_day_that_it_is_where_the_provider_is(
    year: Year, zone: str, period: Period, instant: str, inside: bool
) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    year.notice(at, harm="spam", trusted=False, illegal=True, items=1)
    page = rows(sheet(NOTICES, tally=counted(period, ZoneInfo(zone)), period=period))
    assert page[0]["F"] == int(inside)


@pytest.mark.parametrize("number", [2024, 2026, 2027])
def test_two_halves_are_the_year_and_share_no_instant(number: int) -> None:
    for name in ("UTC", "Europe/Berlin", CAIRO, KIRITIMATI):
        zone, whole = ZoneInfo(name), year_of(number)
        first, second = half(number, 1), half(number, 2)
        assert (first.begin(zone), second.end(zone)) == (whole.begin(zone), whole.end(zone))
        assert first.end(zone) == second.begin(zone)
        assert first.begin(zone).utcoffset() == timedelta(0)


def test_what_began_in_one_half_and_ended_in_the_next_is_received_here_and_decided_there(year: Year) -> None:
    at = datetime(YEAR, 6, 30, 12, tzinfo=UTC)
    decided = year.decision(
        at, harm="spam", source=Source.NOTICE, illegal=True, measures=[MeasureKind.REMOVE]
    )
    year.note(K.COMPLAINT_RECEIVED, at, "complaint:1", decision=decided, notice="", complainant="affected")
    year.note(K.COMPLAINT_DECIDED, at + timedelta(hours=36), "complaint:1", state="denied", new_decision=None)
    against = next(text for text in gathering.AGAINST.values() if "remove" in text)
    for which, wanted in ((1, (1, 0, None)), (2, (0, 1, 36.0))):
        period = half(YEAR, which)
        page = rows(sheet(APPEALS, tally=counted(period), period=period))
        for indicator in (gathering.COMPLAINTS, against):
            found = {row["F"]: row["G"] for row in page if row["E"] == indicator}
            assert (found["Total number"], found["Decisions upheld"], found["Median time"]) == wanted
        assert {row["C"] for row in page} == {str(period)}
