"""Kleene's logic, every line of its tables: compiled, interpreted, and as written, with fields that can be unknown."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from hakam.policy.counters import NO_COUNTERS
from hakam.policy.interpret import Seen, outcome
from hakam.signals.measure import measure

VALUES = (True, False, None)
NAMES = ("author.verified", "extra.vip", "extra.tested")

# written out, not computed: what the language promises
NOT = {True: False, False: True, None: None}
AND = {
    (True, True): True,
    (True, False): False,
    (True, None): None,
    (False, True): False,
    (False, False): False,
    (False, None): False,
    (None, True): None,
    (None, False): False,
    (None, None): None,
}
OR = {
    (True, True): True,
    (True, False): True,
    (True, None): True,
    (False, True): True,
    (False, False): False,
    (False, None): None,
    (None, True): True,
    (None, False): None,
    (None, None): None,
}


def event_of(make_event: Any, *values: bool | None) -> Any:
    """Return an event in which the first fields have these values; what is None is not said."""
    named = zip(NAMES, values, strict=False)
    said = {name: value for name, value in named if value is not None}
    author = {"verified": said[NAMES[0]]} if NAMES[0] in said else {}
    extra = {name.partition(".")[2]: value for name, value in said.items() if name.startswith("extra.")}
    return make_event("x", author=author, extra=extra)


def outcome_of(packs: Any, condition: str, event: Any) -> bool | None:
    """Return the outcome of a condition: the rule and its negation, compiled; and the interpreter must say the same."""
    engine = packs.engine(condition, f"not ({condition})")
    fired = {firing.rule for firing in engine.judge(event, measure(event, engine.needs), NO_COUNTERS).firings}
    assert len(fired) < 2
    compiled = True if fired == {"r0"} else False if fired == {"r1"} else None
    assert outcome(engine.rules[0].when, Seen(event, measure(event))) is compiled
    return compiled


@pytest.mark.parametrize("value", VALUES)
def test_not(packs: Any, make_event: Any, value: bool | None) -> None:
    assert outcome_of(packs, f"not {NAMES[0]}", event_of(make_event, value)) is NOT[value]


@pytest.mark.parametrize(("one", "other"), list(AND))
def test_and_or(packs: Any, make_event: Any, one: bool | None, other: bool | None) -> None:
    event = event_of(make_event, one, other)
    assert outcome_of(packs, f"{NAMES[0]} and {NAMES[1]}", event) is AND[one, other]
    assert outcome_of(packs, f"{NAMES[0]} or {NAMES[1]}", event) is OR[one, other]


@pytest.mark.parametrize(("one", "other"), list(product(VALUES, repeat=2)))
def test_the_laws_of_de_morgan(packs: Any, make_event: Any, one: bool | None, other: bool | None) -> None:
    event = event_of(make_event, one, other)
    a, b = NAMES[:2]
    for left, right in (
        (f"not ({a} and {b})", f"not {a} or not {b}"),
        (f"not ({a} or {b})", f"not {a} and not {b}"),
        (f"not (not {a})", a),
    ):
        assert outcome_of(packs, left, event) is outcome_of(packs, right, event)


@pytest.mark.parametrize("value", VALUES)
def test_known_is_never_unknown(packs: Any, make_event: Any, value: bool | None) -> None:
    event = event_of(make_event, value)
    assert outcome_of(packs, f"known({NAMES[0]})", event) is (value is not None)
    assert outcome_of(packs, f"not known({NAMES[0]})", event) is (value is None)


@pytest.mark.parametrize("value", VALUES)
def test_what_is_unknown_does_not_follow_from_itself(packs: Any, make_event: Any, value: bool | None) -> None:
    event = event_of(make_event, value)
    name = NAMES[0]
    sure = None if value is None else True
    assert outcome_of(packs, f"{name} or not {name}", event) is sure
    assert outcome_of(packs, f"{name} and not {name}", event) is (None if sure is None else False)
