"""Reports of other laws from the ledger alone: terrorist content, a notice of Ofcom (OSA s.77).

# TCO Art. 7(2), TCO Art. 7(3).

One walk over the facts of a year, each counted with the fact that makes it, as in the report of the DSA. What no ledger
knows is said by the operator, and kept with the report. The sheet is English, as its readers are authorities of any
country; who reads it at the desk reads it in their own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import msgspec
from django.utils.translation import gettext_noop as _

from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.compliance.reports.gathering import TOLD_EVERY
from hakam.compliance.reports.period import Period
from hakam.compliance.reports.sheets import Sheet, Value
from hakam.compliance.reports.tally import Cell, Tally

K: Final = FactKind
LOOK_BACK: Final = timedelta(days=400)  # for what began before the year and ended in it
TERROR: Final = (
    "terrorism_incitement", "terrorism_recruitment", "terrorism_instruction", "terrorism_threat", "perpetrator_content",
)  # fmt: skip
ALL: Final = "all"
EVERY: Final = _("All together")
HEADER: Final = (_("Point"), _("Kind"), _("Indicator"), _("Figure"), _("Text"))
_PART: Final = 1
_COLUMN: Final = "D"
_NUMBER: Final = 3  # place of the column


class Row(msgspec.Struct, frozen=True):
    """A row of a report: the point of the law, what it says, and what counts in it; or a text of the operator."""

    point: str
    indicator: str
    counts: str = ""  # a word of `_Walk`; empty: a text
    hours: bool = False  # a median, not a number


TCO_ROWS: Final = (
    Row("7(3)(a)", _("Measures to identify and remove or disable access to terrorist content")),
    Row(
        "7(3)(b)",
        _("Measures against the reappearance of material that was removed, automated tools above all"),
    ),
    Row("7(3)(c)", _("Removal orders received"), "orders"),
    Row("7(3)(c)", _("Items of terrorist content removed following removal orders"), "ordered_items"),
    Row("7(3)(c)", _("Items of terrorist content restricted by decisions of one's own"), "restricted"),
    Row("7(3)(c)", _("Removal orders not executed: force majeure or de facto impossibility"), "impossible"),
    Row("7(3)(c)", _("Removal orders not executed: manifest errors or insufficient information"), "returned"),
    Row("7(3)(c)", _("Median time from a removal order to its execution, in hours"), "ordered", hours=True),
    Row("7(3)(d)", _("Complaints about terrorist content"), "complaints"),
    Row("7(3)(d)", _("Complaints that were right"), "upheld"),
    Row("7(3)(d)", _("Complaints that were rejected"), "denied"),
    Row("7(3)(e)", _("Requests of ours to examine a cross-border order"), "scrutiny"),
    Row("7(3)(f)", _("Orders after which content was reinstated following review"), "annulled"),
    Row("7(3)(g)", _("Decisions after which content was reinstated following a complaint"), "upheld"),
)
UK_ROWS: Final = (
    Row("notices", _("Reports of users and others"), "notices"),
    Row("notices", _("Reports of trusted flaggers among them"), "trusted"),
    Row("notices", _("Median time from a report to its decision, in hours"), "answered", hours=True),
    Row("action", _("Restrictions of content"), "restricted"),
    Row("action", _("Restrictions that were detected by automated means"), "detected"),
    Row("action", _("Restrictions that were decided by automated means alone"), "automated"),
    Row("appeals", _("Complaints against decisions"), "complaints"),
    Row("appeals", _("Complaints that were right"), "upheld"),
    Row("appeals", _("Complaints that were rejected"), "denied"),
)


def gather(
    platform: str,
    period: Period,
    *,
    zone: tzinfo,
    groups: Mapping[str, Sequence[str]],
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Count the facts about a platform in a period, by groups of harms and over all of them (`ALL`)."""
    begin, end = period.begin(zone), period.end(zone)
    walk = _Walk(platform, groups)
    rows = (
        Fact.objects.filter(kind__in=list(walk.handlers), at__gte=begin - LOOK_BACK, at__lt=end)
        .order_by("seq")
        .values_list("seq", "at", "kind", "subject", "body")
    )
    for n, (seq, at, kind, subject, text) in enumerate(rows.iterator(5_000)):
        if progress is not None and n % TOLD_EVERY == 0:
            progress(seq)
        body = msgspec.json.decode(text, type=dict[str, Any])
        if body.get("platform", platform) == platform:
            walk.handlers[kind](seq, at, subject, body, at >= begin)
    return walk.tally


