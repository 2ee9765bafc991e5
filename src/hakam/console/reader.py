"""Whoever reads the page: in which language, in which theme, with which digits."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

THEME_COOKIE = "hakam_theme"
LETTER_COOKIE = "hakam_letter_language"  # of pages that letters lead to; `django_language` is of all pages
YEAR = 31_536_000  # seconds

_arabic_indic: ContextVar[bool] = ContextVar("arabic_indic", default=False)
_TO_ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Theme(StrEnum):
    """How bright the page is."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


def digits(text: str) -> str:
    """Return `text` with its digits as this reader wants them: Western unless Arabic-Indic ones are chosen."""
    if _arabic_indic.get() and translation.get_language() == "ar":
        return text.translate(_TO_ARABIC_INDIC)
    return text


def theme_of(request: HttpRequest) -> Theme:
    """Return the theme of this browser, else of the account, else what the system says."""
    user = getattr(request, "user", None)  # an address refused at the door has none
    chosen = request.COOKIES.get(THEME_COOKIE) or str(getattr(user, "theme", ""))
    try:
        return Theme(chosen)
    except ValueError:
        return Theme.AUTO


class ReaderMiddleware:
    """Apply the language and the digits of the account. This browser's own choice of language goes first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request in the reader's language."""
        user = request.user
        if user.is_authenticated and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language if user.language in dict(settings.LANGUAGES) else "en")
            request.LANGUAGE_CODE = translation.get_language() or "en"
        mark = _arabic_indic.set(bool(getattr(user, "arabic_indic_digits", False)))
        try:
            return self.get_response(request)
        finally:
            _arabic_indic.reset(mark)
