"""Parts come into order of time, whatever order the events came in, and nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from hakam.backtest import order
from hakam.backtest.dataset import Dataset, Part
from hakam.backtest.order import is_ordered


def at(line: bytes) -> str:
    return str(msgspec.json.decode(line)["at"])


@pytest.mark.parametrize("ranges", [2, 7, 200])
def test_events_in_any_order_come_into_order(
    lines: list[bytes],
    prepared: Callable[..., Dataset],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ranges: int,
) -> None:
    shuffled = random.Random(3).sample(lines, len(lines))  # noqa: S311 -- an order to put right
    monkeypatch.setattr(order, "MAX_RANGES", ranges)
    monkeypatch.setattr(order, "RANGE_ROWS", 100)
    found = prepared(shuffled, tmp_path / "data", 150)
    times = [moment for chunk in found.chunks() for moment in chunk.at.tolist()]
    ids = [id_ for chunk in found.chunks() for id_ in chunk.stored("event_id").to_pylist()]
    assert times == sorted(times)
    assert sorted(ids) == sorted(msgspec.json.decode(line)["id"] for line in lines)
    assert is_ordered(found.parts)
    assert found.rows == len(lines)
    assert not (tmp_path / "data" / "ranges").exists()
    assert len(list((tmp_path / "data").glob("*.parquet"))) == len(found.parts)


def test_events_of_one_time_keep_their_order(prepared: Callable[..., Dataset], tmp_path: Path) -> None:
    moments = ["2026-01-02T00:00:00Z"] * 30 + ["2026-01-01T00:00:00Z"] * 30 + ["2026-01-02T00:00:00Z"] * 30
    made = [
        f'{{"id":"e{n}","platform":"p","kind":"post","at":"{moment}","author":{{"id":"a"}},"item":{{"id":"i"}}}}'.encode()
        for n, moment in enumerate(moments)
    ]
    found = prepared(made, tmp_path / "data", 20)
    ids = [id_ for chunk in found.chunks() for id_ in chunk.stored("event_id").to_pylist()]
    assert ids == [f"e{n}" for n in (*range(30, 60), *range(30), *range(60, 90))]


def test_parts_in_order_are_left_as_they_are(
    lines: list[bytes], prepared: Callable[..., Dataset], tmp_path: Path
) -> None:
    found = prepared(sorted(lines, key=at), tmp_path / "data", 300)
    assert [part.name for part in found.parts] == [f"{n:06}.parquet" for n in range(len(found.parts))]
    assert all(one.last <= other.first for one, other in pairwise(found.parts))


def test_overlap_is_seen() -> None:
    assert is_ordered([Part("a", 1, 0.0, 1.0), Part("b", 1, 1.0, 2.0)])
    assert not is_ordered([Part("a", 1, 0.0, 1.5), Part("b", 1, 1.0, 2.0)])


def test_scores_that_some_parts_lack_are_unknown_there(
    prepared: Callable[..., Dataset], tmp_path: Path
) -> None:
    made = [
        (
            f'{{"id":"e{n}","platform":"p","kind":"post","at":"2026-01-0{9 - n}T00:00:00Z","author":{{"id":"a"}},'
            f'"item":{{"id":"i"}},"scores":{{"s{n % 2}":0.5}}}}'
        ).encode()
        for n in range(6)
    ]
    found = prepared(made, tmp_path / "data", 1)
    values = [value for chunk in found.chunks() for value in chunk.stored("scores_s1").to_pylist()]
    assert values == [0.5, None, 0.5, None, 0.5, None]
