"""Reports that stay (DSA Art. 15): made from the ledger, published in versions, each figure with the facts behind it.

A correction is a new version that says why; every version stays public for five years and more (Implementing
Regulation (EU) 2024/2835, Annex II; `report.public` is the clock). Drafts are made anew as often as one likes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from itertools import accumulate, pairwise
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Max
from django.utils.timezone import get_default_timezone, localdate
from django.utils.translation import gettext as _

from hakam.compliance import deadlines, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact, MadeReport, ReportFigure
from hakam.compliance.profile import profile_of
from hakam.compliance.reports import gathering, laws
from hakam.compliance.reports.period import Period
from hakam.compliance.reports.sheets import Report, Sheet, Stated, Value
from hakam.compliance.reports.tally import Tally
from hakam.vocabulary.actor import Actor

_AT_ONCE = 500
DSA, TCO, UK = "dsa", "tco", "uk"
LAWS: Final = (DSA, TCO, UK)
_PUBLISHED, _PREVIOUS = 1, 2  # rows of part 1: the day of this publication, and of the report before
_CLOCKS: Final = {DSA: ("report.yearly", "report.half_yearly"), TCO: ("tco.transparency",), UK: ()}


COUNTED: Final = frozenset(
    {*gathering.KINDS, FactKind.ORDER_RETURNED, FactKind.ORDER_SCRUTINY_ASKED, FactKind.ORDER_ANNULLED}
)
"""The facts of which a report of any law is counted."""


class ReportError(ValueError):
    """There can be no such report. Nothing was changed."""


class Difference(msgspec.Struct, frozen=True):
    """A cell that a version says otherwise than the one before. Row and column count from 0, without the header."""

    part: int
    row: int
    column: int
    before: Value
    after: Value


def subject_of(report: MadeReport) -> str:
    """Return a report's name in the ledger."""
    return name_of(report.platform, report.law, Period(report.first, report.last))


def name_of(platform: str, law: str, period: Period) -> str:
    """Return the name in the ledger of a report of a period."""
    part = "" if law == DSA else f"{law}/"
    return f"report:{platform}/{part}{period.first}/{period.last}"


def make(
    platform: str,
    period: Period,
    *,
    stated: Stated,
    by: Actor,
    now: datetime,
    zone: tzinfo,
    law: str = DSA,
    groups: Sequence[tuple[str, str, Sequence[str]]] = (),
    progress: Callable[[int], None] | None = None,
) -> MadeReport:
    """Count a period and keep the sheets as its draft, in place of an earlier draft. Raises `ReportError`.

    `groups` are (key, title, harms): by what the report of another law than the DSA counts. `progress` is told the fact
    up to which was counted.
    """
    if period.first > localdate(now):
        raise ReportError(_("the period lies ahead"))
    if law not in LAWS:
        raise ReportError(_("there is no report of this law"))
    until = Fact.objects.aggregate(last=Max("seq"))["last"] or 0
    tally, pages = _counted(
        law,
        platform,
        period,
        stated=stated,
        zone=zone,
        groups=groups,
        progress=progress or (lambda _seq: None),
    )
    with transaction.atomic():
        ledger.lock()
        MadeReport.objects.filter(
            platform=platform, law=law, first=period.first, last=period.last, version=None
        ).delete()
        report = MadeReport.objects.create(
            platform=platform,
            law=law,
            first=period.first,
            last=period.last,
            stated=msgspec.to_builtins(stated),
            sheets=[_as_data(page) for page in pages],
            facts_until=until,
            made_by=str(by),
            made_at=now,
        )
        figures = (
            ReportFigure(
                report=report, part=page.part, row=row, column=column, count=len(facts), facts=pack(facts)
            )
            for page in pages
            for (row, column), cell in page.cells.items()
            if (facts := tally.facts(cell))
        )
        ReportFigure.objects.bulk_create(figures, batch_size=_AT_ONCE)
        ledger.record(
            FactKind.REPORT_MADE, by=by, now=now, subject=subject_of(report), body={"facts_until": until}
        )
    return report


