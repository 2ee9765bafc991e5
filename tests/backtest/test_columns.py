"""Columns hold what rules read, and a row that they can't hold exactly says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from benchmarks.backtest import events as made_events

from hakam.backtest.columns import LEFT_OUT, Row, column_of, measured, read_event, stored, to_table
from hakam.backtest.dataset import Dataset
from hakam.policy.fields import FIELDS, reader
from hakam.signals.measure import measure

EVENT: dict[str, Any] = {
    "id": "e1",
    "platform": "forum",
    "kind": "post",
    "at": "2026-01-01T00:00:00Z",
    "author": {"id": "a1"},
    "item": {"id": "i1", "text": "مرحبا free"},
}


def raw(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def test_every_field_of_the_language_has_a_column_or_is_read_from_the_event() -> None:
    assert {spec.path for spec in stored()} | LEFT_OUT == set(FIELDS)


def test_columns_say_what_the_fields_say() -> None:
    lines = sorted(made_events.events(150), key=lambda line: read_event(line).at)
    table, refused = to_table(map(Row, lines))
    assert refused == []
    for row, line in enumerate(lines):
        event = read_event(line)
        signals = measure(event)
        for spec in stored():
            wanted = reader(spec)(event, signals)
            found = table.column(column_of(spec.path))[row].as_py()
            assert found == (list(wanted) if isinstance(wanted, tuple) else wanted), spec.path
        assert table.column("raw")[row].as_py() == line


def test_what_has_no_column_is_read_from_the_event_whole(
    prepared: Callable[..., Dataset], tmp_path: Path
) -> None:
    texts = (
        "write to lina@mail.example",
        "DE89 3704 0044 0532 0130 00",
        "اشتري السجّاد الآن",
        "nothing",
        None,
    )
    lines = [raw(id=f"e{n}", item={"id": "i", "title": "سجاد", "text": text}) for n, text in enumerate(texts)]
    chunk = prepared(lines, tmp_path / "data", 600).chunk(0)
    events = [chunk.event(row) for row in range(chunk.rows)]
    for path in sorted(LEFT_OUT):
        read = reader(FIELDS[path])
        wanted = [read(event, measure(event)) for event in events]
        found = chunk.field(FIELDS[path]).to_pylist()
        assert found == [list(one) if isinstance(one, tuple) else one for one in wanted], path
        assert len({str(one) for one in wanted}) > 1 or path == "item.title"


def test_scores_have_columns_of_their_own() -> None:
    table, _ = to_table([Row(raw(scores={"toxicity": 0.5})), Row(raw(scores={"حدة": 1})), Row(raw())])
    assert table.column("scores_toxicity").to_pylist() == [0.5, None, None]
    assert table.column(column_of('scores["حدة"]')).to_pylist() == [None, 1.0, None]


@pytest.mark.parametrize(
    ("changes", "odd"),
    [
        ({}, False),
        ({"author": {"id": "a", "followers": 2**53}}, False),
        ({"author": {"id": "a", "followers": 2**53 + 1}}, True),
        ({"author": {"id": "a", "followers": 2**70}}, True),
        ({"item": {"id": "i", "text": "nul \x00 inside"}}, False),
    ],
)
def test_what_a_column_can_not_hold_marks_its_row(changes: dict[str, Any], odd: bool) -> None:
    table, refused = to_table([Row(raw()), Row(raw(**changes))])
    assert refused == []
    assert table.column("odd").to_pylist() == [False, odd]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "truncated"),
        (b'{"id": 3}', "Expected `str`"),
        (raw(at="2026-01-01T00:00:00"), "no zone"),
        (raw(author={"id": "a", "created_at": "2026-01-01"}), "Invalid"),
        (raw(version=99), "version 99"),
    ],
)
def test_what_is_no_event_is_refused_as_at_the_door(line: bytes, why: str) -> None:
    table, refused = to_table([Row(raw()), Row(line)])
    assert len(table) == 1
    assert [one.number for one in refused] == [1]
    assert why in refused[0].why


def test_stored_folding_is_taken_over_and_the_rest_measured() -> None:
    event = read_event(raw())
    whole = measure(event)
    assert measured(event, Row(raw(), None, whole.folded, whole.repairs)) == whole
    assert measured(event, Row(raw(), None, "something else", 3)).folded == "something else"
    assert measured(event, Row(raw())) == whole


def test_a_table_is_in_order_of_time_and_ties_keep_theirs() -> None:
    rows = [Row(raw(id=f"e{n}", at=f"2026-01-0{day}T00:00:00Z")) for n, day in enumerate((3, 1, 3, 2, 1))]
    table, _ = to_table(rows)
    assert table.column("event_id").to_pylist() == ["e1", "e4", "e3", "e0", "e2"]
