"""Legal bases for reading private messages, at the desk: off by default, put in force by two people, for a time."""

from __future__ import annotations

from datetime import datetime, time

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance import private_bases
from hakam.compliance.private_bases import PrivateBasisError
from hakam.console.admission import admit, person
from hakam.console.installation import installation
from hakam.staff import access as staff
from hakam.staff.roles import Permission

_PEOPLE = ("proposed_by", "confirmed_by", "ended_by")
_LONGEST = 5_000  # characters


def _page(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    user, now = person(request), timezone.now()
    found = private_bases.bases(installation().platform)
    names = staff.names(
        {name for one in found for name in (one.proposed_by, one.confirmed_by, one.ended_by) if name}
    )
    rows = [
        {
            "basis": one,
            **{field: names.get(getattr(one, field), getattr(one, field)) for field in _PEOPLE},
            "waits": private_bases.waits(one, now),
            "in_force": private_bases.in_force(one, now),
            "mine": one.proposed_by == str(user.actor),
        }
        for one in found
    ]
    context = {
        "rows": rows,
        "on": any(row["in_force"] for row in rows),
        "busy": any(row["in_force"] or row["waits"] for row in rows),
        "may_manage": user.may(Permission.PRIVATE_BASIS_MANAGE),
        "given": {name: request.POST.get(name, "") for name in ("law", "purpose", "until", "because")},
        "error": error,
    }
    return render(request, "console/desk/private_bases.html", context, status=status)


@require_GET
@admit(Permission.PRIVATE_BASIS_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Show whether private messages are read, by what law, and every basis there was."""
    return _page(request)


@require_POST
@admit(Permission.PRIVATE_BASIS_MANAGE)
def propose(request: HttpRequest) -> HttpResponse:
    """Propose one; what was typed is never lost to an error."""
    try:
        private_bases.propose(
            installation().platform,
            law=request.POST.get("law", "")[:_LONGEST],
            purpose=request.POST.get("purpose", "")[:_LONGEST],
            until=_end_of(request.POST.get("until", "")),
            by=person(request).actor,
            now=timezone.now(),
        )
    except PrivateBasisError as error:
        return _page(request, error=str(error), status=422)
    messages.success(request, _("Proposed. Somebody else must confirm it before anything is read."))
    return redirect("console:private_bases")


@require_POST
@admit(Permission.PRIVATE_BASIS_MANAGE)
def act(request: HttpRequest, basis_id: int) -> HttpResponse:
    """Confirm, refuse or end one."""
    if all(one.pk != basis_id for one in private_bases.bases(installation().platform)):
        raise Http404
    by, now, because = person(request).actor, timezone.now(), request.POST.get("because", "")[:_LONGEST]
    try:
        match request.POST.get("do", ""):
            case "confirm":
                private_bases.confirm(basis_id, by=by, now=now)
            case "refuse":
                private_bases.refuse(basis_id, because=because, by=by, now=now)
            case "end":
                private_bases.end(basis_id, because=because, by=by, now=now)
            case _:
                return _page(request, error=_("Choose what to do."), status=422)
    except PrivateBasisError as error:
        return _page(request, error=str(error), status=422)
    messages.success(request, _("Saved. The door knows it at once."))
    return redirect("console:private_bases")


def _end_of(text: str) -> datetime:
    """Return the end of a day as this installation counts days. Raises `PrivateBasisError` for what is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise PrivateBasisError(_("give the day on which it ends"))
    return timezone.make_aware(datetime.combine(day, time.max))
