"""Each field by each predicate: over columns, by the compiled function and by its plain meaning, the same rows.

The table is `fixtures/conditions.txt`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.backtest import pack as made_pack

from hakam.backtest.counting import Counts
from hakam.backtest.dataset import Dataset
from hakam.backtest.run import Job, Judge, Way
from hakam.policy.interpret import Seen, outcome
from hakam.policy.pack import load_pack

LINES = (Path(__file__).parent / "fixtures" / "conditions.txt").read_text(encoding="utf-8").splitlines()
CONDITIONS = [line for line in LINES if line and not line.startswith("#")]
TOGETHER = 80
STEP = 5  # every fifth row


@pytest.mark.parametrize("first", range(0, len(CONDITIONS), TOGETHER))
def test_every_condition_of_the_table_is_judged_the_same(dataset: Dataset, first: int) -> None:
    written = CONDITIONS[first : first + TOGETHER]
    files = made_pack.files(tuple(written))
    loaded = load_pack(files)
    assert loaded.pack is not None, [(error.message, error.span) for error in loaded.errors]
    judge = Judge(Job(str(dataset.folder), (files,), Counts({}), Way.COLUMNS))
    chunk = dataset.chunk(0)
    rows = list(range(0, chunk.rows, STEP))
    exact, failed = judge.by_function(chunk, {}, rows)
    found, failed_too, _ = judge.by_columns(chunk, {})
    assert failed == failed_too == {}
    seen = [Seen(event, signals) for event, signals in chunk.pairs(rows=rows)]
    for text, rule, one, other in zip(written, loaded.pack.rules, exact, found, strict=True):
        plain = [outcome(rule.when, each) is True for each in seen]
        assert one[rows].tolist() == plain, f"compiled: {text}"
        assert other[rows].tolist() == plain, f"over columns: {text}"


def test_the_table_has_no_line_twice() -> None:
    assert len(CONDITIONS) == len(set(CONDITIONS))
    assert len(CONDITIONS) > 600
