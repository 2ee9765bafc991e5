"""Near-duplicates: small edits stay near, other texts stay far, in English and in Arabic."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.fold import fold_words
from hakam.signals.near_duplicates import NEAR, NearIndex, distance, simhash, within

ENGLISH = "win a free phone today, only for the first hundred people who write to this number before midnight tonight"
ARABIC = "اربح هاتفا مجانيا اليوم فقط لأول مئة شخص يراسلون هذا الرقم قبل منتصف الليل ولا تخبر أحدا بذلك أبدا"
OTHER = (
    "the council meets on monday to talk about the new bridge and the money that is missing for the old one"
)


def hash_of(text: str) -> int:
    found = simhash(fold_words(text))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (ENGLISH, ENGLISH.replace("phone", "laptop")),
        (ENGLISH, ENGLISH.upper() + "!!!"),
        (ENGLISH, f"hello, {ENGLISH}"),
        (ENGLISH, ENGLISH.replace("hundred", "thousand")),
        (ARABIC, ARABIC.replace("هاتفا", "حاسوبا")),
        (ARABIC, ARABIC.replace("أ", "ا").replace("ة", "ه")),
        (ARABIC, ARABIC.replace("مجانيا", "مـجـانـيـا")),
    ],
)
def test_an_edited_copy_is_near(text: str, edited: str) -> None:
    assert distance(hash_of(text), hash_of(edited)) <= NEAR


def test_other_texts_are_far() -> None:
    assert distance(hash_of(ENGLISH), hash_of(OTHER)) > NEAR
    assert distance(hash_of(ENGLISH), hash_of(ARABIC)) > NEAR


def test_a_phrase_said_ten_times_is_said_once() -> None:
    assert distance(hash_of(ENGLISH), hash_of(f"{ENGLISH} {ENGLISH} {ENGLISH}")) <= NEAR


@pytest.mark.parametrize("text", ["", "good morning", "😀😀😀", "1234"])
def test_a_short_text_has_no_hash(text: str) -> None:
    assert simhash(fold_words(text)) is None


@given(st.text(max_size=200))
def test_the_hash_is_the_same_each_time_and_fits_64_bits(text: str) -> None:
    found = simhash(fold_words(text))
    assert found == simhash(fold_words(text))
    assert found is None or 0 <= found < 1 << 64


def test_the_index_finds_exactly_what_is_within_reach() -> None:
    dice = random.Random(7)  # noqa: S311 -- test data
    hashes = [dice.getrandbits(64) for _ in range(3_000)]
    index = NearIndex()
    for n, one in enumerate(hashes):
        index.add(one, str(n))
    for n in range(0, 3_000, 100):
        turned = hashes[n]
        for bit in dice.sample(range(64), NEAR):
            turned ^= 1 << bit
        found = index.near(turned)
        expected = sorted(
            (distance(turned, h), str(m)) for m, h in enumerate(hashes) if distance(turned, h) <= NEAR
        )
        assert found == expected
        assert (NEAR, str(n)) in found
    assert len(index) == 3_000


def test_equal_hashes_keep_their_names() -> None:
    index = NearIndex()
    index.add(5, "a")
    index.add(5, "b")
    assert index.near(5) == [(0, "a"), (0, "b")]


@pytest.mark.parametrize("size", [0, 1, 1_000, 32_768, 32_769, 100_003])
def test_parts_find_what_one_comparison_of_all_finds(size: int) -> None:
    chance = np.random.default_rng(size)
    hashes = chance.integers(0, 2**64, size, dtype=np.uint64)
    wanted = int(hashes[-1]) ^ 0b1011 if size else 7
    for near in (0, 3, 20):
        far = np.bitwise_count(hashes ^ np.uint64(wanted))
        expected = [(int(n), int(far[n])) for n in np.flatnonzero(far <= near)]
        assert within(hashes, wanted, near) == expected
