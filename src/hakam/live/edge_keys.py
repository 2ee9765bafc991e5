"""The keys of edge snapshots and of waiting rooms."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hakam.live.snapshot import SnapshotError


def signing_key(secret: str) -> Ed25519PrivateKey:
    """Return the key that signs an installation's snapshots, made of its secret `edge`."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hakam edge snapshot 1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret.encode()))


def public_key(text: str) -> Ed25519PublicKey:
    """Read a public key of 64 hex digits. Raises `SnapshotError`."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text.strip()))
    except ValueError as error:
        raise SnapshotError("a public key has 64 hex digits") from error


def waiting_token(secret: str) -> str:
    """Return what organiser and controller of a waiting room show to its nodes, made of the secret `waiting`."""
    return hashlib.sha256(b"hakam waiting token 1\0" + secret.encode()).hexdigest()


def waiting_key(secret: str) -> Ed25519PrivateKey:
    """Return the key that signs tickets and gates of waiting rooms, made of the secret `waiting`."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hakam waiting room 1")
    return Ed25519PrivateKey.from_private_bytes(derived.derive(secret.encode()))
