"""Models as people and metrics see them: what is declared, what is on, what it did and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hakam.adapters.declared import Declared, read
from hakam.intake.asking import note_trouble
from hakam.intake.models import ModelUse
from hakam.intake.models_in_use import ModelRow, ModelState, figures, rows
from hakam.intake.switching import switch_off, switch_on
from hakam.storage.embedded.event_log import FileEventLog
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

pytestmark = pytest.mark.django_db
NOW = scene.NOW
TEXT = """\
adapter = "chat"
labels = ["hate"]
patience = 600
[budget]
calls = 100
money = 2.0
[fallback]
then = "review"
clause = "hate"
[settings]
url = "https://models.example:8443/v1"
seconds = 12
"""
Declare = Callable[..., Declared]


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    def write(text: str = TEXT, name: str = "judge") -> Declared:
        (tmp_path / "models").mkdir(exist_ok=True)
        path = tmp_path / "models" / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return write


def row(home: Path, log: FileEventLog, name: str = "judge") -> ModelRow:
    (found,) = (one for one in rows(home, log, now=NOW) if one.name == name)
    return found


def used(days_ago: int = 0, **more: object) -> None:
    ModelUse.objects.create(name="judge", day=(NOW - timedelta(days=days_ago)).date(), **more)


def test_those_that_ship_stand_first(tmp_path: Path, log: FileEventLog) -> None:
    (only,) = rows(tmp_path, log, now=NOW)
    assert (only.name, only.state, only.declared, only.sends_to) == ("encoder", ModelState.SHIPPED, None, "")
    assert only.budgets == []
    assert only.mean_seconds is None


def test_a_model_is_off_on_or_changed(tmp_path: Path, log: FileEventLog, declare: Declare) -> None:
    one = declare()
    assert row(tmp_path, log).state is ModelState.OFF
    switch_on(one, sends_to="models.example:8443", by=SYSTEM, now=NOW)
    on = row(tmp_path, log)
    assert (on.state, on.switched_at, on.switched_by) == (ModelState.ON, NOW, str(SYSTEM))
    declare(TEXT.replace("seconds = 12", "seconds = 13"))
    changed = row(tmp_path, log)
    assert (changed.state, changed.behind) == (ModelState.CHANGED, 0)
    switch_off("judge", by=SYSTEM, now=NOW)
    assert row(tmp_path, log).state is ModelState.OFF


def test_a_declaration_that_can_not_be_read_says_why(
    tmp_path: Path, log: FileEventLog, declare: Declare
) -> None:
    declare()
    (tmp_path / "models" / "torn.toml").write_text("labels = [", encoding="utf-8")
    torn = row(tmp_path, log, "torn.toml")
    assert torn.state is ModelState.UNREADABLE
    assert torn.unreadable
    assert row(tmp_path, log).state is ModelState.OFF  # the others are shown as ever
    assert [one.name for one in figures(tmp_path, log, now=NOW)] == ["encoder", "judge"]


def test_what_is_declared_is_told_without_building_it(
    tmp_path: Path, log: FileEventLog, declare: Declare
) -> None:
    declare()
    found = row(tmp_path, log)
    assert (found.sends_to, found.seconds) == ("models.example:8443", 12.0)
    assert found.what is not None
    assert (found.what.patience, found.what.fallback.then) == (600, "review")


def test_budgets_are_of_today_and_sums_of_the_week(
    tmp_path: Path, log: FileEventLog, declare: Declare
) -> None:
    declare()
    used(texts=50, remembered=10, calls=40, micros=500_000, milliseconds=8_000)
    used(3, texts=100, calls=100, micros=2_000_000, milliseconds=20_000)
    used(30, texts=1_000, calls=1_000)
    found = row(tmp_path, log)
    assert [(one.kind, one.used, one.most) for one in found.budgets] == [
        ("calls", 40, 100),
        ("money", 0.5, 2.0),
    ]
    assert found.week["texts"] == 150
    assert found.mean_seconds == pytest.approx(28 / 140)
    assert found.mean_milliseconds == pytest.approx(200)
    (told,) = (one for one in figures(tmp_path, log, now=NOW) if one.name == "judge")
    assert (told.texts, told.calls, told.money, told.seconds) == (1_150, 1_140, 2.5, 28.0)
    assert told.budget_used == 0.4
    assert told.on is False


def test_a_budget_of_nothing_is_used_up(tmp_path: Path, log: FileEventLog, declare: Declare) -> None:
    declare(TEXT.replace("calls = 100", "calls = 0"))
    assert row(tmp_path, log).budgets[0].share >= 1


def test_the_last_trouble_and_the_last_id_are_kept(
    tmp_path: Path, log: FileEventLog, declare: Declare
) -> None:
    declare()
    used(2, model="judge-1-abc", trouble="the endpoint answers 503", trouble_at=NOW - timedelta(days=2))
    assert row(tmp_path, log).trouble == "the endpoint answers 503"
    note_trouble("judge", "there is no folder x" * 40, now=NOW)
    found = row(tmp_path, log)
    assert (found.model, found.trouble_at) == ("judge-1-abc", NOW)
    assert found.trouble.startswith("there is no folder")
    assert len(found.trouble) == 300
    (told,) = (one for one in figures(tmp_path, log, now=NOW) if one.name == "judge")
    assert told.trouble_at == NOW.timestamp()
