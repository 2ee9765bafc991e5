"""Threats to life or safety (DSA Art. 18) at the desk: raised by anybody on shift, told to the authorities at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.compliance.access import deadlines_of
from hakam.compliance.eu_database.codes import EU
from hakam.console.admission import admit, person
from hakam.console.countries import country_choices
from hakam.console.installation import vault
from hakam.intake import order_access, threats
from hakam.intake.models import Threat
from hakam.intake.threats import ThreatError
from hakam.staff.roles import Permission

_LONGEST_NUMBER = 12


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    given = request.POST or request.GET
    context = {
        "rows": threats.threats(user),
        "case": given.get("case", "")[:_LONGEST_NUMBER],
        "what": request.POST.get("what", ""),
        "imminent": bool(request.POST.get("imminent")),
        "chosen": request.POST.getlist("countries"),
        "countries": country_choices(EU),
        "error": error,
    }
    return render(request, "console/desk/threats.html", context, status=status)


@require_GET
@admit(Permission.THREAT_RAISE)
def listing(request: HttpRequest) -> HttpResponse:
    """List the suspicions, and the form to raise one."""
    return _list(request)


@require_POST
@admit(Permission.THREAT_RAISE)
def start(request: HttpRequest) -> HttpResponse:
    """Raise a suspicion; what was typed is never lost to an error."""
    number = request.POST.get("case", "").strip()
    try:
        made = threats.start(
            int(number) if number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER else 0,
            what=request.POST.get("what", "")[:5000],
            imminent=bool(request.POST.get("imminent")),
            countries=request.POST.getlist("countries"),
            user=person(request),
            vault=vault(),
            now=timezone.now(),
        )
    except ThreatError as error:
        return _list(request, error=str(error), status=422)
    messages.success(request, _("Raised. The evidence is bundled, and colleagues are called."))
    return redirect("console:threat", made.pk)


def _find(request: HttpRequest, threat_id: UUID) -> Threat:
    found = threats.threat(person(request), str(threat_id))
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: Threat, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    suggested = threats.whom(found.countries)
    known = order_access.directory()
    context: dict[str, Any] = {
        "threat": found,
        "clocks": [one for one in deadlines_of(threats.subject_of(found)) if one.met_at is None],
        "suggested": [one.pk for one in suggested],
        "authorities": known,
        "told": [one for one in known if one.pk in found.told],
        "untold": any(one.pk not in found.told for one in known),
        "case": found.case.partition(":")[2],
        "may_handle": user.may(Permission.THREAT_HANDLE),
        "mine": found.raised_by == str(user.actor),
        "error": error,
        "because": request.POST.get("because", ""),
    }
    return render(request, "console/desk/threat.html", context, status=status)


@require_GET
@admit(Permission.THREAT_RAISE)
def one(request: HttpRequest, threat_id: UUID) -> HttpResponse:
    """Show one suspicion: what it is, how long there is, whom to tell."""
    return _page(request, _find(request, threat_id))


@require_POST
@admit(Permission.THREAT_HANDLE)
def act(request: HttpRequest, threat_id: UUID) -> HttpResponse:
    """Tell the authorities, find that it is none, or take a copy of the bundle."""
    found, do = _find(request, threat_id), request.POST.get("do", "")
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    try:
        match do:
            case "report":
                chosen = [pk for pk in request.POST.getlist("to") if pk.isascii() and pk.isdigit()]
                to = [int(pk) for pk in chosen if len(pk) < _LONGEST_NUMBER]
                threats.report(str(found.pk), to=to, vault=vault(), **given)
            case "dismiss":
                threats.dismiss(str(found.pk), because=request.POST.get("because", "")[:5000], **given)
            case "take":
                response = HttpResponse(
                    threats.take_bundle(str(found.pk), vault=vault(), **given),
                    content_type="application/json",
                )
                response["Content-Disposition"] = f'attachment; filename="threat-{found.pk}.json"'
                response["Cache-Control"] = "no-store"
                return response
            case _:
                return _page(request, found, error=_("Choose what to do."), status=422)
    except ThreatError as error:
        return _page(request, found, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:threat", found.pk)
