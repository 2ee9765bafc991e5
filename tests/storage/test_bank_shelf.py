"""The shelf of a bank: every kind of hash is found, the nearest first; changes, damage, writers and readers."""

from __future__ import annotations

import random
import tempfile
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.media.pdq import distance
from hakam.signals.near_duplicates import distance as text_distance
from hakam.storage import bank_shelf
from hakam.storage.bank_shelf import Held, Near, Shelf, ShelfError, erase, key_of, manifest_of, write
from hakam.vocabulary.bank import BULLETINS, DIGITS, EXACT, EntryKind

K = EntryKind
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


def digest(kind: EntryKind, number: int) -> str:
    """Return a hash that looks like one: bits spread, the same for the same number."""
    return sha256(f"{kind}{number}".encode()).hexdigest()[: DIGITS[kind]]


def flipped(hash_: str, bits: int, seed: int = 1) -> str:
    width = len(hash_) * 4
    value = int(hash_, 16)
    for bit in random.Random(seed).sample(range(width), bits):  # noqa: S311 -- the same each time
        value ^= 1 << bit
    return f"{value:0{len(hash_)}x}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "banks" / "1"


def test_an_empty_shelf_knows_nothing(folder: Path) -> None:
    shelf = Shelf(folder)
    assert len(shelf) == 0
    assert shelf.revision == 0
    for kind in DIGITS:
        assert shelf.look(kind, digest(kind, 1), 31) is None
    assert [shelf.has_exact, shelf.has_pictures, shelf.has_texts] == [False] * 3


@pytest.mark.parametrize("kind", sorted(EXACT))
def test_files_are_found_byte_for_byte(folder: Path, kind: EntryKind) -> None:
    write(folder, 1, [Held(n, kind, digest(kind, n)) for n in range(1, 500)], [])
    shelf = Shelf(folder)
    assert all(shelf.look(kind, digest(kind, n), 0) == Near(n, 0) for n in range(1, 500))
    assert not any(shelf.look(kind, digest(kind, n), 31) for n in range(500, 1_000))
    assert shelf.look(kind, flipped(digest(kind, 7), 1), 31) is None


def test_one_digest_of_two_kinds_is_two_things(folder: Path) -> None:
    same = digest(K.SHA256, 1)
    write(folder, 1, [Held(1, K.SHA256, same)], [])
    shelf = Shelf(folder)
    assert shelf.look(K.SHA256, same, 0) == Near(1, 0)
    assert shelf.look(K.PDQ, same, 31) is None
    assert key_of(K.SHA256, same) != key_of(K.PDQ, same)


def test_two_entries_under_one_key_are_both_found(folder: Path) -> None:
    write(folder, 1, [Held(9, K.MD5, digest(K.MD5, 1)), Held(4, K.MD5, digest(K.MD5, 1))], [])
    assert Shelf(folder).find(K.MD5, digest(K.MD5, 1), 0) == [Near(4, 0), Near(9, 0)]


def test_keys_that_begin_alike_are_told_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        bank_shelf, "key_of", lambda _kind, hex_: b"same8byt" + sha256(hex_.encode()).digest()[:24]
    )
    write(folder, 1, [Held(n, K.MD5, digest(K.MD5, n)) for n in range(1, 50)], [])
    shelf = Shelf(folder)
    assert all(shelf.look(K.MD5, digest(K.MD5, n), 0) == Near(n, 0) for n in range(1, 50))
    assert shelf.look(K.MD5, digest(K.MD5, 50), 0) is None


