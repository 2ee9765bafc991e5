"""Events in Arabic and English, prepared once; a pack of many conditions; and the door's own judgement of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from benchmarks.backtest import events as made_events
from benchmarks.backtest import pack as made_pack

from hakam.backtest import order
from hakam.backtest import prepare as module
from hakam.backtest.columns import Row, read_event
from hakam.backtest.dataset import Dataset
from hakam.backtest.prepare import prepare
from hakam.backtest.workers import Here
from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.pack import Pack, load_pack
from hakam.signals.measure import measure

EVENTS = 2_000


def load(files: dict[str, str]) -> Pack:
    """Load a pack, which must be sound."""
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    return loaded.pack


@pytest.fixture(scope="session")
def load_files() -> Callable[[dict[str, str]], Pack]:
    return load


@pytest.fixture(scope="session")
def pack() -> Pack:
    return load(made_pack.files())


@pytest.fixture(scope="session")
def lines() -> list[bytes]:
    return list(made_events.events(EVENTS, authors=100))


@pytest.fixture(scope="session")
def dataset(lines: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Give the events as columns, in several parts."""
    return in_parts(lines, tmp_path_factory.mktemp("prepared") / "data", 600)


def in_parts(lines: Iterable[bytes], folder: Path, rows: int) -> Dataset:
    """Prepare events in parts of so many rows."""
    held = module.ROWS, order.ROWS
    module.ROWS = order.ROWS = rows
    try:
        return prepare((Row(line) for line in lines), folder, pool=Here())
    finally:
        module.ROWS, order.ROWS = held


@pytest.fixture(scope="session")
def prepared() -> Callable[..., Dataset]:
    return in_parts


def by_the_door(pack: Pack, lines: Iterable[bytes]) -> dict[str, list[str]]:
    """Return what each rule fires on when the door judges the events in order of time, with counters of its own."""
    engine, counters = compile_pack(pack), MemoryCounters()
    found: dict[str, list[str]] = {rule.id: [] for rule in pack.rules}
    for event in sorted(map(read_event, lines), key=lambda event: event.at):
        verdict = engine.judge(event, measure(event, engine.needs), counters)
        assert not verdict.quarantined
        for firing in verdict.firings:
            found[firing.rule].append(event.id)
    return found


@pytest.fixture(scope="session")
def door() -> Callable[[Pack, Iterable[bytes]], dict[str, list[str]]]:
    return by_the_door


@pytest.fixture(scope="session")
def door_says(pack: Pack, lines: list[bytes]) -> dict[str, list[str]]:
    return by_the_door(pack, lines)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs no control database: once is enough, whatever database the suite runs on."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.embedded)
