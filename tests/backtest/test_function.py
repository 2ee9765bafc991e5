"""The compiled function over chunks: the door's verdicts, of events of which only what rules read is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.backtest import pack as varied_pack

from hakam.backtest.counting import Counts, count_all
from hakam.backtest.dataset import Dataset
from hakam.backtest.function import Function, signals_of
from hakam.backtest.workers import Here
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.pack import Pack

Load = Callable[[dict[str, str]], Pack]
Door = dict[str, list[str]]


@pytest.fixture
def counts(dataset: Dataset, pack: Pack, tmp_path: Path) -> Counts:
    return count_all(dataset, (pack.files,), tmp_path, pool=Here())


def test_no_event_needs_more_than_what_rules_read(
    dataset: Dataset, pack: Pack, counts: Counts, door_says: Door
) -> None:
    function = Function(compile_pack(pack))
    found: Door = {rule.id: [] for rule in function.engine.rules}
    for chunk in dataset.chunks():
        judged = function.judge(chunk, counts.of(chunk))
        assert judged.failed == {}
        ids = chunk.stored("event_id").to_pylist()
        for rule, flags in zip(function.engine.rules, judged.rows, strict=True):
            found[rule.id] += [ids[row] for row in np.flatnonzero(flags)]
    assert function.again == 0
    assert found == door_says


def test_some_rows_are_judged_as_among_all(dataset: Dataset, pack: Pack, counts: Counts) -> None:
    function = Function(compile_pack(pack))
    chunk = dataset.chunk(1)
    counted = counts.of(chunk)
    everything = function.judge(chunk, counted)
    rows = [0, 3, 4, 599, 598, 250]
    some = function.judge(chunk, counted, rows)
    for one, other in zip(some.rows, everything.rows, strict=True):
        assert one[rows].tolist() == other[rows].tolist()
        assert one.sum() == other[rows].sum()
    assert function.judge(chunk, counted, []).failed == {}


def test_a_counter_that_nobody_counted_is_unknown(dataset: Dataset, load_files: Load) -> None:
    made = (
        'count(by=author.id, within="1h") >= 1',
        'not count(by=author.id, within="1h") >= 1',
        "known(author.id)",
    )
    function = Function(compile_pack(load_files(varied_pack.files(made))))
    judged = function.judge(dataset.chunk(0), {})
    assert [int(flags.sum()) for flags in judged.rows] == [0, 0, 600]


class BrokenError(Exception):
    """What a rule fails with."""


def broken(engine: Engine, function: Function) -> None:
    """Let whatever folds a name fail."""

    def fails(_: Any) -> Any:
        raise BrokenError

    for judge in (function._judge, engine._program.judge):
        scope: dict[str, Any] = judge.__globals__  # type: ignore[attr-defined,unused-ignore]
        scope.update(dict.fromkeys([name for name in scope if name.startswith("FOLD_")], fails))


def test_a_rule_that_fails_is_counted_and_the_others_go_on(dataset: Dataset, load_files: Load) -> None:
    made = ('word(folded(author.name), "admin")', "author.posts < 5", "not (author.posts < 5)")
    engine = compile_pack(load_files(varied_pack.files(made)))
    function = Function(engine)
    chunk = dataset.chunk(0)
    whole = function.judge(chunk, {})
    broken(engine, function)
    judged = function.judge(chunk, {})
    assert judged.failed == {"r00": chunk.rows}
    assert function.again == chunk.rows
    assert not judged.rows[0].any()
    assert [flags.tolist() for flags in judged.rows[1:]] == [flags.tolist() for flags in whole.rows[1:]]


def test_only_what_rules_read_is_measured(load_files: Load) -> None:
    made = (
        'word(text.folded, "spam") and not contains_any(text.folded, ["free"])',
        'distinct(author.id, per=text.fingerprint, within="1h") > 2',
        "text.length > 3 and len(links.urls) > 1",
    )
    needs = signals_of(compile_pack(load_files(varied_pack.files(made))))
    assert sorted(needs) == ["domains", "folded", "hosts", "links", "text"]
