"""Rehearsals are kept beside the plan, the newest first, and say whether the set-up held."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hakam.live.waiting import rehearsed as keeping
from hakam.live.waiting.rehearsal import Outcome
from hakam.live.waiting.rehearsed import keep, rehearsals, rehearsed

AT = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
HELD = Outcome(
    10_000, 100, Counter(ticket=10_000, wait=40_000, admitted=13_250), 10_000, 10_000, [0.001, 0.1], 0
)


def test_what_was_found_is_kept_and_read_again(tmp_path: Path) -> None:
    found = rehearsed(HELD, ["open", "slowed", "priority"], at=AT, where="")
    keep(tmp_path, "talk", found)
    assert rehearsals(tmp_path, "talk") == [found]
    assert (found.held, found.answers, found.rate) == (True, 63_250, 632.5)
    assert (found.median_ms, found.p99_ms) == (100.0, 100.0)
    assert rehearsals(tmp_path, "other") == []


@pytest.mark.parametrize("change", [{"answers": Counter({"HTTP 500": 1})}, {"order_broken": 1}])
def test_one_wrong_answer_or_one_overtaking_and_it_did_not_hold(change: dict[str, object]) -> None:
    assert not rehearsed(HELD._replace(**change), [], at=AT, where="").held  # type: ignore[arg-type]


def test_the_newest_come_first_the_oldest_go_and_a_damaged_file_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "KEPT", 3)
    for n in range(5):
        path = keep(tmp_path, "talk", rehearsed(HELD, [], at=AT + timedelta(days=n), where=f"http://{n}"))
    assert [one.where for one in rehearsals(tmp_path, "talk")] == ["http://4", "http://3", "http://2"]
    path.write_bytes(b"{")
    assert [one.where for one in rehearsals(tmp_path, "talk")] == ["http://3", "http://2"]
