"""The hash index over its life: any order of adding, removing, folding and reopening, damaged files, bounds of keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from hakam.storage.hash_index import journal
from hakam.storage.hash_index.index import HashIndex, Hit
from hakam.storage.hash_index.journal import ADDED, RECORD_BYTES, REMOVED, Change
from hakam.storage.hash_index.tables import LARGEST_RADIUS

pytestmark = pytest.mark.embedded  # values only: one database is enough

CENTRE = np.random.default_rng(5).bytes(32)


def near(bits: int) -> bytes:
    """Return a hash that is `bits` bits from the centre."""
    return (int.from_bytes(CENTRE, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")


def apart(a: bytes, b: bytes) -> int:
    return (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count()


class Life(RuleBasedStateMachine):
    """One writer and one reader against a list of what is in force."""

    keys = Bundle("keys")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(self.fresh())
        self.writer, self.reader = HashIndex(self.folder), HashIndex(self.folder)
        self.held: list[tuple[int, bytes]] = []

    fresh: Callable[[], str]

    @rule(target=keys, key=st.sampled_from([0, 1, 2, 3, 2**63, 2**64 - 1]), bits=st.integers(0, 40))
    def add(self, key: int, bits: int) -> int:
        self.writer.add([(key, near(bits))])
        self.held.append((key, near(bits)))
        return key

    @rule(key=keys)
    def remove(self, key: int) -> None:
        gone = sum(held == key for held, _ in self.held)
        assert self.writer.remove([key]) == gone
        self.held = [one for one in self.held if one[0] != key]

    @rule()
    def fold(self) -> None:
        self.writer.fold()
        assert self.writer.since_base == 0

    @rule()
    def reopen(self) -> None:
        self.writer = HashIndex(self.folder)

    @rule()
    def tear(self) -> None:
        """Leave behind what a crash leaves: a record of which only a part was written."""
        path = self.folder / f"journal-{self.writer._generation}.log"
        with path.open("ab") as file:
            file.write(b"\x01" * (RECORD_BYTES - 1))

    @rule(radius=st.integers(0, LARGEST_RADIUS), bits=st.integers(0, 40))
    def search(self, radius: int, bits: int) -> None:
        asked = near(bits)
        wanted: dict[int, int] = {}
        for key, digest in self.held:
            far = apart(digest, asked)
            if far <= radius:
                wanted[key] = min(far, wanted.get(key, far))
        expected = [Hit(key, far) for far, key in sorted((far, key) for key, far in wanted.items())]
        self.reader.refresh()
        assert self.writer.search(asked, radius) == expected
        assert self.reader.search(asked, radius) == expected

    @invariant()
    def counts_what_is_in_force(self) -> None:
        if hasattr(self, "writer"):
            assert len(self.writer) == len(self.held)


def test_any_life_ends_as_a_list_of_what_is_in_force(tmp_path_factory: pytest.TempPathFactory) -> None:
    class Here(Life):
        def fresh(self) -> str:
            return str(tmp_path_factory.mktemp("index"))

    case = Here.TestCase()
    case.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
    case.runTest()


@pytest.mark.parametrize("hashes", [0, 3])
def test_an_index_folds_when_nothing_is_left(tmp_path: Path, hashes: int) -> None:
    index = HashIndex(tmp_path)
    index.add((key, near(key)) for key in range(hashes))
    index.remove(range(hashes))
    index.fold()
    for one in (index, HashIndex(tmp_path)):
        assert len(one) == 0
        assert one.search(CENTRE) == []
    index.add([(9, CENTRE)])
    assert HashIndex(tmp_path).search(CENTRE) == [Hit(9, 0)]


@pytest.mark.parametrize("key", [-1, 2**64, 2**80])
def test_a_key_that_no_record_can_hold_is_refused_whole(tmp_path: Path, key: int) -> None:
    index = HashIndex(tmp_path)
    with pytest.raises(ValueError, match="below 2"):
        index.add([(1, CENTRE), (key, CENTRE)])
    assert len(HashIndex(tmp_path)) == 0
    index.add([(1, CENTRE)])
    assert index.remove([key]) == 0  # nothing is kept under it
    assert len(HashIndex(tmp_path)) == 1


@pytest.mark.parametrize("digest", [b"", bytes(8), bytes(31), bytes(33), bytes(64)])
def test_a_search_for_what_is_no_hash_is_refused(tmp_path: Path, digest: bytes) -> None:
    index = HashIndex(tmp_path)
    index.add([(1, bytes(32))])
    with pytest.raises(ValueError, match="a hash has 32 bytes"):
        index.search(digest)


def folded(folder: Path) -> Path:
    index = HashIndex(folder)
    index.add([(1, near(0)), (2, near(5))])
    index.fold()
    (base,) = folder.glob("base-*")
    return base


def test_a_base_that_is_gone_is_not_an_empty_one(tmp_path: Path) -> None:
    folded(tmp_path).rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError):
        HashIndex(tmp_path)


@pytest.mark.parametrize("name", ["keys", "codes", "offsets", "postings"])
@pytest.mark.parametrize("keep", [0, 20, -1])
def test_a_base_cut_short_is_refused(tmp_path: Path, name: str, keep: int) -> None:
    part = folded(tmp_path) / f"{name}.npy"
    part.write_bytes(part.read_bytes()[:keep])
    with pytest.raises((ValueError, EOFError)):
        HashIndex(tmp_path)


def test_a_base_whose_manifest_was_never_written_is_written_again(tmp_path: Path) -> None:
    index = HashIndex(tmp_path)
    index.add([(1, CENTRE)])
    (tmp_path / "base-1").mkdir()
    (tmp_path / "base-1" / "keys.npy").write_bytes(b"half")
    again = HashIndex(tmp_path)
    assert again.search(CENTRE) == [Hit(1, 0)]
    again.fold()
    assert HashIndex(tmp_path).search(CENTRE) == [Hit(1, 0)]


def test_a_reader_of_a_base_long_replaced_goes_over_to_the_newest(tmp_path: Path) -> None:
    writer, reader = HashIndex(tmp_path), HashIndex(tmp_path)
    for turn in range(5):
        writer.add([(turn, near(turn))])
        writer.fold()
    assert reader.refresh()
    assert [hit.key for hit in reader.search(CENTRE)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("place", range(0, 3 * RECORD_BYTES, 7))
def test_no_changed_byte_of_a_journal_becomes_another_change(tmp_path: Path, place: int) -> None:
    changes = [Change(ADDED, 1, near(1)), Change(REMOVED, 1), Change(ADDED, 2**64 - 1, near(2))]
    path = tmp_path / "journal"
    assert journal.write(path, changes, 0) == 3 * RECORD_BYTES
    assert list(journal.read(path, 0)) == changes
    body = bytearray(path.read_bytes())
    body[place] ^= 0x10
    path.write_bytes(bytes(body))
    assert list(journal.read(path, 0)) == changes[: place // RECORD_BYTES]


def test_a_journal_that_is_not_there_has_no_changes(tmp_path: Path) -> None:
    assert list(journal.read(tmp_path / "none", 0)) == []
    assert list(journal.read(tmp_path / "none", 450)) == []
