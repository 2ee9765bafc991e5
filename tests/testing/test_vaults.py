"""The suite for evidence vaults catches vaults that lose, change or invent evidence."""

from __future__ import annotations

import os
from hashlib import sha1, sha256
from pathlib import Path

import pytest

from hakam.storage.embedded.vault import FileVault
from hakam.testing import vaults
from hakam.testing.vaults import PROMISES, MemoryVault, check_vault

BY_NAME = {promise.__name__.removeprefix("_"): promise for promise in PROMISES}


class ForgetsTheEmpty(MemoryVault):
    """Takes an empty piece of evidence for none."""

    def get(self, digest: str) -> bytes:
        data = super().get(digest)
        if not data:
            raise KeyError(digest)
        return data


class Shortens(MemoryVault):
    """Keeps the first kilobyte."""

    def put(self, data: bytes) -> str:
        digest = sha256(data).hexdigest()
        self._kept[digest] = data[:1_024]
        return digest


class NamesByAnotherHash(MemoryVault):
    """Names evidence by SHA-1, which two files can share."""

    def put(self, data: bytes) -> str:
        digest = sha1(data, usedforsecurity=False).hexdigest()
        self._kept[digest] = data
        return digest


class CountsCopies(MemoryVault):
    """Keeps a second copy, so that destroying destroys one."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: list[str] = []

    def put(self, data: bytes) -> str:
        self.copies.append(super().put(data))
        return self.copies[-1]

    def delete(self, digest: str) -> bool:
        if digest in self.copies:
            self.copies.remove(digest)
            return True
        return False


class NeverDeletes(MemoryVault):
    """Says that it destroyed a copy, and keeps it."""

    def delete(self, digest: str) -> bool:
        return digest in self._kept


class SaysNothingWasThere(MemoryVault):
    """Destroys, and says that nothing was there."""

    def delete(self, digest: str) -> bool:
        super().delete(digest)
        return False


class InventsWhatIsAbsent(MemoryVault):
    """Gives an empty piece for what it has not."""

    def get(self, digest: str) -> bytes:
        return self._kept.get(digest, b"")


class OpensAnyPath(MemoryVault):
    """Takes a digest for a path."""

    def get(self, digest: str) -> bytes:
        if "/" in digest:
            return Path(os.devnull).read_bytes()
        return super().get(digest)


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (ForgetsTheEmpty, "kept_bytes_come_back"),
        (Shortens, "kept_bytes_come_back"),
        (NamesByAnotherHash, "kept_bytes_come_back"),
        (CountsCopies, "keeping_twice_changes_nothing"),
        (NeverDeletes, "keeping_twice_changes_nothing"),
        (NeverDeletes, "what_is_absent_is_absent"),
        (SaysNothingWasThere, "keeping_twice_changes_nothing"),
        (InventsWhatIsAbsent, "what_is_absent_is_absent"),
        (OpensAnyPath, "what_is_absent_is_absent"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_a_broken_vault_fails_the_promise_that_it_breaks(broken: type[MemoryVault], promise: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        BY_NAME[promise](broken)
    with pytest.raises((AssertionError, KeyError)):
        check_vault(broken)


def test_a_vault_that_changes_what_it_is_given_is_caught() -> None:
    kept = MemoryVault()
    data = bytearray(b"evidence")
    digest = kept.put(bytes(data))
    data[:] = b"tampered"
    assert kept.get(digest) == b"evidence"


def test_sound_vaults_pass(tmp_path: Path) -> None:
    check_vault(MemoryVault)
    places = (tmp_path / str(n) for n in range(10))
    check_vault(lambda: FileVault(next(places), b"k" * 32))


def test_every_promise_of_the_module_is_checked() -> None:
    written = {
        value
        for name, value in vars(vaults).items()
        if name.startswith("_") and callable(value) and getattr(value, "__module__", "") == vaults.__name__
    }
    assert written == set(PROMISES)
