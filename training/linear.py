"""Train the linear tier from a folder of labelled posts and the seed sentences.

    python -m training.linear DATA --out src/hakam/signals/models/linear.bin [--no-share-alike]

Deterministic: the same data give the same bytes. Takes minutes on one core; needs scipy (`hakam[train]`).
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

from hakam.signals.evaluation.groups import groups_named
from hakam.signals.models.fitting import Example, fit_linear
from hakam.signals.models.heads import Head
from training.arabic import without_dots, written_in_latin
from training.corpora import SHARE_ALIKE, Row, corpora, seeds

SEED = 20260101
ROUNDS = 120
# A weak penalty where there are tens of thousands of labelled texts, a strong one where seeds are nearly all there is.
STRENGTH = 0.6
STRENGTHS = {Head.TOXICITY: 0.15, Head.HATE: 0.15, Head.HARASSMENT: 0.15}
# Harmless texts that name a group of people weigh more: else the name alone soon counts as hate. Three would flag still
# fewer of them, and rank hate worse.
GROUP_WEIGHT = 2.0
# Seeds are few, and for most heads all that there is; of toxicity the corpora know enough.
_SEED_WEIGHT, _SEED_WEIGHT_TOXICITY = 4.0, 0.7


def rows(folder: Path, *, share_alike: bool) -> list[Row]:
    """Return train and dev rows: corpora, seeds, and copies of Arabic rows as people hide them."""
    dice = random.Random(SEED)
    found = [row for row in corpora(folder, share_alike=share_alike) if row.split != "test"]
    found += seeds()
    hidden = [
        row._replace(text=hide(row.text))
        for row in found
        if row.language == "ar" and row.split == "train"
        for hide in (without_dots, written_in_latin)
        if dice.random() < 0.4
    ]
    return found + hidden


def weighted(row: Row) -> list[Example]:
    """Return a row as one example, or a seed as two: what it says of toxicity weighs less."""
    if not row.source.startswith("seed"):
        harmless = row.labels.get(Head.HATE) == 0 and row.labels.get(Head.TOXICITY) != 1
        weight = GROUP_WEIGHT if harmless and groups_named(row.text) else 1.0
        return [Example(row.text, row.language, row.labels, weight)]
    rare = {head: label for head, label in row.labels.items() if head is not Head.TOXICITY}
    found = [Example(row.text, row.language, rare, _SEED_WEIGHT)]
    if Head.TOXICITY in row.labels:
        toxicity = {Head.TOXICITY: row.labels[Head.TOXICITY]}
        found.append(Example(row.text, row.language, toxicity, _SEED_WEIGHT_TOXICITY))
    return found


def main() -> None:
    """Train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--no-share-alike", action="store_true")
    given = parser.parse_args()
    began = time.monotonic()
    found = rows(given.data, share_alike=not given.no_share_alike)
    sources = sorted({row.source for row in found})
    examples = [example for row in found if row.split == "train" for example in weighted(row)]
    dev = [Example(row.text, row.language, row.labels) for row in found if row.split == "dev"]
    print(f"{len(examples):,} rows to train on, {len(dev):,} to calibrate on", flush=True)
    data = fit_linear(
        examples,
        dev,
        sources=sources,
        share_alike=sorted(SHARE_ALIKE & set(sources)),
        strength=STRENGTH,
        strengths=STRENGTHS,
        rounds=ROUNDS,
        report=print,
    )
    given.out.write_bytes(data)
    print(f"{given.out}: {len(data) / 1e6:.2f} MB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
