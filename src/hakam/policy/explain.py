"""Why a rule fired or did not.

Its condition as a tree with the values it saw, and what would have changed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hakam.policy.engine import Engine
from hakam.policy.interpret import Counted, Seen, leaf_value, outcome
from hakam.policy.rules import Rule
from hakam.policy.tree import And, Compare, Condition, Known, Leaf, Literal, Not, Or, leaves
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span
from hakam.vocabulary.verdict import PackRef, Stage

MAX_LEAVES = 200


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a condition.

    `outcome` None is unknown. `decides`: alone, turned round, it changes the rule's.
    """

    text: str
    outcome: bool | None
    span: Span
    joins: str | None = None  # "and", "or", "not"; None for a leaf
    value: Any = None
    decides: bool = False
    parts: tuple[Reason, ...] = ()


class RuleExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule on one event.

    `changes` says, for each leaf that decides, what would have turned the outcome.
    """

    rule: str
    policy: str
    stage: Stage
    outcome: bool | None
    reason: Reason
    changes: tuple[str, ...] = ()


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
    result = outcome(rule.when, seen)
    deciding: dict[Leaf, bool] = {}
    for leaf in leaves(rule.when)[:MAX_LEAVES]:
        for other in (True, False):
            if (outcome(rule.when, seen, {leaf: other}) is True) is not (result is True):
                deciding[leaf] = other
                break
    event = seen.event
    return RuleExplanation(
        rule.id,
        rule.policy,
        rule.staging.for_author(rule.id, event.platform, event.author.id),
        result,
        _reason(rule.when, seen, deciding),
        tuple(_change(leaf, turned, seen) for leaf, turned in deciding.items()),
    )


def _reason(node: Condition, seen: Seen, deciding: dict[Leaf, bool]) -> Reason:
    result = outcome(node, seen)
    if isinstance(node, Not):
        return Reason(node.text, result, node.span, "not", parts=(_reason(node.of, seen, deciding),))
    if isinstance(node, And | Or):
        joins = "and" if isinstance(node, And) else "or"
        parts = tuple(_reason(item, seen, deciding) for item in node.items)
        return Reason(node.text, result, node.span, joins, parts=parts)
    return Reason(node.text, result, node.span, None, leaf_value(node, seen), node in deciding)


def _change(leaf: Leaf, turned: bool, seen: Seen) -> str:
    value = leaf_value(leaf, seen)
    if isinstance(leaf, Known):
        return f"if `{leaf.of.text}` were {'known' if turned else 'missing'}"
    if value is None and outcome(leaf, seen) is None:
        return f"if `{leaf.text}` were known to be {str(turned).lower()}"
    if isinstance(leaf, Compare) and (isinstance(leaf.right, Literal) or isinstance(leaf.left, Literal)):
        return f"if `{leaf.text}` were {str(turned).lower()}: the value is {value!r}"
    return f"if `{leaf.text}` were {str(turned).lower()}"


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
