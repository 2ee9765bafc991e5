"""Declarations as an operator writes them, and a service on a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.adapters.speaking import Service, service

from hakam.adapters.declared import Declared, read

Declare = Callable[..., Declared]


@pytest.fixture
def served() -> Iterator[Service]:
    with service() as server:
        yield server


@pytest.fixture
def declare(tmp_path: Path) -> Declare:
    def write(text: str, name: str = "judge") -> Declared:
        folder = tmp_path / "models"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return read(path)

    return write
