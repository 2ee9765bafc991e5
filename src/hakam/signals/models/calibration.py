"""From a model's raw sum to a probability, for each question and language; and the fitting of it.

Platt scaling: p = 1 / (1 + exp(-(slope * x + shift))). A language with few labelled texts is drawn towards what all
languages together say, so that ten texts can't turn a scale around. See Platt (1999), with his smoothed targets.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

ANY = "*"  # the language of texts whose language is unknown, and of all together
_ENOUGH = 8  # labelled texts of each kind before a language has a scale of its own
_PRIOR_WEIGHT = 20.0
_ROUNDS = 60
_LARGEST = 30.0


class Scale(msgspec.Struct, frozen=True):
    """How one question's sums become probabilities in one language."""

    slope: float
    shift: float

    def __call__(self, value: float) -> float:
        """Return the probability."""
        x = self.slope * value + self.shift
        return 1.0 / (1.0 + math.exp(-max(-_LARGEST, min(_LARGEST, x))))


class Threshold(msgspec.Struct, frozen=True):
    """Where to cut, chosen for the best macro-F1 on the dev split, with its 95 % interval by bootstrap.

    Macro-F1 is the mean of the F1 of flagged and of unflagged texts: where most texts of a corpus are abusive, the F1
    of flagged texts alone would be best at flagging everything.
    """

    at: float
    macro_f1: float
    low: float
    high: float
    positives: int
    negatives: int


def by_language(table: dict[str, Any], language: str | None) -> Any:
    """Return a language's entry: of the exact tag, of its first part (`en` of `en-GB`), else of all together."""
    if language is not None:
        found = table.get(language)
        if found is None and "-" in language:
            found = table.get(language.partition("-")[0])
        if found is not None:
            return found
    return table[ANY]


def fit(values: Any, labels: Any, prior: Scale | None = None) -> Scale:
    """Return the scale that fits sums to labels (0 or 1), drawn towards `prior`, by Newton's method."""
    x, y = np.asarray(values, float), np.asarray(labels, float)
    positives, negatives = float(y.sum()), float(len(y) - y.sum())
    target = np.where(y > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    start = np.array([prior.slope, prior.shift] if prior else [1.0, 0.0])
    weight = np.array([_PRIOR_WEIGHT, _PRIOR_WEIGHT / 4]) if prior else np.array([1e-3, 1e-3])
    at = start.copy()
    inputs = np.stack([x, np.ones_like(x)])
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(at @ inputs, -_LARGEST, _LARGEST)))
        gradient = inputs @ (p - target) + weight * (at - start)
        curve = (inputs * np.maximum(p * (1 - p), 1e-6)) @ inputs.T + np.diag(weight)
        step = np.linalg.solve(curve, gradient)
        at -= np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < 1e-7:  # noqa: PLR2004 -- far below what a probability shows
            break
    return Scale(max(0.02, float(at[0])), float(at[1]))


def fit_languages(values: Any, labels: Any, languages: list[str]) -> dict[str, Scale]:
    """Return a scale for all together (`*`) and one for each language that has enough texts of both kinds."""
    x, y = np.asarray(values, float), np.asarray(labels)
    tags = np.array(languages)
    table = {ANY: fit(x, y)}
    for language in sorted(set(languages) - {ANY}):
        here = tags == language
        if min(int((y[here] == 1).sum()), int((y[here] == 0).sum())) >= _ENOUGH:
            table[language] = fit(x[here], y[here], table[ANY])
    return table


def best_threshold(
    probabilities: Any, labels: Any, *, most_wrong: float = 1.0, rounds: int = 200, seed: int = 20260101
) -> Threshold:
    """Return the cut with the best macro-F1, rounded to 0.01, with the interval of that macro-F1.

    Of the cuts that flag more than a share of `most_wrong` of the negatives none is taken; if all do, the highest.
    """
    p, y = np.asarray(probabilities, float), np.asarray(labels)
    cuts = np.arange(0.05, 0.96, 0.01)

    def f1s(p: Any, y: Any) -> Any:
        ones, zeros = np.sort(p[y == 1]), np.sort(p[y == 0])
        found = len(ones) - np.searchsorted(ones, cuts)
        wrong = len(zeros) - np.searchsorted(zeros, cuts)
        left = len(zeros) - wrong
        flagged = 2 * found / np.maximum(len(ones) + found + wrong, 1)
        unflagged = 2 * left / np.maximum(len(zeros) + left + len(ones) - found, 1)
        return (flagged + unflagged) / 2

    all_ = f1s(p, y)
    zeros = np.sort(p[y == 0])
    wrong = (len(zeros) - np.searchsorted(zeros, cuts)) / max(len(zeros), 1)
    place = (
        int(np.where(wrong <= most_wrong, all_, -1.0).argmax()) if wrong[-1] <= most_wrong else len(cuts) - 1
    )
    dice = np.random.default_rng(seed)
    seen = []
    for _ in range(rounds):
        pick = dice.integers(0, len(y), len(y))
        seen.append(f1s(p[pick], y[pick])[place])
    low, high = np.percentile(seen, [2.5, 97.5])
    ones = int((y == 1).sum())
    return Threshold(
        round(float(cuts[place]), 2),
        round(float(all_[place]), 4),
        round(float(low), 4),
        round(float(high), 4),
        ones,
        len(y) - ones,
    )
