"""The checker's part for comparisons: what may be compared with what, and what never can be equal."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hakam.policy.habits import holding
from hakam.policy.kinds import LISTS, TEXTUAL, Kind
from hakam.policy.listed import country_hint, outside, report_country, report_language
from hakam.policy.meant import NOTHING, unequal
from hakam.policy.relations import interval, is_whole
from hakam.policy.source import listing, nearest
from hakam.policy.tree import (
    Among,
    And,
    Compare,
    Condition,
    Constant,
    Field,
    Holds,
    Literal,
    Not,
    Similarity,
    Value,
)
from hakam.vocabulary.event import COUNTRY_CODES

if TYPE_CHECKING:
    from hakam.policy.check import Expression

COUNTRIES = frozenset(COUNTRY_CODES)
_PERCENT, _OF_TEN = 100, 10  # 7 may be 7 %, or 7 of 10
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OTHERWISE = {  # what platforms call a kind or an audience
    "tweet": "post",
    "status": "post",
    "reply": "comment",
    "dm": "message",
    "direct_message": "message",
    "photo": "image",
    "picture": "image",
    "user": "account",
    "livestream": "live.start",
    "stream": "live.start",
    "chat": "live.chat",
    "ad": "listing",
    "friends": "followers",
    "members": "group",
    "direct": "private",
    "create": "created",
    "new": "created",
    "update": "edited",
    "updated": "edited",
    "removed": "deleted",
    "credit_card": "card",
    "telephone": "phone",
    "e-mail": "email",
    "ssn": "national_id",
}
_LIKE_NONE = frozenset({"story", "all", "unlisted", "everyone"})
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


def _pair(  # noqa: C901, PLR0911 -- one branch for each kind of node
    check: Expression, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr
) -> Condition | None:
    text, span = check.parsed.text(node), check.parsed.span(node)
    if isinstance(op, ast.Is | ast.IsNot) or _is_nothing(check, left) or _is_nothing(check, right):
        _compared_with_nothing(check, node, left, op, right)
        return None
    if isinstance(op, ast.In | ast.NotIn):
        member = _membership(check, node, left, right, "not " if isinstance(op, ast.NotIn) else "")
        return Not(member, text, span) if member is not None and isinstance(op, ast.NotIn) else member
    sign = _COMPARE[type(op)]
    if sign in {"==", "!="} and isinstance(right, ast.List | ast.Tuple | ast.Set):
        _equals_a_list(check, node, left, sign, right)
        return None
    pair = _operands(check, left, right)
    if pair is None:
        return None
    one, other = pair
    kinds = {one.kind, other.kind}
    both = ((one, left), (other, right))
    if len(kinds) > 1 and not kinds <= TEXTUAL:
        if unequal(check, both, sign, node):
            return None
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
    for (field, _), (literal, at) in (both, both[::-1]):
        if isinstance(literal, Literal):
            _check_range(check, field, sign if field is one else _TURNED[sign], literal, at)
            if isinstance(field, Field):
                choice(check, field, str(literal.value), at)
    return Compare(sign, one, other, text, span)


def _is_nothing(check: Expression, node: ast.expr) -> bool:
    named = isinstance(node, ast.Name) and node.id in NOTHING and node.id not in check.checker.names.terms
    return named or (isinstance(node, ast.Constant) and node.value is None)


def _compared_with_nothing(
    check: Expression, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr
) -> None:
    """Report `x == None`, `x is null`, and `is` with a value."""
    one, other = check.parsed.text(left), check.parsed.text(right)
    denied = isinstance(op, ast.IsNot | ast.NotEq)
    if not (_is_nothing(check, left) or _is_nothing(check, right)):
        sign = "!=" if denied else "=="
        hint = f"write `{one} {sign} {other}`"
        if other.lower() in {"empty", "blank"} and (value := check.value(left)) is not None:
            hint = f'write `{one} {sign} ""`' if value.kind in TEXTUAL else f"write `len({one}) {sign} 0`"
        check.problem("P102", "`is` compares nothing here", node, hint)
        return
    of, at = (other, right) if _is_nothing(check, left) else (one, left)
    value = check.value(at) if not _is_nothing(check, at) else None
    hint = known_hint(none=True)
    if value is not None and isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
        meant = f"known({of})" if denied else f"not known({of})"
        always = isinstance(value, Field) and not value.spec.nullable
        if value.kind in LISTS and always:
            meant = f"len({of}) {'>' if denied else '=='} 0"
        hint = f"write `{meant}`"
    check.problem("P114", "nothing is ever equal to `None`: a missing value is unknown", node, hint)


def _equals_a_list(
    check: Expression, node: ast.expr, left: ast.expr, sign: str, right: ast.List | ast.Tuple | ast.Set
) -> None:
    """Report `x == ["a", "b"]`."""
    value = check.value(left)
    if value is None:
        return
    of, listed = check.parsed.text(left), check.parsed.text(right)
    meant = f"{of} {'in' if sign == '==' else 'not in'} {listed}"
    if value.kind in LISTS and not right.elts:
        meant = f"len({of}) {'==' if sign == '==' else '>'} 0"
    elif value.kind in LISTS:
        meant = f"{'' if sign == '==' else 'not '}any_in({of}, {listed})"
    check.problem("P107", "a value is compared with a list", node, f"write `{meant}`")


def _check_range(check: Expression, value: Value, sign: str, literal: Literal, at: ast.expr) -> None:
    """Report a bound that scores never cross: outside of 0 to 1, or on an end of it and beyond."""
    score = isinstance(value, Field) and value.spec.path.startswith("scores[")
    if not (score or isinstance(value, Similarity)) or isinstance(literal.value, str | bool):
        return
    bound = literal.value
    if 0 <= bound <= 1 and (bound, sign) not in {(1, ">"), (0, "<"), (0, ">="), (1, "<=")}:
        return
    message = f"a score lies between 0 and 1, `{literal.text}` does not"
    hint = "write a number between 0 and 1"
    if _OF_TEN < bound <= _PERCENT:
        hint = f"write `{bound / _PERCENT:g}`"
    elif 0 <= bound <= 1:
        message = f"a score lies between 0 and 1: `{sign} {literal.text}` is the same for all of them"
        hint = "write another number, or leave the comparison out"
    check.problem("P119", message, at, hint)


def choices(check: Expression, field: Value, values: Iterable[str | float | int], listed: ast.expr) -> None:
    """Report those values of a list that a field never has, each where it stands."""
    if isinstance(listed, ast.Call) and isinstance(listed.func, ast.Name) and listed.func.id == "territory":
        return  # its countries are told where they are read
    places: dict[str, ast.expr] = {}
    for element in listed.elts if isinstance(listed, ast.List | ast.Tuple | ast.Set) else ():
        if isinstance(element, ast.Constant):
            places.setdefault(str(element.value), element)
    for value in sorted(values, key=str):
        at = places.get(str(value), listed)
        if isinstance(field, Field):
            choice(check, field, str(value), at)
        if not isinstance(value, str):
            _check_number(check, field, value, at)


def _check_number(check: Expression, value: Value, number: float, at: ast.expr) -> None:
    """Report a number of a list that a value can't be, or a score that is none."""
    literal = Literal(number, Kind.NUMBER, f"{number:g}", check.parsed.span(at))
    _check_range(check, value, "==", literal, at)
    least, most = interval(value)
    if not least <= number <= most or (is_whole(value) and number != int(number)):
        hint = "leave it out, or write another value"
        check.problem("P113", f"`{value.text}` is never `{number:g}`", at, hint)


