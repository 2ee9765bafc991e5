"""The keys by which the platform vouches for messages that it carries, each made of a secret `franking-<id>`.

A platform takes a new key now and then, and keeps the old ones for as long as old messages are to be believed.
"""

from __future__ import annotations

import os
import re
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hakam.wiring.settings import SettingError, Settings

_PREFIX: Final = "franking-"
_VARIABLE: Final = "HAKAM_SECRET_FRANKING_"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def key(settings: Settings, key_id: str) -> bytes:
    """Return the key of an id, 32 bytes, made on first use. Raises `SettingError` for what can't be an id."""
    if not _ID.fullmatch(key_id):
        raise SettingError(
            f"`{key_id[:80]}` can't be the id of a key: small letters, digits and `-`, at most 64"
        )
    derived = HKDF(SHA256(), 32, salt=None, info=b"hakam franking 1 key")
    return derived.derive(settings.secret(_PREFIX + key_id).encode())


def ids(settings: Settings) -> list[str]:
    """Return the ids of the keys that there are."""
    folder = settings.secrets_dir
    files = folder.glob(f"{_PREFIX}*") if folder.is_dir() else ()
    found = {path.name.removeprefix(_PREFIX) for path in files}
    found |= {
        name.removeprefix(_VARIABLE).lower().replace("_", "-")
        for name in os.environ
        if name.startswith(_VARIABLE) and os.environ[name]
    }
    return sorted(one for one in found if _ID.fullmatch(one))


def keys(settings: Settings) -> dict[str, bytes]:
    """Return all keys by id."""
    return {one: key(settings, one) for one in ids(settings)}
