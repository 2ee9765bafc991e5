"""Training the model of targets: what corpora say of whom they attack."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import zstandard
from training.targets import SOURCES, labels_of, make, rows

from hakam.signals.models.targets import TARGETS, Target, unpack


@pytest.mark.parametrize(
    ("source", "raw", "targets"),
    [
        ("mlma_ar", "hateful|origin|african_descent", {Target.ORIGIN}),
        ("mlma_ar", "offensive|gender|women", {Target.GENDER}),
        ("mlma_en", "hateful|origin|refugees", {Target.ORIGIN, Target.MIGRANTS}),
        ("mlma_en", "offensive|other|individual", set()),
        ("mlma_en", "normal|gender|women", None),
        ("hatemojibuild", "derogation|['mus']", {Target.RELIGION}),
        ("hatemojibuild", "derogation|['muswom']", {Target.RELIGION, Target.GENDER}),
        ("hatemojibuild", "animosity|['gayman']", {Target.ORIENTATION}),
        ("hatemojibuild", "animosity|['asi.south.pak', 'immig']", {Target.ORIGIN, Target.MIGRANTS}),
        ("hatemojibuild", "none|['none']", None),
        ("hatemojibuild", "derogation|['wc']", None),
        ("ruhsold", "religious_hate", {Target.RELIGION}),
        ("ruhsold", "abusive", None),
    ],
)
def test_labels_of_a_corpus(source: str, raw: str, targets: set[Target] | None) -> None:
    found = labels_of(source, raw)
    if targets is None:
        assert found == {}
    else:
        assert found == {target: int(target in targets) for target in TARGETS}


def test_a_corpus_about_one_target_says_nothing_of_the_others() -> None:
    assert labels_of("edos", "2. derogation|2.1 descriptive attacks") == {Target.GENDER: 1}
    assert labels_of("edos", "none|none") == {}


def corpus(folder: Path, source: str, lines: list[tuple[str, str, str]]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["text", "lang", "split", "raw"])
    writer.writeheader()
    for text, split, raw in lines:
        writer.writerow({"text": text, "lang": "en", "split": split, "raw": raw})
    data = zstandard.ZstdCompressor().compress(out.getvalue().encode())
    (folder / f"{source}.csv.zst").write_bytes(data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made: dict[str, list[tuple[str, str, str]]] = {source: [] for source in SOURCES}
    for n in range(60):
        split = ("train", "train", "train", "dev", "test")[n % 5]
        made["mlma_en"] += [
            (f"those zork priests number {n}", split, "hateful|religion|other"),
            (f"the blum cousins number {n}", split, "hateful|gender|women"),
        ]
    for source, lines in made.items():
        corpus(tmp_path, source, lines)
    return tmp_path


def test_only_attacking_texts_are_learnt_from(data: Path) -> None:
    found = list(rows(data))
    assert len(found) == 120
    assert {row.split for row in found} == {"train", "dev", "test"}


def test_a_small_model_learns_what_the_corpus_tells(data: Path) -> None:
    made = make(data)
    assert made == make(data)  # the same texts give the same bytes
    model = unpack(made)
    zork, blum = model.score("more zork priests", "en"), model.score("more blum cousins", "en")
    assert zork[Target.RELIGION] > 0.7
    assert blum[Target.GENDER] > 0.7
    assert max(zork[Target.GENDER], blum[Target.RELIGION]) < 0.3
    assert model.score("boomers", "en")[Target.AGE] > 0.7  # without texts: the list of words alone
