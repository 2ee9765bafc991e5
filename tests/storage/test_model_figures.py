"""Figures of models as the worker writes them and the door reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hakam.storage import model_figures
from hakam.storage.model_figures import FILE, ModelFigures

pytestmark = pytest.mark.embedded  # a file only: one database is enough


def test_what_is_written_is_read_whole(tmp_path: Path) -> None:
    assert model_figures.read(tmp_path) == []
    told = [
        ModelFigures("judge", on=True, texts=7, money=0.5, trouble_at=12.0),
        ModelFigures("other", on=False),
    ]
    model_figures.write(tmp_path, told)
    assert model_figures.read(tmp_path) == told
    model_figures.write(tmp_path, told[:1])
    assert model_figures.read(tmp_path) == told[:1]


@pytest.mark.parametrize("found", [b"", b"[{", b'{"name": "judge"}', b'[{"name": 1, "on": true}]'])
def test_what_can_not_be_read_is_no_figures(tmp_path: Path, found: bytes) -> None:
    (tmp_path / FILE).write_bytes(found)
    assert model_figures.read(tmp_path) == []
