"""Everything that can be wrong, as RFC 9457 problems. The table of the reference is made from this one."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import msgspec

from hakam.vocabulary.problem import Problem

URN = "urn:hakam:problem:"
MEDIA_TYPE = "application/problem+json"


class _Kind(NamedTuple):
    slug: str
    status: int
    title: str
    what_to_do: str
    retry_after: int | None = None


class ProblemKind(Enum):
    """One kind of problem. Slugs are stable: programs may compare `type`."""

    MALFORMED = _Kind("malformed-json", 400, "not JSON", "Mend the syntax; the detail names the byte.")
    EMPTY = _Kind("empty-batch", 400, "no event", "Send at least one event.")
    KEY_MISSING = _Kind("key-missing", 401, "no key", "Send `Authorization: Bearer hk_...`.")
    KEY_UNKNOWN = _Kind("key-unknown", 401, "unknown key", "Check the key; it may have been revoked.")
    KEY_EXPIRED = _Kind("key-expired", 401, "expired key", "Have a new key issued.")
    SCOPE_MISSING = _Kind(
        "scope-missing", 403, "the key may not do this", "Use a key with the scope that the detail names."
    )
    WRONG_PLATFORM = _Kind(
        "wrong-platform", 403, "another platform's event", "A key speaks for one platform only."
    )
    PRIVATE = _Kind(
        "private-message",
        403,
        "a private message",
        "Don't send what two people write to each other: nothing of it was judged or kept. It is read only while a "
        "legal basis is recorded in the console.",
    )
    NOT_FOUND = _Kind("not-found", 404, "no such address", "See the reference of the door.")
    METHOD = _Kind(
        "method-not-allowed", 405, "method not allowed", "Use a method that the `Allow` header names."
    )
    BODY_TOO_LARGE = _Kind("body-too-large", 413, "body too large", "Send smaller batches.")
    TOO_MANY = _Kind("too-many-events", 413, "too many events", "Send at most 1,000 events in a request.")
    EVENT_TOO_LARGE = _Kind(
        "event-too-large", 413, "event too large", "Shorten the text or send media by address."
    )
    MEDIA_TYPE = _Kind(
        "unsupported-media-type",
        415,
        "unsupported media type",
        "Send `application/json` or `application/x-ndjson`, not encoded.",
    )
    INVALID = _Kind(
        "invalid-event",
        422,
        "invalid event",
        "Mend what the pointer names; the schema is at /v1/schema/event.json.",
    )
    INVALID_NOTICE = _Kind(
        "invalid-notice",
        422,
        "invalid notice",
        "Mend what the pointer names; the detail says what DSA Art. 16(2) asks for.",
    )
    KEY_REUSED = _Kind(
        "idempotency-key-reused",
        422,
        "another notice came under this id",
        "Give each notice an id of its own.",
    )
    SLOWED = _Kind(
        "slow-down",
        429,
        "very many from one connection",
        "Nothing was stored. Send it again after the seconds that `Retry-After` names.",
        6,
    )
    FUTURE = _Kind(
        "time-in-future", 422, "time in the future", "Set the sender's clock; `at` is when it happened."
    )
    NO_ZONE = _Kind(
        "time-without-zone",
        422,
        "time without zone",
        "Write times as RFC 3339 with an offset, as `2026-01-02T03:04:05Z`.",
    )
    VERSION = _Kind(
        "unsupported-version",
        422,
        "unsupported version",
        "Send a version of the event that this release knows.",
    )
    INTERNAL = _Kind(
        "internal",
        500,
        "internal error",
        "Nothing was stored. Report it with the time; the log has the rest.",
    )
    DAMAGED = _Kind(
        "damaged-record",
        500,
        "damaged record",
        "The event was stored earlier, but its record is corrupt: run `hakam doctor`.",
    )
    ERASED = _Kind(
        "erased-record",
        410,
        "erased record",
        "The event was stored earlier and its contents were erased since: there is no verdict to repeat.",
    )
    OVERLOADED = _Kind(
        "overloaded", 503, "overloaded", "Send it again after the seconds that `Retry-After` names.", 1
    )
    NOT_READY = _Kind("not-ready", 503, "not ready", "No rules are in force yet; send it again.", 2)
    STOPPING = _Kind("stopping", 503, "stopping", "The door is being stopped; send it again.", 2)
    LOG_FAILED = _Kind("log-failed", 503, "the log can't be written", "Nothing was stored; send it again.", 5)
    LOG_FULL = _Kind(
        "storage-full", 507, "storage full", "Nothing was stored; make room, then send it again.", 30
    )

    @property
    def urn(self) -> str:
        """The stable `type` of the problem."""
        return URN + self.value.slug

    def __call__(self, detail: str | None = None, *, pointer: str | None = None) -> Problem:
        """Return a problem of this kind."""
        kind = self.value
        return Problem(self.urn, kind.title, kind.status, detail, pointer, kind.retry_after)


encode = msgspec.json.Encoder().encode


def headers_of(problem: Problem) -> list[tuple[str, str]]:
    """Return the headers that a problem brings along as an answer."""
    headers = [("content-type", MEDIA_TYPE)]
    if problem.retry_after is not None:
        headers.append(("retry-after", str(problem.retry_after)))
    if problem.status == 401:  # noqa: PLR2004 -- RFC 9110, 11.6.1: a 401 names the scheme
        headers.append(("www-authenticate", 'Bearer realm="hakam"'))
    return headers


def problem_table() -> str:
    """Return the Markdown table of all problems, for the reference."""
    lines = ["| Status | `type` | Title | What to do |", "| --: | --- | --- | --- |"]
    for problem in ProblemKind:
        kind = problem.value
        lines.append(f"| {kind.status} | `{problem.urn}` | {kind.title} | {kind.what_to_do} |")
    return "\n".join(lines) + "\n"
