"""What counts as the same question: spelling and small words do not tell questions apart, names and "not" do."""

from __future__ import annotations

import pytest
from tests.live.audience.hall import GRAIN, GRAIN_AGAIN, WAGES, WATER, WATER_AGAIN

from hakam.live.audience.folding import Folder, alike, slip, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GRAIN, GRAIN_AGAIN),
        (WATER, WATER_AGAIN),
        (GRAIN, GRAIN.replace("When", "Please, when")),
        (GRAIN, GRAIN.replace("harbour", "harbor")),
        (WATER, WATER.replace("المدينة", "المدبنة")),
        ("Why now?", "WHY   now???"),
        ("لماذا الآن؟", "لماذا الان"),
    ],
)
def test_the_same_question_is_folded(one: str, other: str) -> None:
    folder = Folder()
    folder.add(7, words_of(one))
    assert folder.find(words_of(other)) == 7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GRAIN, WAGES),
        (WATER, GRAIN),
        (
            "Why does rent in the south cost so much more than last year, and what will you do about it?",
            "Why does rent in the north cost so much more than last year, and what will you do about it?",
        ),
        (
            "لماذا الإيجار في الحي الجديد أغلى بكثير من العام الماضي وماذا ستفعلون حيال ذلك؟",
            "لماذا الإيجار في الحي القديم أغلى بكثير من العام الماضي وماذا ستفعلون حيال ذلك؟",
        ),
        ("Do you support the new law?", "Do you support the old law?"),
        (
            "Should the city build the new bridge over the river before next summer?",
            "Should the city not build the new bridge over the river before next summer?",
        ),
        ("Why did you say that you will leave the union?", "Why did you say that you won't leave the union?"),
        (
            "هل ستدعم الحكومة مزارعي الجنوب في الموسم القادم يا معالي الوزير",
            "هل لن تدعم الحكومة مزارعي الجنوب في الموسم القادم يا معالي الوزير",
        ),
    ],
)
def test_what_differs_in_a_name_or_a_not_stays_apart(one: str, other: str) -> None:
    folder = Folder()
    folder.add(7, words_of(one))
    assert folder.find(words_of(other)) is None


def test_the_nearest_is_found_among_many() -> None:
    folder = Folder()
    for n in range(2_000):
        folder.add(
            n, words_of(f"Question {n} about road {n * 7} in district {n * 13} for the mayor, please answer")
        )
    folder.add(5_000, words_of(GRAIN))
    folder.add(5_000, words_of(GRAIN_AGAIN))
    assert folder.find(words_of(GRAIN_AGAIN + " please")) == 5_000
    assert folder.find(words_of(WAGES)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("rents", "rent", True),
        ("rent", "rents", True),
        ("hospital", "hospitol", True),
        ("harbour", "harbor", True),
        ("المدينة", "المدبنة", True),
        ("south", "north", False),
        ("cat", "cut", False),  # short words differ by little and mean much
        ("river", "rivers'", False),
        ("school", "schooner", False),
    ],
)
def test_a_slip_is_one_letter_of_a_long_word(one: str, other: str, same: bool) -> None:
    assert slip(one, other) is same


def test_words_agree_or_not_whatever_their_order() -> None:
    assert alike(words_of("who goes there"), words_of("there goes who"))
    assert not alike(words_of(""), words_of("who"))
