"""Landmarks, clips and recordings on a shelf: put in, taken out, kept beside the hashes of the same revision."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from hakam.storage.bank_shelf import Held, Near, Shelf, ShelfError, manifest_of, write
from hakam.storage.made_shelf import load
from hakam.vocabulary.bank import MADE, EntryKind

pytestmark = pytest.mark.embedded  # files only: one database is enough
K = EntryKind


def held(entry: int, kind: EntryKind = K.VPDQ, data: bytes | None = None) -> Held:
    data = bytes([entry]) * 37 if data is None else data
    return Held(entry, kind, sha256(data).hexdigest(), data)


def test_each_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    given = [held(1), held(2, K.LANDMARKS, b""), held(3, K.CHROMAPRINT), held(4), held(5, K.LANDMARKS)]
    write(tmp_path, 1, [*given, Held(6, K.MD5, "0" * 31 + "1")], [])
    shelf = Shelf(tmp_path)
    for kind in MADE:
        assert shelf.has_made(kind)
        assert shelf.made(kind) == [one for one in given if one.kind is kind]
    assert shelf.has_exact


def test_what_is_taken_out_is_in_no_file(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1), held(2)], [])
    write(tmp_path, 2, [], [1])
    assert [one.entry for one in Shelf(tmp_path).made(K.VPDQ)] == [2]
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and bytes([1]) * 37 in path.read_bytes()
    ]
    write(tmp_path, 3, [], [2])
    assert not Shelf(tmp_path).has_made(K.VPDQ)
    assert list(tmp_path.glob("*.npz")) == []


def test_a_file_stays_where_nothing_of_its_kind_changed(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1), held(2, K.LANDMARKS)], [])
    before = manifest_of(tmp_path).made
    write(tmp_path, 2, [held(3, K.LANDMARKS), Held(9, K.MD5, "0" * 31 + "1")], [9])
    after = manifest_of(tmp_path).made
    assert after["vpdq"] == before["vpdq"]
    assert after["landmarks"] == "landmarks-2.npz"
    assert {path.name for path in tmp_path.glob("*.npz")} == set(after.values())


def test_the_same_entry_twice_is_one(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1)], [])
    write(tmp_path, 2, [held(1, data=b"later")], [])
    assert Shelf(tmp_path).made(K.VPDQ) == [held(1, data=b"later")]


def test_it_is_found_by_its_digest_for_the_doctor(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1), held(2)], [])
    assert Shelf(tmp_path).find(K.VPDQ, held(2).digest, 0) == [Near(2, 0)]
    assert Shelf(tmp_path).find(K.LANDMARKS, held(2).digest, 0) == []


def test_written_anew_nothing_of_before_stays(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1)], [])
    write(tmp_path, 2, [held(2)], [], anew=True)
    assert [one.entry for one in Shelf(tmp_path).made(K.VPDQ)] == [2]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    write(tmp_path, 1, [held(1)], [])
    (tmp_path / "vpdq-1.npz").write_bytes(b"nothing")
    with pytest.raises(ShelfError):
        Shelf(tmp_path).made(K.VPDQ)
    assert load(tmp_path, K.VPDQ, "") == []
