"""Who comes back to an address that only takes a form is sent to the page that the form stood on.

A form that was refused leaves the browser at the address it was sent to. Reloading there, another language, another
theme, a link to it, and signing in again after a session ran out all ask for that address without a form.
"""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

ROOM = "console"


class ReturningMiddleware:
    """Send a browser from an address that takes a form only to the nearest page above it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and lead back to a page who would read nothing."""
        answer = self.get_response(request)
        if not isinstance(answer, HttpResponseNotAllowed) or not _reads(request):
            return answer
        above = page_above(request.path_info)
        return answer if above is None else redirect(above)


def _reads(request: HttpRequest) -> bool:
    """Whether it is a browser that wants a page, of this room."""
    return (
        request.method == "GET"
        and "text/html" in request.headers.get("Accept", "")
        and "HX-Request" not in request.headers
        and request.resolver_match is not None
        and request.resolver_match.app_name == ROOM
    )


def page_above(path: str) -> str | None:
    """Return the longest address above `path` that is one of this room. It may take a form only, too: then again."""
    parts = [part for part in path.split("/") if part]
    for length in range(len(parts) - 1, -1, -1):
        above = "/" + "/".join(parts[:length])
        for address in dict.fromkeys((above, f"{above.rstrip('/')}/")):
            if _known(address):
                return address
    return None


def _known(address: str) -> bool:
    try:
        return resolve(address).app_name == ROOM
    except Resolver404:
        return False


def tell_not_taken(request: HttpRequest) -> None:
    """Tell who sent a form after the session had run out that it was not taken."""
    if request.method == "POST":
        messages.warning(
            request,
            _("You were signed out in the meantime: what you sent was not taken. Please send it again."),
        )
