"""Everything that can be wrong, as RFC 9457 problems.

The reference and the OpenAPI description are made from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import msgspec
from django.http import HttpRequest, HttpResponse

URN = "urn:hakam:problem:"
MEDIA_TYPE = "application/problem+json"
_UNAUTHORIZED = 401


class _Kind(NamedTuple):
    slug: str
    status: int
    title: str
    what_to_do: str


class ProblemKind(Enum):
    """One kind of problem.

    Slugs are stable: programs may compare `type`. Where the door has it too, it is the same.
    """

    MALFORMED = _Kind("malformed-json", 400, "not JSON", "Mend the syntax of the body.")
    NO_IDEMPOTENCY_KEY = _Kind(
        "idempotency-key-missing",
        400,
        "no idempotency key",
        "Send `Idempotency-Key`, new for each new notice.",
    )
    KEY_MISSING = _Kind("key-missing", 401, "no key", "Send `Authorization: Bearer hk_...`.")
    KEY_UNKNOWN = _Kind(
        "key-unknown", 401, "unknown key", "Check the key; it may have expired or have been revoked."
    )
    SCOPE_MISSING = _Kind(
        "scope-missing", 403, "the key may not do this", "Use a key with the scope that the detail names."
    )
    NOT_FOUND = _Kind(
        "not-found",
        404,
        "not there",
        "Check the id. What belongs to another platform is not there for a key.",
    )
    METHOD = _Kind(
        "method-not-allowed", 405, "method not allowed", "Use a method that the `Allow` header names."
    )
    ALREADY_COMPLAINED = _Kind(
        "already-complained",
        409,
        "there is a complaint already",
        "One person complains about a decision once.",
    )
    SUSPENDED = _Kind(
        "processing-suspended",
        409,
        "kept, but not processed",
        "Complaints of this person are suspended for misuse until the time that the detail names. It is kept.",
    )
    REFUSED = _Kind(
        "refused",
        409,
        "it can't be done now",
        "The detail says why: somebody else must do it, it is over, or a value is not one of ours.",
    )
    NO_OUTCOME = _Kind(
        "no-outcome",
        409,
        "this delivery has no outcome",
        "Confirm what was sent to you.",
    )
    WINDOW_CLOSED = _Kind(
        "window-closed", 410, "too late for a complaint", "The period is over; the detail says since when."
    )
    BODY_TOO_LARGE = _Kind("body-too-large", 413, "body too large", "Send less text.")
    INVALID = _Kind("invalid-request", 422, "invalid request", "Mend what the pointers name.")
    KEY_REUSED = _Kind(
        "idempotency-key-reused", 422, "another request came under this key", "Send a new `Idempotency-Key`."
    )
    INTERNAL = _Kind(
        "internal", 500, "internal error", "Nothing was stored. Send it again; the log has the rest."
    )

    @property
    def urn(self) -> str:
        """The stable `type` of the problem."""
        return URN + self.value.slug


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong in a body. `pointer` is a JSON pointer (RFC 6901) from its root."""

    pointer: str
    detail: str


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str | None = None
    pointer: str | None = None
    errors: tuple[Fault, ...] = ()


class ProblemError(Exception):
    """A request can't be done. Raised anywhere below the interface, answered as a problem."""

    def __init__(self, kind: ProblemKind, detail: str = "", *, errors: Sequence[Fault] = ()) -> None:
        self.kind, self.detail, self.errors = kind, detail, tuple(errors)
        super().__init__(detail or kind.value.title)


def response(problem: ProblemError) -> HttpResponse:
    """Return a problem as an answer."""
    kind = problem.kind.value
    body = _Body(
        type=problem.kind.urn,
        title=kind.title,
        status=kind.status,
        detail=problem.detail or None,
        pointer=problem.errors[0].pointer if problem.errors else None,
        errors=problem.errors,
    )
    answer = HttpResponse(msgspec.json.encode(body), content_type=MEDIA_TYPE, status=kind.status)
    if kind.status == _UNAUTHORIZED:  # RFC 9110, 11.6.1: a 401 names the scheme
        answer["WWW-Authenticate"] = 'Bearer realm="hakam"'
    return answer


def answer(_request: HttpRequest, problem: ProblemError) -> HttpResponse:
    """Answer a `ProblemError`."""
    return response(problem)


def problem_table() -> str:
    """Return the Markdown table of all problems, for the reference."""
    lines = ["| Status | `type` | Title | What to do |", "| --: | --- | --- | --- |"]
    for problem in ProblemKind:
        kind = problem.value
        lines.append(f"| {kind.status} | `{problem.urn}` | {kind.title} | {kind.what_to_do} |")
    return "\n".join(lines) + "\n"
