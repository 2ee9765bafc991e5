"""Counting by sorting gives what counting one event after the other gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack
from hypothesis import given, settings
from hypothesis import strategies as st

from hakam.backtest import counting
from hakam.backtest.counting import count_all, count_within, counters_of, distinct_within, has_form
from hakam.backtest.dataset import Dataset
from hakam.backtest.workers import Here
from hakam.policy.counters import MemoryCounters
from hakam.policy.pack import Pack

rows = st.lists(
    st.tuples(
        st.integers(0, 3),  # key
        st.integers(0, 3),  # member
        st.integers(0, 6).map(lambda step: step * 0.5),  # seconds since the row before
        st.booleans(),  # whether it counts
    ),
    max_size=60,
)
windows = st.sampled_from((0.5, 1.0, 1.5, 4.0, 100.0))


@given(rows, windows)
@settings(max_examples=200, deadline=None)
def test_counts_and_members_are_those_of_the_door(
    given_rows: list[tuple[int, int, float, bool]], within: float
) -> None:
    at = np.cumsum([step for _, _, step, _ in given_rows]) + 1_700_000_000.125
    key = np.array([row[0] for row in given_rows], dtype=np.int64)
    member = np.array([row[1] for row in given_rows], dtype=np.int64)
    add = np.array([row[3] for row in given_rows], dtype=np.bool_)
    door = MemoryCounters()
    counts, members = [], []
    for one, of, moment, adds in zip(key.tolist(), member.tolist(), at.tolist(), add.tolist(), strict=True):
        counts.append(door.count("c", str(one), moment, within, add=adds))
        members.append(door.distinct("d", str(one), str(of), moment, within, add=adds))
    assert count_within(key, at, add, within).tolist() == counts
    assert distinct_within(key, member, at, add, within).tolist() == members


def test_the_window_ends_where_the_doors_does() -> None:
    """An event exactly as old as the window is long counts no more."""
    at = np.array([0.0, 10.0, 10.0, 20.0])
    key, add = np.zeros(4, dtype=np.int64), np.ones(4, dtype=np.bool_)
    assert count_within(key, at, add, 10.0).tolist() == [1, 1, 2, 1]
    assert distinct_within(key, key, at, add, 10.0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("group_rows", [500])
def test_groups_of_keys_change_nothing(
    dataset: Dataset, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_rows: int
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "groups").mkdir()
    whole = count_all(dataset, (pack.files,), tmp_path / "whole", pool=Here())
    monkeypatch.setattr(counting, "GROUP_ROWS", group_rows)
    groups = count_all(dataset, (pack.files,), tmp_path / "groups", pool=Here())
    assert set(whole.files) == set(groups.files) == set(counters_of((pack.files,)))
    for chunk in dataset.chunks():
        one, other = whole.of(chunk), groups.of(chunk)
        for name in one:
            assert np.array_equal(one[name], other[name], equal_nan=True), name


def test_a_counter_with_an_unknown_key_is_unknown(dataset: Dataset, tmp_path: Path) -> None:
    files = made_pack.files(('count(by=item.community, within="1h") >= 1',))
    counts = count_all(dataset, (files,), tmp_path, pool=Here())
    (name,) = counts.files
    for chunk in dataset.chunks():
        values = counts.of(chunk)[name]
        known = np.array([value is not None for value in chunk.stored("item_community").to_pylist()])
        assert np.array_equal(~np.isnan(values), known)
        assert (values[known] >= 1).all()


def test_what_has_no_vector_form_is_known_beforehand() -> None:
    conditions = (
        'count(by=author.id, within="1h") > 1',
        'count(by=extra.plan, within="1h") > 1',
        'distinct(extra.karma, per=author.id, within="1h") > 1',
        'distinct(context.ip_hash, per=author.id, within="1h") > 1',
    )
    counters = counters_of((made_pack.files(conditions),))
    assert [has_form(counter) for counter in counters.values()] == [True, False, False, True]
