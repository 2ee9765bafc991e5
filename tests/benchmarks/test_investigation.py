"""The benchmark of questions fills a log that the door could have written, once, and asks it."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.investigation import __main__ as benchmark

from hakam.investigation.query import Query, Step, ask
from hakam.investigation.where import Asker
from hakam.storage.embedded.event_log import FileEventLog


def test_a_log_over_thirty_days_is_written(tmp_path: Path) -> None:
    chosen = benchmark.pack()
    benchmark.fill(tmp_path / "events", 1_200, chosen)
    log = FileEventLog(tmp_path / "events")
    answer = ask(log, Query(by=Step.DAY))
    assert (answer.looked, answer.matched, answer.unread) == (1_200, 1_200, 0)
    assert sum(column.count for column in answer.series) == 1_200
    assert len(answer.series) > 10
    log.close()


@pytest.mark.parametrize("where", benchmark.WHERES)
def test_what_it_asks_can_be_asked(where: str) -> None:
    assert Asker(benchmark.pack()).ask(where).question is not None
