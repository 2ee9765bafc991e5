# ruff: noqa: S608, E501 -- every name in these statements is a constant of this file; SQL reads best by the line
"""The same figures once more, in SQL over the facts: nothing of `hakam.compliance.reports` counts here.

Only the crosswalk from harms to categories is shared, as a table. SQLite's dialect; the tests do the same on PostgreSQL
for a smaller year.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.yearly_report.year import YEAR
from django.db import connection

from hakam.compliance.reports.categories import places
from hakam.compliance.reports.template import ILLEGAL, NOTICES, ORDERS, TERMS
from hakam.vocabulary.harm import Harm
from hakam.vocabulary.measure import NATURE

IN_YEAR = f"at >= '{YEAR}-01-01' AND at < '{YEAR + 1}-01-01'"


class Figure(NamedTuple):
    """One figure: a part, the scope (of part 3), category, sub-category, its description, a column, the number."""

    part: int
    scope: str
    place: tuple[str, str, str]
    column: str
    number: float


_COLUMN = {
    "CONTENT_REMOVED": "H", "CONTENT_DISABLED": "I", "CONTENT_DEMOTED": "J", "CONTENT_AGE_RESTRICTED": "K",
    "CONTENT_INTERACTION_RESTRICTED": "L", "CONTENT_LABELLED": "M", "VISIBILITY_OTHER": "N",
    "MONETARY_SUSPENSION": "O", "MONETARY_TERMINATION": "P", "MONETARY_OTHER": "Q", "PARTIAL_SUSPENSION": "R",
    "TOTAL_SUSPENSION": "R", "PARTIAL_TERMINATION": "S", "TOTAL_TERMINATION": "S", "ACCOUNT_SUSPENDED": "T",
    "ACCOUNT_TERMINATED": "U",
}  # fmt: skip


def _column(code: str) -> str:
    return next(letter for ending, letter in _COLUMN.items() if code.endswith(ending))


def _run(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def prepare() -> None:
    """Lay the facts out as tables, and the crosswalk beside them."""
    for name in ("place", "restricts", "s", "final", "n", "acted", "o"):
        _run(f"DROP TABLE IF EXISTS temp.{name}")
    _run("CREATE TEMP TABLE place (part INT, harm TEXT, category TEXT, keyword TEXT, label TEXT)")
    with connection.cursor() as cursor:
        rows = [
            (part, harm or "", *place)
            for part in (ORDERS, NOTICES, ILLEGAL, TERMS)
            for harm in (*(h.value for h in Harm), None)
            for place in places(part, harm)
        ]
        cursor.executemany("INSERT INTO place VALUES (%s, %s, %s, %s, %s)", rows)
        cursor.execute("CREATE TEMP TABLE restricts (kind TEXT, letter TEXT)")
        kinds = [(k.value, _column(str(n.tdb_value))) for k, n in NATURE.items() if n.tdb_value]
        cursor.executemany("INSERT INTO restricts VALUES (%s, %s)", kinds)
        cursor.execute("CREATE INDEX temp.place_harm ON place (harm, part)")
    _run(
        "CREATE TEMP TABLE s AS SELECT json_extract(body, '$.decision') AS decision, "
        "COALESCE(json_extract(body, '$.harm'), '') AS harm, json_extract(body, '$.illegal') AS illegal, "
        "json_extract(body, '$.automated_detection') AS machine, json_extract(body, '$.source') AS source, "
        "body FROM compliance_fact WHERE kind = 'statement.issued'"
    )
    _run("CREATE INDEX temp.s_decision ON s (decision)")
    _run(
        f"CREATE TEMP TABLE final AS SELECT s.* FROM compliance_fact f JOIN s ON s.decision = f.subject "
        f"WHERE f.kind = 'decision.final' AND f.{IN_YEAR.replace('AND at', 'AND f.at')} "
        "AND s.source NOT IN ('notice', 'trusted_flagger', 'other_notification')"
    )
    _run(
        "CREATE TEMP TABLE n AS SELECT subject, at, COALESCE(json_extract(body, '$.harm'), '') AS harm, "
        "json_extract(body, '$.trusted') AS trusted, json_extract(body, '$.items') AS items "
        "FROM compliance_fact WHERE kind = 'notice.received' AND json_extract(body, '$.illegal')"
    )
    _run("CREATE INDEX temp.n_subject ON n (subject)")
    _run(
        "CREATE TEMP TABLE acted AS SELECT n.harm, n.trusted, s.illegal, "
        "(julianday(f.at) - julianday(n.at)) * 24.0 AS hours FROM compliance_fact f "
        "JOIN n ON n.subject = f.subject JOIN s ON s.decision = json_extract(f.body, '$.decision') "
        f"WHERE f.kind = 'notice.answered' AND f.{IN_YEAR.replace('AND at', 'AND f.at')} "
        "AND json_extract(f.body, '$.outcome') = 'violation'"
    )
    _run(
        "CREATE TEMP TABLE o AS SELECT subject, at, json_extract(body, '$.kind') AS kind, "
        "REPLACE(json_extract(body, '$.country'), 'GR', 'EL') AS country, "
        "COALESCE(json_extract(body, '$.harm'), '') AS harm, json_extract(body, '$.items') AS items "
        "FROM compliance_fact WHERE kind = 'order.received'"
    )
    _run("CREATE INDEX temp.o_subject ON o (subject)")


_PLACED = "JOIN place p ON p.harm = {t}.harm AND p.part = {part} "
_GROUPED = "GROUP BY p.category, p.keyword, p.label"


def figures() -> Iterator[Figure]:
    """Yield every number of parts 3 to 6 that is not zero, and every median."""
    yield from _own(ILLEGAL, "illegal")
    yield from _own(TERMS, "NOT illegal")
    yield from _notices()
    yield from _orders()


def _own(part: int, ground: str) -> Iterator[Figure]:
    restricted = "EXISTS (SELECT 1 FROM json_each(t.body, '$.measures') m JOIN restricts r ON r.kind = m.value ->> 'kind')"
    placed = _PLACED.format(t="t", part=part)
    for column, where in (("F", "1"), ("G", "t.machine")):
        rows = _run(
            f"SELECT p.category, p.keyword, p.label, COUNT(*) FROM final t {placed} "
            f"WHERE t.{ground.replace('NOT ', '') if ground == 'illegal' else 'illegal = 0'} "
            f"AND {where} AND {restricted} {_GROUPED}"
        )
        yield from (Figure(part, "TOTAL", row[:3], column, row[3]) for row in rows)
    rows = _run(
        "SELECT p.category, p.keyword, p.label, x.letter, COUNT(*) FROM "
        "(SELECT DISTINCT t.decision, t.harm, t.illegal, r.letter FROM final t, json_each(t.body, '$.measures') m "
        f"JOIN restricts r ON r.kind = m.value ->> 'kind') x {_PLACED.format(t='x', part=part)} "
        f"WHERE x.illegal = {int(ground == 'illegal')} {_GROUPED}, x.letter"
    )
    yield from (Figure(part, "TOTAL", row[:3], row[3], row[4]) for row in rows)


def _notices() -> Iterator[Figure]:
    placed = _PLACED.format(t="n", part=NOTICES)
    wanted = (
        ("F", "COUNT(*)", "1"),
        ("G", "COUNT(*)", "trusted"),
        ("H", "SUM(items)", "1"),
        ("I", "SUM(items)", "trusted"),
    )
    for column, what, where in wanted:
        rows = _run(
            f"SELECT p.category, p.keyword, p.label, {what} FROM n {placed} WHERE {IN_YEAR} AND {where} {_GROUPED}"
        )
        yield from (Figure(NOTICES, "TOTAL", row[:3], column, row[3]) for row in rows)
    placed = _PLACED.format(t="a", part=NOTICES)
    for column, where in (
        ("L", "illegal"),
        ("M", "illegal AND trusted"),
        ("N", "NOT illegal"),
        ("O", "NOT illegal AND trusted"),
    ):
        rows = _run(
            f"SELECT p.category, p.keyword, p.label, COUNT(*) FROM acted a {placed} WHERE {where} {_GROUPED}"
        )
        yield from (Figure(NOTICES, "TOTAL", row[:3], column, row[3]) for row in rows)
    for column, where in (("J", "1"), ("K", "trusted")):
        yield from _medians(
            NOTICES,
            f"SELECT 'TOTAL', p.category, p.keyword, p.label, a.hours FROM acted a {placed} WHERE {where}",
            column,
        )


def _orders() -> Iterator[Figure]:
    placed = _PLACED.format(t="o", part=ORDERS)
    scopes = "(SELECT subject, at, kind, harm, items, 'TOTAL' AS scope FROM o UNION ALL SELECT subject, at, kind, harm, items, country FROM o)"
    for column, what, kind in (
        ("G", "COUNT(*)", "act"),
        ("H", "SUM(items)", "act"),
        ("K", "COUNT(*)", "inform"),
    ):
        rows = _run(
            f"SELECT o.scope, p.category, p.keyword, p.label, {what} FROM {scopes} o {placed} "
            f"WHERE {IN_YEAR} AND o.kind = '{kind}' GROUP BY o.scope, p.category, p.keyword, p.label"
        )
        yield from (Figure(ORDERS, row[0], row[1:4], column, row[4]) for row in rows)
    for column, fact, kind in (
        ("I", "acknowledged", "act"), ("J", "carried_out", "act"), ("L", "acknowledged", "inform"), ("M", "carried_out", "inform"),
    ):  # fmt: skip
        hours = "(julianday(f.at) - julianday(o.at)) * 24.0"
        hours = (
            f"CASE WHEN {hours} <= 1.00000001 THEN 0.0 ELSE {hours} END" if fact == "acknowledged" else hours
        )
        yield from _medians(
            ORDERS,
            f"SELECT o.scope, p.category, p.keyword, p.label, {hours} FROM compliance_fact f JOIN {scopes} o "
            f"ON o.subject = f.subject {placed} WHERE f.kind = 'order.{fact}' AND o.kind = '{kind}' "
            f"AND f.{IN_YEAR.replace('AND at', 'AND f.at')}",
            column,
        )


def _medians(part: int, rows: str, column: str) -> Iterator[Figure]:
    found = _run(
        "SELECT scope, category, keyword, label, AVG(hours) FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY scope, category, "
        "keyword, label ORDER BY hours) AS place, COUNT(*) OVER (PARTITION BY scope, category, keyword, label) AS many FROM "
        f"(WITH given (scope, category, keyword, label, hours) AS ({rows}) SELECT * FROM given)) "
        "WHERE place IN ((many + 1) / 2, (many + 2) / 2) GROUP BY scope, category, keyword, label"
    )
    yield from (Figure(part, row[0], row[1:4], column, row[4]) for row in found)
