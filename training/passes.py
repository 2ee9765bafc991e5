"""What the encoder is trained on: which rows in which pass, their targets and weights, and in which batches."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hakam.signals.evaluation.groups import groups_named
from hakam.signals.fold import fold
from hakam.signals.models.heads import HEADS, Head
from training.arabic import without_dots, written_in_latin
from training.corpora import Row

SEED = 20260101
BATCH = 32
_POOL = 40  # batches are cut from pools of this many, so that texts of like length come together
_WARM_UP = 0.06
_LIFT = 4.0
GROUP_WEIGHT = 2.0  # harmless texts that name a group: else the name alone soon counts as hate
PRESUMED = 0.3  # of labels that a corpus does not give and that follow only mostly
# Their labels know hate and nothing else: what is hateful is also toxic, what is not mostly is not.
_HATE_ONLY = frozenset({"edos", "gahd", "hatemojibuild", "ken20", "stormfront"})
LONGEST = 64  # tokens
PASSES = 2
# Rows of a source in one pass, at most. Large sources are read once in all passes together, small ones in each.
PER_PASS = {
    "arsarcasm_benign": 1_200, "davidson": 1_500, "edos": 4_300, "gahd": 3_500, "germeval2018": 2_500,
    "hatemojibuild": 2_600, "iwg_refugees": 300, "ken20": 4_000, "mlma_ar": 2_700, "mlma_en": 700, "mlma_fr": 1_700,
    "mpold": 3_300, "offenseval_tr": 3_000, "paradetox": 2_000, "ruhsold": 2_700, "stormfront": 1_900,
    "surge_toxicity": 300, "told_br": 3_000, "toxic_spans": 1_300,
}  # fmt: skip
HIDDEN = 0.12  # of Arabic rows are read again without dots, and as many in Latin letters
FOLDED = 0.05  # of rows are read as folding leaves them, for texts whose tricks were undone
HELD = 80  # dev rows of a source that are looked at while training


class Text(NamedTuple):
    """A row cut into pieces, with targets and weights, one a head."""

    ids: list[int]
    labels: list[float]
    weights: list[float]


def prepared(rows: Sequence[Row], pieces: Sequence[list[int]]) -> list[Text]:
    """Return rows as the loop wants them; rare positives and rare heads weigh more, up to a bound."""
    labels = np.zeros((len(rows), len(HEADS)), np.float32)
    weights = np.zeros_like(labels)
    for n, row in enumerate(rows):
        harmless = row.labels.get(Head.HATE) == 0 and row.labels.get(Head.TOXICITY) != 1
        weight = GROUP_WEIGHT if harmless and groups_named(row.text) else 1.0
        for place, head in enumerate(HEADS):
            if head in row.labels:
                labels[n, place], weights[n, place] = row.labels[head], weight
        if row.source in _HATE_ONLY:
            place = HEADS.index(Head.TOXICITY)
            labels[n, place], weights[n, place] = row.labels[Head.HATE], PRESUMED
    for place in range(len(HEADS)):
        ones = float((weights[:, place] * labels[:, place]).sum())
        zeros = float(weights[:, place].sum()) - ones
        lift = min(_LIFT, max(1.0, zeros / max(ones, 1.0) / 4))
        rare = min(3.0, (len(rows) / max(ones + zeros, 1.0)) ** 0.5)
        weights[:, place] *= np.where(labels[:, place] > 0, lift, 1.0) * rare
    return [
        Text(ids, one.tolist(), weight.tolist())
        for ids, one, weight in zip(pieces, labels, weights, strict=True)
    ]


def order(lengths: Sequence[int], seed: int) -> list[list[int]]:
    """Return the places of one pass in batches: shuffled, then texts of like length together, batches shuffled."""
    dice = random.Random(seed)
    places = list(range(len(lengths)))
    dice.shuffle(places)
    batches = []
    for start in range(0, len(places), BATCH * _POOL):
        pool = sorted(places[start : start + BATCH * _POOL], key=lengths.__getitem__)
        batches += [pool[n : n + BATCH] for n in range(0, len(pool), BATCH)]
    dice.shuffle(batches)
    return batches


def rate(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: a short rise, then half a cosine down to nothing."""
    rise = max(1, int(steps * _WARM_UP))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def passes(rows: Sequence[Row], count: int = PASSES) -> list[list[Row]]:
    """Return the rows of each pass: the next so many of each source, from the beginning again after its last."""
    dice = random.Random(SEED)
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        if row.split == "train":
            by_source.setdefault(row.source, []).append(row)
    for source in sorted(by_source):
        dice.shuffle(by_source[source])
    made = []
    for number in range(count):
        found: list[Row] = []
        for source, part in sorted(by_source.items()):
            size = min(PER_PASS.get(source, len(part)), len(part))
            found += [part[(number * size + n) % len(part)] for n in range(size)]
        found += [
            row._replace(text=hide(row.text))
            for row in found
            if row.language == "ar"
            for hide in (without_dots, written_in_latin)
            if dice.random() < HIDDEN
        ]
        made.append([row._replace(text=fold(row.text)) if dice.random() < FOLDED else row for row in found])
    return made


def held_back(rows: Sequence[Row]) -> list[Row]:
    """Return some dev rows of each source, to look at while training."""
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        if row.split == "dev":
            by_source.setdefault(row.source, []).append(row)
    return [row for part in by_source.values() for row in part[:: max(1, len(part) // HELD)]]
