"""Figures: against values computed by hand, and bounds that hold for any scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.signals.evaluation import figures

P = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
Y = np.array([1, 1, 0, 1, 0, 0])


def test_by_hand() -> None:
    assert figures.auc(P, Y) == pytest.approx(8 / 9)
    assert figures.average_precision(P, Y) == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert figures.f1(P >= 0.65, Y) == pytest.approx(2 / 3)
    assert figures.macro_f1(P >= 0.65, Y) == pytest.approx(2 / 3)


def test_ties_count_half() -> None:
    assert figures.auc(np.array([0.5, 0.5]), np.array([1, 0])) == 0.5
    assert figures.average_precision(np.array([0.5] * 4), np.array([1, 0, 0, 0])) == 0.25


def test_probabilities_that_come_true_are_calibrated() -> None:
    dice = np.random.default_rng(1)
    p = dice.random(50_000)
    y = (dice.random(50_000) < p).astype(int)
    assert figures.calibration_error(p, y) < 0.01
    assert figures.calibration_error(np.minimum(p + 0.3, 1), y) > 0.15


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.integers(0, 1)), min_size=2, max_size=60))
def test_any_scores_give_figures_in_bounds(rows: list[tuple[float, bool, int]]) -> None:
    p, flags, y = (list(column) for column in zip(*rows, strict=True))
    found = figures.measure(p, flags, y, rounds=20)
    both = 0 < sum(y) < len(y)
    assert (found.auc is not None) is both
    for one in (
        found.auc,
        found.ap,
        found.f1,
        found.macro_f1,
        found.calibration_error,
        found.false_positives,
    ):
        assert one is None or 0 <= one.value <= 1 + 1e-9
    assert found.positives + found.negatives == len(y)


def test_an_interval_holds_its_figure_and_narrows_with_more_texts() -> None:
    dice = np.random.default_rng(2)

    def width(count: int) -> float:
        y = dice.integers(0, 2, count)
        p = np.clip(y * 0.3 + dice.random(count) * 0.7, 0, 1)
        found = figures.measure(p, p > 0.5, y).auc
        assert found is not None
        assert found.low <= found.value <= found.high
        return found.high - found.low

    assert width(2_000) < width(60)


def test_a_figure_reads_well() -> None:
    assert str(figures.Figure(0.8712, 0.851, 0.889)) == "0.871 (0.85-0.89)"


def test_a_share_of_harmless_texts_alone_has_an_interval() -> None:
    found = figures.measure([0.1] * 40, [n % 4 == 0 for n in range(40)], [0] * 40)
    assert found.auc is None
    assert found.false_positives.value == 0.25
    assert found.false_positives.low < 0.25 < found.false_positives.high


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
        (8, 10, 0.490, 0.943),
        (1, 1, 0.207, 1.0),
        (81, 263, 0.255, 0.366),
    ],
)
def test_the_interval_of_a_share(hits: int, count: int, low: float, high: float) -> None:
    """The last as Newcombe (1998), table I, has it."""
    found = figures.share(hits, count)
    assert found.value == hits / count
    assert (found.low, found.high) == (pytest.approx(low, abs=0.0006), pytest.approx(high, abs=0.0006))
