"""What somebody reads about their own misuse (DSA Art. 23), and where they object. The link is the only key."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hakam.compliance.access import statement_of
from hakam.console.installation import installation
from hakam.console.outside.reading import page, require_safe_or_post, speak
from hakam.intake import holding, misuse_access
from hakam.intake.misuse import MisuseError, MisuseKind
from hakam.intake.models import Conduct


def _found(token: str) -> Conduct:
    found = holding.by_token(token)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, conduct: Conduct, *, error: str = "", status: int = 200) -> HttpResponse:
    speak(request, conduct.language)
    now = timezone.now()
    found = misuse_access.view(conduct, now=now)
    last = found.suspensions[0] if found.suspensions else None
    context = {
        "conduct": conduct,
        "found": found,
        "last": last,
        "statement": statement_of(last.decision) if last is not None and last.decision else None,
        "may_object": last is not None
        and last.objected_at is None
        and conduct.kind != MisuseKind.ILLEGAL_CONTENT,
        "error": error,
        "text": request.POST.get("text", ""),
    }
    return page(request, "misuse.html", context, letter=True, secret=True, status=status)


@require_GET
def told(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is on record, the warning, the suspension with its factors, and how an objection fares."""
    return _page(request, _found(token))


@require_safe_or_post
def object_to(request: HttpRequest, token: str) -> HttpResponse:
    """Take an objection to a suspension; what was typed is never lost to an error."""
    if request.method != "POST":
        return redirect("console:misuse_told", token)
    conduct = _found(token)
    speak(request, conduct.language)
    try:
        holding.object_to(
            token,
            text=request.POST.get("text", ""),
            now=timezone.now(),
            answer_within=timedelta(days=installation().complaint_days),
        )
    except MisuseError as error:
        return _page(
            request, conduct, error=_("This can't be taken as it is: %(why)s.") % {"why": error}, status=422
        )
    return redirect("console:misuse_told", token)