def _counted(
    law: str,
    platform: str,
    period: Period,
    *,
    stated: Stated,
    zone: tzinfo,
    groups: Sequence[tuple[str, str, Sequence[str]]],
    progress: Callable[[int], None],
) -> tuple[Tally, tuple[Sheet, ...]]:
    if law == DSA:
        tally = gathering.gather(platform, period, zone=zone, progress=progress)
        return tally, Report(profile_of(platform), period, stated, tally).sheets()
    rows = laws.TCO_ROWS if law == TCO else laws.UK_ROWS
    found = {key: harms for key, _title, harms in groups} or {"terrorism": laws.TERROR}
    tally = laws.gather(platform, period, zone=zone, groups=found, progress=progress)
    titles = [(key, title) for key, title, _harms in groups if key != laws.ALL]
    # One kind alone is all there is: its rows stand once.
    shown = titles if len(titles) == 1 else [(laws.ALL, laws.EVERY), *titles]
    page = laws.sheet(law, rows, shown, tally, stated.texts)
    return tally, (page,)


def publish(report_id: int, *, by: Actor, now: datetime, note: str = "") -> MadeReport:
    """Publish a draft as the next version of its period. A further version says why and how. Raises `ReportError`."""
    with transaction.atomic():
        ledger.lock()
        report = MadeReport.objects.select_for_update().filter(pk=report_id).first()
        if report is None or report.version is not None:
            raise ReportError(_("this report is published already, or was made anew"))
        if report.last >= localdate(now):
            raise ReportError(_("the period is not over: what comes is not in it yet"))
        if _came_after(report):
            raise ReportError(_("more happened in the period after it was counted: count it again"))
        before = newest(report)
        if before is not None and not note.strip():
            raise ReportError(_("say what was corrected, why and how: the earlier version stays public"))
        report.version = 1 if before is None else (before.version or 0) + 1
        report.published_by, report.published_at, report.note = str(by), now, note.strip()
        report.sheets = _dated(report, localdate(now))
        report.save(update_fields=["version", "published_by", "published_at", "note", "sheets"])
        subject = subject_of(report)
        body = {"version": report.version, "changed": len(differences(report))}
        ledger.record(FactKind.REPORT_PUBLISHED, by=by, now=now, subject=subject, body=body)
        for clock in _CLOCKS[report.law]:
            deadlines.meet(clock, subject=subject, by=by, now=now)
        deadlines.start("report.public", subject=f"{subject}/{report.version}", by=by, now=now)
    return report


def _came_after(report: MadeReport) -> bool:
    """Whether the ledger holds what belongs into the period of a draft and came after it was counted."""
    end = Period(report.first, report.last).end(get_default_timezone())
    later = Fact.objects.filter(seq__gt=report.facts_until, kind__in=COUNTED, at__lt=end)
    return later.exists()


def _dated(report: MadeReport, today: date) -> list[dict[str, Any]]:
    """Return the sheets with the days of publication that nobody stated: this one, and that of the report before.

    # 2024/2835, Annex I, Part 1: both days stand in the report itself.
    """
    pages: list[dict[str, Any]] = report.sheets
    if report.law != DSA:
        return pages
    earlier = MadeReport.objects.filter(platform=report.platform, law=report.law, version__isnull=False)
    last = (
        earlier.exclude(pk=report.pk).order_by("-published_at").values_list("published_at", flat=True).first()
    )
    said = {_PUBLISHED: today.isoformat(), _PREVIOUS: localdate(last).isoformat() if last else None}
    return [
        {**page, "rows": [_filled(n, row, said) for n, row in enumerate(page["rows"])]}
        if page["part"] == 1
        else page
        for page in pages
    ]


