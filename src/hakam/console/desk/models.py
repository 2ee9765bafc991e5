"""Models in use: what each is, whether it reads, what it may use up, what it did, and what went wrong last."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hakam.console.admission import admit
from hakam.console.installation import event_log, installation
from hakam.intake.models_in_use import DAYS, rows
from hakam.staff.roles import Permission


@require_GET
@admit(Permission.PACK_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Show every model that is declared, and those that ship."""
    found = list(rows(installation().home, event_log(), now=timezone.now()))
    context = {"rows": found, "days": DAYS, "command": "hakam models on NAME"}
    return render(request, "console/desk/models.html", context)
