"""The evidence vault: frozen copies under the SHA-256 of their plain bytes, encrypted at rest."""

from __future__ import annotations

from typing import Protocol


class DamagedEvidenceError(ValueError):
    """What lies under a digest does not have that digest, or can't be decrypted."""


class Vault(Protocol):
    """Content-addressed and write-once."""

    def put(self, data: bytes) -> str:
        """Keep `data` durably; return its SHA-256 (hex). Keeping it twice changes nothing."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the plain bytes. Raises `KeyError` if absent, `DamagedEvidenceError` if changed."""
        ...

    def delete(self, digest: str) -> bool:
        """Destroy the copy; return whether it was there."""
        ...
