"""Give languages that no corpus speaks of scales and thresholds of their own, in models that are finished.

    python -m training.further --linear linear.bin --encoder models/hakam-encoder/src/hakam_encoder

Fitted to the seed sentences of nine languages, which neither model learnt from. Only what a model does not say for a
language itself is filled in; weights, and all that corpora decided, stay as they are. Takes a minute or two.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from hakam.signals.fold import fold_counting
from hakam.signals.models.calibration import ANY, Scale, best_threshold, fit
from hakam.signals.models.encoder import Encoder
from hakam.signals.models.features import prepare
from hakam.signals.models.fusion import Fusion
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import LinearModel, pack, unpack
from hakam.signals.models.reading import TRAINED_LINEAR
from training.corpora import SEEDED, Row, seeds

# A model that hardly ranks a language would flag half of everything, if both kinds of mistakes weighed the same.
MOST_WRONG = 0.1  # share of the harmless sentences that a threshold may flag
# A corpus measures it whose labels no model learnt from: what was measured there holds for the common numbers.
_MEASURED = frozenset({(Head.HATE, "fr")})
_FEWEST = 4  # sentences of each kind before a language has numbers of its own
_Table = dict[Head, dict[str, Any]]


def unlearnt() -> list[Row]:
    """Return the seed sentences that no model learnt from."""
    sources = {f"seed_{language}" for language in SEEDED}
    return [row for row in seeds() if row.source in sources]


def filled(
    scales: _Table, thresholds: _Table, sums: Any, rows: Sequence[Row], keep: frozenset[str]
) -> tuple[_Table, _Table, Any]:
    """Return both tables with what they lacked, and the probabilities that they give of the rows.

    `sums`: one row a text, one column a head. Languages in `keep` get thresholds only, and say what they said.
    """
    scales, thresholds = ({head: dict(table[head]) for head in table} for table in (scales, thresholds))
    said = np.zeros(sums.shape)
    for place, head in enumerate(HEADS):
        common: Scale = scales[head][ANY]
        for language in SEEDED:
            here = [n for n, row in enumerate(rows) if row.language == language]
            known = [n for n in here if head in rows[n].labels]
            labels = np.array([rows[n].labels[head] for n in known])
            enough = _enough(labels) and (head, language) not in _MEASURED
            if language not in scales[head]:
                own = enough and language not in keep
                scales[head][language] = fit(sums[known, place], labels, common) if own else common
                if enough:
                    p = np.array([scales[head][language](float(x)) for x in sums[known, place]])
                    thresholds[head][language] = best_threshold(p, labels, most_wrong=MOST_WRONG)
            said[here, place] = [scales[head][language](float(x)) for x in sums[here, place]]
            thresholds[head].setdefault(language, thresholds[head][ANY])
    return scales, thresholds, said


def _enough(labels: Any) -> bool:
    return min(int((labels == 1).sum()), int((labels == 0).sum())) >= _FEWEST


def of_linear(model: LinearModel, rows: Sequence[Row]) -> tuple[bytes, Any]:
    """Return the file of the linear model with what it lacked, and what it says of the rows."""
    sums = []
    for row in rows:
        folded, repairs = fold_counting(row.text)
        sums.append(model.sums(prepare(folded), row.text, repairs))
    scales, thresholds, said = filled(
        model.head.scales, model.head.thresholds, np.array(sums), rows, TRAINED_LINEAR
    )
    head = msgspec.structs.replace(model.head, scales=scales, thresholds=thresholds)
    return pack(head, model.table), said


def of_encoder(encoder: Encoder, rows: Sequence[Row], linear: Any, beside: str) -> bytes:
    """Return the manifest with what it lacked. `linear`: what the linear model `beside` says of the rows."""
    told = encoder.manifest
    old = told.fusion
    assert old is not None
    scales, thresholds, apart = filled(
        told.scales, told.thresholds, encoder.sums([row.text for row in rows]), rows, frozenset()
    )
    doubt = linear[:, [HEADS.index(head) for head in old.asked]]
    twice = ((doubt > old.unsure[0]) & (doubt < old.unsure[1])).any(1)
    twice |= np.array([row.language not in TRAINED_LINEAR for row in rows])
    both = np.where(twice[:, None], apart, linear)
    cuts = {head: dict(table) for head, table in old.cuts.items()}
    for place, head in enumerate(HEADS):
        for language in SEEDED:
            known = [n for n, row in enumerate(rows) if row.language == language and head in row.labels]
            labels = np.array([rows[n].labels[head] for n in known])
            enough = _enough(labels) and (head, language) not in _MEASURED
            if language not in cuts[head]:
                # A blend was fitted to corpora: there the common cut stays.
                own = enough and language not in old.blends[head]
                cuts[head][language] = (
                    best_threshold(both[known, place], labels, most_wrong=MOST_WRONG)
                    if own
                    else cuts[head][ANY]
                )
    fusion = Fusion(beside, old.unsure, old.asked, old.blends, cuts)
    manifest = msgspec.structs.replace(told, scales=scales, thresholds=thresholds, fusion=fusion)
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def main() -> None:
    """Fill both models in, in place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--linear", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    given = parser.parse_args()
    rows = unlearnt()
    data, said = of_linear(unpack(given.linear.read_bytes()), rows)
    manifest = of_encoder(Encoder(given.encoder), rows, said, unpack(data).id)
    given.linear.write_bytes(data)
    (given.encoder / "manifest.json").write_bytes(manifest)
    print(f"{len(rows):,} sentences; {unpack(data).id}, {Encoder(given.encoder).id}")


if __name__ == "__main__":
    main()
