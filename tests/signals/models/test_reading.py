"""Reading texts: memory, languages, flags, and the second tier where the first is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from hakam.signals.models import shipped
from hakam.signals.models.calibration import ANY, Scale, Threshold
from hakam.signals.models.fusion import Blend, Fusion
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import unpack
from hakam.signals.models.reading import Reader, read_alone


class FixedEncoder:
    """Says the same of every text and remembers what it was asked."""

    id = "encoder-0-test"
    heads = HEADS

    def __init__(self, value: float, fusion: Fusion | None = None) -> None:
        self.value = value
        self.fusion = fusion
        self.asked: list[str] = []

    def sums(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        return np.full((len(texts), len(HEADS)), self.value, np.float32)

    def probability(self, head: Head, value: float, language: str | None) -> float:
        return Scale(1.0, 0.0)(value)

    def threshold(self, head: Head, language: str | None) -> Threshold:
        return CUT


CUT = Threshold(0.6, 0.8, 0.7, 0.9, 30, 30)


def fusion(beside: str, *, unsure: tuple[float, float] = (0.0, 1.0), at: float = 0.5) -> Fusion:
    return Fusion(
        beside,
        unsure,
        (Head.TOXICITY,),
        {Head.TOXICITY: {"en": Blend(0.0, 1.0, 0.0)}},
        {head: {ANY: CUT, "en": Threshold(at, 0.8, 0.7, 0.9, 30, 30)} for head in HEADS},
    )


def test_readings_come_in_order_and_are_remembered(small: bytes) -> None:
    reader = Reader(unpack(small))
    texts = ["what a vile garden this is", "what a gentle garden this is", "what a vile garden this is"]
    first, second, third = reader.read(texts, ["en"] * 3)
    assert first is third
    assert Head.TOXICITY in first.flagged
    assert Head.TOXICITY not in second.flagged
    assert reader.read(texts[:1], ["en"])[0] is first
    assert reader.read(texts[:1], ["es"])[0] is not first


def test_the_language_is_found_unless_it_is_given(small: bytes) -> None:
    reader = Reader(unpack(small))
    found, given = reader.read(["what a gentle garden this is today"] * 2, [None, "fr"])
    assert (found.language, given.language) == ("en", "fr")


def test_a_language_that_the_first_tier_does_not_know_goes_to_the_second(small: bytes) -> None:
    encoder = FixedEncoder(4.0)
    reader = Reader(unpack(small), encoder)  # type: ignore[arg-type]
    (found,) = reader.read(["que vile garden es este"], ["es"])
    assert encoder.asked == ["que vile garden es este"]
    assert found.scores[Head.HATE] == pytest.approx(0.982, abs=0.001)
    assert found.model == f"{unpack(small).id}+{encoder.id}"


def test_what_is_sure_does_not_go_there() -> None:
    encoder = FixedEncoder(4.0)
    linear = shipped.linear()
    reader = Reader(linear, encoder)  # type: ignore[arg-type]
    sure = "see you tomorrow at nine, thank you for the bread and the coffee"
    scores = linear.score(sure, "en")
    (found,) = reader.read([sure], ["en"])
    unsure = any(
        0.10 < scores[head] < 0.90 for head in (Head.TOXICITY, Head.HATE, Head.THREAT, Head.EXTREMISM)
    )
    assert bool(encoder.asked) is unsure
    assert (found.model == linear.id) is not unsure


def test_both_meet_in_the_middle_in_log_odds(small: bytes) -> None:
    linear = unpack(small)
    encoder = FixedEncoder(2.0)
    reader = Reader(linear, encoder)  # type: ignore[arg-type]
    text = "what a strange garden this is"
    (found,) = reader.read([text], ["en"])
    assert encoder.asked == [text]
    ours, theirs = linear.score(text, "en")[Head.TOXICITY], Scale(1.0, 0.0)(2.0)
    low, high = sorted((ours, theirs))
    assert low <= found.scores[Head.TOXICITY] <= high


def test_where_both_were_fitted_together_their_blend_counts(small: bytes) -> None:
    linear = unpack(small)
    encoder = FixedEncoder(2.0, fusion(linear.id))
    (found,) = Reader(linear, encoder).read(["what a strange garden this is"], ["en"])  # type: ignore[arg-type]
    assert found.scores[Head.TOXICITY] == pytest.approx(Scale(1.0, 0.0)(2.0), abs=1e-4)
    assert Head.TOXICITY in found.flagged


def test_a_blend_made_for_another_linear_model_is_not_used(small: bytes) -> None:
    linear = unpack(small)
    apart = FixedEncoder(2.0, fusion("linear-1-of-somebody-else"))
    plain = FixedEncoder(2.0)
    text = ["what a strange garden this is"]
    (found,) = Reader(linear, apart).read(text, ["en"])  # type: ignore[arg-type]
    (mean,) = Reader(linear, plain).read(text, ["en"])  # type: ignore[arg-type]
    assert found.scores == mean.scores


@pytest.mark.parametrize(("unsure", "asked"), [((0.0, 1.0), True), ((0.9999, 1.0), False)])
def test_what_counts_as_unsure_comes_with_the_encoder(
    small: bytes, unsure: tuple[float, float], asked: bool
) -> None:
    linear = unpack(small)
    encoder = FixedEncoder(0.0, fusion(linear.id, unsure=unsure))
    Reader(linear, encoder).read(["what a strange garden this is"], ["en"])  # type: ignore[arg-type]
    assert bool(encoder.asked) is asked


@pytest.mark.parametrize(("at", "flagged"), [(0.3, True), (0.99, False)])
def test_both_together_have_thresholds_of_their_own(small: bytes, at: float, flagged: bool) -> None:
    linear = unpack(small)
    encoder = FixedEncoder(1.0, fusion(linear.id, at=at))
    (found,) = Reader(linear, encoder).read(["what a strange garden this is"], ["en"])  # type: ignore[arg-type]
    assert (Head.TOXICITY in found.flagged) is flagged


def test_the_encoder_alone_is_read_for_measuring() -> None:
    encoder = FixedEncoder(1.0)
    texts = ["what a strange garden this is today", "que extraño es este jardín tan bonito hoy"]
    first, second = read_alone(encoder, texts, ["en", None])  # type: ignore[arg-type]
    assert (first.language, second.language) == ("en", "es")
    assert first.model == encoder.id
    assert first.scores == second.scores
    assert set(first.flagged) == set(HEADS)  # 0.73 is above 0.6


def test_a_text_whose_tricks_were_undone_is_read_as_folded(small: bytes) -> None:
    encoder = FixedEncoder(0.0)
    reader = Reader(unpack(small), encoder)  # type: ignore[arg-type]
    reader.read(["what a v1le g@rden"], ["es"])
    assert encoder.asked == ["what a vile garden"]


def test_the_shipped_reader_reads() -> None:
    (found,) = shipped.reader().read(["thank you for the lovely evening, see you soon"])
    assert found.language == "en"
    assert set(found.scores) == set(HEADS)