def _filled(number: int, row: Sequence[Any], said: Mapping[int, str | None]) -> list[Any]:
    """Return a row of part 1 with its value, where it has none."""
    return [*row[:-1], said[number]] if number in said and not row[-1] else [*row]


def newest(report: MadeReport) -> MadeReport | None:
    """Return the newest published version of the period of a report that comes before it."""
    found = MadeReport.objects.filter(
        platform=report.platform,
        law=report.law,
        first=report.first,
        last=report.last,
        version__isnull=False,
    ).exclude(pk=report.pk)
    if report.version is not None:
        found = found.filter(version__lt=report.version)
    return found.order_by("-version").first()


def published(platform: str, *, law: str = "") -> list[MadeReport]:
    """Return every version of every report that is public, the newest period first. The sheets are not read.

    `law` asks for the reports of one law; empty: all.
    """
    found = MadeReport.objects.filter(platform=platform, version__isnull=False)
    found = found.filter(law=law) if law else found
    return list(found.defer("sheets").order_by("-last", "-first", "-version"))


def made(platform: str) -> list[MadeReport]:
    """Return drafts and published reports, the newest period first. The sheets are not read."""
    found = MadeReport.objects.filter(platform=platform).defer("sheets")
    return list(found.order_by("-last", "-first", "-made_at"))


def find(report_id: int, *, public: bool = False) -> MadeReport | None:
    """Return a report, or None; with `public` only what everybody may read."""
    found = MadeReport.objects.filter(pk=report_id)
    return (found.filter(version__isnull=False) if public else found).first()


def sheets_of(report: MadeReport) -> tuple[Sheet, ...]:
    """Return the sheets of a report as they were made."""
    return tuple(
        Sheet(
            one["part"],
            one["name"],
            one["file"],
            tuple(one["header"]),
            tuple(tuple(row) for row in one["rows"]),
            {},
        )
        for one in report.sheets
    )


def places(report: MadeReport, part: int) -> dict[tuple[int, int], int]:
    """Return how many facts make each figure of a part, by row and column."""
    found = report.figures.filter(part=part).values_list("row", "column", "count")
    return {(row, column): count for row, column, count in found}


def facts_of(report: MadeReport, part: int, row: int, column: int) -> tuple[int, ...]:
    """Return the numbers of the facts that make a figure, in order; none of what no fact makes."""
    figure = report.figures.filter(part=part, row=row, column=column).first()
    return () if figure is None else unpack(bytes(figure.facts))


def differences(report: MadeReport) -> list[Difference]:
    """Return every cell that a version says otherwise than the published one before it."""
    before = newest(report)
    if before is None:
        return []
    out = []
    for old, new in zip(sheets_of(before), sheets_of(report), strict=True):
        for row in range(max(len(old.rows), len(new.rows))):
            was = old.rows[row] if row < len(old.rows) else (None,) * len(old.header)
            now = new.rows[row] if row < len(new.rows) else (None,) * len(new.header)
            out += [
                Difference(new.part, row, column, a, b)
                for column, (a, b) in enumerate(zip(was, now, strict=True))
                if a != b and not (new.part == 1 and row in {_PUBLISHED, _PREVIOUS} and report.law == DSA)
            ]
    return out


def pack(facts: Sequence[int]) -> bytes:
    """Return numbers as bytes: their steps in MessagePack, deflated. A fact that counts twice stands twice."""
    steps = [second - first for first, second in pairwise((0, *facts))]
    return zlib.compress(msgspec.msgpack.encode(steps))


def unpack(data: bytes) -> tuple[int, ...]:
    """Return the numbers that were packed."""
    return tuple(accumulate(msgspec.msgpack.decode(zlib.decompress(data), type=list[int])))


def _as_data(page: Sheet) -> dict[str, Any]:
    return {
        "part": page.part,
        "name": page.name,
        "file": page.file,
        "header": page.header,
        "rows": page.rows,
    }
