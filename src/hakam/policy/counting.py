"""The checker's part for what is counted over time: counters, rates, and the marks that rules set."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING

from hakam.policy.canonical import canonical
from hakam.policy.expression import constant
from hakam.policy.fields import FIELDS
from hakam.policy.functions import FunctionSpec
from hakam.policy.kinds import TEXTUAL, Kind, parse_duration
from hakam.policy.meant import duration_hint
from hakam.policy.source import nearest
from hakam.policy.tree import (
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Counter,
    CounterKind,
    Field,
    Folded,
    Literal,
    Value,
    walk,
)

if TYPE_CHECKING:
    from hakam.policy.check import Expression

MIN_WINDOW, MAX_WINDOW = 1.0, 30 * 86_400.0
MARKED_ON = ("author", "item")


def _key(check: Expression, node: ast.expr, what: str) -> tuple[Value, ...] | None:
    elements = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    found: list[Value] = []
    for element in elements:
        value = check.value(element)
        if value is None:
            return None
        if not isinstance(value, Field | Folded) or value.kind not in {*TEXTUAL, Kind.NUMBER, Kind.CONDITION}:
            check.problem(
                "P503", f"a counter's {what} is a text or number of the event", element, "as `author.id`"
            )
            return None
        found.append(value)
    if not found:
        check.problem("P503", f"a counter's {what} is empty", node, "as `author.id`")
        return None
    return tuple(found)


def counter(check: Expression, spec: FunctionSpec, node: ast.Call) -> Counter | None:  # noqa: C901, PLR0911, PLR0912 -- one branch for each mistake
    """Check `count`, `distinct` and `sum`."""
    if check.checker.in_counter:
        check.problem("P502", "a counter inside a counter", node, "count in one rule what both need")
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if "within" not in given:
        check.problem("P105", f"`{spec.name}` needs `within=`", node, f"as `{spec.signature}`")
        return None
    within = _window(check, given["within"])
    counts = CounterKind.COUNT if spec.name == "rate" else CounterKind(spec.name)
    of: Value | None = None
    by: tuple[Value, ...] | None = ()
    if counts is CounterKind.SUM:
        of = _summed(check, node.args[0])
        if of is None:
            return None
    elif counts is CounterKind.DISTINCT:
        found = _key(check, node.args[0], "field")
        of = found[0] if found else None
        if found is not None and len(found) > 1:
            check.problem("P503", "one field is counted", node.args[0], "as `item.id`")
            of = None
        if of is None:
            return None
    key = given.get("per" if "per" in spec.keywords else "by")
    if key is not None:
        by = _key(check, key, "key")
    where: Condition | None = None
    if "where" in given:
        check.checker.in_counter = True
        try:
            where = check.condition(given["where"])
        finally:
            check.checker.in_counter = False
        if where is None:
            return None
        if any(isinstance(part, Counter) for part in walk(where)):
            check.problem(
                "P502", "a counter inside a counter", given["where"], "count in one rule what both need"
            )
            return None
    if within is None or by is None:
        return None
    name = ast.unparse(node)
    if where is not None and any(isinstance(part, ast.Name | ast.Call) for part in ast.walk(given["where"])):
        # what a term or a list holds can change while the text stays: a counter is named by its meaning
        name += f" #{hashlib.sha256(canonical(where).encode()).hexdigest()[:8]}"
    return Counter(counts, of, by, within, where, name, check.parsed.text(node), check.parsed.span(node))


def _window(check: Expression, node: ast.expr) -> float | None:
    literal = constant(check.parsed, node, check.checker.report)
    seconds = (
        parse_duration(literal.value) if literal is not None and isinstance(literal.value, str) else None
    )
    if seconds is None:
        check.problem(
            "P109", "`within` is a duration", node, duration_hint(literal.value if literal else None)
        )
        return None
    if not MIN_WINDOW <= seconds <= MAX_WINDOW:
        check.problem("P501", "a window lasts from a second to 30 days", node, 'as "7d"')
        return None
    return seconds


def _summed(check: Expression, node: ast.expr) -> Value | None:
    value = check.value(node)
    if value is None:
        return None
    if value.kind is not Kind.NUMBER or isinstance(value, Literal | Counter):
        check.problem("P503", "what is summed is a number of the event", node, "as `item.reach`")
        return None
    if any(isinstance(part, Counter) for part in walk(value)):
        check.problem("P502", "a counter inside a counter", node, "count in one rule what both need")
        return None
    return value


def rate(check: Expression, spec: FunctionSpec, node: ast.Call) -> Value | None:
    """Check `rate(...)`: a count, divided by the minutes of its window."""
    found = counter(check, spec, node)
    if found is None:
        return None
    text, span = check.parsed.text(node), check.parsed.span(node)
    minutes = Literal(found.within / 60, Kind.NUMBER, f"{found.within / 60:g}", span)
    return Arithmetic("/", found, minutes, Kind.NUMBER, text, span)


def marked(check: Expression, node: ast.Call) -> Condition | None:
    """Check `marked("name", on="author")`: whether a rule set the mark, and it has not expired."""
    if check.checker.in_counter:
        check.problem("P502", "a mark inside a counter", node, "ask for the mark beside the counter")
        return None
    name = constant(check.parsed, node.args[0], check.checker.report)
    on = next((keyword.value for keyword in node.keywords if keyword.arg == "on"), None)
    target = constant(check.parsed, on, check.checker.report) if on is not None else None
    if name is None or not isinstance(name.value, str):
        check.problem("P106", "the name of a mark is a text in quotes", node.args[0], 'as "burner"')
        return None
    if target is None or target.value not in MARKED_ON:
        check.problem("P106", '`on` is "author" or "item"', on or node, 'as `on="author"`')
        return None
    text, span = check.parsed.text(node), check.parsed.span(node)
    set_ = check.checker.names.marks
    life = set_.get((str(target.value), name.value))
    if life is None:
        known = [mark for where, mark in set_ if where == target.value]
        hint = (
            nearest(name.value, known)
            or f'a rule does `mark("{name.value[:40]}", on="{target.value}", expires="7d")`'
        )
        check.problem(
            "P125", f"no rule sets the mark `{name.value[:60]}` on the {target.value}", node.args[0], hint
        )
        return Constant(False, text, span)  # noqa: FBT003 -- the value
    key = Field(FIELDS[f"{target.value}.id"], f"{target.value}.id", span)
    found = Counter(
        CounterKind.MARKED, None, (key,), life, None, mark_name(str(target.value), name.value), text, span
    )
    return Compare(">", found, Literal(0, Kind.NUMBER, "0", span), text, span)


def mark_name(on: str, name: str) -> str:
    """Return the name under which the counters keep a mark."""
    return f"mark {on} {name}"
