"""Who is at the door: a platform's key, known by its SHA-256 alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from hakam.door.problems import ProblemKind
from hakam.storage.published import PublishedKey
from hakam.vocabulary.problem import Problem

WRITE = "events:write"
CHECK = "check"
_SCHEME = "bearer "


class KeyRing:
    """The keys in force. Looking one up by its digest tells nothing about the others by its timing."""

    def __init__(self, keys: Iterable[PublishedKey] = ()) -> None:
        self._keys = {key.digest: key for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def admit(self, authorization: str | None, scope: str, now: float) -> PublishedKey | Problem:
        """Return the key that `authorization` (the header) shows, if it may do `scope` at `now` (Unix seconds)."""
        if not authorization or authorization[: len(_SCHEME)].lower() != _SCHEME:
            return ProblemKind.KEY_MISSING()
        text = authorization[len(_SCHEME) :].strip()
        key = self._keys.get(hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest())
        if key is None:
            return ProblemKind.KEY_UNKNOWN()
        if key.expires_at is not None and key.expires_at <= now:
            return ProblemKind.KEY_EXPIRED()
        if scope not in key.scopes:
            return ProblemKind.SCOPE_MISSING(f"the key {key.prefix} lacks the scope {scope}")
        return key
