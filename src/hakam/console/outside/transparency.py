"""Transparency: what was reported and decided, by whom, how fast, and how often people were right to object.

# DSA Arts 15 and 24: what the yearly report says, here as it stands now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hakam.compliance import private_bases
from hakam.compliance.reports import keeping, recipients
from hakam.console.charts import bar, columns
from hakam.console.installation import installation
from hakam.console.outside.reading import page
from hakam.console.published_figures import Year, years
from hakam.console.report_files import FORMS, download
from hakam.exchange.transparency import Public, Recommended, figures, recommendations
from hakam.intake.figures import notice_figures, notices_by_day
from hakam.review.figures import complaint_figures, decision_figures

SPANS = {"30": 30, "90": 90, "all": None}
DAYS = 30
FRESH = 60  # seconds for which the figures are kept


def _figures(span: str) -> dict[str, Any]:
    key = f"transparency:{span}"
    kept: dict[str, Any] | None = cache.get(key)
    if kept is not None:
        return kept
    now = timezone.now()
    days = SPANS[span]
    since = now - timedelta(days=days) if days else None
    made = {
        "notices": notice_figures(since=since),
        "decisions": decision_figures(since=since),
        "complaints": complaint_figures(since=since),
        "days": notices_by_day(days=DAYS, today=timezone.localdate()),
        "counted_at": now,
    }
    cache.set(key, made, FRESH)
    return made


def _drawn(found: list[Year]) -> list[tuple[Year, list[tuple[int | None, SafeString]]]]:
    """Return each year with its figures, each drawn against the greatest of all years."""
    said = [(one.notices, one.measures, one.complaints) for one in found]
    most = [max((value or 0 for value in column), default=0) for column in zip(*said, strict=True)]
    return [
        (year, [(value, bar((value or 0,), top)) for value, top in zip(row, most, strict=True)])
        for year, row in zip(found, said, strict=True)
    ]


@require_GET
def exchange(request: HttpRequest) -> HttpResponse:
    """Show with whom hashes are exchanged, for what, how much, and how often they were wrong."""
    kept: tuple[list[Public], list[Recommended]] | None = cache.get("transparency:exchange")
    if kept is None:
        kept = figures(), recommendations()
        cache.set("transparency:exchange", kept, FRESH)
    rows, datasets = kept
    return page(request, "exchange.html", {"rows": rows, "datasets": datasets, "counted_at": timezone.now()})


@require_GET
def transparency(request: HttpRequest) -> HttpResponse:
    """Show the figures."""
    span = request.GET.get("span", "90")
    span = span if span in SPANS else "90"
    figures = _figures(span)
    decisions, notices = figures["decisions"], figures["notices"]
    most_decided = max((row.total for row in decisions.by_clause), default=0)
    most_reported = max((count for _harm, count in notices.by_harm), default=0)
    most_measures = max((count for _kind, count in decisions.by_measure), default=0)
    reports = keeping.published(installation().platform)
    context = {
        **figures,
        "span": span,
        "reports": reports,
        "years": _drawn(years(reports)),
        "private": [
            (one, private_bases.in_force(one, timezone.now()))
            for one in private_bases.public(installation().platform)
        ],
        "counts": recipients.published(installation().platform),
        "spans": [("30", _("30 days")), ("90", _("90 days")), ("all", _("Since the beginning"))],
        "clauses": [(row, bar((row.people, row.rules), most_decided)) for row in decisions.by_clause],
        "harms": [(harm, count, bar((count,), most_reported)) for harm, count in notices.by_harm[:12]],
        "measures": [(kind, count, bar((count,), most_measures)) for kind, count in decisions.by_measure],
        "daily": columns([count for _day, count in figures["days"]]),
        "daily_sum": sum(count for _day, count in figures["days"]),
        "first_day": figures["days"][0][0],
        "last_day": figures["days"][-1][0],
    }
    return page(request, "transparency.html", context)


@require_GET
def public_report(_request: HttpRequest, report_id: int, form: str) -> HttpResponse:
    """Give a published report as files: every version stays (DSA Art. 15(1))."""
    found = keeping.find(report_id, public=True)
    if found is None or form not in FORMS:
        raise Http404
    return download(found, form)
