"""Fixtures of the door's tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hakam.storage.embedded import published
from hakam.testing.doors import House, Running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    built = House(tmp_path)
    yield built
    built.log.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    door = Running(tmp_path)
    published.write(tmp_path / "published.json", door.publication)
    yield door
    if door.process is not None and door.process.poll() is None:
        door.end(signal.SIGKILL)