@pytest.mark.parametrize("bits", [0, 1, 15, 30, 31])
def test_pictures_are_found_within_the_distance(folder: Path, bits: int) -> None:
    write(folder, 1, [Held(1, K.PDQ, PDQ), *(Held(n, K.PDQ, digest(K.PDQ, n)) for n in range(2, 300))], [])
    shelf = Shelf(folder)
    seen = flipped(PDQ, bits)
    assert distance(bytes.fromhex(seen), bytes.fromhex(PDQ)) == bits
    assert shelf.look(K.PDQ, seen, 31) == Near(1, bits)
    assert (shelf.look(K.PDQ, seen, bits - 1) is None) if bits else True
    assert shelf.look(K.PDQ, flipped(PDQ, 32), 31) is None


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 14))
def test_texts_are_found_within_theirs(hash_: int, bits: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "1"
        near = int(flipped(f"{hash_:016x}", bits), 16)
        write(folder, 1, [Held(5, K.TEXT, f"{hash_:016x}")], [])
        assert text_distance(hash_, near) == bits
        assert Shelf(folder).look(K.TEXT, f"{near:016x}", 31) == Near(5, bits)
        assert Shelf(folder).look(K.TEXT, flipped(f"{hash_:016x}", 15), 31) is None


def test_the_nearest_comes_first(folder: Path) -> None:
    rows = [Held(n, K.PDQ, flipped(PDQ, n)) for n in (20, 5, 11)]
    write(folder, 1, rows, [])
    assert [near.distance for near in Shelf(folder).find(K.PDQ, PDQ, 31)] == [5, 11, 20]
    write(folder, 2, [Held(30 + n, K.TEXT, flipped("0123456789abcdef", n)) for n in (9, 2)], [])
    assert [near.distance for near in Shelf(folder).find(K.TEXT, "0123456789abcdef", 14)] == [2, 9]


def test_changes_come_on_top_and_what_is_taken_out_is_not_found(folder: Path) -> None:
    for kind in (one for one in DIGITS if one not in BULLETINS):
        start = 1_000 * (list(EntryKind).index(kind) + 1)
        write(folder, start, [Held(start + n, kind, digest(kind, n)) for n in range(100)], [])
    everything = Shelf(folder)
    assert len(everything) == 500
    gone = [1_000 * n + 7 for n in range(1, 6)]
    fresh = [Held(9_000, K.MD5, digest(K.MD5, 9_000)), Held(9_001, K.PDQ, PDQ)]
    assert write(folder, 9_000, fresh, gone).revision == 9_000
    shelf = Shelf(folder)
    assert len(shelf) == 497
    for kind in (one for one in DIGITS if one not in BULLETINS):
        assert shelf.look(kind, digest(kind, 7), 0) is None, kind
        assert shelf.look(kind, digest(kind, 8), 0) is not None, kind
    assert shelf.look(K.PDQ, PDQ, 0) == Near(9_001, 0)


def test_a_reader_keeps_what_it_opened(folder: Path) -> None:
    write(folder, 1, [Held(1, K.MD5, digest(K.MD5, 1)), Held(2, K.PDQ, PDQ)], [])
    before = Shelf(folder)
    write(folder, 2, [], [1, 2])
    erase(folder)
    assert before.look(K.MD5, digest(K.MD5, 1), 0) == Near(1, 0)
    assert before.look(K.PDQ, PDQ, 0) == Near(2, 0)
    assert len(Shelf(folder)) == 0


def test_anew_leaves_nothing_of_before(folder: Path) -> None:
    write(folder, 1, [Held(n, K.PDQ, digest(K.PDQ, n)) for n in range(1, 10)], [])
    write(folder, 2, [Held(1, K.MD5, digest(K.MD5, 1))], [], anew=True)
    shelf = Shelf(folder)
    assert (len(shelf), shelf.has_pictures, shelf.has_exact) == (1, False, True)


def test_putting_in_twice_is_once_for_files_and_texts(folder: Path) -> None:
    for revision in (1, 2):
        write(folder, revision, [Held(1, K.MD5, digest(K.MD5, 1)), Held(2, K.TEXT, "0123456789abcdef")], [])
    assert len(Shelf(folder)) == 2


def test_many_pictures_are_folded_into_a_base(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank_shelf, "_FOLD_AT", 50)
    write(folder, 1, [Held(n, K.PDQ, digest(K.PDQ, n)) for n in range(1, 200)], [])
    write(folder, 2, [Held(n, K.PDQ, digest(K.PDQ, n)) for n in range(200, 240)], [3])
    write(folder, 3, [Held(n, K.PDQ, digest(K.PDQ, n)) for n in range(240, 300)], [])
    shelf = Shelf(folder)
    assert len(shelf) == 298
    assert all((shelf.look(K.PDQ, digest(K.PDQ, n), 0) is None) == (n == 3) for n in range(1, 300))


def test_erasing_writes_the_index_anew_once(folder: Path) -> None:
    write(folder, 1, [Held(1, K.PDQ, PDQ), Held(2, K.PDQ, digest(K.PDQ, 2))], [])
    assert erase(folder) is False
    write(folder, 2, [], [1])
    assert manifest_of(folder).stale
    assert bytes.fromhex(PDQ) in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert erase(folder) is True
    assert bytes.fromhex(PDQ) not in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert erase(folder) is False
    assert Shelf(folder).look(K.PDQ, digest(K.PDQ, 2), 0) == Near(2, 0)


def test_files_of_old_revisions_go(folder: Path) -> None:
    for revision in range(1, 6):
        write(folder, revision, [Held(revision, K.MD5, digest(K.MD5, revision))], [])
    assert [path.name for path in folder.glob("*.npy")] == ["exact-5.npy"]


def test_a_damaged_shelf_says_so(folder: Path) -> None:
    write(folder, 1, [Held(1, K.MD5, digest(K.MD5, 1))], [])
    (folder / "exact-1.npy").write_bytes(b"nothing")
    with pytest.raises(ShelfError, match="banks"):
        Shelf(folder)
    (folder / "exact-1.npy").unlink()
    with pytest.raises(ShelfError):
        Shelf(folder)
    (folder / "shelf.json").write_bytes(b"\x00")
    with pytest.raises(ShelfError):
        manifest_of(folder)


def test_a_shelf_that_is_replaced_while_it_is_opened_is_opened_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 1, [Held(1, K.MD5, digest(K.MD5, 1))], [])
    old = manifest_of(folder)
    write(folder, 2, [Held(2, K.MD5, digest(K.MD5, 2))], [])
    answers = [old]  # what the reader saw before the writer was done
    real = bank_shelf.manifest_of
    monkeypatch.setattr(bank_shelf, "manifest_of", lambda at: answers.pop() if answers else real(at))
    assert Shelf(folder).look(K.MD5, digest(K.MD5, 2), 0) == Near(2, 0)


def test_the_manifest_is_small_and_plain(folder: Path) -> None:
    write(folder, 3, [Held(1, K.MD5, digest(K.MD5, 1))], [])
    assert msgspec.json.decode((folder / "shelf.json").read_bytes()) == {
        "revision": 3,
        "exact": "exact-3.npy",
        "texts": "",
        "pictures": 0,
        "made": {},
        "clips": "",
        "layout": 1,
        "text_tables": "",
        "stale": False,
        "bulletins": False,
    }


def test_a_shelf_of_another_version_is_refused_so_that_it_is_written_anew(folder: Path) -> None:
    write(folder, 3, [Held(1, K.MD5, digest(K.MD5, 1))], [])
    told = msgspec.json.decode((folder / "shelf.json").read_bytes())
    (folder / "shelf.json").write_bytes(msgspec.json.encode({**told, "layout": 0}))
    with pytest.raises(ShelfError, match="another version"):
        Shelf(folder)
    write(folder, 4, [Held(1, K.MD5, digest(K.MD5, 1))], [], anew=True)
    assert Shelf(folder).revision == 4
