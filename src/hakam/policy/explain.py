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
from hakam.policy.params import shown
from hakam.policy.rules import Rule
from hakam.policy.tree import And, Condition, Leaf, Literal, Not, Or, Tuned, walk
from hakam.signals.measure import Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span
from hakam.vocabulary.verdict import PackRef, Stage

PREFIX = "params."


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


class ParamSeen(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parameter that a rule read: the value that held here. `community` set it so; elsewhere `general` holds."""

    name: str
    value: str
    general: str
    community: str = ""

    @property
    def text(self) -> str:
        """How a condition reads it: `params.most`."""
        return f"{PREFIX}{self.name}"


class RuleExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule on one event. `ways`: what would have turned the outcome, see `policy.changes`.

    `off_in` is the event's community if the rule is switched off there: then the outcome is False whatever the
    condition says, `reason` is what the condition would have said, and nothing that was seen would turn it.
    """

    rule: str
    policy: str
    stage: Stage
    outcome: bool | None
    reason: Reason
    ways: tuple[Way, ...] = ()
    off_in: str = ""
    params: tuple[ParamSeen, ...] = ()

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
    for n in range(len(found)):
        if found[n].stage is Stage.LIVE and engine.gives_way(n, event):
            found[n] = msgspec.structs.replace(found[n], stage=Stage.SHADOW)
    order = {True: 0, None: 1, False: 2}
    return Explanation(engine.ref, tuple(sorted(found, key=lambda rule: order[rule.outcome])))


def explain_rule(rule: Rule, seen: Seen) -> RuleExplanation:
    """Explain one rule."""
    community = seen.event.item.community
    off_in = community if community is not None and community in rule.off else ""
    found = () if off_in else ways(rule.written, seen)
    deciding = frozenset(leaf for way in found if len(way.changes) == 1 for leaf in way.turned)
    event = seen.event
    return RuleExplanation(
        rule.id,
        rule.policy,
        rule.staging.for_author(rule.placed, event.platform, event.author.id),
        outcome(rule.when, seen),
        _reason(rule.written, seen, deciding),
        found,
        off_in,
        tuple(_params(rule.written, community)),
    )


def _params(condition: Condition, community: str | None) -> Iterator[ParamSeen]:
    """Yield the parameters that a condition reads, in its order, with the value that holds in a community."""
    done: set[str] = set()
    for node in walk(condition):
        if not isinstance(node, Literal | Tuned) or not node.text.startswith(PREFIX) or node.text in done:
            continue
        done.add(node.text)
        assert not isinstance(node.value, str)  # parameters are numbers
        name, general = node.text.removeprefix(PREFIX), shown(node.kind, node.value)
        own = dict(node.by_community).get(community) if isinstance(node, Tuned) and community else None
        if own is None or isinstance(own, str):
            yield ParamSeen(name, general, general)
        else:
            yield ParamSeen(name, shown(node.kind, own), general, community or "")


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
    if explanation.off_in:
        head = f"{head}, switched off in the community `{explanation.off_in}`; its condition alone:"
    lines = [head, *_lines(explanation.reason, 1, marks)]
    lines += [f"  {param_in_words(param)}" for param in explanation.params]
    lines += [f"  it would be otherwise {change}" for change in explanation.changes]
    return "\n".join(lines)


def param_in_words(param: ParamSeen) -> str:
    """Say in English which value of a parameter held."""
    where = f" in the community `{param.community}`, {param.general} elsewhere" if param.community else ""
    return f"{param.text} is {param.value}{where}"


def _lines(reason: Reason, depth: int, marks: dict[bool | None, str]) -> Iterator[str]:
    value = "" if reason.joins is not None or reason.value is None else f"  [{reason.value!r}]"
    star = " *" if reason.decides else ""
    yield f"{'  ' * depth}{marks[reason.outcome]:<8}{reason.joins or reason.text}{value}{star}"
    for part in reason.parts:
        yield from _lines(part, depth + 1, marks)
