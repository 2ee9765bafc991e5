"""Scheduled live events at the desk: what is planned."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from hakam.console.admission import admit
from hakam.console.installation import installation
from hakam.live import scheduled
from hakam.live.scheduled import ScheduledEvent
from hakam.staff.roles import Permission


def found_event(name: str) -> ScheduledEvent:
    """Return an event by the name in its plan, or say that there is no such page."""
    chosen = installation()
    found = scheduled.event(name, home=chosen.home, platform=chosen.platform)
    if found is None:
        raise Http404
    return found


@require_GET
@admit(Permission.LIVE_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Show the live events that are planned, the next first."""
    chosen = installation()
    found, damaged = scheduled.events(home=chosen.home, platform=chosen.platform)
    language, now = get_language() or "en", timezone.now()
    rows = [
        {
            "name": one.name,
            "plan": one.plan,
            "shown": one.title(language),
            "open": one.plan is not None and one.plan.opens_at <= now < one.plan.ends_at,
        }
        for one in found
    ]
    return render(request, "console/desk/events.html", {"rows": rows, "damaged": damaged})
