"""Texts of large banks: the tables find what comparing with each finds, and the shelf keeps both in step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hakam.signals.near_duplicates import NEAR, within
from hakam.storage import text_index
from hakam.storage.bank_shelf import Held, Near, Shelf, erase, manifest_of, write
from hakam.storage.text_index import WORTH_IT, Tables, allowances, load
from hakam.vocabulary.bank import TEXT_DISTANCE, EntryKind

pytestmark = pytest.mark.embedded  # files only: one database is enough

Hashes = NDArray[np.uint64]


def crowded(seed: int, count: int = WORTH_IT) -> Hashes:
    """Return hashes as banks have them: many alone, some in crowds of near copies, some again and again."""
    chance = np.random.default_rng(seed)
    hashes = chance.integers(0, 2**64, count, dtype=np.uint64)
    for start in range(0, count // 2, 500):
        for place in range(start + 1, start + 40):
            flips = chance.choice(64, int(chance.integers(0, 12)), replace=False)
            hashes[place] = hashes[start] ^ np.bitwise_or.reduce(
                np.uint64(1) << flips.astype(np.uint64), initial=np.uint64(0)
            )
    hashes[-600:] = hashes[0]  # a flood
    return hashes


def opened(folder: Path, hashes: Hashes) -> Tables:
    found = load(folder, text_index.write(folder, "text-1", hashes))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hashes, Tables]:
    hashes = crowded(1)
    return hashes, opened(tmp_path_factory.mktemp("texts"), hashes)


@pytest.mark.parametrize("near", range(TEXT_DISTANCE + 1))
def test_what_the_tables_find_is_what_comparing_with_each_finds(
    bank: tuple[Hashes, Tables], near: int
) -> None:
    hashes, tables = bank
    chance = np.random.default_rng(near)
    met = 0
    for _ in range(40):
        flips = chance.choice(64, near, replace=False).astype(np.uint64)
        wanted = int(hashes[chance.integers(len(hashes))]) ^ int((np.uint64(1) << flips).sum())
        found = tables.within(wanted, near)
        assert found == within(hashes, wanted, near)
        met += any(far == near for _, far in found)
    assert met == 40  # each was planted at exactly so many bits


@settings(max_examples=200, deadline=None)
@given(wanted=st.integers(0, 2**64 - 1), near=st.integers(0, NEAR))
def test_a_strange_text_is_as_near_as_comparing_says(
    bank: tuple[Hashes, Tables], wanted: int, near: int
) -> None:
    hashes, tables = bank
    assert tables.within(wanted, near) == within(hashes, wanted, near)


def test_a_flood_of_one_text_is_found_whole(bank: tuple[Hashes, Tables]) -> None:
    hashes, tables = bank
    found = tables.within(int(hashes[0]), 0)
    assert len(found) >= 601
    assert found == within(hashes, int(hashes[0]), 0)


@given(st.integers(0, NEAR))
def test_the_allowances_leave_no_neighbour_out(near: int) -> None:
    """Plus one each they are more than the radius: no pair within it can exceed every allowance."""
    assert sum(allowance + 1 for allowance in allowances(near)) == near + 1


def rows(hashes: Hashes, first: int = 0) -> list[Held]:
    return [Held(first + n, EntryKind.TEXT, f"{int(one):016x}") for n, one in enumerate(hashes)]


def test_a_shelf_of_many_texts_has_tables_and_a_small_one_does_not(tmp_path: Path) -> None:
    hashes = crowded(2)
    write(tmp_path / "large", 1, rows(hashes), [])
    write(tmp_path / "small", 1, rows(hashes[:500]), [])
    large, small = Shelf(tmp_path / "large"), Shelf(tmp_path / "small")
    assert large.manifest.text_tables
    assert not small.manifest.text_tables
    for n in (0, 1, 20, 499):
        digest = f"{int(hashes[n]):016x}"
        near = {one for one in large.find(EntryKind.TEXT, digest, 31) if one.entry < 500}
        assert near == set(small.find(EntryKind.TEXT, digest, 31))
        assert Near(n, 0) in near


def test_what_is_added_is_found_and_what_is_withdrawn_is_gone_at_once(tmp_path: Path) -> None:
    hashes = crowded(3)
    write(tmp_path, 1, rows(hashes), [])
    fresh = np.random.default_rng(9).integers(0, 2**64, 3, dtype=np.uint64)
    write(tmp_path, 2, rows(fresh, WORTH_IT), [17])
    shelf = Shelf(tmp_path)
    for n, one in enumerate(fresh):
        assert shelf.look(EntryKind.TEXT, f"{int(one):016x}", 0) == Near(WORTH_IT + n, 0)
    assert 17 not in {
        one.entry for one in shelf.find(EntryKind.TEXT, f"{int(hashes[17]):016x}", TEXT_DISTANCE)
    }
    kept = {path.name for path in tmp_path.glob("*.npy")}
    assert kept == {shelf.manifest.texts, *text_index.files(shelf.manifest.text_tables)}
    assert not erase(tmp_path)  # no file holds bits of what was withdrawn
    for path in tmp_path.glob("*.npy"):
        assert hashes[17] not in np.load(path).astype(np.uint64)


def test_what_concerns_no_text_leaves_the_tables_where_they_are(tmp_path: Path) -> None:
    write(tmp_path, 1, rows(crowded(4)), [])
    before = manifest_of(tmp_path)
    write(tmp_path, 2, [Held(WORTH_IT, EntryKind.SHA256, "ab" * 32)], [])
    after = manifest_of(tmp_path)
    assert (after.texts, after.text_tables) == (before.texts, before.text_tables)
    assert Shelf(tmp_path).has_texts


def test_a_bank_that_shrinks_loses_its_tables(tmp_path: Path) -> None:
    hashes = crowded(5)
    write(tmp_path, 1, rows(hashes), [])
    write(tmp_path, 2, [], list(range(100, WORTH_IT)))
    assert not manifest_of(tmp_path).text_tables
    assert Shelf(tmp_path).look(EntryKind.TEXT, f"{int(hashes[5]):016x}", 0) is not None


WITHOUT_NUMBA = """
import sys
sys.modules["numba"] = None
from pathlib import Path
from hakam.storage.bank_shelf import Held, Shelf, manifest_of, write
from hakam.vocabulary.bank import EntryKind
folder = Path(sys.argv[1])
print(sorted(Shelf(folder).find(EntryKind.TEXT, sys.argv[2], 14)))
write(folder, 2, [Held(10**6, EntryKind.TEXT, "0123456789abcdef")], [])
assert not manifest_of(folder).text_tables
print(sorted(Shelf(folder).find(EntryKind.TEXT, sys.argv[2], 14)))
"""


def test_without_numba_the_answers_are_the_same(tmp_path: Path) -> None:
    hashes = crowded(6)
    write(tmp_path, 1, rows(hashes), [])
    digest = f"{int(hashes[0]):016x}"
    wanted = sorted(Shelf(tmp_path).find(EntryKind.TEXT, digest, 14))
    assert len(wanted) > 600
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT_NUMBA, str(tmp_path), digest],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == [str(wanted)] * 2
