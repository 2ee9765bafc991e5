"""The addresses of the control interface, below `/api/v1/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt

from hakam.api.interface import api, description
from hakam.api.problems import ProblemError, ProblemKind, response

_NOT_OURS = frozenset({"api-root", "openapi-json", "openapi-view"})


def openapi(_request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI description."""
    return JsonResponse(description())


@csrf_exempt
def nothing_here(_request: HttpRequest, **_path: str) -> HttpResponse:
    """Say so, as a problem, for every other address."""
    return response(ProblemError(ProblemKind.NOT_FOUND, "there is no such address; see /api/v1/openapi.json"))


def _as_problem(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer a wrong method by a problem, as everything else."""

    @csrf_exempt  # keys, not cookies, say who calls
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **given: Any) -> Any:
        answer = view(request, *args, **given)
        if not isinstance(answer, HttpResponseNotAllowed):
            return answer
        refused = response(ProblemError(ProblemKind.METHOD))
        refused["Allow"] = answer["Allow"]
        return refused

    return answered


_operations: list[URLPattern] = [
    pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern) and pattern.name not in _NOT_OURS
]
for _pattern in _operations:
    _pattern.callback = _as_problem(_pattern.callback)

urlpatterns = [
    path("openapi.json", openapi, name="openapi"),
    *_operations,
    re_path(r"^(?P<rest>.*)$", nothing_here),
]
