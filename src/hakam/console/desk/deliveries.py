"""Deliveries: what leaves for the platforms, how far it has come, what was given up and can be sent again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.enforcement import access, endpoints
from hakam.enforcement.outbox import EffectError, replay
from hakam.enforcement.states import EFFECT, EffectEvent, EffectState, can
from hakam.intake import delivery_access
from hakam.staff.roles import Permission

PER_PAGE = 50


def _place(text: str) -> tuple[datetime, uuid.UUID] | None:
    """Read where a page begins, as `2026-03-02T09:00:00+00:00~<id>`."""
    moment, _tilde, key = text.partition("~")
    try:
        found = datetime.fromisoformat(moment), uuid.UUID(key)
    except ValueError:
        return None
    return found if found[0].tzinfo else None


@require_GET
@admit(Permission.DELIVERY_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """List the outbox, the newest first."""
    wanted, kind = request.GET.get("state", ""), request.GET.get("kind", "")[:64]
    state = EffectState(wanted) if wanted in set(EffectState) else None
    rows = delivery_access.deliveries(
        user=person(request),
        state=state,
        kind=kind,
        before=_place(request.GET.get("before", "")),
        limit=PER_PAGE + 1,
    )
    counts = access.counts(timezone.now())
    numbers = {
        EffectState.PENDING: counts.waiting + counts.sending,
        EffectState.FAILED: counts.failed,
        EffectState.DEAD: counts.dead,
    }
    context = {
        "rows": rows[:PER_PAGE],
        "older": f"{rows[PER_PAGE - 1].created_at.isoformat()}~{rows[PER_PAGE - 1].pk}"
        if len(rows) > PER_PAGE
        else "",
        "state": state or "",
        "kind": kind,
        "tabs": [("", None), *((str(s), numbers.get(s)) for s in EffectState)],
        "counts": counts,
        "endpoints": endpoints.all_endpoints(),
    }
    return render(request, "console/desk/deliveries.html", context)


@require_GET
@admit(Permission.DELIVERY_READ)
def delivery(request: HttpRequest, effect_id: str) -> HttpResponse:
    """Show one effect with every try."""
    found = delivery_access.delivery(effect_id, user=person(request))
    if found is None:
        raise Http404
    context = {
        "effect": found,
        "tries": access.attempts(found)[::-1],
        "may_replay": person(request).may(Permission.DELIVERY_REPLAY)
        and can(EFFECT, EffectState(found.state), EffectEvent.REPLAY),
        "may_see": person(request).may(Permission.PERSONAL_DATA_READ),
    }
    return render(request, "console/desk/delivery.html", context)


@require_POST
@admit(Permission.DELIVERY_REPLAY)
def send_again(request: HttpRequest, effect_id: str) -> HttpResponse:
    """Send a dead or refused effect again, under the same id."""
    found = delivery_access.delivery(effect_id, user=person(request))
    if found is None:
        raise Http404
    try:
        replay(found, by=person(request).actor, now=timezone.now())
    except EffectError as error:
        messages.error(request, _("It is not sent again: %(why)s") % {"why": error})
    else:
        messages.success(
            request, _("It leaves again, under the same number: a receiver that had it ignores it.")
        )
    return redirect("console:delivery", effect_id)
