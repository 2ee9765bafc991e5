"""Files that a script hands in, so that whoever waits sees how far it is: a script can't see where a redirect leads."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse


def told_to_script(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer a script with the address that a browser would be led to: `{"next": "/desk/banks/harbour"}`."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        response = view(request, *args, **named)
        if response.status_code != HTTPStatus.FOUND or request.headers.get("X-Requested-With") != "fetch":
            return response
        return JsonResponse({"next": response["Location"]})

    return answer
