"""Languages without corpora: numbers of their own from sentences that no model learnt, and nothing else moves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training.corpora import SEEDED, Row, seeds
from training.further import MOST_WRONG, filled, unlearnt

from hakam.signals.evaluation.functional import cases
from hakam.signals.models import shipped
from hakam.signals.models.calibration import ANY, Scale, Threshold, by_language
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.reading import TRAINED_LINEAR, Reader

MIDDLE = Threshold(0.5, 0.0, 0.0, 1.0, 0, 0)
OWN = Threshold(0.2, 0.8, 0.7, 0.9, 30, 40)
COMMON, GERMAN = Scale(1.0, 0.0), Scale(2.0, 1.0)
HATE = HEADS.index(Head.HATE)


def tables() -> tuple[dict[Head, dict[str, Any]], dict[Head, dict[str, Any]]]:
    """Return a model that knows of hate in German and nothing else of one language."""
    scales: dict[Head, dict[str, Any]] = {head: {ANY: COMMON} for head in HEADS}
    thresholds: dict[Head, dict[str, Any]] = {head: {ANY: MIDDLE} for head in HEADS}
    scales[Head.HATE]["de"], thresholds[Head.HATE]["de"] = GERMAN, OWN
    return scales, thresholds


def rows(language: str, count: int = 20) -> list[Row]:
    """Return as many hateful rows as harmless ones."""
    return [Row(f"{n}", language, "dev", {Head.HATE: n % 2}, f"seed_{language}") for n in range(count)]


def sums(given: list[Row], lift: float) -> Any:
    """Return sums in which hateful rows are two above the harmless ones, and all of them `lift` too high."""
    out = np.zeros((len(given), len(HEADS)))
    out[:, HATE] = [lift + (1.0 if row.labels[Head.HATE] else -1.0) for row in given]
    return out


def test_a_language_whose_sums_are_all_too_high_is_brought_down() -> None:
    given = rows("hi", 400)
    scales, thresholds, said = filled(*tables(), sums(given, 3.0), given, TRAINED_LINEAR)
    harmless, hateful = said[0, HATE], said[1, HATE]
    assert harmless < 0.5 < hateful
    assert COMMON(2.0) > 0.8  # what it said of harmless texts before
    cut = thresholds[Head.HATE]["hi"]
    assert harmless < cut.at <= hateful
    assert cut.positives == cut.negatives == 200
    assert scales[Head.HATE]["hi"] != COMMON
    assert scales[Head.HATE][ANY] == COMMON


def test_what_is_known_of_a_language_stays() -> None:
    given = rows("de")
    scales, thresholds, said = filled(*tables(), sums(given, 3.0), given, TRAINED_LINEAR)
    assert scales[Head.HATE]["de"] == GERMAN
    assert thresholds[Head.HATE]["de"] == OWN
    assert said[0, HATE] == pytest.approx(GERMAN(2.0))


def test_a_language_that_is_kept_says_what_it_said_and_is_cut_anew() -> None:
    given = rows("tr")
    scales, thresholds, said = filled(*tables(), sums(given, 3.0), given, TRAINED_LINEAR)
    assert scales[Head.HATE]["tr"] == COMMON
    assert said[0, HATE] == pytest.approx(COMMON(2.0))
    assert COMMON(2.0) < thresholds[Head.HATE]["tr"].at <= COMMON(4.0)


def test_a_model_that_does_not_rank_a_language_flags_little_in_it() -> None:
    given = rows("hi", 60)
    noise = np.random.default_rng(1).normal(size=(60, len(HEADS)))
    _, thresholds, said = filled(*tables(), noise, given, TRAINED_LINEAR)
    flagged = said[:, HATE] >= thresholds[Head.HATE]["hi"].at
    harmless = np.array([not row.labels[Head.HATE] for row in given])
    assert flagged[harmless].mean() <= MOST_WRONG


def test_too_few_sentences_change_nothing() -> None:
    given = rows("es", 6)
    scales, thresholds, _ = filled(*tables(), sums(given, 3.0), given, TRAINED_LINEAR)
    assert scales[Head.HATE]["es"] == COMMON
    assert thresholds[Head.HATE]["es"] == MIDDLE
    assert thresholds[Head.SPAM]["es"] == MIDDLE  # no sentence at all


def test_what_a_corpus_measures_keeps_the_common_numbers() -> None:
    given = rows("fr")
    scales, thresholds, _ = filled(*tables(), sums(given, 3.0), given, frozenset())
    assert (scales[Head.HATE]["fr"], thresholds[Head.HATE]["fr"]) == (COMMON, MIDDLE)


def test_urdu_in_latin_letters_is_not_read_by_the_numbers_of_the_other_script() -> None:
    given = rows("ur")
    scales, _, _ = filled(*tables(), sums(given, 3.0), given, TRAINED_LINEAR)
    assert by_language(scales[Head.HATE], "ur") != COMMON
    assert by_language(scales[Head.HATE], "ur-Latn") == COMMON


def test_the_tables_that_are_given_are_left_as_they_are() -> None:
    scales, thresholds = tables()
    given = rows("hi")
    filled(scales, thresholds, sums(given, 3.0), given, TRAINED_LINEAR)
    assert (scales, thresholds) == tables()


def test_sentences_for_it_are_dev_and_in_every_language() -> None:
    found = unlearnt()
    assert {row.language for row in found} == set(SEEDED)
    assert {row.split for row in found} == {"dev"}
    assert not {row.text for row in found} & {row.text for row in seeds() if row.split == "train"}
    for language in SEEDED:
        for head in HEADS:
            said = [row.labels[head] for row in found if row.language == language and head in row.labels]
            assert min(said.count(0), said.count(1)) >= 4, (language, head)


def test_the_model_that_ships_was_filled_and_a_second_time_changes_nothing() -> None:
    model = shipped.shipped_linear()
    for head in HEADS:
        assert set(SEEDED) <= set(model.head.scales[head])
        assert set(SEEDED) <= set(model.head.thresholds[head])
    given = unlearnt()[::100]
    plain = np.zeros((len(given), len(HEADS)))
    scales, thresholds, _ = filled(model.head.scales, model.head.thresholds, plain, given, TRAINED_LINEAR)
    assert (scales, thresholds) == (model.head.scales, model.head.thresholds)


@pytest.mark.parametrize("language", ["es", "hi", "it", "ur"])
def test_harmless_talk_is_no_longer_spam_or_extremism_whatever_it_says(language: str) -> None:
    """Before, the linear tier alone flagged all Hindi texts as both."""
    read = Reader(shipped.shipped_linear()).read
    harmless = [case for case in cases(language) if not case.expected and case.head is Head.HATE][::16]
    flagged = [one.flagged for one in read([case.text for case in harmless], [language] * len(harmless))]
    for head in (Head.SPAM, Head.EXTREMISM):
        assert sum(head in one for one in flagged) < 0.5 * len(flagged)
