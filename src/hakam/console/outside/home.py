"""The front door: three ways for people without an account, and one for those who work here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from hakam.console.outside.reading import page


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Welcome people from outside; lead those who are signed in to their work."""
    if request.user.is_authenticated:
        return redirect("console:queue")
    return page(request, "home.html", {})
