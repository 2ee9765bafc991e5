"""An evidence vault in memory, and what every vault must do."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from hakam.storage.vault import Vault


class MemoryVault:
    """A `Vault` that lives and dies with its process, for tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep `data`; return its SHA-256 (hex)."""
        digest = sha256(data).hexdigest()
        self._kept[digest] = bytes(data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes. Raises `KeyError`."""
        return self._kept[digest]

    def delete(self, digest: str) -> bool:
        """Destroy the copy; return whether it was there."""
        return self._kept.pop(digest, None) is not None


def _kept_bytes_come_back(make: Callable[[], Vault]) -> None:
    vault = make()
    for data in (b"", b"evidence", bytes(range(256)) * 4_096):
        digest = vault.put(data)
        assert digest == sha256(data).hexdigest()
        assert vault.get(digest) == data


def _keeping_twice_changes_nothing(make: Callable[[], Vault]) -> None:
    vault = make()
    assert vault.put(b"same") == vault.put(b"same")
    assert vault.delete(sha256(b"same").hexdigest())
    assert not vault.delete(sha256(b"same").hexdigest())


def _what_is_absent_is_absent(make: Callable[[], Vault]) -> None:
    vault = make()
    digest = vault.put(b"gone")
    vault.delete(digest)
    for absent in (digest, "0" * 64, "", "../../etc/passwd", "A" * 64):
        try:
            vault.get(absent)
        except KeyError:
            continue
        raise AssertionError(f"{absent!r} should be absent")


PROMISES: tuple[Callable[[Callable[[], Vault]], None], ...] = (
    _kept_bytes_come_back,
    _keeping_twice_changes_nothing,
    _what_is_absent_is_absent,
)


def check_vault(make: Callable[[], Vault]) -> None:
    """Check every promise of a `Vault`; `make` opens a fresh one. Raises `AssertionError` at the first broken one."""
    for promise in PROMISES:
        promise(make)
