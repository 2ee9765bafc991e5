"""What comes in by HTTP, as text that both databases can hold, before any page or middleware reads it.

An address, a query, a cookie or a form can carry a NUL (as `%00`); PostgreSQL takes none, not even in a
question. So a NUL becomes U+FFFD here, as in everything else that is stored: such an address names nothing, and such
a text shows where something was. The bodies of the control interface are no forms; it refuses a NUL by its pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict

from hakam.compliance.storable import storable

NUL = "\x00"
_AS_QUERY = "%EF%BF%BD"  # U+FFFD, percent-encoded


class StorableRequestMiddleware:
    """Replace each NUL of the address, the query, the cookies and the form. Stands before everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request as it can be stored."""
        request.path, request.path_info = storable(request.path), storable(request.path_info)
        query = str(request.META.get("QUERY_STRING", ""))
        if NUL in query or "%00" in query:
            request.META["QUERY_STRING"] = query.replace(NUL, _AS_QUERY).replace("%00", _AS_QUERY)
        for name in [name for name, value in request.COOKIES.items() if NUL in name + value]:
            request.COOKIES[storable(name)] = storable(request.COOKIES.pop(name))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], _args: Any, _kwargs: Any
    ) -> None:
        """Clean the form, where the guard against forged requests reads it too."""
        if request.method == "POST" and not getattr(view, "csrf_exempt", False):
            given = request.POST
            if any(NUL in text for name, texts in given.lists() for text in (name, *texts)):
                request.POST = _cleaned(given)


def _cleaned(given: QueryDict) -> Any:  # Django types a form as what can't be changed
    clean = QueryDict(mutable=True)
    for name, texts in given.lists():
        clean.setlist(storable(name), storable(texts))
    return clean
