"""The stage: what the host of a live event reads, in big type. The link is the only key, and it shows nothing else."""

from __future__ import annotations

import hmac

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from hakam.console.installation import installation
from hakam.console.outside.reading import page
from hakam.live import scheduled
from hakam.live.audience import access


def stage_token(event: str) -> str:
    """Return the secret part of an event's stage address. Another secret `stage` makes all of them void."""
    secret = installation().secret("stage")
    return hmac.digest(secret.encode(), b"stage 1\0" + event.encode(), "sha256").hex()[:32]


@require_GET
def stage(request: HttpRequest, event: str, token: str) -> HttpResponse:
    """Show the question on air and those that come next; the page renews itself."""
    if not constant_time_compare(token, stage_token(event)):
        raise Http404
    chosen = installation()
    found = scheduled.event(event, home=chosen.home, platform=chosen.platform)
    if found is None:
        raise Http404
    shown = access.on_stage(found.platform, found.name)
    context = {
        "event": found,
        "event_title": found.title(get_language() or "en"),
        "token": token,
        "now": shown[:1],
        "next": shown[1:4],
        "more": max(0, len(shown) - 4),
    }
    part = request.headers.get("HX-Request") and request.GET.get("part") == "stage"
    return page(request, "stage_part.html" if part else "stage.html", context, secret=True)
