"""Why a rule fired or did not.

Its condition as a tree with the values it saw, and what would have changed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hakam.policy.changes import Way, ways
from hakam.policy.engine import Engine
from hakam.policy.interpret import Counted, Seen, leaf_value, outcome
from hakam.policy.rules import Rule
from hakam.policy.tree import And, Condition, Leaf, Not, Or
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span
from hakam.vocabulary.verdict import PackRef, Stage


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a condition.

    `outcome` None is unknown. `decides`: a change that turns it, and nothing else, changes the rule's.
    """

    text: str
    outcome: bool | None
    span: Span
    joins: str | None = None  # "and", "or", "not"; None for a leaf
    value: Any = None
    decides: bool = False
    parts: tuple[Reason, ...] = ()


class RuleExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule on one event. `ways`: what would have turned the outcome, see `policy.changes`."""

    rule: str
    policy: str
    stage: Stage
    outcome: bool | None
    reason: Reason
    ways: tuple[Way, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """The ways in English, each to be read after `it would be otherwise`."""
        return tuple(" and ".join(map(str, way.changes)) for way in self.ways)


class Explanation(msgspec.Struct, frozen=True):
    """All rules of a pack on one event, those that fired first."""

    pack: PackRef
    rules: tuple[RuleExplanation, ...]

    def rule(self, id_: str) -> RuleExplanation:
        """Return one rule's explanation. Raises `KeyError`."""
        for found in self.rules:
            if found.rule == id_:
                return found
        raise KeyError(id_)


def explain(engine: Engine, event: Event, signals: Signals, counted: Counted) -> Explanation:
    """Explain every rule.

    `counted` holds the counters' values as they were seen (`RecordingCounters.seen`).
    """
    seen = Seen(event, signals, counted)
    found = [explain_rule(rule, seen) for rule in engine.rules]
    order = {True: 0, None: 1, False: 2}
    return Explanation(engine.ref, tuple(sorted(found, key=lambda rule: order[rule.outcome])))


def explain_rule(rule: Rule, seen: Seen) -> RuleExplanation:
    """Explain one rule."""
    found = ways(rule.when, seen)
    deciding = frozenset(leaf for way in found if len(way.changes) == 1 for leaf in way.turned)
    event = seen.event
    return RuleExplanation(
        rule.id,
        rule.policy,
        rule.staging.for_author(rule.id, event.platform, event.author.id),
        outcome(rule.when, seen),
        _reason(rule.when, seen, deciding),
        found,
    )


def _reason(node: Condition, seen: Seen, deciding: frozenset[Leaf]) -> Reason:
    result = outcome(node, seen)
    if isinstance(node, Not):
        return Reason(node.text, result, node.span, "not", parts=(_reason(node.of, seen, deciding),))
    if isinstance(node, And | Or):
        joins = "and" if isinstance(node, And) else "or"
        parts = tuple(_reason(item, seen, deciding) for item in node.items)
        return Reason(node.text, result, node.span, joins, parts=parts)
    return Reason(node.text, result, node.span, None, leaf_value(node, seen), node in deciding)


def show(explanation: RuleExplanation) -> str:
    """Return an explanation as an indented tree of plain text."""
    marks = {True: "yes", False: "no", None: "unknown"}
    head = f"{explanation.rule} ({explanation.stage}): {marks[explanation.outcome]}"
    lines = [head, *_lines(explanation.reason, 1, marks)]
    lines += [f"  it would be otherwise {change}" for change in explanation.changes]
    return "\n".join(lines)


def _lines(reason: Reason, depth: int, marks: dict[bool | None, str]) -> Iterator[str]:
    value = "" if reason.joins is not None or reason.value is None else f"  [{reason.value!r}]"
    star = " *" if reason.decides else ""
    yield f"{'  ' * depth}{marks[reason.outcome]:<8}{reason.joins or reason.text}{value}{star}"
    for part in reason.parts:
        yield from _lines(part, depth + 1, marks)
