"""Questions of the audience of a live event: the queue that a moderator works, one key for each move."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hakam.console.admission import admit, person
from hakam.console.desk.events import found_event
from hakam.console.installation import event_log, vault
from hakam.console.outside.stage import stage_token
from hakam.live.audience import access, choosing
from hakam.live.audience.states import MoveError, QuestionState
from hakam.live.scheduled import ScheduledEvent
from hakam.staff.roles import Permission

KEYS: Final[tuple[tuple[str, str], ...]] = (
    ("1", "next"),
    ("2", "answered"),
    ("3", "aside"),
    ("4", "breach"),
    ("0", "pending"),
)
"""One key for each move, the same at every question."""


def _context(request: HttpRequest, event: ScheduledEvent) -> dict[str, Any]:
    user = person(request)
    newest = (request.POST or request.GET).get("order") == "newest"
    weights = event.plan.questions.weights if event.plan is not None and event.plan.questions else None
    return {
        "event": event,
        "event_title": event.title(get_language() or "en"),
        "board": access.board(event.platform, event.name, weights=weights, newest=newest),
        "order": "newest" if newest else "",
        "weights": weights,
        "may_read_cases": user.may(Permission.CASE_READ),
        "may_act": user.may(Permission.LIVE_ACT),
        "keys": [key for key in KEYS if key[1] != "breach" or user.may(Permission.CASE_DECIDE)],
        "stage_token": stage_token(event.name),
        "at": timezone.now(),
    }


@require_GET
@admit(Permission.LIVE_READ)
def questions(request: HttpRequest, event: str) -> HttpResponse:
    """Show what the audience asks, ranked; the list renews itself."""
    part = request.headers.get("HX-Request") and request.GET.get("part") == "questions"
    template = "console/desk/questions_list.html" if part else "console/desk/questions.html"
    return render(request, template, _context(request, found_event(event)))


def _after(request: HttpRequest, event: ScheduledEvent, error: str = "") -> HttpResponse:
    if request.headers.get("HX-Request"):
        context = _context(request, event) | {"error": error}
        return render(request, "console/desk/questions_list.html", context)
    if error:
        messages.error(request, error)
    order = "?order=newest" if request.POST.get("order") == "newest" else ""
    return redirect(reverse("console:questions", args=[event.name]) + order)


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else 0  # noqa: PLR2004 -- 64 bits


@require_POST
@admit(Permission.LIVE_ACT)
def move(request: HttpRequest, event: str) -> HttpResponse:
    """Move one question; a breach becomes a case, where it is decided with its statement."""
    found, user, now = found_event(event), person(request), timezone.now()
    if not request.POST.get("question"):
        return HttpResponse(status=400)
    number, do = _number(request, "question"), request.POST.get("do", "")
    if not access.has_question(number, event=found.name, user=user):
        raise Http404
    try:
        if do == "breach":
            case = choosing.refer(number, by=user, now=now, log=event_log(), vault=vault())
            target = redirect("console:case", case.pk)
            if request.headers.get("HX-Request"):
                return HttpResponse(status=204, headers={"HX-Redirect": target.url})
            return target
        choosing.move(number, QuestionState(do), by=user, now=now)
    except MoveError as error:
        return _after(request, found, str(error))
    except PermissionError:
        raise Http404 from None
    except ValueError:
        return HttpResponse(status=400)
    return _after(request, found)


@require_POST
@admit(Permission.LIVE_ACT)
def apart(request: HttpRequest, event: str) -> HttpResponse:
    """Make one wording a question of its own."""
    found, user = found_event(event), person(request)
    if not request.POST.get("asking"):
        return HttpResponse(status=400)
    number = access.question_of(_number(request, "asking"))
    if number is None or not access.has_question(number, event=found.name, user=user):
        raise Http404
    try:
        choosing.take_apart(_number(request, "asking"), by=user, now=timezone.now())
    except MoveError as error:
        return _after(request, found, str(error))
    messages.success(request, _("It stands by itself now."))
    return redirect("console:questions", found.name)
