"""Reading texts: memory, languages, flags, and the second tier where the first is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from hakam.signals.models import shipped
from hakam.signals.models.calibration import Scale
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import unpack
from hakam.signals.models.reading import Reader


class FixedEncoder:
    """Says the same of every text and remembers what it was asked."""

    id = "encoder-0-test"
    heads = HEADS

    def __init__(self, value: float) -> None:
        self.value = value
        self.asked: list[str] = []

    def sums(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        return np.full((len(texts), len(HEADS)), self.value, np.float32)

    def probability(self, head: Head, value: float, language: str | None) -> float:
        return Scale(1.0, 0.0)(value)


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


def test_a_text_whose_tricks_were_undone_is_read_as_folded(small: bytes) -> None:
    encoder = FixedEncoder(0.0)
    reader = Reader(unpack(small), encoder)  # type: ignore[arg-type]
    reader.read(["what a v1le g@rden"], ["es"])
    assert encoder.asked == ["what a vile garden"]


def test_the_shipped_reader_reads() -> None:
    (found,) = shipped.reader().read(["thank you for the lovely evening, see you soon"])
    assert found.language == "en"
    assert set(found.scores) == set(HEADS)
