"""The filter: nothing that is in it is ever missed, and it is as small as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.live import fuse

ANY_HASH = st.integers(0, 2**64 - 1)


def chance(count: int, seed: int = 1) -> fuse.Hashes:
    return np.unique(np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64))


def table(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(data, np.uint8)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 10, 100, 1_000, 30_000, 200_000])
def test_what_is_in_it_is_always_found(count: int) -> None:
    hashes = chance(count)
    shape, data = fuse.build(hashes)
    assert len(data) == shape.places
    assert fuse.perhaps(table(data), shape, hashes).all()


def test_one_in_256_of_the_others_is_found_too() -> None:
    shape, data = fuse.build(chance(50_000))
    share = fuse.perhaps(table(data), shape, chance(400_000, seed=2)).mean()
    assert 0.0034 < share < 0.0044  # 1/256 is 0.0039; six standard deviations to either side


@pytest.mark.parametrize(
    ("count", "most"), [(10_000, 12.0), (100_000, 10.0), (1_000_000, 9.2), (10_000_000, 9.1)]
)
def test_it_takes_few_bits_an_entry(count: int, most: float) -> None:
    assert 8.9 < fuse.shape_of(count).places * 8 / count < most


@given(st.integers(0, 10**9))
def test_segments_are_powers_of_two_within_their_bounds(count: int) -> None:
    shape = fuse.shape_of(count)
    assert shape.segment & (shape.segment - 1) == 0
    assert 4 <= shape.segment <= 2**18
    assert shape.spread % shape.segment == 0
    assert shape.places == shape.spread + 2 * shape.segment
    assert shape.places >= count


@given(st.lists(ANY_HASH, min_size=1, max_size=50), st.integers(0, 1_000_000))
def test_the_three_places_lie_in_segments_that_follow_each_other(codes: list[int], count: int) -> None:
    shape = fuse.shape_of(count)
    spots = fuse.places(np.array(codes, np.uint64), shape)
    first, second, third = (spot // shape.segment for spot in spots)
    assert (second == first + 1).all()
    assert (third == first + 2).all()
    assert all((spot >= 0).all() and (spot < shape.places).all() for spot in spots)


@given(ANY_HASH, st.integers(2, 10_000_000))
def test_places_are_those_that_plain_arithmetic_gives(code: int, count: int) -> None:
    shape = fuse.shape_of(count)
    mask, first = shape.segment - 1, (code * shape.spread) >> 64
    plain = (
        first,
        (first + shape.segment) ^ ((code >> 18) & mask),
        (first + 2 * shape.segment) ^ (code & mask),
    )
    assert tuple(int(spot[0]) for spot in fuse.places(np.array([code], np.uint64), shape)) == plain
    assert int(fuse.fingerprints(np.array([code], np.uint64))[0]) == (code ^ (code >> 32)) & 0xFF


@settings(max_examples=200)
@given(st.sets(ANY_HASH, max_size=300))
def test_no_set_of_hashes_is_laid_out_wrongly(codes: set[int]) -> None:
    hashes = np.array(sorted(codes), np.uint64)
    try:
        shape, data = fuse.build(hashes)
    except fuse.FuseError:
        return  # another salt would do; a wrong filter would not
    assert fuse.perhaps(table(data), shape, hashes).all()


def test_hashes_that_share_all_places_are_refused() -> None:
    alike = np.arange(600, dtype=np.uint64) << np.uint64(8)  # the same small offsets, and the first segment
    with pytest.raises(fuse.FuseError):
        fuse.build(alike | np.uint64(0))


def test_the_same_hash_twice_is_refused() -> None:
    with pytest.raises(fuse.FuseError, match="alone nowhere"):
        fuse.build(np.array([7, 7], np.uint64))
