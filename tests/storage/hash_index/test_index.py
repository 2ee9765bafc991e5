"""The hash index: exact, at once, and still there after anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.storage.hash_index import mapped, tables
from hakam.storage.hash_index.index import HashIndex, Hit
from hakam.storage.hash_index.tables import BITS, LARGEST_RADIUS, build, codes_of, layout_for, masks_of

pytestmark = pytest.mark.embedded  # values only: one database is enough


def digests(count: int, seed: int = 1) -> list[bytes]:
    chance = np.random.default_rng(seed)
    return [chance.bytes(32) for _ in range(count)]


def changed(digest: bytes, bits: int, seed: int = 1) -> bytes:
    places = np.random.default_rng(seed).choice(BITS, bits, replace=False)
    number = int.from_bytes(digest, "big")
    for place in places.tolist():
        number ^= 1 << place
    return number.to_bytes(32, "big")


@pytest.mark.parametrize("count", [0, 1, 60_000, 60_001, 1_000_000, 3_000_001, 50_000_000])
def test_a_layout_covers_all_bits_and_misses_nothing(count: int) -> None:
    layout = layout_for(count)
    assert sum(layout.widths) == BITS
    assert layout.exact_up_to >= LARGEST_RADIUS
    assert layout.starts[0] == 0


def test_masks_are_all_changes_within_the_allowance() -> None:
    layout = tables.Layout((16, 20), (1, 2))
    masks, begins = masks_of(layout)
    assert begins.tolist() == [0, 17, 17 + 1 + 20 + 190]
    assert sorted(mask.bit_count() for mask in masks[17:].tolist()) == [0] + [1] * 20 + [2] * 190
    assert len(set(masks[17:].tolist())) == 211


@pytest.mark.parametrize("layout", [layout_for(1), layout_for(1_000_000)])
def test_tables_hold_each_hash_once_in_each_chunk(layout: tables.Layout) -> None:
    made = build(codes_of(digests(500)), layout)
    assert made.postings.shape == (len(layout.widths), 500)
    for line in made.postings:
        assert sorted(line.tolist()) == list(range(500))


@pytest.mark.parametrize("count", [1, 2_000])
def test_every_planted_neighbour_is_found_at_every_distance(tmp_path: Path, count: int) -> None:
    held = digests(count)
    index = HashIndex(tmp_path)
    index.add(enumerate(held))
    index.fold()
    for far in range(LARGEST_RADIUS + 1):
        key = far % count
        for seed in range(4):
            assert Hit(key, far) in index.search(changed(held[key], far, seed))


def test_large_layouts_miss_nothing_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_SMALL", 0)
    held = digests(3_000)
    index = HashIndex(tmp_path)
    index.add(enumerate(held))
    index.fold()
    for far in range(LARGEST_RADIUS + 1):
        assert Hit(far, far) in index.search(changed(held[far], far))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, LARGEST_RADIUS))
def test_a_search_finds_what_comparing_with_all_finds(tmp_path_factory, seed: int, radius: int) -> None:  # noqa: ANN001
    centre = digests(1, seed)[0]
    held = [changed(centre, bits, seed + bits) for bits in range(0, 60, 2)] + digests(50, seed + 1)
    index = HashIndex(tmp_path_factory.mktemp("index"))
    index.add(enumerate(held[:40]))
    index.fold()
    index.add(enumerate(held[40:], 40))
    wanted = {
        key: far
        for key, digest in enumerate(held)
        if (far := (int.from_bytes(digest, "big") ^ int.from_bytes(centre, "big")).bit_count()) <= radius
    }
    found = index.search(centre, radius)
    assert dict(found) == wanted
    assert [hit.distance for hit in found] == sorted(wanted.values())


def test_what_is_added_is_found_at_once_and_what_is_removed_is_not(tmp_path: Path) -> None:
    held = digests(10)
    index = HashIndex(tmp_path)
    index.add(enumerate(held))
    assert len(index) == 10
    assert index.search(held[3]) == [Hit(3, 0)]
    assert index.remove([3]) == 1
    assert index.search(held[3]) == []
    index.fold()
    assert len(index) == 9
    assert index.search(held[4]) == [Hit(4, 0)]
    assert index.remove([4, 4, 99]) == 1
    assert index.search(held[4]) == []
    assert len(index) == 8


def test_a_key_can_have_many_hashes_and_is_found_once(tmp_path: Path) -> None:
    near = digests(1)[0]
    index = HashIndex(tmp_path)
    index.add([(7, near), (7, changed(near, 3)), (8, digests(1, 9)[0])])
    assert index.search(near) == [Hit(7, 0)]
    index.fold()
    assert index.search(changed(near, 3)) == [Hit(7, 0)]
    assert index.remove([7]) == 2
    assert index.search(near) == []
    index.add([(7, near)])
    assert index.search(near) == [Hit(7, 0)]


@pytest.mark.parametrize("folded", [False, True])
def test_everything_is_there_after_a_restart(tmp_path: Path, folded: bool) -> None:
    held = digests(30)
    first = HashIndex(tmp_path)
    first.add(enumerate(held))
    first.remove([5])
    if folded:
        first.fold()
        first.add([(77, held[5])])
    again = HashIndex(tmp_path)
    assert len(again) == len(first)
    assert again.search(held[6]) == [Hit(6, 0)]
    assert again.search(held[5]) == ([Hit(77, 0)] if folded else [])


def test_opening_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = HashIndex(tmp_path)
    first.add(enumerate(digests(100)))
    first.fold()

    def built(*_: object) -> None:
        raise AssertionError("opening an index must not build one")

    monkeypatch.setattr(mapped, "build", built)
    assert HashIndex(tmp_path).search(digests(100)[50]) == [Hit(50, 0)]


def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    held = digests(6)
    writer, reader = HashIndex(tmp_path), HashIndex(tmp_path)
    writer.add([(1, held[1])])
    assert reader.search(held[1]) == []
    assert reader.refresh()
    assert not reader.refresh()
    assert reader.search(held[1]) == [Hit(1, 0)]
    writer.fold()
    writer.add([(2, held[2])])
    writer.remove([1])
    assert reader.refresh()
    assert reader.search(held[2]) == [Hit(2, 0)]
    assert reader.search(held[1]) == []


def test_two_writers_in_turn_keep_each_others_hashes(tmp_path: Path) -> None:
    held = digests(4)
    one, other = HashIndex(tmp_path), HashIndex(tmp_path)
    one.add([(1, held[1])])
    other.add([(2, held[2])])
    one.add([(3, held[3])])
    again = HashIndex(tmp_path)
    assert len(again) == 3
    assert all(again.search(held[key]) == [Hit(key, 0)] for key in (1, 2, 3))


@pytest.mark.parametrize("cut", [1, 20, 44])
def test_a_record_that_a_crash_cut_short_is_dropped_and_written_over(tmp_path: Path, cut: int) -> None:
    held = digests(3)
    index = HashIndex(tmp_path)
    index.add([(0, held[0]), (1, held[1])])
    path = next(tmp_path.glob("journal-*.log"))
    path.write_bytes(path.read_bytes()[:-cut])
    again = HashIndex(tmp_path)
    assert again.search(held[0]) == [Hit(0, 0)]
    assert again.search(held[1]) == []
    again.add([(2, held[2])])
    assert HashIndex(tmp_path).search(held[2]) == [Hit(2, 0)]


def test_a_record_that_the_disk_changed_ends_the_journal(tmp_path: Path) -> None:
    held = digests(2)
    HashIndex(tmp_path).add(enumerate(held))
    path = next(tmp_path.glob("journal-*.log"))
    body = bytearray(path.read_bytes())
    body[60] ^= 1
    path.write_bytes(bytes(body))
    assert len(HashIndex(tmp_path)) == 1


def test_more_neighbours_than_room_are_all_found(tmp_path: Path) -> None:
    near = digests(1)[0]
    index = HashIndex(tmp_path)
    index.add((key, near) for key in range(3_000))
    assert len(index.search(near)) == 3_000
    index.fold()
    assert len(index.search(near)) == 3_000


def test_old_bases_are_cleared_away(tmp_path: Path) -> None:
    index = HashIndex(tmp_path)
    for turn in range(4):
        index.add([(turn, digests(1, turn)[0])])
        index.fold()
    assert sorted(path.name for path in tmp_path.glob("base-*")) == ["base-3", "base-4"]
    assert len(index) == 4


@pytest.mark.parametrize("hashes", [[(1, b"short")], [(-1, bytes(32))], [(0, bytes(32)), (1, bytes(33))]])
def test_what_is_no_hash_is_refused_whole(tmp_path: Path, hashes: list[tuple[int, bytes]]) -> None:
    index = HashIndex(tmp_path)
    with pytest.raises(ValueError, match="a hash has 32 bytes"):
        index.add(hashes)
    assert len(index) == 0


@pytest.mark.parametrize("radius", [-1, 32, 256])
def test_a_distance_that_would_miss_neighbours_is_refused(tmp_path: Path, radius: int) -> None:
    with pytest.raises(ValueError, match="a distance is 0 to 31"):
        HashIndex(tmp_path).search(bytes(32), radius)
