"""From what both models say of dev rows to scales, blends, cuts and a range of doubt."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from training.calibrating import Heard, alone, together, write_manifest
from training.corpora import Row

from hakam.signals.evaluation.figures import auc
from hakam.signals.models.calibration import ANY
from hakam.signals.models.encoder import Manifest
from hakam.signals.models.heads import HEADS, Head
from training import calibrating

HATE = HEADS.index(Head.HATE)


def heard(*, linear: float, encoder: float, count: int = 1_200) -> Heard:
    """Return dev rows of two languages, with models that are right as often as their strength says."""
    dice = np.random.default_rng(11)
    truth = dice.integers(0, 2, count)
    rows = [
        Row(f"t{n}", ("en", "ar", "es")[n % 3], "dev", dict.fromkeys(HEADS, int(truth[n])), f"source{n % 3}")
        for n in range(count)
    ]
    noise = dice.normal(0, 1, (2, count, len(HEADS)))
    signs = (2 * truth - 1)[:, None]
    p = 1 / (1 + np.exp(-(linear * signs + noise[0])))
    return Heard(rows, (encoder * signs + noise[1]).astype(np.float32), p)


def test_probabilities_of_the_encoder_alone_hold() -> None:
    said = heard(linear=0.5, encoder=1.0)
    scales, thresholds, table = alone(said)
    truth = np.array([row.labels[Head.HATE] for row in said.rows])
    assert abs(table[:, HATE].mean() - truth.mean()) < 0.03
    assert set(scales[Head.HATE]) == {ANY, "en", "ar", "es"}
    assert 0.3 < thresholds[Head.HATE]["ar"].at < 0.7
    assert thresholds[Head.HATE]["ar"].positives + thresholds[Head.HATE]["ar"].negatives == 400


def test_both_together_are_cut_apart_from_either_and_know_their_partner() -> None:
    said = heard(linear=0.7, encoder=1.0)
    _, _, apart = alone(said)
    fusion, share = together(said, apart, "linear-1-x")
    assert fusion.beside == "linear-1-x"
    assert 0 < share <= 1
    assert set(fusion.blends[Head.HATE]) == {"en", "ar"}  # the linear model has not learnt Spanish
    blend = fusion.blends[Head.HATE]["en"]
    assert blend.encoder > 0.5
    assert blend.linear > 0.3
    english = [n for n, row in enumerate(said.rows) if row.language == "en"]
    truth = np.array([said.rows[n].labels[Head.HATE] for n in english])
    both = np.array([blend(float(said.linear[n, HATE]), float(said.sums[n, HATE])) for n in english])
    assert auc(both, truth) > max(auc(said.linear[english, HATE], truth), auc(apart[english, HATE], truth))


def test_a_linear_model_that_is_always_sure_and_right_needs_no_second_reading() -> None:
    sure = heard(linear=30.0, encoder=0.2)
    _, _, apart = alone(sure)
    _, share = together(sure, apart, "x")
    assert share == pytest.approx(1 / 3, abs=0.01)  # the language that it has not learnt


def test_a_linear_model_that_knows_nothing_is_asked_for_little() -> None:
    lost = heard(linear=0.0, encoder=1.5)
    _, _, apart = alone(lost)
    fusion, share = together(lost, apart, "x")
    assert share > 0.9
    assert fusion.blends[Head.HATE]["ar"].linear < 0.3


def test_dev_rows_are_taken_evenly_of_each_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrating, "_MOST", 10)
    rows = [
        Row(f"{s}{n}", "en", "dev", {Head.HATE: 0}, s)
        for s, count in (("a", 95), ("b", 7))
        for n in range(count)
    ]
    rows += [Row("train", "en", "train", {Head.HATE: 0}, "a")]
    found = calibrating._dev(rows)
    assert len([row for row in found if row.source == "a"]) == 10
    assert len([row for row in found if row.source == "b"]) == 7
    assert {row.split for row in found} == {"dev"}


def test_a_manifest_is_what_the_encoder_reads(tmp_path: Path) -> None:
    write_manifest(tmp_path, sources=["b", "a"], share_alike=["a"])
    told = msgspec.json.decode((tmp_path / "manifest.json").read_bytes(), type=Manifest)
    assert told.heads == HEADS
    assert told.sources == ("b", "a")
    assert told.fusion is None
    said = heard(linear=0.7, encoder=1.0)
    _, _, apart = alone(said)
    fusion, _ = together(said, apart, "linear-1-x")
    write_manifest(tmp_path, fusion=fusion)
    told = msgspec.json.decode((tmp_path / "manifest.json").read_bytes(), type=Manifest)
    assert told.fusion == fusion
