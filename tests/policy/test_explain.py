"""Explaining: the tree with its values, unknown told apart from false, and what would have turned it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hakam.policy.counters import MemoryCounters, RecordingCounters
from hakam.policy.explain import explain, show
from hakam.policy.interpret import both, either
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event

MakeEvent = Callable[..., Event]


def explained(packs: Any, when: str, event: Event) -> Any:
    engine = packs.engine(when)
    counters = RecordingCounters(MemoryCounters())
    signals = measure(event, engine.needs)
    verdict = engine.judge(event, signals, counters)
    found = explain(engine, event, signals, counters.seen).rule("r0")
    assert (found.outcome is True) is bool(verdict.firings)
    return found


def test_the_tree_shows_each_part_with_its_value(packs: Any, make_event: MakeEvent) -> None:
    found = explained(
        packs, 'author.posts < 5 and not "trusted" in author.labels', make_event(author={"posts": 9})
    )
    assert found.outcome is False
    assert found.reason.joins == "and"
    few, negated = found.reason.parts
    assert (few.outcome, few.value, few.decides) == (False, 9, True)
    assert (negated.joins, negated.outcome, negated.parts[0].outcome, negated.parts[0].decides) == (
        "not",
        True,
        False,
        False,
    )
    assert found.changes == ("if `author.posts` were below 5 (it was 9)",)


def test_unknown_is_not_false(packs: Any, make_event: MakeEvent) -> None:
    found = explained(packs, "author.posts < 5 or author.followers < 5", make_event(author={"posts": 9}))
    assert found.outcome is None
    assert [part.outcome for part in found.reason.parts] == [False, None]
    assert found.changes == (
        "if `author.posts` were below 5 (it was 9)",
        "if `author.followers` were below 5 (it was unknown)",
    )
    text = show(found)
    assert text.startswith("r0 (live): unknown")
    assert "unknown author.followers < 5" in text


def test_each_leaf_that_alone_would_turn_a_firing_rule_is_named(packs: Any, make_event: MakeEvent) -> None:
    event = make_event("spam", author={"posts": 2})
    found = explained(
        packs,
        'word(text.folded, "spam") and (author.posts < 5 or author.posts < 3) and known(author.posts)',
        event,
    )
    assert found.outcome is True
    assert found.changes == (
        """if `word(text.folded, "spam")` had not found 'spam'""",
        "if `author.posts` were at least 5 (it was 2)",
        "if `author.posts` were missing",
    )
    assert found.reason.parts[0].value == "spam"


def test_counters_are_shown_as_they_were_seen(packs: Any, make_event: MakeEvent) -> None:
    found = explained(packs, 'count(by=author.id, within="1h") >= 3', make_event())
    assert found.reason.value == 1


def test_rules_that_fired_come_first(packs: Any, make_event: MakeEvent) -> None:
    engine = packs.engine("author.posts > 3", "author.posts > 1", "author.followers > 1")
    event = make_event(author={"posts": 2})
    found = explain(engine, event, measure(event, engine.needs), {})
    assert [rule.rule for rule in found.rules] == ["r1", "r2", "r0"]
    with pytest.raises(KeyError):
        found.rule("none")


TABLE = [
    (True, True, True, True),
    (True, None, None, True),
    (True, False, False, True),
    (None, True, None, True),
    (None, None, None, None),
    (None, False, False, None),
    (False, True, False, True),
    (False, None, False, None),
    (False, False, False, False),
]


@pytest.mark.parametrize(("one", "other", "and_", "or_"), TABLE)
def test_kleene(one: bool | None, other: bool | None, and_: bool | None, or_: bool | None) -> None:
    assert both([one, other]) is and_
    assert either([one, other]) is or_


@pytest.mark.parametrize(("one", "other", "and_", "or_"), TABLE)
def test_kleene_as_compiled(  # noqa: PLR0917 -- a row of the table
    packs: Any,
    make_event: MakeEvent,
    one: bool | None,
    other: bool | None,
    and_: bool | None,
    or_: bool | None,
) -> None:
    author = {} if one is None else {"verified": one}
    extra = {} if other is None else {"vip": other}
    event = make_event(author=author, extra=extra)
    for when, wanted in (("author.verified and extra.vip", and_), ("author.verified or extra.vip", or_)):
        assert packs.fires(when, event) is (wanted is True)
        assert packs.fires(f"not ({when})", event) is (wanted is False)
