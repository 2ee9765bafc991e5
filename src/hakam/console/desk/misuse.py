"""Misuse (DSA Art. 23) at the desk: what is manifestly wrong is marked, people are warned, suspended, and heard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.console.installation import event_log, vault
from hakam.intake import holding, misuse, misuse_access
from hakam.intake.misuse import MisuseError, MisuseKind
from hakam.intake.misuse_access import ConductView
from hakam.staff.roles import Permission

_LONGEST_NUMBER = 6


def _list(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    kind = request.GET.get("kind", "")
    kind = kind if kind in set(MisuseKind) else ""
    user, now = person(request), timezone.now()
    context = {
        "rows": misuse_access.records(user, now=now, kind=kind),
        "candidates": misuse_access.candidates(user, now=now),
        "kind": kind,
        "kinds": [*MisuseKind, ""],
        "ref": (request.POST or request.GET).get("ref", "")[:200],
        "because": request.POST.get("because", ""),
        "may_strike": user.may(Permission.MISUSE_STRIKE),
        "error": error,
    }
    return render(request, "console/desk/misuse.html", context, status=status)


@require_GET
@admit(Permission.MISUSE_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List who has strikes, and what was decided lately that may be one."""
    return _list(request)


@require_POST
@admit(Permission.MISUSE_STRIKE)
def strike(request: HttpRequest) -> HttpResponse:
    """Mark something as manifestly illegal or manifestly unfounded."""
    try:
        made = misuse.strike(
            request.POST.get("ref", "")[:200].strip(),
            because=request.POST.get("because", "")[:2000],
            by=person(request).actor,
            now=timezone.now(),
        )
    except MisuseError as error:
        return _list(request, error=str(error), status=422)
    messages.success(request, _("Marked."))
    return redirect("console:conduct", made.conduct_id)


def _find(request: HttpRequest, conduct_id: UUID) -> ConductView:
    found = misuse_access.record(person(request), str(conduct_id), now=timezone.now())
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, found: ConductView, *, error: str = "", status: int = 200) -> HttpResponse:
    user = person(request)
    last = found.suspensions[0] if found.suspensions else None
    context: dict[str, Any] = {
        "found": found,
        "conduct": found.conduct,
        "may_suspend": user.may(Permission.MISUSE_SUSPEND),
        "may_strike": user.may(Permission.MISUSE_STRIKE),
        "waiting": last if last is not None and last.objected_at and not last.answered_at else None,
        "mine": last is not None and str(user.actor) in {last.by, found.conduct.warned_by},
        "error": error,
        "given": request.POST,
    }
    return render(request, "console/desk/conduct.html", context, status=status)


@require_GET
@admit(Permission.MISUSE_READ)
def one(request: HttpRequest, conduct_id: UUID) -> HttpResponse:
    """Show one record: strikes, warning, suspensions with their factors, objection."""
    return _page(request, _find(request, conduct_id))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0


@require_POST
@admit(Permission.MISUSE_SUSPEND)
def act(request: HttpRequest, conduct_id: UUID) -> HttpResponse:
    """Warn, suspend, lift, take a strike back, or decide an objection."""
    found = _find(request, conduct_id)
    do, because = request.POST.get("do", ""), request.POST.get("because", "")[:5000]
    given: dict[str, Any] = {"by": person(request).actor, "now": timezone.now()}
    stores: dict[str, Any] = {"vault": vault(), "log": event_log()}
    try:
        match do:
            case "warn":
                misuse.warn(str(found.conduct.pk), because=because, **given)
            case "suspend":
                misuse.suspend(
                    str(found.conduct.pk),
                    days=_number(request, "days"),
                    because=because,
                    gravity=request.POST.get("gravity", "")[:5000],
                    intention=request.POST.get("intention", "")[:5000],
                    total=_number(request, "total") or None,
                    **given,
                )
            case "lift" if found.suspension is not None:
                holding.lift(found.suspension.pk, because=because, **given, **stores)
            case "withdraw" if _number(request, "strike") in {one.pk for one in found.strikes}:
                misuse.withdraw(_number(request, "strike"), because=because, **given)
            case "uphold" | "deny" if found.suspensions:
                holding.decide_objection(
                    found.suspensions[0].pk, uphold=do == "uphold", answer=because, **given, **stores
                )
            case _:
                return _page(request, found, error=_("Choose what to do."), status=422)
    except MisuseError as error:
        return _page(request, found, error=str(error), status=422)
    messages.success(request, _("Saved."))
    return redirect("console:conduct", conduct_id)
