"""The evidence vault as files: named by the SHA-256 of what they hold, encrypted with AES-256-GCM, never changed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hakam.storage.embedded.durable import sync_folder, write_whole
from hakam.storage.vault import DamagedEvidenceError

_MAGIC = b"HKV1"
_KEY_ID = 4
_NONCE = 12
_HEADER = len(_MAGIC) + _KEY_ID + _NONCE
_MIN_KEY = 16
_DIGEST = re.compile("[0-9a-f]{64}")


class _Key:
    """One secret, stretched to a key, with a short public name that says which secret a file needs."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _MIN_KEY:
            raise ValueError(f"the vault's key has {len(secret)} bytes, but needs at least {_MIN_KEY}")
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"hakam evidence vault 1").derive(secret)
        self.id = sha256(b"key id" + key).digest()[:_KEY_ID]
        self.cipher = AESGCM(key)


class FileVault:
    """A `Vault` in `folder`. `key` encrypts; `old_keys` can still decrypt what they once encrypted."""

    def __init__(self, folder: Path, key: bytes, *, old_keys: Sequence[bytes] = ()) -> None:
        self.folder = folder
        self._key = _Key(key)
        self._keys = {k.id: k for k in (*map(_Key, old_keys), self._key)}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise KeyError(digest)
        return self.folder / digest[:2] / digest[2:4] / digest

    def put(self, data: bytes) -> str:
        """Keep `data` durably; return its SHA-256 (hex). Keeping it twice changes nothing."""
        digest = sha256(data).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        made = [folder for folder in (path.parent.parent, path.parent) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        nonce = os.urandom(_NONCE)
        sealed = self._key.cipher.encrypt(nonce, data, bytes.fromhex(digest))
        write_whole(path, _MAGIC + self._key.id + nonce + sealed)
        for folder in made:
            sync_folder(folder.parent)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the plain bytes. Raises `KeyError` if absent, `DamagedEvidenceError` if changed."""
        try:
            sealed = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise KeyError(digest) from None
        if len(sealed) < _HEADER or not sealed.startswith(_MAGIC):
            raise DamagedEvidenceError(f"evidence {digest} is not a file of the vault")
        key = self._keys.get(sealed[len(_MAGIC) : len(_MAGIC) + _KEY_ID])
        if key is None:
            raise DamagedEvidenceError(
                f"evidence {digest} was encrypted with a key that is not here, or is damaged"
            )
        try:
            data = key.cipher.decrypt(
                sealed[_HEADER - _NONCE : _HEADER], sealed[_HEADER:], bytes.fromhex(digest)
            )
        except InvalidTag:
            raise DamagedEvidenceError(f"evidence {digest} was changed") from None
        if sha256(data).hexdigest() != digest:
            raise DamagedEvidenceError(f"evidence {digest} holds other bytes")
        return data

    def delete(self, digest: str) -> bool:
        """Destroy the copy; return whether it was there. Its name goes durably."""
        path = self._path(digest)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
        return True
