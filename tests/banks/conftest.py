"""A rule book, a home for shelves, and a bank to work on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.models import Bank
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Make = Callable[..., Bank]


@pytest.fixture
def book(db: None) -> None:
    scene.publish()


@pytest.fixture
def make(book: None) -> Make:
    """Return a function that makes a bank; what it is not told is as it usually is."""

    def made(name: str = "known-spam", **changes: Any) -> Bank:
        given: dict[str, Any] = {
            "source": BankSource.OWN,
            "purpose": "what we removed before",
            "clause": "spam",
            "by": SYSTEM,
            "now": NOW,
        }
        return create_bank(name, **(given | changes))

    return made


@pytest.fixture
def bank(make: Make) -> Bank:
    return make()


@pytest.fixture
def shelves(tmp_path: Path) -> Path:
    """Give the home under which shelves are written."""
    return tmp_path / "home"
