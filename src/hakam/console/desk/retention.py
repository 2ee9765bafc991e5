"""The schedule of keeping at the desk: how long what is kept and why, what is due, who may change it; and the holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.compliance.calendar import midnight
from hakam.console.admission import admit, person
from hakam.console.installation import stores
from hakam.privacy import holds, retention, schedule
from hakam.privacy.holds import HoldError
from hakam.privacy.models import Hold
from hakam.privacy.schedule import ScheduleError
from hakam.staff.access import names
from hakam.staff.roles import Permission

_LONGEST_NUMBER = 4
_MOST_SUBJECTS = 200


def number_of(text: str) -> int:
    """Return what somebody typed as a whole number; -1 for what is none."""
    text = text.strip() or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else -1


def end_of(text: str) -> datetime | None:
    """Return the end of a day that somebody typed as a date, or None."""
    try:
        day = parse_date(text.strip())
    except ValueError:
        return None
    return midnight(day + timedelta(days=1), timezone.get_default_timezone()) if day else None


def language() -> str:
    """Return which of our two languages is in force, for texts that come as data."""
    return "ar" if (get_language() or "en").startswith("ar") else "en"


def _schedule(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    waiting = schedule.waiting()
    rows = retention.overview(stores(), now=now)
    context = {
        "rows": rows,
        "waiting": [{"period": one, "mine": one.proposed_by == str(user.actor)} for one in waiting],
        "titles": {row.kept.kind.value: row.kept.shipped.title[language()] for row in rows},
        "who": names({one.proposed_by for one in waiting}),
        "passes": retention.passes(limit=40),
        "language": language(),
        "may_change": user.may(Permission.RETENTION_CHANGE),
        "given": request.POST or request.GET,
        "error": error,
    }
    return render(request, "console/desk/retention.html", context, status=status)


@require_GET
@admit(Permission.RETENTION_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Show the schedule, what would go now, and what went."""
    return _schedule(request)


@require_POST
@admit(Permission.RETENTION_CHANGE)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose another period; what was typed is never lost to an error."""
    try:
        schedule.propose(
            request.POST.get("kind", ""),
            months=number_of(request.POST.get("months", "")),
            days=number_of(request.POST.get("days", "")),
            ground=request.POST.get("ground", "")[:300],
            because=request.POST.get("because", "")[:2000],
            by=person(request).actor,
            now=timezone.now(),
        )
    except ScheduleError as error:
        return _schedule(request, error=str(error), status=422)
    messages.success(request, _("Proposed. A second person must confirm it."))
    return redirect("console:retention")


@require_POST
@admit(Permission.RETENTION_CHANGE)
def settle(request: HttpRequest, period_id: int) -> HttpResponse:
    """Confirm, refuse or withdraw a proposed period."""
    if schedule.period(period_id) is None:
        raise Http404
    try:
        schedule.settle(
            period_id,
            confirm=request.POST.get("do") == "confirm",
            by=person(request).actor,
            now=timezone.now(),
        )
    except ScheduleError as error:
        return _schedule(request, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:retention")


def _holds(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    ended = request.GET.get("ended") == "1"
    rows = holds.listed(ended=ended)
    given = request.POST or request.GET
    context = {
        "rows": rows,
        "ended": ended,
        "example": "case:12, item:forum/post/77, account:forum/u1, incident:name",
        "who": names({one.placed_by for one in rows}),
        "may_place": user.may(Permission.HOLD_PLACE),
        "target": given.get("target", "")[:700],
        "given": request.POST,
        "error": error,
    }
    return render(request, "console/desk/holds.html", context, status=status)


@require_GET
@admit(Permission.RETENTION_READ)
def list_holds(request: HttpRequest) -> HttpResponse:
    """List the holds in force, or those that ended, and the form to place one."""
    return _holds(request)


@require_POST
@admit(Permission.HOLD_PLACE)
def place_hold(request: HttpRequest) -> HttpResponse:
    """Place a hold."""
    until = end_of(request.POST.get("until", ""))
    covers = request.POST.get("covers", "").split()[:_MOST_SUBJECTS]
    try:
        if until is None:
            raise HoldError(_("give the day on which it ends"))  # noqa: TRY301 -- said on the page as others
        made = holds.place(
            request.POST.get("target", "")[:700],
            reason=request.POST.get("reason", "")[:5000],
            authority=request.POST.get("authority", ""),
            covers=covers,
            until=until,
            by=person(request).actor,
            now=timezone.now(),
        )
    except HoldError as error:
        return _holds(request, error=str(error), status=422)
    messages.success(request, _("It is held."))
    return redirect("console:hold", made.pk)


def _hold(request: HttpRequest, hold: Hold, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    context: dict[str, Any] = {
        "hold": hold,
        "clocks": [one for one in deadlines_of(holds.subject_of(hold)) if one.met_at is None],
        "who": names({hold.placed_by, hold.ended_by}),
        "may_place": user.may(Permission.HOLD_PLACE) and hold.ended_at is None,
        "mine": hold.placed_by == str(user.actor),
        "given": request.POST,
        "error": error,
    }
    return render(request, "console/desk/hold.html", context, status=status)


@require_GET
@admit(Permission.RETENTION_READ)
def one_hold(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Show one hold."""
    found = holds.hold(hold_id)
    if found is None:
        raise Http404
    return _hold(request, found)


@require_POST
@admit(Permission.HOLD_PLACE)
def act_on_hold(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Let a hold go on, or end it."""
    found = holds.hold(hold_id)
    if found is None:
        raise Http404
    given: dict[str, Any] = {
        "reason": request.POST.get("reason", "")[:5000], "by": person(request).actor, "now": timezone.now(),
    }  # fmt: skip
    try:
        match request.POST.get("do", ""):
            case "renew":
                until = end_of(request.POST.get("until", ""))
                if until is None:
                    raise HoldError(_("give the day on which it ends"))  # noqa: TRY301 -- said on the page as others
                holds.renew(hold_id, until=until, **given)
            case "release":
                holds.release(hold_id, **given)
            case _:
                return _hold(request, found, error=_("Choose what to do."), status=422)
    except HoldError as error:
        return _hold(request, found, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:hold", hold_id)
