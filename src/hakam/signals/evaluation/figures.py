"""How good a classifier is: AUC, average precision, F1 at its threshold, calibration error, each with an interval.

Intervals are 95 % percentiles of a bootstrap over the texts, with a fixed seed: the same data give the same table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

SEED = 20260101
ROUNDS = 200
_BINS = 10
_Z = 1.959964  # of a normal distribution, 95 % lie within


class Figure(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return `0.871 (0.85-0.89)`."""
        return f"{self.value:.3f} ({self.low:.2f}-{self.high:.2f})"


class Figures(msgspec.Struct, frozen=True):
    """All figures of one head on one set of texts. `auc` and `ap` are `None` if only one kind of text is there."""

    positives: int
    negatives: int
    f1: Figure
    macro_f1: Figure
    precision: float
    recall: float
    false_positives: Figure  # share of the negatives that are flagged
    calibration_error: Figure
    auc: Figure | None = None
    ap: Figure | None = None


def auc(p: Any, y: Any) -> float:
    """Return the chance that a positive text scores higher than a negative one (ties count half)."""
    order = np.argsort(p, kind="stable")
    values = p[order]
    _, first, counts = np.unique(values, return_index=True, return_counts=True)
    ranks = np.repeat(first + (counts + 1) / 2, counts)
    ones = y[order] == 1
    n, m = int(ones.sum()), int((~ones).sum())
    return float((ranks[ones].sum() - n * (n + 1) / 2) / (n * m))


def average_precision(p: Any, y: Any) -> float:
    """Return the mean precision at each positive text, from the highest score down; ties are taken together."""
    order = np.argsort(-p, kind="stable")
    values, hits = p[order], np.cumsum(y[order] == 1)
    last = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    found = hits[last]
    gained = np.diff(np.concatenate([[0], found]))
    return float((gained * found / (last + 1)).sum() / hits[-1])


def f1(flagged: Any, y: Any) -> float:
    """Return the F1 of flags; 0 if nothing is right."""
    right = int((flagged & (y == 1)).sum())
    return 2 * right / max(int(flagged.sum()) + int((y == 1).sum()), 1)


def macro_f1(flagged: Any, y: Any) -> float:
    """Return the mean of the F1 of flagged and of unflagged texts."""
    return (f1(flagged, y) + f1(~flagged, 1 - y)) / 2


def share(hits: int, count: int) -> Figure:
    """Return a share with its 95 % interval by Wilson (1927), which holds for few texts and for all or none."""
    part, square = hits / count, _Z * _Z
    middle = (part + square / (2 * count)) / (1 + square / count)
    reach = _Z * math.sqrt(part * (1 - part) / count + square / (4 * count * count)) / (1 + square / count)
    return Figure(part, max(0.0, middle - reach), min(1.0, middle + reach))


def calibration_error(p: Any, y: Any) -> float:
    """Return how far probabilities are from what happens: over ten bins of equal width, weighted by texts."""
    bins = np.minimum((p * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    said = np.bincount(bins, p, minlength=_BINS)
    true = np.bincount(bins, y == 1, minlength=_BINS)
    return float(np.abs(said - true).sum() / max(int(counts.sum()), 1))


def measure(probabilities: Any, flags: Any, labels: Any, *, rounds: int = ROUNDS) -> Figures:
    """Return the figures of one head on texts with labels 1 or 0. At least one text is needed."""
    p, flagged, y = np.asarray(probabilities, float), np.asarray(flags, bool), np.asarray(labels, int)
    dice = np.random.default_rng(SEED)
    picks = [dice.integers(0, len(y), len(y)) for _ in range(rounds)]

    def with_interval(figure: Callable[[Any, Any], float], over: Any, *, needs_both: bool = False) -> Figure:
        fit = [pick for pick in picks if not needs_both or 0 < int(y[pick].sum()) < len(pick)]
        seen = [figure(over[pick], y[pick]) for pick in fit] or [figure(over, y)]
        low, high = np.percentile(seen, [2.5, 97.5])
        return Figure(figure(over, y), float(low), float(high))

    ones = int((y == 1).sum())
    zeros = len(y) - ones
    right = int((flagged & (y == 1)).sum())
    both = ones > 0 and zeros > 0
    return Figures(
        ones,
        zeros,
        with_interval(f1, flagged),
        with_interval(macro_f1, flagged),
        right / max(int(flagged.sum()), 1),
        right / max(ones, 1),
        with_interval(_false_positives, flagged),
        with_interval(calibration_error, p),
        with_interval(auc, p, needs_both=True) if both else None,
        with_interval(average_precision, p, needs_both=True) if both else None,
    )


def _false_positives(flagged: Any, y: Any) -> float:
    return int((flagged & (y == 0)).sum()) / max(int((y == 0).sum()), 1)