def choice(check: Expression, field: Field, value: str, node: ast.expr) -> None:
    """Report a value that a field never has: not in its closed list, no code of a country, no host as links have it."""
    spec, shown = field.spec, value[:60]
    if spec.country and value not in COUNTRIES:
        check.problem("P113", f"`{spec.path}` is never `{shown}`", node, country_hint(value))
    elif spec.country:
        report_country(check.checker.report, value, check.parsed.span(node))
    if spec.language:
        report_language(check.checker.report, value, check.parsed.span(node))
    if spec.made and value not in spec.made:
        known = {name[:3].lower(): name for name in spec.made}
        hint = (
            f"did you mean `{close}`?"
            if (close := known.get(value[:3].lower()))
            else f"it is one of {listing(spec.made, 30)}"
        )
        check.problem("P113", f"`{spec.path}` is never `{shown}`", node, hint)
    if spec.host is not None and (value.startswith(("*", "."))):
        hint = f'`ends_with({spec.path}, ".{value.lstrip("*.")[:60]}")` finds what ends so'
        check.problem("P209", f"`{shown}` is compared as it stands, as a whole host", node, hint)
    elif spec.host is not None and (plain := spec.host(value)) != value:
        hint = f"did you mean `{plain}`?"
        check.problem("P113", f"`{spec.path}` is never `{shown}`", node, hint)
    if spec.choices and value not in spec.choices:
        hint = choice_hint(value, spec.choices)
        check.problem("P115", f"`{spec.path}` is never `{shown}`", node, hint)


