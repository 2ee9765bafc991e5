"""What somebody reads who was not let on air: why, by what facts, and whom to ask. The link is the only key."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from hakam.console.outside.reading import page, require_safe_or_post, speak
from hakam.live import access, permits
from hakam.live.gate.judge import DECIDED, Why
from hakam.live.models import Refusal
from hakam.live.permits import PermitError


def _found(token: str) -> Refusal:
    found = access.refusal(token)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, refusal: Refusal, *, error: str = "", status: int = 200) -> HttpResponse:
    speak(request, refusal.language)
    context = {
        "refusal": refusal,
        "decided": refusal.why in {why.value for why in DECIDED},
        "unsure": refusal.why == Why.UNSURE,
        "facts": {name: (found, wanted) for name, (found, wanted) in refusal.facts.items()},
        "permit": access.permit_of(refusal),
        "may_ask": permits.may_ask(refusal),
        "error": error,
        "text": request.POST.get("text", ""),
    }
    return page(request, "live.html", context, letter=True, secret=True, status=status)


@require_GET
def refused(request: HttpRequest, token: str) -> HttpResponse:
    """Say why somebody may not be live, and what they can do."""
    return _page(request, _found(token))


@require_safe_or_post
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask a person to look; what was typed is never lost to an error."""
    if request.method != "POST":
        return redirect("console:live_refused", token)
    refusal = _found(token)
    speak(request, refusal.language)
    try:
        permits.ask(token, words=request.POST.get("text", ""), now=timezone.now())
    except PermitError as error:
        return _page(request, refusal, error=str(error), status=422)
    return redirect("console:live_refused", token)
