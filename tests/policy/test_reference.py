"""The reference shows what the checker knows. `WRITE_DOCS=1` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from hakam.policy.codes import CODES
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FUNCTIONS
from hakam.policy.measures import allowed
from hakam.policy.reference import BEGIN, END, generated
from hakam.vocabulary.measure import MeasureKind

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "rule-language.md"


def test_generated_part_of_the_page_is_current() -> None:
    text = PAGE.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    wanted = before + generated() + after
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(wanted, "utf-8")
        text = wanted
    assert text == wanted, "run WRITE_DOCS=1 pytest tests/policy/test_reference.py"


def test_everything_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    for name in (*FIELDS, *CODES, *FUNCTIONS, *MeasureKind):
        assert f"`{name}" in text, name


def test_arguments_of_measures_on_the_page_are_those_of_the_checker() -> None:
    section = PAGE.read_text("utf-8").split("## Measures")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.split("\n") if line.startswith("| `")]
    for kind in MeasureKind:
        (row,) = [row for row in rows if f"`{kind}" in row[0]]
        assert {name for name in ("territory", "days", "label", "note") if f"`{name}`" in row[1]} == set(
            allowed(kind)
        )
