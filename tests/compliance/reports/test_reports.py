# ruff: noqa: S608 -- every name in these statements is a constant of this file
"""Every figure of the report is reckoned again from the ledger, in SQL that shares nothing with the walk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.compliance.reports.conftest import FIRST, PLATFORM, YEAR, K, Year

from hakam.compliance import access
from hakam.compliance.profile import Profile, Tier
from hakam.compliance.reports import gathering, sheets
from hakam.compliance.reports.period import Period, half
from hakam.compliance.reports.period import year as year_of
from hakam.compliance.reports.sheets import Report, Sheet, Stated, Value
from hakam.compliance.reports.tally import Cell
from hakam.compliance.reports.template import (
    APPEALS,
    AUTOMATED,
    ILLEGAL,
    NOTICES,
    ORDERS,
    OTHER,
    TERMS,
    TOTAL,
    parts,
)
from hakam.vocabulary.harm import crosswalk
from hakam.vocabulary.measure import NATURE, MeasureKind
from hakam.vocabulary.reasons import Automation, Source

pytestmark = pytest.mark.django_db
STATED = Stated(provider="Maydan Ltd", service="Maydan", published=date(2027, 2, 1))


def report(period: Period | None = None, tier: Tier = Tier.PLATFORM, **more: Any) -> Report:
    span = period or year_of(YEAR)
    tally = gathering.gather(PLATFORM, span, zone=UTC)
    stated = Stated(**({"provider": "Maydan Ltd", "service": "Maydan"} | more))
    return Report(Profile(platform=PLATFORM, tier=tier), span, stated, tally)


def sheet(made: Report, part: int) -> Sheet:
    return next(page for page in made.sheets() if page.part == part)


def value(page: Sheet, column: str, **where: Value) -> Value:
    """Return the one value under `column` in the row that has these values: D for the category, F for a scope."""
    names = sheets.letters(len(page.header))
    rows = [r for r in page.rows if all(r[names.index(k)] == v for k, v in where.items())]
    assert len(rows) == 1, (where, len(rows))
    return rows[0][names.index(column)]


# The independent reckoning


def body(name: str, table: str = "f") -> str:
    """Return the SQL for a text in the body of a fact."""
    if connection.vendor == "sqlite":
        return f"json_extract({table}.body, '$.{name}')"
    return f"({table}.body::jsonb ->> '{name}')"


def ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def in_year(column: str = "f.at") -> str:
    return f"{column} >= '{YEAR}-01-01' AND {column} < '{YEAR + 1}-01-01'"


def yes(name: str, table: str = "f") -> str:
    return f"{body(name, table)} IN ({'1' if connection.vendor == 'sqlite' else chr(39) + 'true' + chr(39)})"


def no(name: str, table: str = "f") -> str:
    return f"{body(name, table)} IN ({'0' if connection.vendor == 'sqlite' else chr(39) + 'false' + chr(39)})"


def seconds(later: str, earlier: str) -> str:
    if connection.vendor == "sqlite":
        return f"(julianday({later}) - julianday({earlier})) * 86400.0"
    return f"EXTRACT(EPOCH FROM ({later} - {earlier}))"


FINAL = f"""
    SELECT s.seq, {{columns}} FROM compliance_fact f
    JOIN compliance_fact s ON s.kind = 'statement.issued' AND {body("decision", "s")} = f.subject
    WHERE f.kind = 'decision.final' AND {in_year()}
"""


def own_measures(*, illegal: bool) -> list[tuple[str | None, list[str], bool]]:
    """Return (harm, kinds of measures, detected by machine) of what was restricted on one's own initiative."""
    wanted = yes("illegal", "s") if illegal else no("illegal", "s")
    rows = ask(
        FINAL.format(
            columns=f"{body('harm', 's')}, {body('measures', 's')}, {body('automated_detection', 's')}"
        )
        + f" AND {wanted} AND {body('source', 's')} NOT IN ('notice', 'trusted_flagger', 'other_notification')"
    )
    import json  # noqa: PLC0415 -- of this reckoning alone

    found = [
        (harm, [m["kind"] for m in json.loads(listed)], flag in (1, "true"))
        for _seq, harm, listed, flag in rows
    ]
    return [one for one in found if any(NATURE[MeasureKind(kind)].tdb_value for kind in one[1])]


