"""Counting by sorting gives what counting one event after the other gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.backtest import pack as made_pack
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hakam.backtest import counting
from hakam.backtest.counting import count_all, count_within, counters_of, distinct_within, has_form
from hakam.backtest.dataset import Dataset
from hakam.backtest.keys import by_key
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


@given(rows, windows, st.sampled_from((1, 2, 24)), st.sampled_from((1, 16, 10_000)))
@settings(max_examples=300, deadline=None)
def test_counts_and_members_are_those_of_the_door(
    given_rows: list[tuple[int, int, float, bool]], within: float, by_one: int, seldom: int
) -> None:
    """However far the end of a window is looked for row by row before the strides double."""
    at = np.cumsum([step for _, _, step, _ in given_rows]) + 1_700_000_000.125
    key = np.array([row[0] for row in given_rows], dtype=np.uint64)
    member = np.array([row[1] for row in given_rows], dtype=np.uint64)
    add = np.array([row[3] for row in given_rows], dtype=np.bool_)
    door = MemoryCounters()
    counts, members = [], []
    for one, of, moment, adds in zip(key.tolist(), member.tolist(), at.tolist(), add.tolist(), strict=True):
        counts.append(door.count("c", str(one), moment, within, add=adds))
        members.append(door.distinct("d", str(one), str(of), moment, within, add=adds))
    keys, pairs = by_key([key], len(at)), by_key([key[add], member[add]], int(add.sum()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_BY_ONE", by_one)
        patch.setattr(counting, "_SELDOM", seldom)
        assert count_within(keys, at, add, within).tolist() == counts
        assert distinct_within(keys, pairs, at, add, within).tolist() == members


def test_the_window_ends_where_the_doors_does() -> None:
    """An event exactly as old as the window is long counts no more."""
    at = np.array([0.0, 10.0, 10.0, 20.0])
    add = np.ones(4, dtype=np.bool_)
    one = by_key([], 4)
    assert count_within(one, at, add, 10.0).tolist() == [1, 1, 2, 1]
    assert distinct_within(one, one, at, add, 10.0).tolist() == [1, 1, 1, 1]
    two = by_key([np.array([0, 0, 1, 0], dtype=np.uint64)], 4)
    assert count_within(two, at, add, 10.0).tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("stretch_rows", "back_rows", "group_rows"),
    [
        (1, 10_000, 10_000),  # each part by itself, with those before it that its windows reach
        (1_000, 10_000, 10_000),
        (600, -1, 500),  # every window reaches too far: keys are split
        (600, 700, 500),  # some windows do
    ],
)
def test_cuts_in_time_and_groups_of_keys_change_nothing(  # noqa: PLR0917 -- what is cut, and how
    dataset: Dataset,
    pack: Pack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stretch_rows: int,
    back_rows: int,
    group_rows: int,
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = count_all(dataset, (pack.files,), tmp_path / "whole", pool=Here())
    monkeypatch.setattr(counting, "_WORTH_SPLITTING", 0)
    monkeypatch.setattr(counting, "STRETCH_ROWS", stretch_rows)
    monkeypatch.setattr(counting, "BACK_ROWS", back_rows)
    monkeypatch.setattr(counting, "GROUP_ROWS", group_rows)
    cut = count_all(dataset, (pack.files,), tmp_path / "cut", pool=Here())
    assert set(whole.files) == set(cut.files) == set(counters_of((pack.files,)))
    for chunk in dataset.chunks():
        one, other = whole.of(chunk), cut.of(chunk)
        for name in one:
            assert np.array_equal(one[name], other[name], equal_nan=True), name


def test_a_stretch_reaches_back_to_all_that_its_windows_hold(dataset: Dataset) -> None:
    first = [part.first for part in dataset.parts]
    last = [part.last for part in dataset.parts]
    alone = counting._stretches(dataset, 0.0, 1)
    assert alone == [(n, n, n + 1) for n in range(len(dataset.parts))]
    within = first[-1] - last[-3]  # the window of the last part's first row begins just after that row
    stretches = counting._stretches(dataset, within, 1)
    assert stretches is not None
    assert stretches[-1] == (len(first) - 2, len(first) - 1, len(first))
    wider = counting._stretches(dataset, within + 0.001, 1)
    assert wider is not None
    assert wider[-1][0] == len(first) - 3
    assert counting._stretches(dataset, 0.0, dataset.rows) == [(0, 0, len(first))]


def test_a_window_that_holds_too_much_is_not_cut(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "BACK_ROWS", dataset.parts[0].rows)
    assert counting._stretches(dataset, 1e9, 1) is None
    assert counting._stretches(dataset, 1e9, dataset.rows) == [(0, 0, len(dataset.parts))]


def test_a_key_with_very_many_rows_in_its_window_is_counted_as_one_with_few(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One key has nearly all rows, so the end of its windows lies thousands of rows ahead."""
    draw = np.random.default_rng(3)
    at = np.sort(draw.integers(0, 4_000, 20_000)) / 2.0
    key = (draw.random(20_000) < 0.02).astype(np.uint64)
    member = draw.integers(0, 50, 20_000).astype(np.uint64)
    add = draw.random(20_000) < 0.7
    keys, pairs = by_key([key], 20_000), by_key([key[add], member[add]], int(add.sum()))
    door = MemoryCounters()
    zipped = zip(key.tolist(), member.tolist(), at.tolist(), add.tolist(), strict=True)
    wanted = [
        (
            door.count("c", str(one), moment, 700.0, add=adds),
            door.distinct("d", str(one), str(of), moment, 700.0, add=adds),
        )
        for one, of, moment, adds in zipped
    ]
    for seldom in (1, counting._SELDOM, 10**9):
        monkeypatch.setattr(counting, "_SELDOM", seldom)
        counts = count_within(keys, at, add, 700.0).tolist()
        members = distinct_within(keys, pairs, at, add, 700.0).tolist()
        assert list(zip(counts, members, strict=True)) == wanted


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


