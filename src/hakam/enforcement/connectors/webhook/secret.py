"""Secrets of webhooks, in the form of Standard Webhooks: `whsec_` and 24 to 64 bytes in Base64."""

from __future__ import annotations

import base64
import binascii
import secrets

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


class BadSecretError(ValueError):
    """This is no secret of Standard Webhooks. The message never shows it."""


def new_secret() -> str:
    """Return a fresh secret."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_secret(text: str) -> str:
    """Return the secret if it is well formed; `BadSecretError` otherwise."""
    if not text.startswith(_PREFIX):
        raise BadSecretError(f"the secret of the endpoint does not begin with {_PREFIX}")
    try:
        raw = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecretError("the secret of the endpoint is not Base64") from None
    if not _SHORTEST <= len(raw) <= _LONGEST:
        raise BadSecretError(
            f"the secret of the endpoint has {len(raw)} bytes, not {_SHORTEST} to {_LONGEST}"
        )
    return text
