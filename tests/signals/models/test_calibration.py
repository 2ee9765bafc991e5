"""Scales and thresholds: what they recover, how few texts are drawn to the many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.models.calibration import ANY, Scale, best_threshold, by_language, fit, fit_languages

DICE = np.random.default_rng(3)


def drawn(slope: float, shift: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    x = DICE.normal(0, 2, count)
    p = 1 / (1 + np.exp(-(slope * x + shift)))
    return x, (DICE.random(count) < p).astype(int)


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (2.5, -1.0), (0.4, 2.0)])
def test_a_fit_recovers_the_scale(slope: float, shift: float) -> None:
    x, y = drawn(slope, shift, 20_000)
    found = fit(x, y)
    assert found.slope == pytest.approx(slope, rel=0.12)
    assert found.shift == pytest.approx(shift, abs=0.15)


def test_few_texts_do_not_turn_a_scale_around() -> None:
    prior = Scale(1.0, 0.0)
    found = fit([3.0, 2.0, -2.0, -3.0], [0, 0, 1, 1], prior)
    assert found.slope > 0.5


@given(st.floats(-1e6, 1e6))
def test_a_probability_is_one(value: float) -> None:
    assert 0 <= Scale(1.7, -0.3)(value) <= 1


def test_scales_rise() -> None:
    values = [Scale(0.5, -1.0)(x) for x in range(-10, 10)]
    assert values == sorted(values)


def test_a_language_gets_its_own_scale_if_it_has_texts_enough() -> None:
    x, y = drawn(1.5, 0.0, 400)
    tags = ["en"] * 390 + ["ar"] * 10
    found = fit_languages(x, y, tags)
    assert set(found) == {ANY, "en"}


@pytest.mark.parametrize(("tag", "found"), [("en", 1), ("en-GB", 1), ("ur-Latn", 2), ("ur", 0), (None, 0)])
def test_the_entry_of_a_language(tag: str | None, found: int) -> None:
    assert by_language({ANY: 0, "en": 1, "ur-Latn": 2}, tag) == found


def test_the_best_cut_separates() -> None:
    p = np.array([0.1, 0.2, 0.3, 0.6, 0.7, 0.9])
    y = np.array([0, 0, 0, 1, 1, 1])
    found = best_threshold(p, y)
    assert 0.29 <= found.at <= 0.6
    assert found.macro_f1 == 1
    assert (found.positives, found.negatives) == (3, 3)


def test_flagging_everything_is_not_best_where_most_is_abusive() -> None:
    p = np.concatenate([DICE.uniform(0.3, 0.9, 300), DICE.uniform(0.1, 0.6, 60)])
    y = np.array([1] * 300 + [0] * 60)
    assert best_threshold(p, y).at > 0.25


def test_a_cut_may_be_bound_by_how_many_harmless_texts_it_flags() -> None:
    p = np.array([0.9, 0.805, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.12, 0.06])
    y = np.array([1, 0, 1, 1, 1, 1, 0, 0, 0, 0])
    free, bound = best_threshold(p, y), best_threshold(p, y, most_wrong=0.1)
    assert free.at <= 0.4
    assert 0.805 < bound.at <= 0.9
    assert bound.macro_f1 < free.macro_f1
    assert best_threshold(np.full(10, 0.99), y, most_wrong=0.1).at == pytest.approx(0.95)