@pytest.mark.parametrize(("part", "illegal"), [(ILLEGAL, True), (TERMS, False)])
def test_own_initiative_is_what_the_ledger_says(
    write: Callable[[int], Year], part: int, illegal: bool
) -> None:
    # DSA Art. 15(1)(c)
    write(300)
    page = sheet(report(), part)
    rows = own_measures(illegal=illegal)
    assert len(rows) > 20
    assert value(page, "F", D=TOTAL) == len(rows)
    assert value(page, "G", D=TOTAL) == sum(machine for _h, _k, machine in rows)
    for kind, column in (
        ("remove", "H"),
        ("age_gate", "K"),
        ("suspend", "T"),
        ("terminate", "U"),
        ("demonetise", "O"),
    ):
        assert value(page, column, D=TOTAL) == sum(kind in kinds for _h, kinds, _m in rows)
    labelled = sum(bool({"label", "context_note"} & set(kinds)) for _h, kinds, _m in rows)
    assert value(page, "M", D=TOTAL) == labelled
    by_category = Counter(crosswalk()[h].tdb_category if h else "none" for h, _k, _m in rows)  # type: ignore[index]
    for category in ("STATEMENT_CATEGORY_ANIMAL_WELFARE", "STATEMENT_CATEGORY_SELF_HARM"):
        assert value(page, "F", D=category) == by_category[category]


def test_notices_are_what_the_ledger_says(write: Callable[[int], Year]) -> None:
    # DSA Art. 15(1)(b)
    write(300)
    page = sheet(report(), NOTICES)
    rows = ask(
        f"SELECT {body('items')}, {body('trusted')}, {body('harm')} FROM compliance_fact f "
        f"WHERE f.kind = 'notice.received' AND {in_year()} AND {yes('illegal')}"
    )
    trusted = [row for row in rows if row[1] in (1, "true")]
    assert value(page, "F", D=TOTAL) == len(rows)
    assert value(page, "G", D=TOTAL) == len(trusted)
    assert value(page, "H", D=TOTAL) == sum(int(items) for items, _t, _h in rows)
    assert value(page, "I", D=TOTAL) == sum(int(items) for items, _t, _h in trusted)
    acted = ask(
        f"SELECT {seconds('f.at', 'n.at')}, {body('illegal', 's')}, {body('trusted', 'n')} FROM compliance_fact f "
        "JOIN compliance_fact n ON n.kind = 'notice.received' AND n.subject = f.subject "
        f"JOIN compliance_fact s ON s.kind = 'statement.issued' AND {body('decision', 's')} = {body('decision')} "
        f"WHERE f.kind = 'notice.answered' AND {in_year()} AND {yes('illegal', 'n')} "
        f"AND {body('outcome')} = 'violation'"
    )
    law = [row for row in acted if row[1] in (1, "true")]
    assert value(page, "L", D=TOTAL) == len(law)
    assert value(page, "N", D=TOTAL) == len(acted) - len(law)
    assert value(page, "M", D=TOTAL) == sum(row[2] in (1, "true") for row in law)
    assert value(page, "J", D=TOTAL) == pytest.approx(median(float(row[0]) for row in acted) / 3600, abs=1e-3)


