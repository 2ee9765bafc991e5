"""What the public reads of incidents that are over: how fast, how much, how often wrong.

# DSA Art. 48(4)(f): a public report after the termination of a crisis.
"""

from __future__ import annotations

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import require_GET

from hakam.console import incident_figures as told
from hakam.console import incident_paper
from hakam.console.charts import columns
from hakam.console.installation import installation
from hakam.console.outside.reading import page
from hakam.documents import setting
from hakam.incidents import access, kinds, report


def _published(slug: str) -> report.Report:
    one = access.find(slug)
    found = report.published(one) if one is not None else None
    if found is None:
        raise Http404
    return found


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """List the reports that were published."""
    rows = [found for one in access.reported() if (found := report.published(one)) is not None]
    return page(request, "incidents.html", {"rows": rows, "here": "transparency"})


@require_GET
def incident(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one report."""
    found = _published(slug)
    hours = incident_paper.hours(found.figures)
    context = {
        "report": found,
        "figures": found.figures,
        "kind": kinds.in_words(found.kind_name),
        "course": told.course(found),
        "times": told.times(found),
        "groups": told.groups(found.figures),
        "powers": told.powers(found.figures),
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


@require_GET
def incident_pdf(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Hand out one report as a paper, as it was published."""
    del request
    found = _published(slug)
    with translation.override(language):
        data = setting.pdf(incident_paper.public(found, platform=installation().platform_name))
    return paper(data, f"incident-{slug}-{language}.pdf")


def paper(data: bytes, name: str, *, secret: bool = False) -> HttpResponse:
    """Answer with a PDF. A `secret` one is kept by nobody on the way."""
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    if secret:
        response["Cache-Control"] = "private, no-store"
    return response
