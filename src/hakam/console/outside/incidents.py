"""What the public reads of incidents that are over: how fast, how much, how often wrong.

# DSA Art. 48(4)(f): a public report after the termination of a crisis.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from hakam.console.charts import columns
from hakam.console.outside.reading import page
from hakam.incidents import access, kinds, report
from hakam.incidents.figures import Figures

_HOUR: Final = timedelta(hours=1)
_LEAST_HOURS: Final = 12
_MOST_HOURS: Final = 24 * 90


def _published(slug: str) -> report.Report:
    one = access.find(slug)
    found = report.published(one) if one is not None else None
    if found is None:
        raise Http404
    return found


def _hours(figures: Figures) -> list[tuple[datetime, int]]:
    """Return the copies of each hour from the first on, those without any too, at least half a day; none for none."""
    seen = {datetime.fromisoformat(hour): count for hour, count in figures.seen_by_hour.items()}
    if not seen:
        return []
    first = min(seen)
    count = max(_LEAST_HOURS, int((max(seen) - first) / _HOUR) + 1)
    return [(hour, seen.get(hour, 0)) for hour in (first + n * _HOUR for n in range(min(count, _MOST_HOURS)))]


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """List the reports that were published."""
    rows = [found for one in access.reported() if (found := report.published(one)) is not None]
    return page(request, "incidents.html", {"rows": rows, "here": "transparency"})


@require_GET
def incident(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one report."""
    found = _published(slug)
    hours = _hours(found.figures)
    context = {
        "report": found,
        "figures": found.figures,
        "kind": kinds.in_words(found.kind_name),
        "times": [(one, other, found.seconds[f"{one}/{other}"]) for one, other in report.TIMES],
        "chart": columns([count for _hour, count in hours]),
        "first_hour": hours[0][0] if hours else None,
        "last_hour": hours[-1][0] if hours else None,
        "let_go": found.figures.left_up_by_people + found.figures.let_go,
        "here": "transparency",
    }
    return page(request, "incident.html", context)


@require_GET
def incident_json(request: HttpRequest, slug: str) -> HttpResponse:
    """Hand out one report as JSON, as it was published."""
    del request
    data = msgspec.json.format(msgspec.json.encode(_published(slug)))
    return HttpResponse(data, content_type="application/json")
