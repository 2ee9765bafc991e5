"""Rows by key: equal keys together, in order of their places, whatever the keys are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.backtest import keys
from hakam.backtest.keys import LONG, by_key, mixed, offsets_of, spread, words_of

texts = st.one_of(
    st.sampled_from(
        ("", "a", "a\0", "\0", "ab", "ا", "٣", "x" * 8, "x" * 9, "y" * LONG, "y" * (LONG + 1), "😀" * 3)
    ),
    st.text(max_size=20),
)
columns = st.lists(st.lists(st.one_of(st.none(), texts), max_size=12), min_size=1, max_size=4)


def groups(made: keys.ByKey) -> set[tuple[int, ...]]:
    """Return the rows of each key."""
    found: list[list[int]] = []
    for place, first in zip(made.order.tolist(), made.first.tolist(), strict=True):
        if first:
            found.append([])
        found[-1].append(place)
    return {tuple(places) for places in found}


def wanted(rows: Sequence[object]) -> set[tuple[int, ...]]:
    held: dict[object, list[int]] = {}
    for place, key in enumerate(rows):
        held.setdefault(key, []).append(place)
    return {tuple(places) for places in held.values()}


@given(columns, st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_texts_in_pieces_are_the_same_key_exactly_where_they_are_equal(
    given_pieces: list[list[str | None]], coded: bool, sliced: bool
) -> None:
    pieces = []
    for values in given_pieces:
        piece = pa.array([*(["cut"] if sliced else []), *values], pa.string())
        piece = piece.dictionary_encode() if coded else piece
        pieces.append(piece.slice(1) if sliced else piece)
    flat = [value for values in given_pieces for value in values]
    known = [place for place, value in enumerate(flat) if value is not None]
    words = [word[known] for word in words_of(pieces)]
    assert groups(by_key(words, len(known))) == wanted([flat[place] for place in known])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), max_size=60))
@settings(max_examples=100, deadline=None)
def test_keys_of_several_columns_are_equal_where_all_are(rows: list[tuple[int, int, int]]) -> None:
    words = [np.array([row[n] for row in rows], dtype=np.uint64) for n in range(3)]
    assert groups(by_key(words, len(rows))) == wanted(rows)


def test_rows_of_a_key_keep_their_order_and_say_where_they_end() -> None:
    made = by_key([np.array([7, 5, 7, 7, 5], dtype=np.uint64)], 5)
    assert groups(made) == {(0, 2, 3), (1, 4)}
    ends = made.ends().tolist()
    assert ends in ([3, 3, 3, 5, 5], [2, 2, 5, 5, 5])
    assert by_key([], 0).order.tolist() == by_key([], 0).ends().tolist() == []
    assert by_key([], 3).ends().tolist() == [3, 3, 3]


@pytest.mark.parametrize("good_from", [1, 3, 99])
def test_keys_that_are_mixed_alike_are_told_apart_all_the_same(
    monkeypatch: pytest.MonkeyPatch, good_from: int
) -> None:
    """By mixing them otherwise; and if that never helps, by comparing whole keys."""
    real, asked = keys.mixed, list[int]()

    def poor(words: Sequence[keys.Words], rows: int, salt: int = 0) -> keys.Words:
        asked.append(salt)
        return real(words, rows, salt) if salt >= good_from else np.zeros(rows, dtype=np.uint64)

    monkeypatch.setattr(keys, "mixed", poor)
    rows = [(3, 1), (3, 2), (1, 1), (3, 1), (1, 1), (2, 2)]
    words = [np.array(column, dtype=np.uint64) for column in zip(*rows, strict=True)]
    assert groups(by_key(words, len(rows))) == wanted(rows)
    assert asked == list(range(min(good_from + 1, keys._TRIES)))


def test_few_numbers_that_are_near_each_other_are_mixed_apart() -> None:
    words = [np.arange(100_000, dtype=np.uint64), np.full(100_000, 7, dtype=np.uint64)]
    upper = mixed(words, 100_000) >> np.uint64(24)
    assert len(np.unique(upper)) > 99_900
    assert len(np.unique(mixed(words, 100_000) % np.uint64(5), return_counts=True)[1]) == 5


@given(st.lists(st.one_of(st.none(), texts), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_value_is_spread_alike_in_whatever_piece_it_stands(values: list[str | None]) -> None:
    """Also beside longer texts, as a dictionary and as a slice: the groups of keys are dealt part by part."""
    together = spread(pa.array(values, pa.string())).tolist()
    assert spread(pa.array(values, pa.string()).dictionary_encode()).tolist() == together
    for place, value in enumerate(values):
        assert spread(pa.array(["cut", value], pa.string()).slice(1)).tolist() == together[place : place + 1]
    for one, other in zip(values, together, strict=True):
        assert value_of(values, together, one) == other


def value_of(values: list[str | None], together: list[int], wanted_value: str | None) -> int:
    return together[values.index(wanted_value)]


def test_truths_are_keys_too() -> None:
    column = pa.array([True, None, False, True])
    (word,) = words_of([column])
    assert [word[0] == word[3], word[0] == word[2]] == [True, False]
    assert len(set(spread(column).tolist())) == 2
    (numbers,) = words_of([pa.array([1.5, 2.5, 1.5])])
    assert numbers[0] == numbers[2]
    assert numbers[0] != numbers[1]


def test_a_column_of_nothing_has_offsets() -> None:
    assert offsets_of(pa.array([], pa.string())).tolist() in ([0], [])
    assert [len(word) for word in words_of([pa.array([], pa.string())])] == [0]
    assert [word.tolist() for word in words_of([pa.nulls(2, pa.string())])] == [[0, 0]]
