"""Scheduled live events at the desk: plan, waiting room, admission with one key, rehearsals; and attack or crowd."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.console.charts import line
from hakam.console.installation import installation
from hakam.live import scheduled, steering
from hakam.live.models import EventPoint
from hakam.live.scheduled import ScheduledEvent
from hakam.live.steering import SteeringError
from hakam.live.surge.signs import ATTACK_AT, MIXED_AT, REPORTS, WINDOW, Signs, read, signs_from
from hakam.live.waiting.plan import Plan
from hakam.live.waiting.rehearsed import rehearsals
from hakam.staff.roles import Permission

PLAN_COMMAND: Final = "hakam waiting plan"
_MOST_CHART: Final = 720  # points, an hour


def found_event(name: str) -> ScheduledEvent:
    """Return an event by the name in its plan, or say that there is no such page."""
    chosen = installation()
    found = scheduled.event(name, home=chosen.home, platform=chosen.platform)
    if found is None:
        raise Http404
    return found


def _planned(name: str) -> tuple[ScheduledEvent, Plan]:
    found = found_event(name)
    if found.plan is None:
        raise Http404
    return found, found.plan


@require_GET
@admit(Permission.LIVE_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Show the live events that are planned, the one that opens last first."""
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
    return render(
        request, "console/desk/events.html", {"rows": rows, "damaged": damaged, "plan_command": PLAN_COMMAND}
    )


def _lanes(plan: Plan, admission: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return a row for each lane: what the plan keeps, and what all nodes counted."""
    nodes = (admission or {}).get("nodes", [])
    reserved = [0, *(lane.reserved for lane in plan.lanes)]

    def total(member: str, lane: int) -> int:
        return sum(node[member][lane] for node in nodes if lane < len(node.get(member, ())))

    return [
        {
            "name": name,
            "reserved": reserved[n],
            "given": total("given", n),
            "present": total("present", n),
            "waiting": (admission or {}).get("waiting", [0] * 16)[n],
        }
        for n, name in enumerate(plan.lane_names)
    ]


def _event_context(request: HttpRequest, event: ScheduledEvent, plan: Plan) -> dict[str, Any]:
    user, now = person(request), timezone.now()
    found = scheduled.standing(event.name, now=now)
    admission = found.point.admission if found.point is not None else None
    nodes = [
        {**node, "total": sum(node.get("given", ())), "inside": sum(node["present"])}
        for node in (admission or {}).get("nodes", [])
    ]
    names = [step.name for step in plan.steps]
    held = found.hold.step if found.hold is not None else 0
    at = names.index(admission["step"]) if admission and admission["step"] in names else None
    lowest = max(held, at or 0)
    return {
        "event": event,
        "event_title": event.title(get_language() or "en"),
        "plan": plan,
        "point": found.point,
        "admission": admission,
        "lanes": _lanes(plan, admission),
        "nodes": nodes,
        "hold": found.hold,
        "held": held,
        "at": at,
        "down": min(lowest + 1, len(names) - 1) if lowest + 1 < len(names) else None,
        "up": held - 1 if held else None,
        "inside": sum(node["inside"] for node in nodes),
        "entered": sum(node.get("entered", 0) for node in nodes),
        "open": plan.opens_at <= now < plan.ends_at,
        "may_act": user.may(Permission.LIVE_ACT),
    }


@require_GET
@admit(Permission.LIVE_READ)
def event(request: HttpRequest, event: str) -> HttpResponse:
    """Show one event; what its nodes counted renews itself."""
    found, plan = _planned(event)
    context = _event_context(request, found, plan)
    if request.headers.get("HX-Request") and request.GET.get("part") == "state":
        return render(request, "console/desk/event_state.html", context)
    context["rehearse_command"] = f"hakam waiting rehearse {plan.event} --people 10000 --down-twice"
    context["rehearsals"] = rehearsals(installation().home, plan.event)
    return render(request, "console/desk/event.html", context)


@require_POST
@admit(Permission.LIVE_ACT)
def steer(request: HttpRequest, event: str) -> HttpResponse:
    """Hold admission at a step, or let go. The controller is told before this answers."""
    plan = _planned(event)[1]
    text = request.POST.get("step", "")
    if not (text.isascii() and text.isdigit()):
        return HttpResponse(status=400)
    now = timezone.now()
    try:
        row = steering.hold(plan, int(text[:9]), by=person(request), now=now)
    except SteeringError as error:
        messages.error(request, str(error))
        return redirect("console:event", plan.event)
    if not steering.tell(plan, row, secret=installation().secret("waiting"), now=now):
        messages.error(
            request,
            _("It is written down, but the waiting room does not answer: it is told as soon as it does."),
        )
    elif row.step:
        messages.success(request, _("Held. Who is inside stays inside."))
    else:
        messages.success(request, _("Let go: the load decides alone."))
    return redirect("console:event", plan.event)


def _score(point: EventPoint) -> float:
    return read(signs_from(point.crowd)).score or 0.0


@require_GET
@admit(Permission.LIVE_READ)
def surge(request: HttpRequest, event: str) -> HttpResponse:
    """Say whether it is an attack or a crowd, and on what that rests."""
    found, plan = _planned(event)
    now = timezone.now()
    standing = scheduled.standing(found.name, now=now)
    signs = signs_from(standing.point.crowd) if standing.point is not None else Signs()
    history = standing.history[-_MOST_CHART:]
    begin = history[0].at if history else now
    context = {
        "event": found,
        "event_title": found.title(get_language() or "en"),
        "plan": plan,
        "point": standing.point,
        "signs": signs,
        "read": read(signs),
        "chart": line(
            [((p.at - begin).total_seconds(), _score(p)) for p in history], least=600.0, mark=ATTACK_AT
        ),
        "window": round(WINDOW / 60),
        "reports_window": round(REPORTS / 60),
        "attack_at": ATTACK_AT,
        "mixed_at": MIXED_AT,
        "unnamed": signs.reports - signs.named,
        "may_act": person(request).may(Permission.LIVE_ACT),
        "may_permit": person(request).may(Permission.LIVE_PERMIT),
        "may_rules": person(request).may(Permission.PACK_READ),
    }
    part = request.headers.get("HX-Request") and request.GET.get("part") == "surge"
    return render(request, "console/desk/surge_part.html" if part else "console/desk/surge.html", context)
