"""Every clock is started by something: a verb, a request, an assessment, a person; or it is said what counts it."""

from __future__ import annotations

import ast
from datetime import date
from functools import cache
from pathlib import Path

import pytest

import hakam
from hakam.compliance.clocks import ClockKind, clocks
from hakam.privacy.kinds import Kind
from hakam.regulator import by_hand
from hakam.regulator.regimes import regimes
from hakam.regulator.risks import schemes

SOURCE = Path(hakam.__file__).parent
TODAY = date(2026, 11, 29)

# One row for each thing would say no more than the thing's own row: its times are columns, and the code
# that counts reads the clock's data.
COUNTED_IN_PLACE = {
    "complaint.window": ("compliance/statements.py", "`complain_until` of the statement"),
    "statement.database": ("regulator/findings.py", "G009, from when the statement was made"),
    "notice.receipt": ("regulator/checks.py", "`receipt_at` of the notice"),
    "us.preserve": ("privacy/holds.py", "the end of the hold that a filed report makes"),
}


@cache
def named() -> dict[str, set[str]]:
    """Return each word that stands as a literal in code that starts clocks -> the files in which it does."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "deadlines.start(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, set()).add(str(path.relative_to(SOURCE)))
    return found


@cache
def of_requests() -> set[str]:
    return {key for one in regimes().values() for key in (one.clock, one.receipt, one.keep, *one.then) if key}


@cache
def of_assessments() -> set[str]:
    return {key for one in schemes().values() for key in (one.first, one.review, one.keep) if key}


def starts(key: str) -> str:  # noqa: PLR0911 -- one return for each way
    """Say what starts a clock; empty if nothing does."""
    data = clocks()[key]
    if not data.in_force(TODAY):
        return "its law is repealed"
    if data.hand:
        return "a person"
    if key in of_requests():
        return "a request"
    if key in of_assessments():
        return "an assessment"
    if data.keeps:
        return "the schedule"
    if files := named().get(key):
        return f"a verb of {', '.join(sorted(files))}"
    if key in COUNTED_IN_PLACE:
        return COUNTED_IN_PLACE[key][1]
    return ""


@pytest.mark.parametrize("key", sorted(clocks()))
def test_each_clock_is_started_by_something(key: str) -> None:
    assert starts(key), f"nothing starts {key!r}: {clocks()[key].starts}"


def test_a_clock_that_nothing_starts_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(COUNTED_IN_PLACE, "complaint.window")
    assert not starts("complaint.window")


@pytest.mark.parametrize(("key", "place"), [(key, place) for key, (place, _how) in COUNTED_IN_PLACE.items()])
def test_what_is_counted_in_place_reads_the_data_of_the_clock(key: str, place: str) -> None:
    tree = ast.parse((SOURCE / place).read_text(encoding="utf-8"))
    called = [
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "clock"
        and isinstance(node.args[0], ast.Constant)
    ]
    assert key in called


def test_what_a_person_starts_is_said_in_both_languages_and_is_offered() -> None:
    for one in by_hand.offered():
        assert {"en", "ar"} == set(one.hand)
        assert any("\u0600" <= letter <= "\u06ff" for letter in one.hand["ar"])
        assert not one.given, "the form asks for no length"
    assert {one.key for one in by_hand.offered()} == {key for key, one in clocks().items() if one.hand}


def test_what_follows_a_clock_can_be_started_by_hand_too() -> None:
    for one in clocks().values():
        assert all(clocks()[key].hand for key in one.then)
        if one.standing:
            assert one.kind is ClockKind.ACT
            assert one.key in one.then, "what is owed again and again follows itself"


def test_what_the_schedule_keeps_is_of_its_kinds() -> None:
    kept = {kind for one in clocks().values() for kind in one.keeps}
    assert kept
    assert kept <= set(Kind)