# The counters of whole events, from their definition alone

COUNTED = (
    'count(by=author.id, within="10m") >= 1',
    'count(within="90s") >= 1',
    'count(by=(author.id, item.community), within="1h", where=author.posts < 5) >= 1',
    'distinct(item.community, per=author.id, within="10m") >= 1',
    'distinct(author.id, per=text.folded, within="1h", where=known(item.community)) >= 1',
    'count(by=author.posts, within="10m") >= 1',
)
event_rows = st.lists(
    st.fixed_dictionaries(
        {
            "author": st.sampled_from(["a", "ا", "b\0"]),
            "platform": st.sampled_from(["p", "q"]),
            "community": st.sampled_from([None, "c", "ج"]),
            "text": st.sampled_from(["free", "FREE", "مرحبا", None]),
            "posts": st.sampled_from([None, 0, 7, 2**53 + 1]),
            "seconds": st.integers(0, 80).map(lambda step: step * 45),
            "zone": st.sampled_from([0, 3, -11]),
        }
    ),
    min_size=1,
    max_size=18,
)


def as_event(number: int, row: dict[str, Any]) -> bytes:
    moment = datetime.fromtimestamp(1_767_225_600 + row["seconds"], timezone(timedelta(hours=row["zone"])))
    item = {"id": f"i{number}", "text": row["text"], "community": row["community"]}
    return json.dumps(
        {
            "id": f"e{number}",
            "platform": row["platform"],
            "kind": "post",
            "at": moment.isoformat(),
            "author": {"id": row["author"], "posts": row["posts"]},
            "item": item,
        }
    ).encode()


def by_definition(rows: list[dict[str, Any]]) -> list[list[float | None]]:
    """Return for each counter of `COUNTED` its value at each row, by looking back over all rows before."""

    def back(n: int, within: int, same: tuple[str, ...]) -> Iterator[dict[str, Any]] | None:
        row = rows[n]
        if any(row[name] is None for name in same):
            return None
        return (
            other
            for other in rows[: n + 1]
            if other["seconds"] > row["seconds"] - within
            and all(other[name] == row[name] for name in ("platform", *same))
        )

    def few(row: dict[str, Any]) -> bool:
        return row["posts"] is not None and row["posts"] < 5

    found: list[list[float | None]] = [[] for _ in COUNTED]
    for n in range(len(rows)):
        windows = (
            back(n, 600, ("author",)),
            back(n, 90, ()),
            back(n, 3_600, ("author", "community")),
            back(n, 600, ("author", "community")),  # what is not known is no member, and has no value
            back(n, 3_600, ("folded", "author")),
            back(n, 600, ("posts",)),
        )
        members = back(n, 600, ("author",)), back(n, 3_600, ("folded",))
        for place, window in enumerate(windows):
            if window is None:
                found[place].append(None)
            elif place == 2:
                found[place].append(sum(map(few, window)))
            elif place == 3:
                assert members[0] is not None
                found[place].append(len({one["community"] for one in members[0]} - {None}))
            elif place == 4:
                assert members[1] is not None
                found[place].append(
                    len({one["author"] for one in members[1] if one["community"] is not None})
                )
            else:
                found[place].append(sum(1 for _ in window))
    return found


@given(event_rows)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_counters_over_columns_are_those_of_their_definition(
    prepared: Callable[..., Dataset],
    tmp_path_factory: pytest.TempPathFactory,
    given_rows: list[dict[str, Any]],
) -> None:
    """In whatever order and zone the events came, and into however many parts they were written."""
    folder = tmp_path_factory.mktemp("counted")
    dataset = prepared([as_event(n, row) for n, row in enumerate(given_rows)], folder / "data", 7)
    ordered = sorted(given_rows, key=lambda row: row["seconds"])
    for row in ordered:
        row["folded"] = None if row["text"] is None else row["text"].lower()
    files = made_pack.files(COUNTED)
    names = list(counters_of((files,)))
    assert len(names) == len(COUNTED)
    counts = count_all(dataset, (files,), folder, pool=Here())
    values: dict[str, list[float | None]] = {name: [] for name in names}
    for chunk in dataset.chunks():
        for name, column in counts.of(chunk).items():
            values[name] += [None if value != value else value for value in column.tolist()]  # noqa: PLR0124 -- not a number
    for name, wanted in zip(names, by_definition(ordered), strict=True):
        assert values[name] == wanted, name
