"""The benchmark of edge snapshots runs through, and its figures are those of the filter."""

from __future__ import annotations

import re
import sys

import pytest
from benchmarks.edge.__main__ import entries, main, peak


def test_it_prints_every_figure_that_the_documents_give(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["edge", "--entries", "30000", "--changes", "100"])
    main()
    said = capsys.readouterr().out
    bits = re.search(r"([\d.]+) bits an entry", said)
    assert bits is not None
    assert 9 < float(bits[1]) < 12
    assert re.search(r"delta of 100 changes: 1,\d\d\d bytes", said)
    there = re.search(r"^there: .* ([\d,]+) perhaps$", said, re.MULTILINE)
    assert there is not None
    assert there[1] == "10,000"  # all that were asked after
    others = re.search(r"^not there: .* ([\d,]+) perhaps$", said, re.MULTILINE)
    assert others is not None
    assert 10 < int(others[1].replace(",", "")) < 80  # 39 of 10,000 are to be expected
    assert "a whole question" in said


def test_the_accounts_of_a_run_are_all_different() -> None:
    assert len({*entries(0, 1_000), *entries(1_000, 1_000)}) == 2_000


def test_memory_is_told_in_gigabytes() -> None:
    assert not peak() > 1_000
