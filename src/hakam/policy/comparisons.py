"""The checker's part for comparisons: what may be compared with what, and what never can be equal."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hakam.policy.kinds import LISTS, TEXTUAL, Kind
from hakam.policy.listed import outside
from hakam.policy.source import listing, nearest
from hakam.policy.tree import Among, And, Compare, Condition, Constant, Field, Holds, Literal, Not, Value
from hakam.vocabulary.event import COUNTRY_CODES

if TYPE_CHECKING:
    from hakam.policy.check import Expression

COUNTRIES = frozenset(COUNTRY_CODES)
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def comparison(check: Expression, node: ast.Compare) -> Condition | None:
    """Check `a < b`, `a in b` and chains of them."""
    operands = [node.left, *node.comparators]
    found: list[Condition | None] = []
    for n, op in enumerate(node.ops):
        left, right = operands[n], operands[n + 1]
        whole = node if len(node.ops) == 1 else ast.copy_location(ast.Compare(left, [op], [right]), left)
        whole.end_lineno, whole.end_col_offset = right.end_lineno, right.end_col_offset
        found.append(_pair(check, whole, left, op, right))
    if any(item is None for item in found):
        return None
    kept = tuple(item for item in found if item is not None)
    return kept[0] if len(kept) == 1 else And(kept, check.parsed.text(node), check.parsed.span(node))


def _pair(  # noqa: PLR0911 -- one branch for each kind of node
    check: Expression, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr
) -> Condition | None:
    text, span = check.parsed.text(node), check.parsed.span(node)
    if isinstance(op, ast.Is | ast.IsNot):
        none = isinstance(right, ast.Constant) and right.value is None
        check.problem("P114" if none else "P102", "`is` compares nothing here", node, known_hint(none=none))
        return None
    if any(isinstance(side, ast.Constant) and side.value is None for side in (left, right)):
        check.problem(
            "P114",
            "nothing is ever equal to `None`: a missing value is unknown",
            node,
            known_hint(none=True),
        )
        return None
    if isinstance(op, ast.In | ast.NotIn):
        member = _membership(check, node, left, right)
        return Not(member, text, span) if member is not None and isinstance(op, ast.NotIn) else member
    sign = _COMPARE[type(op)]
    pair = _operands(check, left, right)
    if pair is None:
        return None
    one, other = pair
    kinds = {one.kind, other.kind}
    if len(kinds) > 1 and not kinds <= TEXTUAL:
        check.problem("P107", f"{one.kind} is compared with {other.kind}", node, _kind_hint(kinds))
        return None
    if one.kind in LISTS:
        check.problem(
            "P107", "lists are not compared", node, "`x in list`, `any_in(list, [...])` or `len(list)`"
        )
        return None
    if sign not in {"==", "!="} and (one.kind in TEXTUAL or one.kind is Kind.CONDITION):
        check.problem("P107", f"`{sign}` has no meaning for {one.kind}", node, "`==`, `!=` and `in` have")
        return None
    if isinstance(one, Literal) and isinstance(other, Literal):
        check.problem("P113", "always the same: two constants are compared", node, "compare with a field")
        return Constant(_ORDER[sign](one.value, other.value), text, span)
    _check_range(check, one, other, node)
    _check_choices(check, (one, other), node)
    return Compare(sign, one, other, text, span)


def _check_range(check: Expression, one: Value, other: Value, node: ast.expr) -> None:
    for field, literal in ((one, other), (other, one)):
        if (
            isinstance(field, Field)
            and field.spec.path.startswith("scores[")
            and isinstance(literal, Literal)
            and isinstance(literal.value, int | float)
            and not 0 <= literal.value <= 1
        ):
            check.problem(
                "P119", f"a score lies between 0 and 1, `{literal.text}` does not", node, "90 % is `0.9`"
            )


def _check_choices(check: Expression, pair: tuple[Value, Value], node: ast.expr) -> None:
    for field, literal in (pair, pair[::-1]):
        if isinstance(field, Field) and isinstance(literal, Literal):
            choice(check, field, str(literal.value), node)


def choice(check: Expression, field: Field, value: str, node: ast.expr) -> None:
    """Report a value that a field never has: not in its closed list, no code of a country, no host as links have it."""
    choices = field.spec.choices
    if field.spec.country and value not in COUNTRIES:
        close = value.strip().upper()
        hint = (
            f"did you mean `{close}`?" if close in COUNTRIES else "two capital letters (ISO 3166-1), as `DE`"
        )
        check.problem("P113", f"`{field.spec.path}` is never `{value[:60]}`", node, hint)
    if field.spec.host is not None and (plain := field.spec.host(value)) != value:
        hint = f"did you mean `{plain}`?"
        check.problem("P113", f"`{field.spec.path}` is never `{value[:60]}`", node, hint)
    if choices and value not in choices:
        hint = nearest(value, choices) or f"it is one of {listing(choices, 20)}"
        check.problem("P115", f"`{field.spec.path}` is never `{value[:60]}`", node, hint)


def _membership(check: Expression, node: ast.expr, left: ast.expr, right: ast.expr) -> Condition | None:  # noqa: C901, PLR0911, PLR0912 -- one branch for each kind of node
    text, span = check.parsed.text(node), check.parsed.span(node)
    if check.is_fixed(right):
        item = check.value(left)
        if item is None:
            check.fixed(right, Kind.TEXT)
            return None
        if item.kind in LISTS:
            check.problem("P107", f"`{item.text}` is a {item.kind}", left, f"`any_in({item.text}, ...)`")
            return None
        if item.kind is Kind.CONDITION:
            check.problem(
                "P107", "a condition is not looked up in a list", left, "join conditions by `and`, `or`"
            )
            return None
        listed, is_outside = outside(check, right, item, node)
        if is_outside:
            return listed
        found = check.fixed(right, item.kind)
        if found is None:
            return None
        if isinstance(item, Literal):
            check.problem("P113", "always the same: two constants are compared", node, "look up a field")
            return Constant(item.value in found[0], text, span)
        if isinstance(item, Field):
            for value in sorted(map(str, found[0])) if item.spec.choices or item.spec.country else ():
                choice(check, item, value, right)
        return Among(item, found[0], found[1], text, span)
    holder = check.value(right)
    if holder is None:
        check.value(left)
        return None
    if holder.kind in TEXTUAL:
        hint = f"`contains_any({holder.text}, [...])` for whole words, with `words=False` for any part"
        check.problem("P122", f"`in` does not search a text (`{holder.text}`)", node, hint)
        return None
    if holder.kind not in LISTS:
        check.problem(
            "P107",
            f"`in` needs a list, `{holder.text}` is {holder.kind}",
            right,
            f"compare it: `{holder.text} == ...`",
        )
        return None
    item = check.value(left, expected=Kind.TEXT if holder.kind is Kind.TEXTS else Kind.NUMBER)
    if item is None:
        return None
    if (item.kind in TEXTUAL) is not (holder.kind is Kind.TEXTS):
        hint = (
            "put it in quotes"
            if holder.kind is Kind.TEXTS
            else "numbers are written without quotes, texts in quotes"
        )
        check.problem("P107", f"{item.kind} is looked up in a {holder.kind}", node, hint)
        return None
    if isinstance(holder, Field) and isinstance(item, Literal):
        choice(check, holder, str(item.value), node)
    return Holds(item, holder, text, span)


def _operands(check: Expression, left: ast.expr, right: ast.expr) -> tuple[Value, Value] | None:
    """Check two sides; a text beside a time, a duration or folded text is read as one."""
    one, other = isinstance(left, ast.Constant), isinstance(right, ast.Constant)
    first = check.value(left) if not one else None
    second = (
        check.value(right, expected=first.kind if first else None) if not one or other else check.value(right)
    )
    if one:
        first = check.value(left, expected=second.kind if second else None)
    return None if first is None or second is None else (first, second)


def _kind_hint(kinds: set[Kind]) -> str:
    if Kind.DURATION in kinds:
        return 'durations are written "10m", "24h", "7d"'
    if Kind.CONDITION in kinds:
        return "a condition needs no comparison: `author.verified`, `not author.verified`"
    if Kind.NUMBER in kinds:
        return "numbers are written without quotes, texts in quotes"
    return "compare with a value of the same kind"


def known_hint(*, none: bool) -> str:
    """Return what to write instead of `None`, or instead of `is`."""
    return "ask `known(field)` or `not known(field)`" if none else "use `==`"
