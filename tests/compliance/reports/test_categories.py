"""Each harm has one place in each part, and that place is a row of the template."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.compliance.reports.categories import places
from hakam.compliance.reports.tally import Cell, Tally
from hakam.compliance.reports.template import ILLEGAL, NOTICES, ORDERS, OTHER, TERMS, TOTAL, parts
from hakam.vocabulary.harm import Harm, crosswalk

PARTS = (ORDERS, NOTICES, ILLEGAL, TERMS)
CELL = Cell(NOTICES, (TOTAL, TOTAL, "", ""), "F")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("harm", [*Harm, None, "no harm of ours"])
def test_a_harm_counts_in_the_total_in_one_category_and_in_one_row_below(part: int, harm: str | None) -> None:
    total, category, *below = places(part, harm)
    blocks = parts()[part].blocks()
    assert total == (TOTAL, "", "")
    assert category[0] in blocks
    assert category[0] != TOTAL
    assert category[1:] == ("", "")
    assert len(below) == (1 if blocks[category[0]] else 0)
    for code, keyword, described in below:
        assert code == category[0]
        assert keyword in blocks[code]
        assert bool(described) is (keyword == OTHER)  # "other" says what it is, nothing else needs to


@pytest.mark.parametrize("harm", Harm)
def test_a_harm_stands_where_the_crosswalk_puts_it_if_the_part_has_such_a_row(harm: Harm) -> None:
    row = crosswalk()[harm]
    for part in PARTS:
        blocks = parts()[part].blocks()
        category = places(part, harm)[1][0]
        assert (category == row.tdb_category) is (row.tdb_category in blocks)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 50)), max_size=20))
def test_a_count_is_the_sum_of_what_its_facts_count_for(given_: list[tuple[int, int]]) -> None:
    tally = Tally()
    for seq, amount in given_:
        tally.count(CELL, seq, amount)
    assert tally.number(CELL) == sum(amount for _seq, amount in given_)
    assert tally.facts(CELL) == tuple(seq for seq, _amount in given_)
    assert tally.median(CELL) is None  # a count tells no time
    assert list(tally.rows(NOTICES)) == ([CELL.row] if given_ else [])
    assert list(tally.rows(ORDERS)) == []


@pytest.mark.parametrize(
    ("minutes", "hours"), [([], None), ([0], 0.0), ([30], 0.5), ([60, 180], 2.0), ([1, 60, 9_000], 1.0)]
)
def test_a_median_is_in_hours_and_of_nothing_there_is_none(minutes: list[int], hours: float | None) -> None:
    tally = Tally()
    for seq, length in enumerate(minutes, 1):
        tally.time(CELL, seq, length * 60.0)
    assert tally.median(CELL) == hours
    assert tally.number(CELL) == 0  # a time counts nothing
