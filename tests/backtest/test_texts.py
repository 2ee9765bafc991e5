"""Scanning many rows at once finds what scanning each alone finds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.backtest import texts
from hakam.backtest.texts import Texts, is_anchored
from hakam.policy.fields import FIELDS
from hakam.policy.scan import finder
from hakam.policy.tree import Field, How, Search
from hakam.vocabulary.finding import Span

SPAN = Span("rules.yaml", 1, 1, 1, 2)


def search(how: How, *terms: str, path: str = "text.folded") -> Search:
    return Search(how, Field(FIELDS[path], path, SPAN), terms, None, "x", SPAN)


class Column:
    """A chunk that has one column."""

    def __init__(self, values: list[str | None]) -> None:
        self.values = pa.array(values, pa.string())

    def field(self, _spec: object) -> pa.Array:
        return self.values


SEARCHES = (
    search(How.CONTAINS, "ab", "قهوة"),
    search(How.PATTERN, "a[bc]+d"),
    search(How.PATTERN, "^ab"),
    search(How.PATTERN, r"d\z"),
    search(How.PATTERN, "[^a]b"),
    search(How.PATTERN, "(?s)a.{0,3}c"),
    search(How.CONTAINS, *(f"t{n}t" for n in range(1_001)), "dab"),
)
words = st.one_of(
    st.none(), st.text(alphabet="abcd \nقهوة", max_size=12), st.sampled_from(("", "t7t", "dab", "قهوة"))
)


@given(st.lists(words, max_size=70), st.sampled_from((1, 2, 8, 32)))
@settings(max_examples=120, deadline=None)
def test_blocks_hide_nothing_and_add_nothing(values: list[str | None], width: int) -> None:
    scans = Texts(SEARCHES)
    for scan in scans._scans["text.folded"]:
        scan.width = width if scan._blocks else 1
    hits = scans.hits(Column(values))
    assert len(hits) == len(SEARCHES)
    for one in SEARCHES:
        find = finder(one)
        wanted = [value is not None and find(value) is not None for value in values]
        assert hits["text.folded", one.how, one.terms].tolist() == wanted, one.terms[:2]


def test_a_hit_across_two_rows_is_none() -> None:
    hits = Texts([search(How.CONTAINS, "ab")]).hits(Column(["xa", "bx", "ab", None, "b"]))
    (flags,) = hits.values()
    assert flags.tolist() == [False, False, True, False, False]


def test_a_slice_of_a_column_is_read_from_its_own_beginning() -> None:
    column = Column(["ab", "x", "ab", "قهوة"])
    column.values = column.values.slice(1, 2)
    (flags,) = Texts([search(How.CONTAINS, "ab")]).hits(column).values()
    assert flags.tolist() == [False, True]


@pytest.mark.parametrize(
    ("one", "anchored"),
    [
        (search(How.PATTERN, "abc"), False),
        (search(How.PATTERN, "[^a]bc"), False),
        (search(How.PATTERN, "^abc"), True),
        (search(How.PATTERN, "abc$"), True),
        (search(How.PATTERN, r"\Aabc|x"), True),
        (search(How.PATTERN, r"price \$5"), True),  # in doubt, row by row
        (search(How.CONTAINS, "^"), False),
        (search(How.STARTS, "a"), True),
    ],
)
def test_patterns_that_ask_for_an_end_are_not_scanned_in_blocks(one: Search, anchored: bool) -> None:
    assert is_anchored(one) is anchored


def test_the_width_of_blocks_follows_the_hits() -> None:
    scans = Texts([search(How.CONTAINS, "ab")])
    (scan,) = scans._scans["text.folded"]
    scans.hits(Column(["nothing here"] * 500))
    assert scan.width == max(width for _, width in texts._BLOCKS)
    scans.hits(Column(["ab"] * 500))
    assert scan.width == 1
    flags = next(iter(scans.hits(Column(["ab", "x"] * 50)).values()))
    assert np.count_nonzero(flags) == 50
