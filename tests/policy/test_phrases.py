"""Phrases looked up word by word: the same as searching for each, however they overlap."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.policy.phrases import Phrases

words = st.lists(st.sampled_from(["a", "b", "c", "d", "سر"]), max_size=12).map(
    lambda some: f" {' '.join(some)} "
)
phrases = st.dictionaries(
    st.lists(st.sampled_from(["a", "b", "c", "سر"]), min_size=1, max_size=4).map(
        lambda some: f" {' '.join(some)} "
    ),
    st.sets(st.integers(0, 4), min_size=1, max_size=3),
    max_size=12,
)


@given(phrases, words)
@settings(max_examples=400, deadline=None)
def test_it_finds_what_plain_searches_find(owners: dict[str, set[int]], text: str) -> None:
    built = Phrases(owners)
    hits = {phrase for phrase in owners if phrase in text}
    assert built(text) == {number for phrase in hits for number in owners[phrase]}
    for number in range(5):
        own = [phrase for phrase in hits if number in owners[phrase]]
        first = min(((text.index(phrase), phrase) for phrase in own), default=None)
        assert built.first(text, number) == (None if first is None else first[1].strip())


def test_a_word_that_begins_many_phrases_costs_no_more() -> None:
    built = Phrases({f" the {n} ": [n] for n in range(5_000)})
    assert len(built) == 5_000
    assert len(built._shapes) == 5_000  # each under its rare word, none under `the`
    assert built(" the the the 77 the ") == {77}
    assert built(" the the the ") == frozenset()


def test_the_work_at_a_word_is_bounded_by_shapes_not_by_phrases() -> None:
    built = Phrases(
        {f" x{n} x{n + 1} ": [0] for n in range(2_000)} | {" same words ": [1], " same words twice ": [2]}
    )
    assert max(map(len, built._shapes.values())) <= 2
    assert built(" so same words twice ") == {1, 2}
