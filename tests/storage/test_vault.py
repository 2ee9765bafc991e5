"""Evidence stays what it was, unreadable without the key, and damage is noticed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from hakam.storage.embedded.vault import FileVault
from hakam.storage.vault import DamagedEvidenceError, Vault
from hakam.testing.vaults import PROMISES, MemoryVault, check_vault

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__.strip("_"))
def test_the_file_vault_keeps_every_promise(
    promise: Callable[[Callable[[], Vault]], None], tmp_path: Path
) -> None:
    numbers = count()
    promise(lambda: FileVault(tmp_path / str(next(numbers)), KEY))


def test_the_vault_in_memory_keeps_every_promise() -> None:
    check_vault(MemoryVault)


def only_file(folder: Path) -> Path:
    (path,) = [path for path in folder.rglob("*") if path.is_file()]
    return path


def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    digest = FileVault(tmp_path, KEY).put(b"a secret picture")
    assert b"secret" not in only_file(tmp_path).read_bytes()
    with pytest.raises(DamagedEvidenceError, match="a key that is not here"):
        FileVault(tmp_path, OTHER).get(digest)


def test_after_a_change_of_keys_old_evidence_can_be_read(tmp_path: Path) -> None:
    digest = FileVault(tmp_path, KEY).put(b"old")
    changed = FileVault(tmp_path, OTHER, old_keys=[KEY])
    assert changed.get(digest) == b"old"
    new = changed.put(b"new")
    assert FileVault(tmp_path, OTHER).get(new) == b"new"


@pytest.mark.parametrize("place", [0, 5, 10, 21, -1])
def test_one_changed_byte_is_noticed(tmp_path: Path, place: int) -> None:
    vault = FileVault(tmp_path, KEY)
    digest = vault.put(b"as it was")
    path = only_file(tmp_path)
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedEvidenceError):
        vault.get(digest)


@pytest.mark.parametrize("length", [0, 3, 20, 30])
def test_a_shortened_file_is_noticed(tmp_path: Path, length: int) -> None:
    vault = FileVault(tmp_path, KEY)
    digest = vault.put(b"as it was, and rather longer than that")
    path = only_file(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedEvidenceError):
        vault.get(digest)


def test_evidence_cannot_be_swapped(tmp_path: Path) -> None:
    vault = FileVault(tmp_path, KEY)
    one, two = vault.put(b"one"), vault.put(b"two")
    vault._path(one).write_bytes(vault._path(two).read_bytes())
    with pytest.raises(DamagedEvidenceError):
        vault.get(one)


def test_a_crash_before_the_rename_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = FileVault(tmp_path, KEY)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            vault.put(b"half")
    with pytest.raises(KeyError):
        vault.get(sha256(b"half").hexdigest())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    FileVault(tmp_path / "vault", KEY).put(b"x")
    assert only_file(tmp_path / "vault").stat().st_mode & 0o077 == 0


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        FileVault(tmp_path, b"short")


def test_the_same_evidence_is_sealed_with_a_fresh_nonce(tmp_path: Path) -> None:
    vault = FileVault(tmp_path, KEY)
    digest = vault.put(b"again")
    first = only_file(tmp_path).read_bytes()
    vault.delete(digest)
    vault.put(b"again")
    assert only_file(tmp_path).read_bytes() != first
    assert only_file(tmp_path).stat().st_size == len(first)
