"""A delayed broadcast in the Transparency Database: a restriction of its own, which says in words what it is."""

from __future__ import annotations

from datetime import date

from hakam.compliance.eu_database.payload import _restrictions
from hakam.vocabulary.measure import Measure, MeasureKind

START = date(2026, 3, 2)


def test_a_delay_says_what_it_is() -> None:
    found = _restrictions([Measure(MeasureKind.DELAY)], START)
    assert found["decision_visibility"] == ["DECISION_VISIBILITY_OTHER"]
    assert found["decision_visibility_other"] == "The live broadcast was delayed."


def test_no_other_measure_needs_words() -> None:
    for kind in MeasureKind:
        if kind is not MeasureKind.DELAY:
            assert "decision_visibility_other" not in _restrictions([Measure(kind)], START)
