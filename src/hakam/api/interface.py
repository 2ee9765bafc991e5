"""The control interface: its routes, its errors, its description (OpenAPI 3.1)."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

import hakam
from hakam.api import complaints, deliveries, edge, flags, incidents, notices, statements
from hakam.api.problems import MEDIA_TYPE, Fault, ProblemError, ProblemKind, answer, response
from hakam.api.shapes import ProblemOut

_LOG = logging.getLogger(__name__)
_SOURCES = frozenset({"body", "query", "path", "header", "form", "file", "cookie"})
_BAD_REQUEST = 400
_BODY_ARGUMENTS = frozenset({"notice", "complaint", "said"})

api = NinjaAPI(
    title="Hakam control interface",
    version=hakam.__version__,
    description=(
        "For platforms: hand in notices and complaints, read statements of reasons, confirm deliveries. "
        "For trusted flaggers: hand in notices that go first. "
        "For people who lead incidents: every deed of the desk. "
        "Events go to the door instead. Every error is a problem document (RFC 9457)."
    ),
    docs_url=None,  # its page would load scripts from elsewhere
    openapi_url="/openapi.json",
    urls_namespace="api",
)
api.add_router("/notices", notices.router)
api.add_router("/flags", flags.router)
api.add_router("/complaints", complaints.router)
api.add_router("/statements", statements.router)
api.add_router("/deliveries", deliveries.router)
api.add_router("/edge", edge.router)
api.add_router("/incidents", incidents.router)
api.add_exception_handler(ProblemError, answer)  # type: ignore[arg-type]


def pointer_of(location: tuple[str | int, ...]) -> str:
    """Turn a place as pydantic names it (`body, notice, urls, 0`) into a JSON pointer (`/urls/0`)."""
    parts = [str(part) for part in location]
    if parts and parts[0] in _SOURCES:
        source = parts.pop(0)
        if source == "body" and parts and parts[0] in _BODY_ARGUMENTS:
            parts.pop(0)
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [Fault(pointer_of(tuple(one["loc"])), str(one["msg"])) for one in error.errors]
    return response(ProblemError(ProblemKind.INVALID, errors=faults))


@api.exception_handler(HttpError)
def _refused(_request: HttpRequest, error: HttpError) -> HttpResponse:
    kind = ProblemKind.MALFORMED if error.status_code == _BAD_REQUEST else ProblemKind.INTERNAL
    return response(ProblemError(kind, str(error)))


@api.exception_handler(Http404)
def _absent(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return response(ProblemError(ProblemKind.NOT_FOUND))


@api.exception_handler(RequestDataTooBig)
def _too_big(_request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return response(ProblemError(ProblemKind.BODY_TOO_LARGE, str(error)))


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    _LOG.error("%s %s failed", request.method, request.path, exc_info=error)
    return response(ProblemError(ProblemKind.INTERNAL))


def description() -> dict[str, Any]:
    """Return the OpenAPI description, with the problems that each operation can answer."""
    schema: dict[str, Any] = msgspec.to_builtins(dict(api.get_openapi_schema(path_prefix="/api/v1/")))
    schema["components"]["schemas"]["Problem"] = ProblemOut.model_json_schema()
    problem = {
        "description": "A problem (RFC 9457); its `type` says which.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in schema["paths"].values():
        for operation in operations.values():
            operation["responses"] = {
                **{
                    str(status): said
                    for status, said in operation["responses"].items()
                    if str(status)[0] == "2"
                },
                "4XX": problem,
                "5XX": problem,
            }
    return schema
