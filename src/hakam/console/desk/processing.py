"""Records of processing (GDPR Art. 30) at the desk: as this installation runs now, on a page and as files."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hakam.console.admission import admit
from hakam.console.desk.retention import language
from hakam.privacy import records
from hakam.staff.roles import Permission

_FORMS = {
    "json": ("application/json", records.as_json),
    "csv": ("text/csv; charset=utf-8", records.as_csv),
}


def _made() -> records.Record:
    return records.record(settings.HAKAM, now=timezone.now(), language=language())


@require_GET
@admit(Permission.RETENTION_READ)
def page(request: HttpRequest) -> HttpResponse:
    """Show the record."""
    return render(request, "console/desk/processing.html", {"record": _made()})


@require_GET
@admit(Permission.RETENTION_READ)
def export(_request: HttpRequest, form: str) -> HttpResponse:
    """Give the record as a file."""
    if form not in _FORMS:
        raise Http404
    kind, write = _FORMS[form]
    response = HttpResponse(write(_made()), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="records-of-processing.{form}"'
    return response
