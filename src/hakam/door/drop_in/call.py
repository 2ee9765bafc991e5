"""A request as the doors in other shapes see it, and what they all share."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

from hakam.door.app import Answer
from hakam.storage.published import PublishedKey
from hakam.vocabulary.problem import Problem

MAX_FIELDS = 200  # of a query or a form


class TooManyFieldsError(ValueError):
    """A query or a form has more fields than anybody needs. The message can be shown."""


class Call(NamedTuple):
    """One request, its body read. `query` holds the last value of each name."""

    method: str
    path: str
    query: dict[str, str]
    authorization: str | None
    content_type: str
    host: str
    body: bytes


class Admit(Protocol):
    """Lets a key in, or says what is wrong with it."""

    def __call__(self, authorization: str | None, scope: str) -> PublishedKey | Problem:
        """Return the key of a header if it may do `scope`."""
        ...


class DropIn(Protocol):
    """One service whose shape is spoken."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Where it answers."""
        ...

    async def answer(self, call: Call) -> Answer:
        """Return the answer to a request for one of `paths`."""
        ...

    def too_large(self, limit: int) -> Answer:
        """Return the answer to a body of more than `limit` bytes."""
        ...

    def failed(self, status: int, message: str) -> Answer:
        """Return, in the shape of the service, that a request can't be answered."""
        ...


def fields_of(text: str | bytes) -> dict[str, str]:
    """Return the fields of a query or a form, the last of each name. Raises `TooManyFieldsError`."""
    plain = text if isinstance(text, str) else text.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(plain, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise TooManyFieldsError(f"More than {MAX_FIELDS} fields.") from error


async def body_of(scope: Any, protocol: Any, limit: int) -> bytes | None:
    """Return the body of a request, or `None` if it is larger than `limit` bytes."""
    length = scope.headers.get("content-length")
    if length is not None and length.isdecimal():
        return bytes(await protocol()) if int(length) <= limit else None
    pieces: list[bytes] = []
    size = 0
    async for piece in protocol:
        size += len(piece)
        if size > limit:
            return None
        pieces.append(bytes(piece))
    return b"".join(pieces)


async def call_of(scope: Any, protocol: Any, limit: int) -> Call | None:
    """Return a request with its body, or `None` if the body is too large."""
    body = b"" if scope.method in {"GET", "HEAD"} else await body_of(scope, protocol, limit)
    if body is None:
        return None
    headers = scope.headers
    return Call(
        scope.method,
        scope.path,
        fields_of(scope.query_string or ""),
        headers.get("authorization"),
        (headers.get("content-type") or "").partition(";")[0].strip().lower(),
        headers.get("host") or "",
        body,
    )
