"""Errors for machines: RFC 9457 problem details with a JSON pointer (RFC 6901) to what is wrong."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One problem. `type` is a stable URN that the documentation explains: `urn:hakam:problem:<slug>`."""

    type: str
    title: str
    status: int
    detail: str | None = None
    pointer: str | None = None  # of the member that is wrong, from the root of the request body
    retry_after: int | None = None  # seconds


def pointer_from_path(path: str) -> str:
    """Turn msgspec's `$.item.media[3].url` into `/item/media/3/url`."""
    parts = path.removeprefix("$").replace("[", ".").replace("]", "").split(".")
    return "".join(
        f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts if part and part != "..."
    )