def test_complaints_are_what_the_ledger_says(write: Callable[[int], Year]) -> None:
    # DSA Art. 15(1)(d)
    write(300)
    page = sheet(report(), APPEALS)
    whole = gathering.COMPLAINTS
    assert (
        value(page, "G", E=whole, F="Total number")
        == ask(f"SELECT COUNT(*) FROM compliance_fact f WHERE f.kind = 'complaint.received' AND {in_year()}")[
            0
        ][0]
    )
    rows = ask(
        f"SELECT {body('state')}, {body('outcome', 'd')}, {body('complainant', 'c')}, {seconds('f.at', 'c.at')} "
        "FROM compliance_fact f JOIN compliance_fact c ON c.kind = 'complaint.received' AND c.subject = f.subject "
        f"LEFT JOIN compliance_fact d ON d.kind = 'case.decided' AND d.subject = 'decision:' || {body('new_decision')} "
        f"WHERE f.kind = 'complaint.decided' AND {in_year()}"
    )
    denied = [row for row in rows if row[0] == "denied"]
    partly = [row for row in rows if row[0] == "upheld" and row[1] == "violation" and row[2] == "affected"]
    assert value(page, "G", E=whole, F="Decisions upheld") == len(denied)
    assert value(page, "G", E=whole, F="Decisions partially reversed") == len(partly)
    assert value(page, "G", E=whole, F="Decisions reversed") == len(rows) - len(denied) - len(partly)
    assert value(page, "G", E=whole, F="Median time") == pytest.approx(
        median(float(r[3]) for r in rows) / 3600, abs=1e-3
    )
    newly = [row for row in rows if row[0] == "upheld" and row[1] == "violation" and row[2] == "notifier"]
    assert value(page, "G", E=gathering.NEWLY, F="Total number") == len(newly)
    against = [*gathering.AGAINST.values(), gathering.NO_ACTION, gathering.NO_ACTION_FLAGGER]
    parted = sum(value(page, "G", E=row, F="Total number") or 0 for row in against)  # type: ignore[misc]
    assert 0 < parted <= value(page, "G", E=whole, F="Total number")  # type: ignore[operator]


def test_orders_of_every_member_state_are_what_the_ledger_says(write: Callable[[int], Year]) -> None:
    # DSA Art. 15(1)(a)
    write(300)
    page = sheet(report(), ORDERS)
    rows = ask(
        f"SELECT {body('country')}, {body('kind')}, SUM(CAST({body('items')} AS INTEGER)), COUNT(*) "
        f"FROM compliance_fact f WHERE f.kind = 'order.received' AND {in_year()} GROUP BY 1, 2"
    )
    assert {row[0] for row in rows} >= {"AT", "GR", "SE"}
    for country, kind, items, count in rows:
        scope = "EL" if country == "GR" else country
        if kind == "act":
            assert value(page, "G", D=TOTAL, F=scope) == count
            assert value(page, "H", D=TOTAL, F=scope) == items
        else:
            assert value(page, "K", D=TOTAL, F=scope) == count
    assert value(page, "G", D=TOTAL, F=TOTAL) == sum(row[3] for row in rows if row[1] == "act")
    names = {row[5] for row in page.rows}
    assert len(page.rows) >= 91 * len(names)


def test_automated_means_are_what_the_ledger_says(write: Callable[[int], Year]) -> None:
    # DSA Art. 15(1)(e)
    write(200)
    page = sheet(report(), AUTOMATED)
    rows = ask(FINAL.format(columns=f"{body('automated_decision', 's')}, {body('measures', 's')}"))
    kinds = {k.value for k, nature in NATURE.items() if nature.tdb_value}
    counted = [row for row in rows if any(f'"{kind}"' in row[2] for kind in kinds)]
    full = sum(row[1] == "full" for row in counted)
    assert value(page, "G", E=gathering.SOLELY, F="Total number") == full
    assert value(page, "G", E=gathering.NOT_SOLELY, F="Total number") == len(counted) - full


