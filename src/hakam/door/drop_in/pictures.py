"""Pictures that come along with a text: their bytes looked up in the banks in force. Nothing is decoded or fetched.

So a picture can be known, byte for byte, and can't be called harmless: "not known" says nothing of what it shows.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from hashlib import md5, sha1, sha256
from typing import NamedTuple

from hakam.policy.clauses import Clause
from hakam.storage.known_content import KnownContent
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.harm import crosswalk

_DATA = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,", re.ASCII | re.IGNORECASE)
MAX_PICTURES = 20  # of one request


class BadPictureError(ValueError):
    """The address of a picture holds no picture. The message can be shown."""


class Found(NamedTuple):
    """What the banks say of the pictures of one message. `categories`: those of OpenAI that the banks' clauses mean."""

    banks: tuple[str, ...] = ()
    categories: frozenset[str] = frozenset()
    known: int = 0  # pictures that a bank knows
    unknown: int = 0  # the others, of which nothing is said


def bytes_of(url: str) -> bytes | None:
    """Return the bytes that a `data:` address carries, None for an address elsewhere. Raises `BadPictureError`."""
    head = _DATA.match(url)
    if head is None:
        if url.lower().startswith(("http://", "https://")):
            return None
        raise BadPictureError("Expected an address with http or https, or data:image/...;base64,...")
    try:
        found = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise BadPictureError("The data of the picture is no base64.") from None
    if not found:
        raise BadPictureError("The picture has no bytes.")
    return found


class Pictures:
    """Looks pictures up in the banks that are in force at the time."""

    def __init__(
        self,
        known: Callable[[], KnownContent],
        clause: Callable[[str], Clause | None],
        now: Callable[[], float],
    ) -> None:
        self._known = known
        self._clause = clause
        self._now = now

    def look(self, urls: Iterable[str]) -> Found:
        """Return what the banks say of the pictures of one message. Raises `BadPictureError`."""
        known, at = self._known(), self._now()
        banks: dict[str, None] = {}
        seen = unseen = 0
        for data in map(bytes_of, urls):
            matches = known.find(_hashes(data), at).matches if data is not None and known else ()
            banks.update(dict.fromkeys(match.bank for match in matches))
            seen, unseen = (seen + 1, unseen) if matches else (seen, unseen + 1)
        named = {known.banks[name].bank.clause for name in banks} - {""}
        clauses = [clause for name in named if (clause := self._clause(name)) is not None]
        meant = {category for clause in clauses for category in crosswalk()[clause.harm].openai}
        return Found(tuple(banks), frozenset(meant), seen, unseen)


def _hashes(data: bytes) -> list[tuple[EntryKind, str, int | None]]:
    return [
        (EntryKind.MD5, md5(data, usedforsecurity=False).hexdigest(), 0),
        (EntryKind.SHA1, sha1(data, usedforsecurity=False).hexdigest(), 0),
        (EntryKind.SHA256, sha256(data).hexdigest(), 0),
    ]
