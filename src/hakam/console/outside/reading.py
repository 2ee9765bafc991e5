"""What all public pages share: the language of somebody without an account, and pages that only a link opens.

Every page is English and Arabic. The forms for reports and the pages that letters lead to also speak the other
languages of letters; no page speaks a language in which only a part of it is written.
"""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_http_methods

from hakam.console.installation import installation
from hakam.console.reader import LETTER_COOKIE
from hakam.enforcement.letters import LANGUAGES

NAMES: Final = {
    "en": "English",
    "ar": "العربية",
    "fr": "Français",
    "de": "Deutsch",
    "es": "Español",
    "it": "Italiano",
}


require_safe_or_post = require_http_methods(["GET", "HEAD", "POST"])
"""Of what takes a form. Who comes back to its address without one, as after choosing a language, is led to the page."""


def speak(request: HttpRequest, language: str = "") -> None:
    """Answer in the language of a letter, unless this browser has chosen one; without a letter, as the browser asks."""
    asked = (
        request.COOKIES.get(LETTER_COOKIE, ""),
        request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
        language,
        str(getattr(getattr(request, "user", None), "language", "")),
        *(code for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))),
    )
    for one in asked:
        primary = one.partition("-")[0].lower()
        if primary in LANGUAGES:
            translation.activate(primary)
            request.LANGUAGE_CODE = primary
            return


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    letter: bool = False,
    secret: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Render a public page. A `secret` one is known by its address alone: nobody may keep or leak that.

    A `letter` leads to it, or it to a letter: it offers all languages of letters. Call `speak` before.
    """
    context = {"platform_name": installation().platform_name, **context}
    if letter:
        context["tongues"] = NAMES
    response = render(request, f"console/outside/{template}", context, status=status)
    if secret:
        response["Cache-Control"] = "private, no-store"
        # Other sites never learn the address. "no-referrer" would also hide from us where the page's own form
        # comes from (`Origin: null`), and the guard against forged requests would refuse it.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
    return response
