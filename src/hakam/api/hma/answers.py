"""What every address of the HMA shape does: let a key in, run the view, tell what went wrong as `{"message": ...}`.

Shapes and errors: https://github.com/facebook/ThreatExchange, `hasher-matcher-actioner`, version 1.1.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from hakam.banks.kinds import BankError
from hakam.staff import keys
from hakam.staff.models import ApiKey
from hakam.staff.roles import Scope

_LOG = logging.getLogger(__name__)
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}
View = Callable[..., Any]


class RefusedError(Exception):
    """A request can't be answered. `status` is that of HMA for the same."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def answered(views: Mapping[str, tuple[Scope, View]]) -> Callable[..., HttpResponse]:
    """Return one view for an address: `views` has, for each method, the scope that it takes and what it does.

    A view takes the request, the key and what the address names; it returns a JSON value, or that and a status.
    """

    @csrf_exempt  # keys, not cookies, say who calls
    def view(request: HttpRequest, **named: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else request.method or "GET"
        if method not in views:
            answer = JsonResponse({"message": "The method is not allowed for the requested URL."}, status=405)
            answer["Allow"] = ", ".join(views)
            return answer
        scope, do = views[method]
        try:
            found = do(request, _admitted(request, scope), **named)
        except RefusedError as wrong:
            answer = JsonResponse({"message": str(wrong)}, status=wrong.status)
            if wrong.status == 401:  # noqa: PLR2004 -- RFC 9110, 11.6.1: it names the schemes
                answer["WWW-Authenticate"] = 'Bearer realm="hakam", Basic realm="hakam"'
            return answer
        except BankError as wrong:
            return JsonResponse({"message": str(wrong)}, status=400)
        except RequestDataTooBig as wrong:
            return JsonResponse({"message": str(wrong)}, status=413)
        except Exception:  # noqa: BLE001 -- one request must not end the others, and HMA's clients read JSON
            _LOG.exception("%s %s failed", request.method, request.path)
            return JsonResponse({"message": "Something went wrong here; the log has the rest."}, status=500)
        body, status = found if isinstance(found, tuple) else (found, 200)
        return JsonResponse(body, status=status, safe=False)

    return view


def _admitted(request: HttpRequest, scope: Scope) -> ApiKey:
    """Return the key of a request: a bearer, or the password of an address (`https://hma:hk_...@host/hma`)."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            shown = base64.b64decode(shown.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            shown = ""
    elif scheme.lower() != "bearer":
        raise RefusedError(
            401, "no key: send `Authorization: Bearer hk_...`, or it as the password of the address"
        )
    key = keys.find(shown.strip(), now=timezone.now())
    if key is None:
        raise RefusedError(401, "unknown key; it may have expired or have been revoked")
    if scope.value not in key.scopes:
        raise RefusedError(403, f"the key may not do this: the scope `{scope}` is needed")
    return key


def asked(request: HttpRequest, name: str) -> str:
    """Return a parameter of the query that must be there."""
    value = request.GET.get(name)
    if value is None:
        raise RefusedError(400, f"{name} is required")
    return value


def flag(text: str) -> bool:
    """Return a yes or no as HMA writes it."""
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise RefusedError(400, "invalid boolean parameter - prefer true/false")


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of a body."""
    try:
        found = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(400, "this endpoint expects a json object payload")
    return found
