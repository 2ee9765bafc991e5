"""Clocks: what the law or the house wants done by when, what runs now, and what is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from hakam.compliance import access
from hakam.compliance.clocks import Clock, clocks
from hakam.console import timewords
from hakam.console.admission import admit, person
from hakam.console.desk.ledger import link_to
from hakam.console.owed import owed
from hakam.console.reader import digits
from hakam.staff.roles import Permission

YEAR = timedelta(days=365)


def length_of(clock: Clock) -> str:
    """Return how long a clock runs, in words."""
    if clock.given:
        return _("as the order says")
    if clock.before:
        month, day = clock.before.split("-")
        return _("before %(day)s/%(month)s") % {
            "day": digits(str(int(day))),
            "month": digits(str(int(month))),
        }
    if clock.months:
        return digits(ngettext("%(count)s month", "%(count)s months", clock.months) % {"count": clock.months})
    return timewords.span(clock.length)


def _shown(of: list[str]) -> list[dict[str, Any]]:
    now = timezone.now()
    found = access.of_clocks(of, since=now - YEAR) if of else access.running()
    return [
        {
            "deadline": deadline,
            "data": clocks().get(deadline.clock),
            "link": link_to(deadline.subject),
            "late": deadline.missed_at is not None
            or (deadline.met_at is None and deadline.paused_at is None and deadline.due_at < now),
        }
        for deadline in found
    ]


@require_GET
@admit(Permission.LEDGER_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List what is owed, the clocks that run, the first due on top, and all that there are.

    `?of=KEY,KEY` lists those of twelve months instead, ended ones too: the evidence of a line of a checklist.
    """
    today = timezone.localdate()
    known = [
        {"data": one, "length": length_of(one), "in_force": one.in_force(today)} for one in clocks().values()
    ]
    of = [key for key in request.GET.get("of", "")[:400].split(",") if key in clocks()]
    context = {
        "rows": _shown(of),
        "of": of,
        "known": known,
        "owed": [] if of else owed(person(request), now=timezone.now()),
    }
    return render(request, "console/desk/clocks.html", context)
