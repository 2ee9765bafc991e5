"""PDQ: against the published formula computed the slow way, and what hashes of edited pictures do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.media.drawings import drawing, grey

from hakam.media.pdq import DISTANCE, HEX_DIGITS, NO_HASH, SIDE, distance, orientations, pdq, quality, sample

pytestmark = pytest.mark.embedded  # values only: one database is enough

DIGESTS = st.binary(min_size=32, max_size=32)


def box(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Filter one line as the description says: a window that shrinks at both ends."""
    ahead = (window + 2) // 2 - 1
    behind = window - ahead - 1
    return np.array(
        [values[max(0, at - behind) : at + ahead + 1].mean() for at in range(len(values))], np.float64
    )


def slowly(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Filter every pixel twice in both directions, then sample."""
    values = picture.astype(np.float64)
    height, width = values.shape
    for _ in range(2):
        values = np.apply_along_axis(box, 1, values, -(-width // 128))
        values = np.apply_along_axis(box, 0, values, -(-height // 128))
    rows, columns = (((np.arange(SIDE) + 0.5) * edge / SIDE).astype(int) for edge in (height, width))
    return values[np.ix_(rows, columns)]


@pytest.mark.parametrize("shape", [(300, 420), (64, 64), (129, 515), (40, 90), (257, 256)])
def test_samples_are_those_of_the_filtered_picture(shape: tuple[int, int]) -> None:
    picture = grey(drawing(3, shape[1], shape[0]))
    np.testing.assert_allclose(sample(picture), slowly(picture), atol=0.05)


def test_bits_are_the_frequencies_above_their_median() -> None:
    picture = grey(drawing(5))
    samples = sample(picture).astype(np.float64)
    frequency, place = np.arange(1, 17)[:, None], np.arange(SIDE)[None, :]
    cosines = np.sqrt(2 / SIDE) * np.cos(np.pi / 2 / SIDE * frequency * (2 * place + 1))
    spectrum = (cosines @ samples @ cosines.T).ravel()
    bits = spectrum > np.sort(spectrum)[127]
    number = sum(1 << place for place, bit in enumerate(bits) if bit)
    assert distance(pdq(picture).digest, number.to_bytes(32, "big")) <= 2  # rounding at the median


def test_half_of_the_bits_are_set() -> None:
    for seed in range(5):
        assert int.from_bytes(pdq(grey(drawing(seed))).digest, "big").bit_count() == 128


def test_hex_is_what_exchanges_write() -> None:
    found = pdq(grey(drawing(1)))
    assert len(found.hex) == HEX_DIGITS
    assert bytes.fromhex(found.hex) == found.digest


def test_float_luma_gives_the_same_hash() -> None:
    picture = grey(drawing(2))
    assert pdq(picture.astype(np.float32)) == pdq(picture)


def test_a_picture_that_is_not_contiguous_gives_the_same_hash() -> None:
    wide = grey(drawing(2, 1600, 1200))
    assert pdq(wide[::2, ::2]) == pdq(np.ascontiguousarray(wide[::2, ::2]))


def test_a_smaller_copy_is_near_and_another_picture_is_far() -> None:
    hashes = [pdq(grey(drawing(seed))).digest for seed in range(6)]
    for seed, digest in enumerate(hashes):
        small = grey(drawing(seed))[::2, ::2]
        assert distance(pdq(small).digest, digest) <= DISTANCE
        for other in hashes[:seed]:
            assert distance(digest, other) > 2 * DISTANCE


def test_a_blank_picture_has_no_quality() -> None:
    assert pdq(np.full((200, 300), 90, np.uint8)).quality == 0
    assert not pdq(np.full((200, 300), 90, np.uint8)).good
    assert pdq(grey(drawing(1))).good


@pytest.mark.parametrize("shape", [(4, 100), (100, 4), (1, 1), (0, 0), (0, 50)])
def test_a_picture_too_small_has_no_hash(shape: tuple[int, int]) -> None:
    assert pdq(np.zeros(shape, np.uint8)) == NO_HASH
    assert orientations(np.zeros(shape, np.uint8)) == (NO_HASH,) * 8


def test_quality_stays_within_a_hundred() -> None:
    chess = np.indices((SIDE, SIDE)).sum(axis=0) % 2 * np.float32(255)
    assert quality(chess.astype(np.float32)) == 100


def test_orientations_are_the_hashes_of_the_turned_pictures() -> None:
    picture = grey(drawing(7))
    upright = (picture, picture[:, ::-1], picture[::-1], picture[::-1, ::-1])
    for found, turned in zip(orientations(picture), [*upright, *(each.T for each in upright)], strict=True):
        assert distance(found.digest, pdq(np.ascontiguousarray(turned)).digest) <= 2
        assert found.good


@given(DIGESTS, DIGESTS, DIGESTS)
def test_distance_is_a_metric(a: bytes, b: bytes, c: bytes) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 300), st.integers(5, 300), st.integers(0, 2**32))
def test_any_shape_has_a_hash(height: int, width: int, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    found = pdq(picture)
    assert len(found.digest) == 32
    assert 0 <= found.quality <= 100
