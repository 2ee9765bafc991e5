"""What somebody reads who came to no page, or whose form was refused: in the language of the page they came from.

Nobody is told more than that: what is absent and what is forbidden look the same.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views import csrf, defaults

from hakam.console.outside.reading import speak


def _speak(request: HttpRequest) -> None:
    user = getattr(request, "user", None)  # an address refused at the door has none
    if user is None or not user.is_authenticated:  # who is signed in reads the language of the account
        speak(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what can't be read."""
    _speak(request)
    return defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what is refused."""
    _speak(request)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer an address that is none."""
    _speak(request)
    return defaults.page_not_found(request, exception)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form that comes from no page of ours, or from one that was open for too long."""
    _speak(request)
    return csrf.csrf_failure(request, reason)
