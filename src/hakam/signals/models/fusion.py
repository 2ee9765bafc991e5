"""How two models' words on a text become one probability: a small logistic regression for each head and language.

Fitted to dev texts, which neither model learnt from. A language with few labelled texts is drawn towards what all
languages together say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from hakam.signals.models.calibration import ANY, Threshold, by_language
from hakam.signals.models.heads import Head

_LARGEST = 30.0
_EDGE = 1e-4  # probabilities are written with four places
_ENOUGH = 8  # labelled texts of each kind before a language has a blend of its own
_ROUNDS = 60
_PRIOR_WEIGHT = 20.0


class Blend(msgspec.Struct, frozen=True):
    """p = 1 / (1 + exp(-(linear * log-odds of the linear tier + encoder * sum of the encoder + shift)))."""

    linear: float
    encoder: float
    shift: float

    def __call__(self, linear: float, value: float) -> float:
        """Return the probability, of the linear tier's probability and the encoder's sum."""
        return even(self.linear * odds(linear) + self.encoder * value + self.shift)


class Fusion(msgspec.Struct, frozen=True):
    """What an encoder says together with one certain linear model."""

    beside: str  # id of that linear model; with another one these numbers mean nothing
    unsure: tuple[
        float, float
    ]  # a text is read twice if the linear tier says something between for a head of `asked`
    asked: tuple[Head, ...]
    blends: dict[Head, dict[str, Blend]]  # of the languages that the linear model has learnt
    cuts: dict[Head, dict[str, Threshold]]  # where to cut what the two tiers together say

    def blend(self, head: Head, language: str | None) -> Blend | None:
        """Return the blend of a head in a language, or None where the encoder's word alone counts."""
        table = self.blends.get(head, {})
        found: Blend | None = by_language({ANY: None, **table}, language)
        return found

    def cut(self, head: Head, language: str | None) -> Threshold:
        """Return where to cut."""
        found: Threshold = by_language(self.cuts[head], language)
        return found


def odds(p: float) -> float:
    """Return the log-odds of a probability, which is kept off 0 and 1."""
    p = min(max(p, _EDGE), 1 - _EDGE)
    return math.log(p / (1 - p))


def even(value: float) -> float:
    """Return the probability of log-odds."""
    return 1 / (1 + math.exp(-max(-_LARGEST, min(_LARGEST, value))))


def fit_blend(linear: Any, values: Any, labels: Any, prior: Blend | None = None) -> Blend:
    """Return the blend that fits probabilities and sums to labels (0 or 1), drawn towards `prior`.

    No weight is negative. Newton's method on the logistic loss, as in `calibration.fit`.
    """
    p = np.clip(np.asarray(linear, float), _EDGE, 1 - _EDGE)
    columns = np.stack([np.log(p / (1 - p)), np.asarray(values, float), np.ones(len(p))])
    y = np.asarray(labels, float)
    start = np.array([prior.linear, prior.encoder, prior.shift] if prior else [0.5, 0.5, 0.0])
    weight = _PRIOR_WEIGHT * np.array([1.0, 1.0, 0.25]) if prior else np.full(3, 1e-3)
    free = np.array([True, True, True])
    at = start.copy()
    while True:
        at = _newton(columns, y, at, (start, weight), free)
        below = (at < 0) & np.array([True, True, False]) & free
        if not below.any():
            break
        at[below], free[below] = 0.0, False  # a model that would count against itself is left out
    return Blend(*(round(float(number), 5) for number in at))


def _newton(columns: Any, y: Any, begin: Any, prior: tuple[Any, Any], free: Any) -> Any:
    at, (start, weight) = begin.copy(), prior
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(at @ columns, -_LARGEST, _LARGEST)))
        gradient = (columns @ (p - y) + weight * (at - start))[free]
        curve = (columns * np.maximum(p * (1 - p), 1e-6)) @ columns.T + np.diag(weight)
        step = np.linalg.solve(curve[np.ix_(free, free)], gradient)
        at[free] -= np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < 1e-7:  # noqa: PLR2004 -- far below what a probability shows
            break
    return at


def fit_blends(
    said: tuple[Any, Any], labels: Any, languages: Sequence[str], known: frozenset[str]
) -> dict[str, Blend]:
    """Return a blend for each language of `known` that has enough texts of both kinds.

    `said`: the linear tier's probabilities and the encoder's sums.
    """
    p, x = (np.asarray(values, float) for values in said)
    y, tags = np.asarray(labels), np.array(languages)
    together = fit_blend(p, x, y)
    found = {}
    for language in sorted(set(languages) & known):
        here = tags == language
        if min(int((y[here] == 1).sum()), int((y[here] == 0).sum())) >= _ENOUGH:
            found[language] = fit_blend(p[here], x[here], y[here], together)
    return found
