"""What each field and function of the language says of an event: true, false or unknown, as `fixtures/outcomes` lists.

A case begins with `=== title`, then the event as JSON (author, item, ... on top of the least that an event has), then
one condition a line behind its outcome. Each is judged by the compiled rules and by the interpreter, together with its
negation: a true one fires, a false one's negation fires, of an unknown one neither does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hakam.policy.counters import MemoryCounters
from hakam.policy.engine import compile_pack
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FUNCTIONS
from hakam.policy.interpret import Seen, outcome
from hakam.policy.pack import load_pack
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

FOLDER = Path(__file__).parent / "fixtures" / "outcomes"
# counters: below, and in `test_language.py` with what builds on other rules
OVER_TIME = {"count", "distinct", "sum", "rate", "marked", "rule"}
OUTCOMES = {"true": True, "false": False, "unknown": None}
LEAST: dict[str, Any] = {
    "id": "e1",
    "platform": "forum",
    "kind": "post",
    "at": "2026-03-01T12:00:00Z",
    "author": {"id": "ann"},
    "item": {"id": "p1"},
}


class Case(msgspec.Struct, frozen=True):
    """One event and what holds of it."""

    title: str
    event: Event
    lines: tuple[tuple[bool | None, str], ...]


def cases() -> Iterator[Case]:
    """Yield the cases of all files."""
    for file in sorted(FOLDER.glob("*.txt")):
        for block in f"\n{file.read_text(encoding='utf-8')}".split("\n=== ")[1:]:
            title, _, rest = block.partition("\n")
            said, _, table = rest.partition("\n---\n")
            changes = json.loads(said or "{}")
            merged = {key: {**LEAST[key], **changes.get(key, {})} for key in ("author", "item")}
            event = msgspec.convert({**LEAST, **changes, **merged}, Event)
            lines = [
                line.split(maxsplit=1) for line in table.splitlines() if line and not line.startswith("#")
            ]
            yield Case(f"{file.stem}: {title}", event, tuple((OUTCOMES[word], when) for word, when in lines))


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_outcomes(packs: Any, case: Case) -> None:
    conditions = [when for _, when in case.lines]
    engine = packs.engine(*conditions, *(f"not ({when})" for when in conditions))
    signals = measure(case.event, engine.needs)
    verdict = engine.judge(case.event, signals, packs.nothing_counted)
    assert verdict.quarantined == ()
    fired = {firing.rule for firing in verdict.firings}
    for n, (expected, when) in enumerate(case.lines):
        compiled = (f"r{n}" in fired, f"r{n + len(conditions)}" in fired)
        assert compiled == (expected is True, expected is False), when
        assert outcome(engine.rules[n].when, Seen(case.event, signals)) is expected, when


def tried() -> tuple[dict[str, set[bool | None]], dict[str, set[bool | None]]]:
    """Return the outcomes with which each field, and each function, occurs alone in a condition."""
    by_field: dict[str, set[bool | None]] = {}
    by_function: dict[str, set[bool | None]] = {}
    for case in CASES:
        for expected, when in case.lines:
            for name in re.findall(r"\b([a-z_]+)\(", when):
                by_function.setdefault(name, set()).add(expected)
            for path in set(re.findall(r"\b[a-z]+\.[a-z_]+\b", re.sub(r'"[^"]*"', "", when))):
                by_field.setdefault(path, set()).add(expected)
    return by_field, by_function


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_is_tried_with_each_outcome_that_it_can_have(path: str) -> None:
    wanted = {True, False, None} if FIELDS[path].nullable else {True, False}
    assert wanted <= tried()[0].get(path, set())


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"list", *OVER_TIME}))
def test_every_function_is_tried_with_each_outcome_that_it_can_have(name: str) -> None:
    wanted = {True, False} if name == "known" else {True, False, None}
    assert wanted <= tried()[1].get(name, set())


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ("3 > 2", True),
        ("2 > 3", False),
        ('"DE" in ["DE"]', True),
        ('"DE" in ["AT"]', False),
        ('known("x")', True),
        ("author.country in []", False),
        ("not (author.country in [])", True),
        ("any_in(item.links, [])", False),
        ("contains_any(text.folded, [])", False),
        ('word(text.folded, "!!!")', False),
        ('not word(text.folded, "!!!")', True),
        ('contains_any(text.folded, list("none-yet"))', False),
        ('not contains_any(text.folded, list("none-yet"))', True),
        ('contains_any(item.hashtags, [], words=False) or author.country == "DE"', True),
        ('author.country == "DE" and 3 > 2', True),
    ],
)
def test_a_condition_with_a_constant_in_it_warns_but_its_rule_stays(
    packs: Any, make_event: Any, judge: Any, when: str, fires: bool
) -> None:
    files = {**packs.files(when), "lists/none-yet.txt": "# later\n"}
    loaded = load_pack(files)
    assert loaded.pack is not None, loaded.errors
    assert {"P113", "P206", "P019"} & {finding.code for finding in loaded.findings}
    assert [rule.id for rule in loaded.pack.rules] == ["r0"]
    event = make_event("hello", author={"country": "DE"})
    assert bool(judge(compile_pack(loaded.pack), event).firings) is fires


@pytest.mark.parametrize(
    "when", ["author.country in []", 'word(folded(author.name), "!")', "any_in(extra.tags, [])"]
)
def test_what_is_unknown_stays_unknown_beside_an_empty_list(packs: Any, make_event: Any, when: str) -> None:
    assert not packs.fires(when, make_event())
    assert not packs.fires(f"not ({when})", make_event())


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ('count(by=author.id, within="1h") == 3', [0, 0, 1, 0]),
        ('count(by=author.id, within="1h") >= 1', [1, 1, 1, 1]),
        ('count(by=author.country, within="1h") >= 1', [0, 0, 0, 0]),
        ('not count(by=author.country, within="1h") >= 1', [0, 0, 0, 0]),
        ('count(by=author.id, within="10m", where=item.id == "p1") >= 2', [0, 0, 0, 0]),
        ('count(by=author.id, within="30m", where=item.id == "p1") >= 2', [0, 0, 1, 1]),
        ('distinct(item.id, per=author.id, within="1h") == 2', [0, 1, 1, 1]),
        ('distinct(item.id, per=author.id, within="10m") == 2', [0, 1, 1, 1]),
        ('distinct(item.id, within="1s") == 1', [1, 1, 1, 1]),
        ('count(within="1h") - distinct(item.id, within="1h") == 1', [0, 0, 1, 0]),
    ],
)
def test_counters_over_a_quarter_of_an_hour(packs: Any, when: str, fires: list[int]) -> None:
    engine, counters = packs.engine(when), MemoryCounters()
    found = []
    for n, (minute, item) in enumerate([(0, "p1"), (8, "p2"), (16, "p1"), (24, "p2")]):
        event = msgspec.convert(
            {**LEAST, "id": f"e{n}", "at": f"2026-03-01T12:{minute:02}:00Z", "item": {"id": item}}, Event
        )
        found.append(len(engine.judge(event, measure(event, engine.needs), counters).firings))
    assert found == fires
