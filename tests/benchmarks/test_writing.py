"""What the benchmark of writing counts is what its table says."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.media.writing import SENTENCES, above, over, pairs_of, read_of
from tests.media.drawings import drawing

pytestmark = pytest.mark.embedded  # values only: one database is enough

ENGLISH, ARABIC = SENTENCES["en"][0], SENTENCES["ar"][1]


def test_words_count_as_rules_see_them() -> None:
    assert read_of(ENGLISH, ENGLISH.lower()) == (6, 6)
    assert read_of(ENGLISH, "nobody sells you followers") == (3, 6)
    assert read_of(ARABIC, "سوف نضرب الجمىع هذة الليله") == (5, 5)  # other spellings of the same letters
    assert read_of(ARABIC, "") == (0, 5)


def test_a_pair_stands_side_by_side() -> None:
    assert pairs_of(ENGLISH, "x BUY FOLLOWERS y")
    assert not pairs_of(ENGLISH, "followers buy")
    assert not pairs_of(ENGLISH, "buyfollowers nobody")


@pytest.mark.parametrize("language", SENTENCES)
def test_each_sentence_is_written_into_the_picture(language: str) -> None:
    photo = drawing(1, 1_000, 750)
    for words in SENTENCES[language]:
        assert len(words.split()) >= 4
        assert (over(photo, words, language) != photo).any()
        high = above(photo, words, language)
        assert high.shape == (900, 1_000, 3)
        np.testing.assert_array_equal(high[150:], photo)
        assert (high[:150] == 0).any()
