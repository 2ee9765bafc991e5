"""One probability from two models: what a blend recovers, what it refuses, and where languages go."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.signals.evaluation.figures import auc
from hakam.signals.models.calibration import ANY, Threshold
from hakam.signals.models.fusion import Blend, Fusion, even, fit_blend, fit_blends, odds
from hakam.signals.models.heads import HEADS, Head

CUT = Threshold(0.4, 0.8, 0.7, 0.9, 30, 30)
PROBABILITIES = st.floats(0, 1)


def drawn(count: int, *, linear: float, encoder: float, seed: int = 5) -> tuple[np.ndarray, ...]:
    """Return the linear tier's probabilities, the encoder's sums, and labels drawn as a true blend would have them."""
    dice = np.random.default_rng(seed)
    x, z = dice.normal(0, 1.5, count), dice.normal(0, 1.5, count)
    p = 1 / (1 + np.exp(-(linear * x + encoder * z - 0.5)))
    return 1 / (1 + np.exp(-x)), z, (dice.random(count) < p).astype(int)


@pytest.mark.parametrize(("linear", "encoder"), [(1.0, 1.0), (0.3, 1.4), (1.2, 0.2)])
def test_a_fit_recovers_how_much_each_model_says(linear: float, encoder: float) -> None:
    found = fit_blend(*drawn(20_000, linear=linear, encoder=encoder))
    assert found.linear == pytest.approx(linear, abs=0.1)
    assert found.encoder == pytest.approx(encoder, abs=0.1)
    assert found.shift == pytest.approx(-0.5, abs=0.1)


def test_both_together_rank_better_than_either() -> None:
    p, z, y = drawn(6_000, linear=0.8, encoder=0.8)
    blend = fit_blend(p, z, y)
    both = np.array([blend(a, b) for a, b in zip(p, z, strict=True)])
    assert auc(both, y) > max(auc(p, y), auc(z, y)) + 0.02


def test_a_model_that_would_count_against_itself_is_left_out() -> None:
    p, z, y = drawn(5_000, linear=1.0, encoder=-1.0)
    found = fit_blend(p, z, y)
    assert found.encoder == 0
    assert found.linear > 0.5


def test_few_texts_are_drawn_to_the_many() -> None:
    prior = Blend(0.5, 0.5, 0.0)
    p, z, y = drawn(12, linear=3.0, encoder=0.0, seed=8)
    few = fit_blend(p, z, y, prior)
    assert abs(few.linear - 0.5) < 0.5
    assert abs(few.encoder - 0.5) < 0.5


def test_only_known_languages_with_enough_texts_get_a_blend() -> None:
    p, z, y = drawn(300, linear=1, encoder=1)
    languages = ["en"] * 140 + ["ar"] * 140 + ["de"] * 8 + ["es"] * 12
    found = fit_blends((p, z), y, languages, frozenset({"en", "ar", "de"}))
    assert set(found) == {"en", "ar"}
    assert found["en"] != found["ar"]


def test_a_language_without_a_blend_is_left_to_the_encoder() -> None:
    fusion = Fusion(
        "linear-1-x",
        (0.1, 0.9),
        (Head.HATE,),
        {Head.HATE: {"en": Blend(1, 1, 0)}},
        {head: {ANY: CUT, "ar": msgspec.structs.replace(CUT, at=0.2)} for head in HEADS},
    )
    assert fusion.blend(Head.HATE, "en") == Blend(1, 1, 0)
    assert fusion.blend(Head.HATE, "en-GB") == Blend(1, 1, 0)
    assert fusion.blend(Head.HATE, "es") is None
    assert fusion.blend(Head.HATE, None) is None
    assert fusion.blend(Head.SPAM, "en") is None
    assert fusion.cut(Head.HATE, "ar").at == 0.2
    assert fusion.cut(Head.HATE, "es").at == 0.4


@given(PROBABILITIES, st.floats(-50, 50))
def test_a_blend_always_gives_a_probability(p: float, value: float) -> None:
    assert 0 <= Blend(0.8, 1.1, -0.3)(p, value) <= 1


@given(PROBABILITIES)
def test_odds_and_back(p: float) -> None:
    assert even(odds(p)) == pytest.approx(min(max(p, 1e-4), 1 - 1e-4))


@given(PROBABILITIES, PROBABILITIES)
def test_a_higher_word_of_either_never_lowers_the_blend(p: float, more: float) -> None:
    low, high = sorted((p, more))
    blend = Blend(0.6, 0.9, 0.1)
    assert blend(low, 0.0) <= blend(high, 0.0)
    assert blend(0.5, odds(low)) <= blend(0.5, odds(high))
