"""Makes the model of targets: `python -m training.targets DATA --out src/hakam/signals/models/targets.bin`.

Learns from hateful and abusive texts whose corpus names whom they attack. Prints what it measured on test splits.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from scipy import optimize

from hakam.signals.evaluation.figures import auc, average_precision
from hakam.signals.fold import fold_counting, split_words
from hakam.signals.models.calibration import ANY
from hakam.signals.models.features import ROWS, SHAPE_ROWS
from hakam.signals.models.fitting import Example, _matrix
from hakam.signals.models.fusion import Blend, even, fit_blend, fit_blends
from hakam.signals.models.targets import TARGETS, Target, TargetHead, pack, targets_named, unpack
from training.corpora import _part, _raw_rows

_ATTRIBUTES: Final = {
    "origin": Target.ORIGIN,
    "religion": Target.RELIGION,
    "gender": Target.GENDER,
    "sexual_orientation": Target.ORIENTATION,
    "disability": Target.DISABILITY,
}
_GROUPS: Final = {
    "women": Target.GENDER,
    "gay": Target.ORIENTATION,
    "special_needs": Target.DISABILITY,
    "refugees": Target.MIGRANTS,
    "immigrants": Target.MIGRANTS,
    "muslims": Target.RELIGION,
    "jews": Target.RELIGION,
    "christian": Target.RELIGION,
    "african_descent": Target.ORIGIN,
    "arabs": Target.ORIGIN,
    "asians": Target.ORIGIN,
    "hispanics": Target.ORIGIN,
    "indian/hindu": Target.ORIGIN,
}
_CODES: Final = (
    (Target.RELIGION, ("mus", "jew", "sikh", "hin", "chr")),
    (
        Target.ORIGIN,
        ("bla", "african", "arab", "asi", "hisp", "ethmin", "mix", "nat.", "indig", "trav", "ind", "rom"),
    ),
    (Target.ORIENTATION, ("gay", "lgbt", "bis", "trans", "les", "nonb")),
    (Target.DISABILITY, ("dis",)),
    (Target.MIGRANTS, ("immig", "ref", "for", "asylum")),
    (Target.AGE, ("old", "eld", "you")),
)
SOURCES: Final = ("mlma_ar", "mlma_en", "mlma_fr", "hatemojibuild", "edos", "ruhsold")
# Of a target without texts to fit to (age): the list of words alone, as right as it is of the other targets.
LIST_ALONE: Final = Blend(0.0, 4.5, -3.2)
_MIN: Final = 20
FEWEST: Final = 8  # texts that name a group, before their share is believed
_STRENGTH: Final = 0.6


class Row(NamedTuple):
    """One hateful or abusive text. `labels` holds 1 or 0 for the targets that are known."""

    text: str
    language: str
    split: str
    labels: dict[Target, int]
    source: str


def labels_of(source: str, raw: str) -> dict[Target, int]:  # noqa: C901 -- one branch a corpus
    """Return what a corpus says of the targets of a text; nothing for a text that attacks nobody."""
    found: set[Target] = set()
    if source.startswith("mlma_"):
        kinds, attribute, group = raw.split("|")
        if kinds == "normal":
            return {}
        found = {one for one in (_ATTRIBUTES.get(attribute), _GROUPS.get(group)) if one is not None}
    elif source == "hatemojibuild":
        codes = ast.literal_eval(raw.split("|", 1)[1])
        if codes == ["none"]:
            return {}
        for code in codes:
            found |= {target for target, begins in _CODES if code.startswith(begins)}
            if "wom" in code:
                found.add(Target.GENDER)
        if not found:
            return {}
    elif source == "edos":
        return {} if raw.startswith("none") else {Target.GENDER: 1}
    elif source == "ruhsold":
        only = {"sexism": Target.GENDER, "religious_hate": Target.RELIGION}.get(raw)
        if only is None:
            return {}
        found = {only}
    return {target: int(target in found) for target in TARGETS}


def rows(folder: Path) -> Iterator[Row]:
    """Yield the labelled texts of all corpora that name targets."""
    for source in SOURCES:
        raw = list(_raw_rows(folder / f"{source}.csv.zst"))
        has_dev = any(row["split"] == "dev" for row in raw)
        for row in raw:
            labels = labels_of(source, row["raw"])
            split = row["split"]
            if split == "train" and not has_dev and _part(row["text"]) < 10:
                split = "dev"
            if labels:
                yield Row(row["text"], row["lang"], split, labels, source)


def fit(x: Any, y: Any) -> Any:
    """Return the weights of a logistic regression, rare positives weighing up to five times."""
    weight = np.where(y > 0, min(5.0, max(1.0, (y == 0).sum() / max(1, y.sum()) / 3)), 1.0)
    across = x.T.tocsr()

    def loss(at: Any) -> tuple[float, Any]:
        z = x @ at.astype(np.float32)
        gap = weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - y)
        value = float((weight * (np.logaddexp(0, z) - y * z)).sum(dtype=np.float64))
        return value + 0.5 * _STRENGTH * float(at @ at), across @ gap.astype(np.float32) + _STRENGTH * at

    start = np.zeros(x.shape[1])
    return optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 30, "maxcor": 6}).x


def best_cut(p: Any, y: Any) -> float:
    """Return the cut of the best F1."""
    cuts = [n / 100 for n in range(10, 91, 2)]
    return max(cuts, key=lambda cut: f1(p >= cut, y))


def f1(said: Any, y: Any) -> float:
    """Return F1."""
    both = float((said & (y == 1)).sum())
    return 2 * both / max(1.0, float(said.sum()) + float((y == 1).sum()))


def make(folder: Path) -> bytes:
    """Return the file of the model."""
    found = list(rows(folder))
    train, dev = ([row for row in found if row.split == split] for split in ("train", "dev"))
    x = _matrix([Example(row.text, row.language, {}) for row in train])
    table = np.zeros((ROWS + SHAPE_ROWS, len(TARGETS)), np.int8)
    steps: list[float] = []
    blends: dict[Target, dict[str, Blend]] = {}
    cuts: dict[Target, dict[str, float]] = {}
    floors: dict[Target, dict[str, float]] = {}
    plain = {target: {ANY: Blend(1.0, 0.0, 0.0)} for target in TARGETS}
    for place, target in enumerate(TARGETS):
        known = [n for n, row in enumerate(train) if target in row.labels]
        y = np.array([train[n].labels[target] for n in known])
        learnt = fit(x[known], y) if y.sum() >= _MIN else np.zeros(x.shape[1])
        widest = float(np.quantile(np.abs(learnt[learnt != 0]), 0.9999)) if learnt.any() else 1.0
        steps.append(round(widest / 126, 9))
        table[:, place] = np.clip(np.rint(learnt / steps[-1]), -126, 126).astype(np.int8)
        print(f"{target}: {int(y.sum())} of {len(y)} texts")
    middle = {target: {ANY: 0.5} for target in TARGETS}
    head = TargetHead(TARGETS, tuple(steps), plain, middle, middle, SOURCES)
    model = unpack(pack(head, table))
    for place, target in enumerate(TARGETS):
        here = [row for row in dev if target in row.labels]
        y = np.array([row.labels[target] for row in here])
        folded = [fold_counting(row.text) for row in here]
        sums = [
            float(model.sums(form, row.text, repairs)[place])
            for row, (form, repairs) in zip(here, folded, strict=True)
        ]
        p = np.array([even(value) for value in sums])
        named = np.array([float(target in targets_named(split_words(form))) for form, _ in folded])
        blends[target], cuts[target], floors[target] = {ANY: LIST_ALONE}, {ANY: 0.5}, {ANY: 0.7}
        if y.sum() < 5:
            continue
        tags = [row.language for row in here]
        together = fit_blend(p, named, y)
        blends[target] = {ANY: together, **fit_blends((p, named), y, tags, frozenset(tags))}
        for tag, blend in blends[target].items():
            mine = np.array([tag in {ANY, one} for one in tags])
            hits = y[mine][named[mine] > 0]
            floors[target][tag] = round(float(hits.mean()), 3) if len(hits) >= FEWEST else 0.5
            q = np.array(
                [max(blend(a, b), floors[target][tag] * b) for a, b in zip(p[mine], named[mine], strict=True)]
            )
            cuts[target][tag] = best_cut(q, y[mine])
    return pack(TargetHead(TARGETS, tuple(steps), blends, cuts, floors, SOURCES), table)


def measure(data: bytes, folder: Path) -> None:
    """Print a row of the model card for each language and target of the test splits."""
    model = unpack(data)
    test = [row for row in rows(folder) if row.split == "test"]
    print(
        "| language | target | texts | AUC | average precision | F1 | precision | recall | words alone: F1 |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for language in sorted({row.language for row in test}):
        for target in TARGETS:
            here = [row for row in test if row.language == language and target in row.labels]
            y = np.array([row.labels[target] for row in here])
            if y.sum() < 5 or (y == 0).sum() < 5:
                continue
            p = np.array([model.score(row.text, language)[target] for row in here])
            said = p >= model.cut(target, language)
            named = np.array(
                [target in targets_named(split_words(fold_counting(row.text)[0])) for row in here]
            )
            both = float((said & (y == 1)).sum())
            print(
                f"| {language} | {target} | {int(y.sum())}+{int((y == 0).sum())} | {auc(p, y):.3f} | "
                f"{average_precision(p, y):.3f} | {f1(said, y):.3f} | {both / max(1, said.sum()):.2f} | "
                f"{both / y.sum():.2f} | {f1(named, y):.3f} |"
            )


def main() -> None:
    """Make the model and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    made = make(given.data)
    given.out.write_bytes(made)
    print(unpack(made).id, len(made), "bytes")
    measure(made, given.data)


if __name__ == "__main__":
    main()