@pytest.mark.parametrize("part", [ORDERS, NOTICES, ILLEGAL, TERMS])
def test_sub_categories_add_up_to_their_category_and_categories_to_the_total(
    write: Callable[[int], Year], part: int
) -> None:
    write(200)
    made = report()
    page = sheet(made, part)
    names = sheets.letters(len(page.header))
    columns = [
        c for c in names if page.cells.get((0, names.index(c))) and c not in sheets._MEDIANS.get(part, "")
    ]
    assert columns
    for column in columns:
        at = names.index(column)
        sums: Counter[tuple[Any, str]] = Counter()
        heads: dict[tuple[Any, str], Any] = {}
        category = ""
        for row in page.rows:
            scope, code = (row[5] if part == ORDERS else TOTAL), str(row[3])
            if code.startswith("KEYWORD_"):
                sums[scope, category] += int(row[at] or 0)
            else:
                category = code
                heads[scope, code] = row[at]
        for key, whole in sums.items():
            assert whole == heads[key], (column, key)
        for scope in {key[0] for key in heads}:
            inner = sum(v for (s, code), v in heads.items() if s == scope and code != TOTAL)
            assert inner == heads[scope, TOTAL]


def test_every_figure_leads_to_its_facts(write: Callable[[int], Year]) -> None:
    write(60)
    made = report()
    traced = 0
    for page in made.sheets():
        for (row, column), cell in page.cells.items():
            shown, facts = page.rows[row][column], made.tally.facts(cell)
            if not shown:
                continue
            traced += 1
            assert facts, cell
            if isinstance(shown, int) and cell.column not in {"H", "I"}:
                assert shown == len(facts), cell
            fact = access.fact(facts[0])
            assert fact is not None
            assert FIRST <= fact.at < datetime(YEAR + 1, 1, 1, tzinfo=UTC)
    assert traced > 200


# The form


def test_headers_and_fixed_rows_are_the_annex_s_own() -> None:
    # DSA Art. 15(3)
    for page in report().sheets():
        assert page.header == parts()[page.part].columns
    assert parts()[NOTICES].columns[5] == "Number of notices received "
    assert parts()[ILLEGAL].columns[12] == "Visibility restriction Labelled "
    assert [len(parts()[n].categories) for n in (ORDERS, NOTICES, ILLEGAL, TERMS)] == [91, 91, 90, 98]


def test_an_empty_year_has_zeros_where_something_could_have_been_and_blanks_where_not() -> None:
    made = report(never=("O",))
    page = sheet(made, TERMS)
    assert value(page, "H", D=TOTAL) == 0
    assert value(page, "O", D=TOTAL) is None  # this service pays nobody
    assert value(page, "P", D=TOTAL) is None  # there is no such measure
    assert value(sheet(made, NOTICES), "F", D=TOTAL) == 0
    assert value(sheet(made, NOTICES), "J", D=TOTAL) is None  # nothing has no median
    assert len(sheet(made, ORDERS).rows) == 91
    assert all(row[6] is None for row in sheet(made, 10).rows)  # only very large platforms owe it
    assert [row[5] for row in sheet(made, 10).rows][:3] == [TOTAL, "AT", "BE"]
    assert len(sheet(made, 10).rows) == 28
    assert len(sheet(made, AUTOMATED).rows) == 20 + 5 * 24
    assert len(sheet(made, 9).rows) == 3 + 24


def test_a_hosting_service_owes_less() -> None:
    made = report(tier=Tier.HOSTING)
    page = sheet(made, APPEALS)
    assert value(page, "G", E=gathering.COMPLAINTS, F="Total number") == 0
    assert value(page, "G", E=gathering.COMPLAINTS, F="Decisions reversed") is None
    assert value(sheet(made, NOTICES), "G", D=TOTAL) is None
    assert value(sheet(report(tier=Tier.INTERMEDIARY), NOTICES), "F", D=TOTAL) is None


def test_a_very_large_platform_says_more() -> None:
    made = report(
        half(YEAR, 1),
        Tier.VERY_LARGE,
        recipients={TOTAL: 45_000_000, "EL": 7},
        moderators={"internal": 12.5, "ar": 3},
    )
    assert value(sheet(made, 10), "G", F="EL") == 7
    assert value(sheet(made, 9), "G", E="Number of internal moderators employed by the provider") == 12.5
    assert sheet(made, NOTICES).rows[0][2] == "2026-01-01/2026-06-30"


