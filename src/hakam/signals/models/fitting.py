"""Fitting a linear model to labelled texts: what `hakam train` and the training script share.

One logistic regression for all heads at once, on hashed n-grams, by L-BFGS; labels that are not known don't count.
Needs scipy (`hakam[train]`). Deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from hakam.signals.fold import fold_counting
from hakam.signals.models.calibration import ANY, Scale, Threshold, best_threshold, fit_languages
from hakam.signals.models.features import MAX_CHARACTERS, ROWS, SHAPE_ROWS, prepare, rows_of
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import LinearHead, LinearModel, pack, unpack
from hakam.vocabulary.counted import counted

_COLUMNS = ROWS + SHAPE_ROWS
_LIFT = 5.0  # a head's rare positives weigh at most this much more than its negatives
_MIN_POSITIVES = 10
_WIDEST = 126
_MIN_TO_CALIBRATE = 5
_REPORTED = 5_000  # texts between two words of how far it is
_MIDDLE = Threshold(0.5, 0.0, 0.0, 1.0, 0, 0)


class Example(NamedTuple):
    """A labelled text. `labels` holds 1 or 0 for the heads that are known."""

    text: str
    language: str | None
    labels: Mapping[Head, int]
    weight: float = 1.0


class TooFewLabelsError(ValueError):
    """Nothing can be learnt: no head has enough labelled texts of both kinds."""


class MissingLibraryError(RuntimeError):
    """Training needs scipy, which is an extra."""


def _matrix(examples: Sequence[Example]) -> Any:
    try:
        from scipy import sparse  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise MissingLibraryError("training needs scipy: pip install 'hakam[train]'") from error

    columns, lengths, values = [], [0], []
    for example in examples:
        prepared, raw, repairs = _read(example.text)
        rows = rows_of(prepared[:MAX_CHARACTERS], raw, repairs)
        columns.append(rows.astype(np.int32))
        values.append(np.full(len(rows), len(rows) ** -0.5, np.float32))
        lengths.append(len(rows))
    pointers = np.cumsum(lengths, dtype=np.int64)
    made = sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), pointers),
        shape=(len(examples), _COLUMNS),
        dtype=np.float32,
    )
    made.sum_duplicates()
    return made


def _targets(examples: Sequence[Example]) -> tuple[Any, Any]:
    labels = np.zeros((len(examples), len(HEADS)), np.float32)
    weights = np.zeros_like(labels)
    for n, example in enumerate(examples):
        for place, head in enumerate(HEADS):
            if head in example.labels:
                labels[n, place], weights[n, place] = example.labels[head], example.weight
    for place in range(len(HEADS)):
        known = weights[:, place] > 0
        ones = float((labels[:, place] * known).sum())
        zeros = float(known.sum()) - ones
        weights[:, place] *= np.where(
            labels[:, place] > 0, min(_LIFT, max(1.0, zeros / max(ones, 1.0) / 3)), 1.0
        )
    return labels, weights


def fit_linear(
    examples: Sequence[Example],
    dev: Sequence[Example],
    *,
    sources: Sequence[str] = (),
    share_alike: Sequence[str] = (),
    strength: float = 0.6,
    strengths: Mapping[Head, float] | None = None,
    rounds: int = 30,
    report: Callable[[str], object] = lambda _: None,
) -> bytes:
    """Return the file of a model fitted to `examples`, calibrated and cut on `dev`.

    `strength` is the L2 penalty; a head in `strengths` has its own. A head without at least ten labelled texts of each
    kind always says its base rate.
    """
    from scipy import optimize  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415 -- an extra

    labels, weights = _targets(examples)
    enough = [
        min(int(((labels[:, n] == y) & (weights[:, n] > 0)).sum()) for y in (0, 1)) >= _MIN_POSITIVES
        for n in range(len(HEADS))
    ]
    if not any(enough):
        raise TooFewLabelsError("no head has ten labelled texts of each kind")
    x = _matrix(examples)
    report(f"{x.nnz:,} features in {x.shape[0]:,} texts")
    across = x.T.tocsr()

    def head_weights(place: int) -> Any:
        y, w = labels[:, place], weights[:, place]
        penalty = (strengths or {}).get(HEADS[place], strength)
        known = np.flatnonzero(w)
        part, back = (x, across) if len(known) > len(w) * 0.9 else (x[known], x[known].T.tocsr())
        y, w = (y, w) if part is x else (y[known], w[known])

        def loss(at: Any) -> tuple[float, Any]:
            z = part @ at.astype(np.float32)
            gap = w * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - y)
            value = float((w * (np.logaddexp(0, z) - y * z)).sum(dtype=np.float64))
            value += 0.5 * penalty * float(at @ at)
            return value, back @ gap.astype(np.float32) + penalty * at

        start = np.zeros(_COLUMNS, np.float64)
        found = optimize.minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds, "maxcor": 6}
        )
        report(f"{HEADS[place]}: loss {found.fun:,.0f} after {found.nit} rounds")
        return found.x

    table = np.zeros((_COLUMNS, len(HEADS)), np.int8)
    steps = []
    for place in range(len(HEADS)):
        learnt = head_weights(place) if enough[place] else np.zeros(_COLUMNS)
        widest = float(np.quantile(np.abs(learnt[learnt != 0]), 0.99995)) if learnt.any() else 1.0
        step = widest / _WIDEST
        table[:, place] = np.clip(np.rint(learnt / step), -_WIDEST, _WIDEST).astype(np.int8)
        steps.append(round(step, 9))
    plain = {name: {ANY: Scale(1.0, 0.0)} for name in HEADS}
    middle = {name: {ANY: _MIDDLE} for name in HEADS}
    head = LinearHead(HEADS, tuple(steps), plain, middle, tuple(sources), tuple(share_alike))
    return recalibrate(unpack(pack(head, table)), dev)


def recalibrate(
    model: LinearModel, dev: Sequence[Example], report: Callable[[str], object] = lambda _: None
) -> bytes:
    """Return the file of a model with scales and thresholds fitted to `dev`.

    What `dev` does not tell stays: heads of which it has too few texts, and languages of a head likewise.
    """
    sums = np.zeros((len(dev), len(model.heads)))
    for n, example in enumerate(dev):
        sums[n] = model.sums(*_read(example.text))
        if (n + 1) % _REPORTED == 0:
            report(f"{n + 1:,} of {len(dev):,} texts read")
    scales, thresholds = dict(model.head.scales), dict(model.head.thresholds)
    for place, head in enumerate(model.heads):
        known = [n for n, example in enumerate(dev) if head in example.labels]
        labels = np.array([dev[n].labels[head] for n in known], int)
        if min(int((labels == 1).sum()), int((labels == 0).sum())) < _MIN_TO_CALIBRATE:
            continue
        tags = [dev[n].language or ANY for n in known]
        values = sums[known, place]
        fitted = fit_languages(values, labels, tags)
        scales[head] = {**scales[head], **fitted}
        by_tag = scales[head]
        p = np.array([by_tag.get(t, by_tag[ANY])(v) for v, t in zip(values, tags, strict=True)])
        cuts = {ANY: best_threshold(p, labels)}
        for tag in fitted:
            if tag != ANY:
                mine = np.array([t == tag for t in tags])
                cuts[tag] = best_threshold(p[mine], labels[mine])
        thresholds[head] = {**thresholds[head], **cuts}
        report(f"{head}: fitted to {counted(len(known), 'text')}")
    report("writing")
    return pack(msgspec.structs.replace(model.head, scales=scales, thresholds=thresholds), model.table)


def _read(text: str) -> tuple[str, str, int]:
    folded, repairs = fold_counting(text)
    return prepare(folded), text, repairs
