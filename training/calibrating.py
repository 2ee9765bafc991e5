"""From an exported encoder to probabilities and thresholds, alone and beside the shipped linear model.

    python -m training.calibrating DATA --out FOLDER --work FOLDER [--no-share-alike]

Everything is fitted to dev rows as the exported network reads them. Run it by itself when the linear model changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from hakam.signals.evaluation.figures import auc
from hakam.signals.models import shipped
from hakam.signals.models.calibration import ANY, best_threshold, by_language, fit_languages
from hakam.signals.models.encoder import Encoder, Manifest
from hakam.signals.models.fusion import Fusion, fit_blends
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import LinearModel
from hakam.signals.models.reading import TRAINED_LINEAR
from training.corpora import SHARE_ALIKE, Row, corpora, seeds
from training.passes import LONGEST

BASE = "intfloat/multilingual-e5-small (MIT), 6 of 12 layers, upper 4 fine-tuned, vocabulary cut to 64,000 pieces"
ASKED = (Head.TOXICITY, Head.HATE, Head.THREAT, Head.EXTREMISM, Head.HARASSMENT)
UPPER = (0.90, 0.97, 1.0)
LOWER = (0.0, 0.01, 0.02, 0.03, 0.05, 0.10)
_LOSS = 0.003  # of AUC that a cascade may lose on the mean of sources, against reading every text twice
_FEWEST = 15
_MOST = 800  # dev rows of a source
_NO_THRESHOLD = {"at": 0.5, "macro_f1": 0, "low": 0, "high": 1, "positives": 0, "negatives": 0}


class Heard(NamedTuple):
    """What both models say of dev rows. One row a text, one column a head."""

    rows: Sequence[Row]
    sums: Any  # of the encoder
    linear: Any  # probabilities of the linear tier


def hear(encoder: Encoder, linear: LinearModel, rows: Sequence[Row]) -> Heard:
    """Ask both models."""
    scores = [linear.score(row.text, row.language) for row in rows]
    table = np.array([[one[head] for head in HEADS] for one in scores])
    return Heard(rows, encoder.sums([row.text for row in rows]), table)


def _known(heard: Heard, head: Head) -> tuple[list[int], Any, list[str]]:
    here = [n for n, row in enumerate(heard.rows) if head in row.labels]
    labels = np.array([heard.rows[n].labels[head] for n in here])
    return here, labels, [heard.rows[n].language for n in here]


def _cuts(p: Any, labels: Any, tags: Sequence[str]) -> dict[str, Any]:
    """Return a threshold for all languages and one for each with texts enough of both kinds."""
    found = {ANY: best_threshold(p, labels)}
    for tag in sorted(set(tags)):
        mine = np.array([t == tag for t in tags])
        if min(int((labels[mine] == 1).sum()), int((labels[mine] == 0).sum())) >= _FEWEST:
            found[tag] = best_threshold(p[mine], labels[mine])
    return found


def alone(heard: Heard) -> tuple[dict[Head, Any], dict[Head, Any], Any]:
    """Return scales, thresholds and the probabilities that they give of every dev row."""
    scales: dict[Head, Any] = {}
    thresholds: dict[Head, Any] = {}
    table = np.empty(heard.sums.shape)
    for place, head in enumerate(HEADS):
        here, labels, tags = _known(heard, head)
        scales[head] = fit_languages(heard.sums[here, place], labels, tags)
        table[:, place] = [
            by_language(scales[head], row.language)(float(value))
            for row, value in zip(heard.rows, heard.sums[:, place], strict=True)
        ]
        thresholds[head] = _cuts(table[here, place], labels, tags)
    return scales, thresholds, table


def together(heard: Heard, apart: Any, beside: str) -> tuple[Fusion, float]:
    """Return how both models are used together, and the share of dev rows that are read twice.

    `apart` holds what the encoder alone says. The narrowest range of doubt is taken that ranks nearly as well as
    reading everything twice.
    """
    blends: dict[Head, Any] = {}
    both = apart.copy()
    for place, head in enumerate(HEADS):
        here, labels, tags = _known(heard, head)
        blends[head] = fit_blends(
            (heard.linear[here, place], heard.sums[here, place]), labels, tags, TRAINED_LINEAR
        )
        for n, row in enumerate(heard.rows):
            blend = blends[head].get(row.language)
            if blend is not None:
                both[n, place] = blend(float(heard.linear[n, place]), float(heard.sums[n, place]))
    asked = [HEADS.index(head) for head in ASKED]
    unknown = np.array([row.language not in TRAINED_LINEAR for row in heard.rows])
    tried = []
    whole = _mean_auc(heard, both)
    for low in LOWER:
        for high in UPPER:
            doubt = heard.linear[:, asked]
            twice = ((doubt > low) & (doubt < high)).any(1) | unknown
            table = np.where(twice[:, None], both, heard.linear)
            loss = whole - _mean_auc(heard, table)
            tried.append((float(twice.mean()), loss, low, high, table))
            print(
                f"  doubt {low:.2f}-{high:.2f}: {twice.mean():.1%} read twice, AUC {-loss:+.4f}", flush=True
            )
    share, _, low, high, table = min(one for one in tried if one[1] <= _LOSS)
    cuts = {}
    for place, head in enumerate(HEADS):
        here, labels, tags = _known(heard, head)
        cuts[head] = _cuts(table[here, place], labels, tags)
    return Fusion(beside, (low, high), ASKED, blends, cuts), share


def _dev(rows: Sequence[Row]) -> list[Row]:
    """Return the dev rows, of each source at most so many, spread evenly."""
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        if row.split == "dev":
            by_source.setdefault(row.source, []).append(row)
    return [row for _, part in sorted(by_source.items()) for row in part[:: max(1, -(-len(part) // _MOST))]]


def _mean_auc(heard: Heard, table: Any) -> float:
    """Return the mean AUC over heads and sources with texts enough."""
    found = []
    for place, head in enumerate(HEADS):
        by_source: dict[str, list[int]] = {}
        for n, row in enumerate(heard.rows):
            if head in row.labels:
                by_source.setdefault(row.source, []).append(n)
        for here in by_source.values():
            y = np.array([heard.rows[n].labels[head] for n in here])
            if min(int((y == 1).sum()), int((y == 0).sum())) >= _FEWEST:
                found.append(auc(table[here, place], y))
    return float(np.mean(found)) if found else 0.5


def write_manifest(folder: Path, **told: Any) -> None:
    """Write what the folder says of its model."""
    plain: dict[str, Any] = {
        "name": "encoder",
        "version": "2",
        "heads": list(HEADS),
        "longest": LONGEST,
        "scales": {head: {ANY: {"slope": 1, "shift": 0}} for head in HEADS},
        "thresholds": {head: {ANY: _NO_THRESHOLD} for head in HEADS},
        "sources": [],
        "share_alike": [],
        "base": BASE,
    }
    manifest = msgspec.convert(msgspec.to_builtins({**plain, **told}), Manifest)
    (folder / "manifest.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"
    )


def calibrate(folder: Path, rows: Sequence[Row], work: Path) -> None:
    """Fit everything to the dev rows, and write the manifest. What the models said is kept in `work`."""
    write_manifest(folder)
    linear = shipped.shipped_linear()
    dev = _dev(rows)
    heard = hear(Encoder(folder), linear, dev)
    np.savez(work / "dev.npz", sums=heard.sums, linear=heard.linear)
    scales, thresholds, apart = alone(heard)
    fusion, share = together(heard, apart, linear.id)
    sources = sorted({row.source for row in rows})
    write_manifest(
        folder,
        scales=scales,
        thresholds=thresholds,
        sources=sources,
        share_alike=sorted(SHARE_ALIKE & set(sources)),
        fusion=fusion,
    )
    low, high = fusion.unsure
    print(
        f"{len(dev):,} dev rows; doubt from {low} to {high}: {share:.1%} of them are read twice", flush=True
    )


def main() -> None:
    """Calibrate a folder whose network is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--no-share-alike", action="store_true")
    given = parser.parse_args()
    rows = [row for row in corpora(given.data, share_alike=not given.no_share_alike) if row.split != "test"]
    calibrate(given.out, [*rows, *seeds()], given.work)


if __name__ == "__main__":
    main()
