"""Yes and no in tables, as people and their spreadsheets write them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from hakam.backtest.decided import Meaning
from hakam.backtest.rows import RowFile
from hakam.cli.labelled_rows import rows_of
from hakam.vocabulary.yes_no import NO, YES, yes_or_no


@pytest.mark.parametrize(
    "text", ["1", "TRUE", "WAHR", " vrai ", "Verdadero", "SÌ", "Sí", "نعم", "صحيح", "Tak", "ИСТИНА"]
)
def test_yes(text: str) -> None:
    assert yes_or_no(text) is True


@pytest.mark.parametrize("text", ["0", "False", "FALSCH", "faux", "Fałsz", "NÃO", "لا", "Nein", "ложь"])
def test_no(text: str) -> None:
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", ["", " ", "2", "maybe", "truth", "نعم لا", "violating"])
def test_neither(text: str) -> None:
    assert yes_or_no(text) is None


def test_nothing_is_both_and_all_are_found_however_they_are_composed() -> None:
    assert not YES & NO
    for text in YES | NO:
        assert yes_or_no(unicodedata.normalize("NFD", text.title())) is (text in YES), text


@pytest.mark.parametrize(
    ("text", "said"), [("WAHR", True), ("لا", False), ("violating", True), ("clean", False)]
)
def test_decisions_of_people_are_read_so(text: str, said: bool) -> None:
    assert Meaning().read(text) == (said, None)
    assert Meaning(violating=frozenset({"schlecht"})).read(text) == (False, None)


def test_so_are_labels_and_fields_of_a_table_that_a_german_spreadsheet_saved(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("text;toxicity\nhallo;FALSCH\nbah;WAHR\nna;vielleicht\n", encoding="utf-8-sig")
    assert [list(row.labels.values()) for row in rows_of(path)] == [[0], [1]]
    assert [row.values["toxicity"] for row in RowFile(path).rows()] == ["FALSCH", "WAHR", "vielleicht"]
