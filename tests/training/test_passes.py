"""What the encoder is trained on: fair shares of sources, weights that stay in bounds, batches that lose nothing."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training.corpora import KEPT_OUT, UNCONFIRMED, Row
from training.passes import (
    BATCH,
    GROUP_WEIGHT,
    PER_PASS,
    PRESUMED,
    held_back,
    order,
    passes,
    prepared,
    rate,
)

from hakam.signals.models.heads import HEADS, Head

TOXICITY, HATE = HEADS.index(Head.TOXICITY), HEADS.index(Head.HATE)


def row(
    text: str, source: str = "mpold", *, split: str = "train", language: str = "en", **labels: int
) -> Row:
    return Row(text, language, split, {Head(name): value for name, value in labels.items()}, source)


def many(source: str, count: int, *, split: str = "train", language: str = "en") -> list[Row]:
    return [
        row(f"{source} text {n}", source, split=split, language=language, hate=n % 2) for n in range(count)
    ]


def test_a_large_source_gives_so_many_rows_a_pass_and_others_in_the_next() -> None:
    size = PER_PASS["surge_toxicity"]
    first, second = passes(many("surge_toxicity", 3 * size), 2)
    assert len(first) == len(second) == size
    assert {one.text for one in first}.isdisjoint(one.text for one in second)


def test_a_small_source_is_read_whole_in_each_pass() -> None:
    rows = many("seed_en", 40)
    for part in passes(rows, 3):
        assert {one.text for one in part} == {one.text for one in rows}


def test_a_source_that_runs_out_begins_again() -> None:
    size = PER_PASS["surge_toxicity"]
    rows = many("surge_toxicity", size + 10)
    seen = Counter(one.text for part in passes(rows, 2) for one in part)
    assert len(seen) == size + 10
    assert max(seen.values()) == 2


def test_only_train_rows_are_learnt_from() -> None:
    rows = many("mpold", 30) + many("mpold", 30, split="dev") + many("mpold", 30, split="test")
    assert {one.split for part in passes(rows, 2) for one in part} == {"train"}
    assert {one.split for one in held_back(rows)} == {"dev"}


def test_some_arabic_is_read_as_people_hide_it() -> None:
    rows = [row(f"كلمة طيبة رقم {n}", "mlma_ar", language="ar", hate=0) for n in range(400)]
    (part,) = passes(rows, 1)
    hidden = part[400:]
    assert 40 <= len(hidden) <= 180
    assert any(one.text.isascii() for one in hidden)
    assert any("ٮ" in one.text for one in hidden)


def test_the_same_rows_give_the_same_passes() -> None:
    rows = many("edos", 200) + many("mlma_ar", 50, language="ar")
    assert passes(rows, 2) == passes(rows, 2)


def test_no_corpus_without_a_confirmed_licence_has_a_share() -> None:
    assert not set(PER_PASS) & (UNCONFIRMED | KEPT_OUT)


def test_unknown_labels_weigh_nothing() -> None:
    (one,) = prepared([row("good", hate=0)], [[0, 2]])
    assert one.weights[HATE] > 0
    assert [w for place, w in enumerate(one.weights) if place != HATE] == [0.0] * (len(HEADS) - 1)


def test_harmless_talk_about_a_group_weighs_more() -> None:
    plain, named = prepared(
        [row("the bread is good", hate=0), row("women bake good bread", hate=0)], [[0, 2], [0, 2]]
    )
    assert named.weights[HATE] == pytest.approx(GROUP_WEIGHT * plain.weights[HATE])


def test_a_corpus_of_hate_alone_says_little_of_toxicity_but_says_both() -> None:
    rows = [row("a", "gahd", hate=1, toxicity=1), row("b", "gahd", hate=0)]
    bad, good = prepared(rows, [[0, 2]] * 2)
    assert (bad.labels[TOXICITY], good.labels[TOXICITY]) == (1.0, 0.0)
    assert 0 < good.weights[TOXICITY] <= PRESUMED * 3
    assert good.weights[TOXICITY] < good.weights[HATE]


def test_rare_positives_weigh_more_up_to_a_bound() -> None:
    rows = [row(f"t{n}", hate=int(n == 0)) for n in range(200)]
    found = prepared(rows, [[0, 2]] * 200)
    assert found[1].weights[HATE] < found[0].weights[HATE] <= 4.0 * found[1].weights[HATE] + 1e-6


@given(st.lists(st.integers(2, 64), min_size=1, max_size=400), st.integers(0, 9))
def test_every_text_is_in_one_batch(lengths: list[int], seed: int) -> None:
    batches = order(lengths, seed)
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    assert max(map(len, batches)) <= BATCH


def test_texts_of_like_length_come_together() -> None:
    lengths = [n % 64 + 1 for n in range(1_280)]
    spans = [max(lengths[n] for n in batch) - min(lengths[n] for n in batch) for batch in order(lengths, 1)]
    assert max(spans) <= 3


@pytest.mark.parametrize("steps", [10, 100, 1_800])
def test_the_rate_rises_once_and_falls_to_nothing(steps: int) -> None:
    seen = [rate(step, steps) for step in range(steps)]
    top = seen.index(max(seen))
    assert max(seen) == pytest.approx(1.0, abs=0.1)
    assert all(a <= b for a, b in pairwise(seen[: top + 1]))
    assert all(a >= b for a, b in pairwise(seen[top:]))
    assert seen[-1] < 0.1
