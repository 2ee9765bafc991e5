"""What a pack is tried on before it is published: what happened here last, with the scores that were measured then."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.backtest.test_agreement import FILES

from hakam.backtest import agreement
from hakam.policy.pack import load_pack
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.testing.event_logs import MemoryEventLog
from hakam.wiring import comparing, ports, start
from hakam.wiring.comparing import compare_here, latest_events
from hakam.wiring.settings import Settings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def entry(n: int) -> Entry:
    event = scene.event(f"post {n}", item=f"i{n}")
    raw = msgspec.json.encode(event)
    measured = msgspec.json.encode({"scores": {"toxicity": n / 1_000}})
    return Entry(event.platform, event.id, event.at.timestamp(), raw, measured, b"{}")


def test_the_last_events_are_taken_with_the_scores_of_then() -> None:
    log = MemoryEventLog()
    log.append([entry(n) for n in range(450)])
    found = latest_events(log, 300)
    assert [event.item.id for event in found] == [f"i{n}" for n in range(150, 450)]
    assert found[0].scores["toxicity"] == pytest.approx(0.15)
    assert latest_events(MemoryEventLog()) == []


def test_a_pack_is_held_against_what_happened_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Settings(home=tmp_path)
    pack = load_pack(FILES).pack
    assert pack is not None
    without = compare_here(pack, chosen)
    assert without.sound
    with closing(FileEventLog(ports.event_log_path(chosen))) as log:
        log.append([entry(n) for n in range(40)])
        monkeypatch.setattr(comparing.ports, "event_log", lambda: log)
        assert compare_here(pack, chosen).events == without.events + 40


@pytest.mark.django_db
def test_an_installation_does_not_begin_with_a_pack_that_is_judged_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    chosen = Settings(home=tmp_path, pack=str(folder))
    nothing: Any = lambda _when, _seen: None  # noqa: E731 -- stands for the interpreter
    with monkeypatch.context() as planted:
        planted.setattr(agreement, "outcome", nothing)
        with pytest.raises(start.NotReadyError, match="P605 `loud` on the event"):
            start.ensure_rulebook(chosen, now=NOW)
    assert start.ensure_rulebook(chosen, now=NOW).startswith("tried@")
