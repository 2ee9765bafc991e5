"""The linear tier: what it learns, its file, its id, long texts, damaged files."""

from __future__ import annotations

import struct

import msgspec
import numpy as np
import pytest

from hakam.signals.models.calibration import ANY
from hakam.signals.models.fitting import Example, TooFewLabelsError, fit_linear, recalibrate
from hakam.signals.models.heads import HEADS, Head
from hakam.signals.models.linear import MARK, LinearModel, UnreadableModelError, pack, scores_by_name, unpack


@pytest.fixture(scope="module")
def model(small: bytes) -> LinearModel:
    return unpack(small)


def test_it_learns_words(model: LinearModel) -> None:
    rude = model.score("what a vile garden this is", "en")[Head.TOXICITY]
    kind = model.score("what a gentle garden this is", "en")[Head.TOXICITY]
    assert rude > 0.7
    assert kind < 0.3


def test_every_head_has_a_probability(model: LinearModel) -> None:
    found = model.score("anything at all")
    assert tuple(found) == HEADS
    assert all(0 <= value <= 1 for value in found.values())
    assert scores_by_name(found)["toxicity"] == found[Head.TOXICITY]


def test_what_the_caller_folded_is_not_folded_again(model: LinearModel) -> None:
    plain = model.score("What A Vile Garden", "en")
    assert model.score("What A Vile Garden", "en", folded="what a vile garden", repairs=0) == plain


def test_a_hidden_word_is_seen(model: LinearModel) -> None:
    hidden = model.score("what a v\u200bi\u200bl\u200be garden this is", "en")[Head.TOXICITY]
    assert hidden > 0.7


def test_the_end_of_a_long_text_counts(model: LinearModel) -> None:
    long = "what a gentle garden this is " * 100
    assert model.score(long, "en")[Head.TOXICITY] < 0.5
    assert model.score(long + "vile rotten cruel foul horrid " * 12, "en")[Head.TOXICITY] > 0.7


def test_the_same_sentences_give_the_same_bytes(small: bytes) -> None:
    examples = [
        Example(f"a {word} thing", "en", {Head.SPAM: n % 2})
        for n, word in enumerate("abcdefghijklmnopqrstuvwxyz")
    ]
    assert fit_linear(examples, examples) == fit_linear(examples, examples)
    assert unpack(small).id == unpack(small).id


def test_the_id_changes_with_any_number_of_the_model(small: bytes, model: LinearModel) -> None:
    table = model.table.copy()
    table[0, 0] += 1
    assert unpack(pack(model.head, table)).id != model.id
    assert model.id.startswith("linear-1-")


def test_heads_without_labels_say_the_same_of_all(model: LinearModel) -> None:
    assert model.score("vile")[Head.THREAT] == model.score("gentle day")[Head.THREAT]


def test_thresholds_are_of_the_language_or_of_all(model: LinearModel) -> None:
    of_spanish = model.threshold(Head.TOXICITY, "es")
    assert of_spanish == model.head.thresholds[Head.TOXICITY]["es"]
    assert model.threshold(Head.TOXICITY, "es-MX") == of_spanish
    assert model.threshold(Head.TOXICITY, "sw") == model.head.thresholds[Head.TOXICITY][ANY]
    assert of_spanish.low <= of_spanish.macro_f1 <= of_spanish.high


def test_recalibrating_changes_scales_and_not_weights(model: LinearModel) -> None:
    turned = [Example(f"what a vile {n} this is", "en", {Head.TOXICITY: n % 2}) for n in range(60)]
    other = unpack(recalibrate(model, turned))
    assert np.array_equal(other.table, model.table)
    assert other.id != model.id
    text = "what a vile garden this is"
    assert other.score(text, "en")[Head.TOXICITY] < model.score(text, "en")[Head.TOXICITY]
    assert other.head.scales[Head.SPAM] == model.head.scales[Head.SPAM]


def test_languages_that_texts_do_not_tell_keep_their_scales_and_thresholds(model: LinearModel) -> None:
    own = [Example(f"what a vile {n} this is", "en", {Head.TOXICITY: n % 2}) for n in range(60)]
    few = [Example(f"un vil {n}", "es", {Head.TOXICITY: n % 2}) for n in range(6)]
    told: list[str] = []
    other = unpack(recalibrate(model, own + few, told.append))
    head = Head.TOXICITY
    assert "es" in model.head.scales[head]
    assert other.head.scales[head]["es"] == model.head.scales[head]["es"]
    assert other.head.thresholds[head]["es"] == model.head.thresholds[head]["es"]
    assert other.head.scales[head]["en"] != model.head.scales[head].get("en")
    assert other.head.thresholds[head]["en"].positives == 30
    assert told == ["toxicity: fitted to 66 texts", "writing"]


def test_nothing_is_learnt_from_nothing() -> None:
    with pytest.raises(TooFewLabelsError):
        fit_linear([Example("a", "en", {Head.SPAM: 1})] * 5, [])


@pytest.mark.parametrize("cut", [0, 5, len(MARK) + 2, 200, -50])
def test_a_damaged_file_is_refused(small: bytes, cut: int) -> None:
    with pytest.raises(UnreadableModelError):
        unpack(small[:cut])


def test_a_model_of_another_making_is_refused(model: LinearModel) -> None:
    for change in ({"bits": 8}, {"features": 99}, {"folding": 99}, {"scales": {Head.SPAM: {}}}):
        with pytest.raises(UnreadableModelError):
            unpack(pack(msgspec.structs.replace(model.head, **change), model.table))


def test_a_head_that_is_no_json_is_refused() -> None:
    with pytest.raises(UnreadableModelError):
        unpack(MARK + struct.pack("<I", 3) + b"{{{")


def test_a_head_with_a_stronger_penalty_is_the_only_one_that_learns_less() -> None:
    examples = [
        Example(
            f"what a {word} thing", "en", {Head.SPAM: int(word in "aeiou"), Head.THREAT: int(word in "aeiou")}
        )
        for word in "abcdefghijklmnopqrstuvwxyz" * 6
    ]
    even = unpack(fit_linear(examples, []))
    uneven = unpack(fit_linear(examples, [], strengths={Head.THREAT: 60.0}))

    def spread(model: LinearModel, head: Head) -> float:
        return model.score("what a e thing", "en")[head] - model.score("what a f thing", "en")[head]

    assert spread(uneven, Head.SPAM) == pytest.approx(spread(even, Head.SPAM), abs=0.01)
    assert 0 < spread(uneven, Head.THREAT) < spread(even, Head.THREAT) / 2