def choice_hint(value: str, known: tuple[str, ...]) -> str:
    """Return the nearest of some values: that of a known other name, else the one that looks most like it."""
    meant = _OTHERWISE.get(value.lower().strip())
    if meant in known:
        return f"did you mean `{meant}`?"
    hint = nearest(value, known) if value.lower() not in _LIKE_NONE else None
    return hint or f"it is one of {listing(known, 20)}"


def _membership(  # noqa: C901, PLR0911, PLR0912 -- one branch for each kind of node
    check: Expression, node: ast.expr, left: ast.expr, right: ast.expr, denied: str
) -> Condition | None:
    text, span = check.parsed.text(node), check.parsed.span(node)
    if check.is_fixed(right):
        item = check.value(left)
        if item is None:
            check.fixed(right, Kind.TEXT)
            return None
        if item.kind in LISTS:
            hint = f"write `any_in({item.text}, {check.parsed.text(right)})`"
            check.problem("P107", f"`{item.text}` is a {item.kind}", node, hint)
            return None
        if item.kind is Kind.CONDITION:
            check.problem(
                "P107", "a condition is not looked up in a list", left, "join conditions by `and`, `or`"
            )
            return None
        listed, is_outside = outside(check, right, item, node)
        if is_outside:
            return listed
        found = check.fixed(right, item.kind, item)
        if found is None:
            return None
        if isinstance(item, Literal):
            check.problem("P113", "always the same: two constants are compared", node, "look up a field")
            return Constant(item.value in found[0], text, span)
        choices(check, item, found[0], right)
        return Among(item, found[0], found[1], text, span)
    holder = check.value(right)
    if holder is None:
        check.value(left)
        return None
    if isinstance(holder, Literal) and isinstance(holder.value, str) and not isinstance(left, ast.Constant):
        hint = f"write `{check.parsed.text(left)} in [{holder.text}]`"
        check.problem("P107", "`in` needs a list, this is one text", node, hint)
        return None
    if holder.kind in LISTS and isinstance(left, ast.List | ast.Tuple | ast.Set):
        hint = f"write `any_in({holder.text}, {check.parsed.text(left)})`"
        check.problem("P107", "a list is looked up in a list", node, hint)
        return None
    if holder.kind in TEXTUAL:
        hint = f"`contains_any({holder.text}, [...])` for whole words, with `words=False` for any part"
        if isinstance(left, ast.Constant) and isinstance(left.value, str) and not isinstance(holder, Literal):
            hint = f"write `{denied}{holding(holder.text, check.parsed.text(left))}`"
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
        choice(check, holder, str(item.value), left)
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
