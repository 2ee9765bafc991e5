"""The keys of the exchange: Ed25519 (RFC 8037), known by the thumbprint of RFC 7638."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _

from hakam.exchange.kinds import ExchangeError

SECRET: Final = "exchange"  # noqa: S105 -- the name under which an installation keeps it


def signing_key(secret: str) -> Ed25519PrivateKey:
    """Return the key that signs what this installation sends, made of its secret `exchange`."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hakam exchange 1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret.encode()))


def written(key: Ed25519PublicKey) -> str:
    """Return a public key as partners tell it to each other: the member `x` of its JWK, 43 characters."""
    return _text(key.public_bytes_raw())


def public_key(text: str) -> Ed25519PublicKey:
    """Read a public key. Raises `ExchangeError`."""
    given = text.strip()
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
        found = Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise ExchangeError(_("a key is 43 characters, letters, digits, - and _")) from error
    if _text(raw) != given:
        raise ExchangeError(_("a key is 43 characters, letters, digits, - and _"))
    return found


def jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """Return a public key as RFC 8037 writes it."""
    return {"crv": "Ed25519", "kty": "OKP", "x": written(key)}


def thumbprint(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a key's JWK as RFC 7638 has it: what it is called, and what people compare by voice."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{written(key)}"}}'
    return _text(hashlib.sha256(members.encode()).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
