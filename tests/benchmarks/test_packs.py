"""Packs by chance: a few of those that `python -m benchmarks.engine.packs` tries by the thousand."""

from __future__ import annotations

import pytest
from benchmarks.engine.packs import files_of, run, try_one

pytestmark = pytest.mark.embedded  # values only: one database is enough


def test_nothing_goes_wrong_and_both_kinds_of_pack_are_tried() -> None:
    result = run(120, 0, 30.0)
    assert result["failures"] == []
    assert 20 <= result["sound"] <= 100
    assert len(result["codes"]) > 15


def test_a_number_makes_the_same_pack_every_time() -> None:
    assert files_of(7) == files_of(7)
    assert files_of(7) != files_of(8)
    assert try_one(7) == try_one(7)


def test_a_pack_that_takes_too_long_is_named() -> None:
    result = run(1, 3, 0.0)
    assert result["failures"][0].startswith("pack 3: took")