def test_texts_are_drafted_and_what_the_operator_says_takes_their_place(write: Callable[[int], Year]) -> None:
    write(40)
    rows = sheet(report(), 11).rows
    drafted = [str(row[4]) for row in rows if row[4] is not None]
    assert len(drafted) == 6
    assert all(40 < len(text) <= 5_000 for text in drafted)
    assert "own initiative" in drafted[0]
    indicator = str(rows[0][3])
    assert sheet(report(texts={indicator: "Our own words."}), 11).rows[0][4] == "Our own words."


def test_the_first_sheet_names_who_and_when() -> None:
    rows = sheet(Report(Profile(platform=PLATFORM), year_of(YEAR), STATED, gathering.Tally()), 1).rows
    assert [row[3] for row in rows] == ["Maydan Ltd", "2027-02-01", None, "2026-01-01", "2026-12-31"]


def test_what_has_no_row_of_its_own_says_what_it_is(year: Year) -> None:
    year.decision(
        FIRST,
        harm="graphic_violence",
        source=Source.OWN_INITIATIVE,
        illegal=False,
        measures=[MeasureKind.REMOVE],
    )
    page = sheet(report(), TERMS)
    label = crosswalk()["graphic_violence"].label  # type: ignore[index]
    assert value(page, "F", D=OTHER, E=label) == 1


def test_what_an_order_led_to_is_not_ones_own_initiative(year: Year) -> None:
    # DSA Art. 15(1)(c): no order and no notice came before
    for source in Source:
        year.decision(FIRST, harm="spam", source=source, illegal=False, measures=[MeasureKind.REMOVE])
    made = report()
    assert value(sheet(made, TERMS), "F", D=TOTAL) == 1


def test_only_its_own_platform_and_period_count(year: Year) -> None:
    given: dict[str, Any] = {
        "harm": "spam",
        "source": Source.OWN_INITIATIVE,
        "illegal": False,
        "measures": [MeasureKind.REMOVE],
    }
    year.decision(FIRST - timedelta(seconds=11), **given)  # final one second before the year
    year.decision(FIRST - timedelta(seconds=10), **given)  # final in its first instant
    year.decision(FIRST, platform="elsewhere", **given)
    year.decision(FIRST, final=False, **given)  # undone
    year.decision(FIRST, **(given | {"measures": [MeasureKind.WARN]}))  # restricts nobody
    made = report()
    assert value(sheet(made, TERMS), "F", D=TOTAL) == 1
    assert (
        made.tally.facts(Cell(TERMS, (TOTAL, TOTAL, "", ""), "F"))
        == tuple(fact.seq for fact in access.page(kind=K.DECISION_FINAL, limit=9) if fact.at == FIRST)[:1]
    )
    assert str(Automation.NONE) == "none"


@pytest.mark.parametrize(
    ("period", "label", "due"),
    [
        (year_of(2026), "2026-01-01/2026-12-31", date(2027, 2, 28)),
        (year_of(2027), "2027-01-01/2027-12-31", date(2028, 2, 29)),
        (half(2026, 1), "2026-01-01/2026-06-30", date(2026, 8, 31)),
        (half(2026, 2), "2026-07-01/2026-12-31", date(2027, 2, 28)),
    ],
)
def test_periods_are_due_two_months_later(period: Period, label: str, due: date) -> None:
    # DSA Art. 15(1), Art. 42(1)
    assert (str(period), period.publish_by()) == (label, due)
    with pytest.raises(ValueError, match="no half 3"):
        half(2026, 3)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what it knows of the table")
def test_the_ledger_is_read_in_its_order_and_never_sorted(year: Year) -> None:
    with CaptureQueriesContext(connection) as asked:
        gathering.gather(PLATFORM, year_of(YEAR), zone=UTC)
    [query] = [one["sql"] for one in asked.captured_queries if "compliance_fact" in one["sql"]]
    plan = [str(row[-1]) for row in ask(f"EXPLAIN QUERY PLAN {query}".replace("%", "%%"))]
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