class _Walk:
    """Remembers what later facts refer to, and counts."""

    def __init__(self, platform: str, groups: Mapping[str, Sequence[str]]) -> None:
        self.tally = Tally()
        self._platform = platform
        self._groups: dict[str, list[str]] = {}
        for group, harms in groups.items():
            for harm in harms:
                self._groups.setdefault(harm, []).append(group)
        self._statements: dict[str, dict[str, Any]] = {}  # by decision
        self._notices: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self._complaints: dict[str, str] = {}  # -> harm
        self._orders: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self.handlers: dict[str, Callable[[int, datetime, str, dict[str, Any], bool], None]] = {
            K.STATEMENT_ISSUED: self._statement,
            K.DECISION_FINAL: self._final,
            K.NOTICE_RECEIVED: self._notice,
            K.NOTICE_ANSWERED: self._answered,
            K.COMPLAINT_RECEIVED: self._complaint,
            K.COMPLAINT_DECIDED: self._decided,
            K.ORDER_RECEIVED: self._order,
            K.ORDER_CARRIED_OUT: self._carried_out,
            K.ORDER_RETURNED: self._returned,
            K.ORDER_SCRUTINY_ASKED: self._scrutiny,
            K.ORDER_ANNULLED: self._annulled,
        }

    def _cells(self, word: str, harm: str | None) -> list[Cell]:
        groups = self._groups.get(harm or "", [])
        return [Cell(_PART, (word, group), _COLUMN) for group in ([*groups, ALL] if groups else [])]

    def _count(self, word: str, harm: str | None, seq: int, amount: int = 1) -> None:
        for cell in self._cells(word, harm):
            self.tally.count(cell, seq, amount)

    def _time(self, word: str, harm: str | None, seq: int, seconds: float) -> None:
        for cell in self._cells(word, harm):
            self.tally.time(cell, seq, seconds)

    def _statement(
        self, _seq: int, _at: datetime, _subject: str, body: dict[str, Any], _counts: bool
    ) -> None:
        if "decision" in body:
            self._statements[body["decision"]] = body

    def _final(self, seq: int, _at: datetime, subject: str, _body: dict[str, Any], counts: bool) -> None:
        said = self._statements.get(subject)
        if said is None or not counts or not said["measures"]:
            return
        self._count("restricted", said["harm"], seq)
        if said["automated_detection"]:
            self._count("detected", said["harm"], seq)
        if said["automated_decision"] == "full":
            self._count("automated", said["harm"], seq)

    def _notice(self, seq: int, at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        self._notices[subject] = at, body
        if counts:
            self._count("notices", body["harm"], seq, body.get("count", 1))
            if body["trusted"]:
                self._count("trusted", body["harm"], seq, body.get("count", 1))

    def _answered(self, seq: int, at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        found = self._notices.get(subject)
        if found is not None and counts and not body["again"]:
            self._time("answered", found[1]["harm"], seq, (at - found[0]).total_seconds())

    def _complaint(self, seq: int, _at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        notice = self._notices.get(body.get("notice", ""))
        said = self._statements.get(body.get("decision", ""))
        harm = said["harm"] if said else notice[1]["harm"] if notice else ""
        self._complaints[subject] = harm or ""
        if counts:
            self._count("complaints", harm, seq)

    def _decided(self, seq: int, _at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        if counts and subject in self._complaints:
            self._count("upheld" if body["state"] == "upheld" else "denied", self._complaints[subject], seq)

    def _order(self, seq: int, at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        if body.get("law") != "tco":
            return
        if "received_at" in body:
            at = datetime.fromisoformat(body["received_at"])
        self._orders[subject] = at, body
        if counts:
            self._count("orders", body["harm"], seq)

    def _carried_out(self, seq: int, at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        order = self._orders.get(subject)
        if order is not None and counts:
            self._count("ordered_items", order[1]["harm"], seq, body["items"])
            self._time("ordered", order[1]["harm"], seq, (at - order[0]).total_seconds())

    def _returned(self, seq: int, _at: datetime, subject: str, body: dict[str, Any], counts: bool) -> None:
        order = self._orders.get(subject)
        if order is not None and counts:
            self._count("impossible" if body["impossible"] else "returned", order[1]["harm"], seq)

    def _scrutiny(self, seq: int, _at: datetime, subject: str, _body: dict[str, Any], counts: bool) -> None:
        order = self._orders.get(subject)
        if order is not None and counts:
            self._count("scrutiny", order[1]["harm"], seq)

    def _annulled(self, seq: int, _at: datetime, subject: str, _body: dict[str, Any], counts: bool) -> None:
        order = self._orders.get(subject)
        if order is not None and counts:
            self._count("annulled", order[1]["harm"], seq)


def sheet(
    name: str, rows: Sequence[Row], groups: Sequence[tuple[str, str]], tally: Tally, texts: Mapping[str, str]
) -> Sheet:
    """Return the one sheet of a report: for each group (key, title) its rows; what the operator says in column E."""
    out: list[tuple[Value, ...]] = []
    cells: dict[tuple[int, int], Cell] = {}
    for key, title in groups:
        for row in rows:
            value: Value = None
            if row.counts:
                cell = Cell(_PART, (row.counts, key), _COLUMN)
                value = tally.median(cell) if row.hours else tally.number(cell)
                cells[len(out), _NUMBER] = cell
            out.append((row.point, title, row.indicator, value, texts.get(row.indicator) or None))
    return Sheet(_PART, f"1_{name}", f"{name}.csv", HEADER, tuple(out), cells)
