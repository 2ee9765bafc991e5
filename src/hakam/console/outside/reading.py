"""What all public pages share: the language of somebody without an account, and pages that only a link opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from hakam.console.installation import installation


def speak(request: HttpRequest, language: str) -> None:
    """Answer in `language`, unless this browser has chosen one."""
    primary = language.partition("-")[0].lower()
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and primary in dict(settings.LANGUAGES):
        translation.activate(primary)
        request.LANGUAGE_CODE = primary


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, secret: bool = False, status: int = 200
) -> HttpResponse:
    """Render a public page. A `secret` one is known by its address alone: nobody may keep or leak that."""
    context = {"platform_name": installation().platform_name, **context}
    response = render(request, f"console/outside/{template}", context, status=status)
    if secret:
        response["Cache-Control"] = "private, no-store"
        # Other sites never learn the address. "no-referrer" would also hide from us where the page's own form
        # comes from (`Origin: null`), and the guard against forged requests would refuse it.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
    return response
