"""What was probably meant, where an expression can be read and says something else: the hints of the checker.

A hint of the form ``write `x` `` or ``did you mean `x`?`` mends the piece that is marked, put in its place; a text
keeps its quotes.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from datetime import date
from typing import TYPE_CHECKING

from hakam.policy.fields import FIELDS, ROOTS
from hakam.policy.functions import FUNCTIONS, FunctionSpec
from hakam.policy.habits import holding
from hakam.policy.kinds import LISTS, TEXTUAL, Kind, meant_duration, parse_duration, show_duration
from hakam.policy.source import listing, nearest
from hakam.policy.tree import Field, Literal, Value

if TYPE_CHECKING:
    from hakam.policy.check import Expression

NOTHING = frozenset({"null", "NULL", "Null", "none", "NONE", "nil", "undefined"})
_NAMES = {  # what other systems call a field
    "text": "text.folded",
    "body": "text.folded",
    "content": "text.folded",
    "message": "text.folded",
    "links": "links.urls",
    "urls": "links.urls",
    "language": "text.language",
    "lang": "text.language",
    "kind": "item.kind",
    "type": "item.kind",
    "score": "scores",
    "country": "author.country",
    "now": "event.at",
}
_FUNCTIONS = {  # what other languages call a function
    **dict.fromkeys(("exists", "isset", "is_set", "defined", "is_known", "not_null", "present"), "known"),
    **dict.fromkeys(("regex", "regexp", "search", "match", "rlike", "regexp_matches", "re_match"), "matches"),
    **dict.fromkeys(
        ("contains", "includes", "has", "icontains", "any_of", "has_any", "like"), "contains_any"
    ),
    **dict.fromkeys(("lower", "upper", "casefold", "tolower", "toLowerCase", "lcase", "normalize"), "folded"),
    **dict.fromkeys(("length", "size", "strlen", "char_length"), "len"),
    **dict.fromkeys(("startswith", "startsWith", "begins_with", "hasPrefix"), "starts_with"),
    **dict.fromkeys(("endswith", "endsWith", "hasSuffix"), "ends_with"),
    **dict.fromkeys(("count_distinct", "unique", "nunique"), "distinct"),
    **dict.fromkeys(("intersects", "overlaps", "any", "in_any"), "any_in"),
    **dict.fromkeys(("total",), "sum"),
    **dict.fromkeys(("contains_word", "has_word", "words"), "word"),
}
_ARGUMENTS = {  # what other languages call an argument
    **dict.fromkeys(
        ("window", "period", "over", "during", "last", "duration", "interval", "time"), ("within",)
    ),
    **dict.fromkeys(("key", "group", "group_by", "groupby", "each", "per", "by", "of"), ("by", "per")),
    **dict.fromkeys(("filter", "condition", "only", "when", "having"), ("where",)),
    **dict.fromkeys(("threshold", "above", "minimum", "min", "score", "distance"), ("at_least",)),
    **dict.fromkeys(("whole_words", "whole_word", "word", "boundaries", "whole"), ("words",)),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_YEAR = 4  # digits
_SHORT_DAY = 3  # letters
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def function_hint(name: str, whole: ast.Call | None = None, check: Expression | None = None) -> str:  # noqa: PLR0911 -- one for each look of a call
    """Return what is probably meant by a function that is not there. `name` may be a path: `author.name.lower`."""
    last = name.rsplit(".", 1)[-1]
    known = FUNCTIONS if last in FUNCTIONS else _FUNCTIONS
    meant = last if known is FUNCTIONS else _FUNCTIONS.get(last) or _FUNCTIONS.get(last.lower())
    if last == "contains_all":
        return "join `word(...)` for each by `and`"
    if last.lower() in {"now", "today", "current_date", "getdate"}:
        return "the time of the event is `event.at`, the age of its account `author.age`"
    if last == "range":
        return "compare twice, as `22 <= event.hour < 24`"
    said = _text_alone(whole, check) if whole is not None and check is not None else None
    if said is not None and last.lower() in {"score", "scores", "get_score"}:
        return f"write `scores[{said}]`"
    if said is not None and last.lower() in {"has_label", "haslabel", "labelled", "labeled", "has_tag"}:
        return f"write `{said} in author.labels`"
    if meant is None:
        hint = nearest(last, FUNCTIONS)
        return hint or f"there are {listing(tuple(FUNCTIONS), 20)}"
    if whole is not None and check is not None and (call := _called(meant, whole, check)) is not None:
        return f"write `{call}`"
    return f"did you mean `{meant}`?" if "." not in name else f"as `{FUNCTIONS[meant].signature}`"


def _text_alone(call: ast.Call, check: Expression) -> str | None:
    """Return the one argument of a call that is nothing but a text, as it is written."""
    alone = len(call.args) == 1 and not call.keywords and isinstance(call.func, ast.Name)
    return check.parsed.text(call.args[0]) if alone and _is_text(call.args[0]) else None


def argument_hint(keyword: ast.keyword, spec: FunctionSpec) -> str:
    """Return what is probably meant by an argument that a function has not: a duration is the window of a counter."""
    name, value = keyword.arg or "", keyword.value
    lasts = isinstance(value, ast.Constant) and isinstance(value.value, str) and parse_duration(value.value)
    known = ("within",) if lasts else _ARGUMENTS.get(name.lower(), ())
    meant = next((one for one in known if one in spec.keywords), None)
    if meant is not None:
        return f"did you mean `{meant}=`?"
    return nearest(name, spec.keywords, say="did you mean `{}=`?") or f"as `{spec.signature}`"


def arguments_hint(check: Expression, spec: FunctionSpec, node: ast.Call) -> str:
    """Return how a call with too few or too many arguments is meant: `count(author.id, within="1h")` counts by it."""
    others = [f"{keyword.arg}={check.parsed.text(keyword.value)}" for keyword in node.keywords]
    if spec.name == "bank" and node.args and _is_text(node.args[-1]):  # what is looked up is the event's
        return f"write `bank({', '.join([check.parsed.text(node.args[-1]), *others])})`"
    given = {keyword.arg for keyword in node.keywords}
    key = next((one for one in ("by", "per") if one in spec.keywords and one not in given), None)
    if spec.most or not node.args or key is None or any(isinstance(one, ast.Starred) for one in node.args):
        return f"as `{spec.signature}`"
    fields = ", ".join(check.parsed.text(argument) for argument in node.args)
    fields = fields if len(node.args) == 1 else f"({fields})"
    return f"write `{spec.name}({', '.join([f'{key}={fields}', *others])})`"


def time_hint(said: str) -> str:
    """Return the day that a text stands for (`31.12.2025`, `2025/12/31`) where that is certain, or how times look."""
    if parse_duration(said) is not None:
        return "a duration is compared with an age, as `author.age`"
    parts = re.fullmatch(r"\s*(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})\s*", said)
    if parts is not None:
        first, second, third = map(int, parts.groups())
        orders = [(first, second, third)] if len(parts[1]) == _YEAR else [(third, second, first)]
        if "." not in said and len(parts[3]) == _YEAR:
            orders.append((third, first, second))  # months come first in the USA
        meant = {day.isoformat() for order in orders if (day := _day(*order)) is not None}
        if len(meant) == 1 and _YEAR in {len(parts[1]), len(parts[3])}:
            return f'write `"{meant.pop()}"`'
    return "as `2026-03-01` or `2026-03-01T12:00:00Z`"


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _called(meant: str, call: ast.Call, check: Expression) -> str | None:  # noqa: PLR0911 -- one for each function
    """Return the whole call as it should be, where that is certain: `author.name.lower()`, `lower(author.name)`."""
    arguments = [check.parsed.text(argument) for argument in call.args]
    if isinstance(call.func, ast.Attribute):
        arguments = [check.parsed.text(call.func.value), *arguments]
    if not arguments or call.keywords:
        return None
    if arguments[0] == "re":
        del arguments[0]
    if len(arguments) == 2 and arguments[0] not in FIELDS and arguments[1] in FIELDS:  # noqa: PLR2004 -- `search("x", text)`
        arguments.reverse()
    arguments[0] = _NAMES.get(arguments[0], arguments[0])
    of = FIELDS.get(arguments[0])
    if of is None:
        return None
    if meant == "folded":
        one = len(arguments) == 1
        return arguments[0] if one and of.kind is Kind.FOLDED else f"folded({arguments[0]})" if one else None
    if meant == "contains_any" and len(arguments) == 2 and _is_text(call.args[-1]):  # noqa: PLR2004 -- field, text
        return holding(*arguments)
    if meant in {"starts_with", "ends_with", "matches", "word"} and of.kind is not Kind.NUMBER:
        return f"{meant}({', '.join(arguments)})"
    if meant == "len" and len(arguments) == 1 and of.kind in TEXTUAL | LISTS:
        return f"len({arguments[0]})"
    return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def name_hint(check: Expression, path: str, expected: Kind | None) -> str:  # noqa: C901, PLR0911 -- one for each look of a name
    """Return what is probably meant by a field that is not there."""
    names = check.checker.names
    every = [*FIELDS, *(f"extra.{name}" for name in names.extra), *names.terms]
    root, last = path.split(".", maxsplit=1)[0], path.rsplit(".", 1)[-1]
    if path in FUNCTIONS:
        return f"a function needs arguments: `{FUNCTIONS[path].signature}`"
    if root in {"scores", "score"} and path.count(".") == 1:
        return f'write `scores["{last}"]`'
    of = path.rpartition(".")[0]
    of = _NAMES.get(of, of)
    if last in {"length", "size", "len", "count", "number"} and of in FIELDS and _has_length(of):
        return f"write `len({of})`"
    if of in FIELDS and FIELDS[of].kind is Kind.DURATION:  # `author.age.days`
        return f'a duration is compared as a whole: `{of} < "3d"`'
    if path.lower() in {"true", "false"}:
        return f"write `{path.capitalize()}`"
    if path in _NAMES and path not in names.terms and _NAMES[path] in FIELDS:
        return f"did you mean `{_NAMES[path]}`?"
    if expected in TEXTUAL and "." not in path:
        return f'write `"{path}"`, a text in quotes'
    if root in ROOTS and last != path:
        same = [name.partition(".")[2] for name in FIELDS if name.startswith(f"{root}.")]
        hint = nearest(path.partition(".")[2], same, say=f"did you mean `{root}.{{}}`?")
    else:
        hint = nearest(path, every)
    if hint is None:
        hint = next((f"did you mean `{name}`?" for name in FIELDS if name.endswith(f".{last}")), None)
    if hint is None and root in ROOTS:
        return f"there are {listing([name for name in FIELDS if name.startswith(f'{root}.')], 20)}"
    return hint or "see the fields in the reference, or put a text in quotes"


def _has_length(path: str) -> bool:
    return FIELDS[path].kind in TEXTUAL | LISTS


def duration_hint(said: object) -> str:
    """Return the duration that a text or a number of seconds stands for, else how durations look."""
    if isinstance(said, str) and (meant := meant_duration(said)) is not None:
        return f'write `"{meant}"`'
    if isinstance(said, int) and not isinstance(said, bool) and 0 < said < 10**9:
        return f'write `"{show_duration(said)}"` if seconds are meant'
    return "as `90s`, `10m`, `24h`, `7d`, `1h30m`"


def condition_hint(value: Value) -> str:
    """Return how a value becomes a condition."""
    if value.kind in LISTS:
        return f"write `len({value.text}) > 0`"
    if value.kind is Kind.DURATION:
        return f'compare it: `{value.text} < "1d"`'
    if value.kind is Kind.NUMBER and not isinstance(value, Literal):
        return f"compare it: `{value.text} > 0`"
    return f"compare it: `{value.text} == ...`"


def unequal(check: Expression, pair: tuple[tuple[Value, ast.expr], ...], sign: str, whole: ast.expr) -> bool:
    """Report a comparison of two kinds where what is meant is certain; return whether it was."""
    for (value, _), (other, at) in (pair, pair[::-1]):
        if isinstance(value, Literal) or not isinstance(other, Literal):
            continue
        meant = literal_meant(value, other, sign)
        if meant is not None:
            place = whole if value.kind is Kind.CONDITION or value.kind in LISTS else at
            message = f"{value.kind} is compared with {other.kind}"
            check.problem("P107", message, place, f"write `{meant}`")
            return True
    return False


def literal_meant(value: Value, literal: Literal, sign: str) -> str | None:  # noqa: PLR0911 -- one for each pair of kinds
    """Return what is meant by a constant of another kind than what it is compared with, where that is certain.

    The whole comparison for a list and a condition, else the constant.
    """
    said = literal.value
    if value.kind in LISTS:
        if isinstance(said, str):
            return {"==": f"{literal.text} in {value.text}", "!=": f"{literal.text} not in {value.text}"}.get(
                sign
            )
        return f"len({value.text}) {sign} {literal.text}" if value.kind is Kind.TEXTS else None
    if value.kind is Kind.CONDITION and sign in {"==", "!="}:
        meant = _YES.get(str(said).lower())
        if meant is None:
            return None
        return value.text if meant is (sign == "==") else f"not {value.text}"
    if value.kind is Kind.NUMBER and isinstance(said, str):
        word = "".join(str(unicodedata.decimal(char, char)) for char in said.strip().replace(",", ""))
        if isinstance(value, Field) and value.spec.path == "event.weekday" and len(word) >= _SHORT_DAY:
            day = next((n for n, name in enumerate(_DAYS, 1) if name.startswith(word.lower())), None)
            if day is not None:
                return str(day)
        return word if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", word) else None
    if value.kind in TEXTUAL and isinstance(said, int | float) and not isinstance(said, bool):
        return f'"{literal.text}"' if sign in {"==", "!="} else None
    return None


def alternatives_meant(check: Expression, node: ast.BoolOp) -> dict[int, tuple[int, str]]:
    """Return where `x == "a" or "b"` stands: the number of the comparison, of the last constant, and what is meant."""
    found: dict[int, tuple[int, str]] = {}
    if not isinstance(node.op, ast.Or):
        return found
    n = 0
    while n < len(node.values):
        first, last = node.values[n], n
        while last + 1 < len(node.values) and _is_value(node.values[last + 1]):
            last += 1
        if last > n and isinstance(first, ast.Compare) and isinstance(first.ops[-1], ast.Eq):
            constants = [first.comparators[-1], *node.values[n + 1 : last + 1]]
            listed = ", ".join(check.parsed.text(one) for one in constants)
            found[n] = (last, f"{check.parsed.text(first.left)} in [{listed}]")
        n = last + 1
    return found


def _is_value(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str | int)
        and not isinstance(node.value, bool)
    )


def comma(check: Expression, node: ast.Tuple) -> None:
    """Report a comma between conditions: within a number, within the values of one comparison, or in place of `and`."""
    if not node.elts:  # a comment alone, or `()`
        check.problem("P101", "the condition is empty", node, "write what must hold")
        return
    text = check.parsed.text(node)
    number = comma_in_number(text)
    first, last = node.elts[0], node.elts[-1]
    meant = None
    if isinstance(first, ast.Compare) and all(map(_is_value, node.elts[1:])):  # `x in "a", "b"`
        values = [check.parsed.text(one) for one in (first.comparators[-1], *node.elts[1:])]
        if (
            len(first.ops) == 1
            and isinstance(first.ops[0], ast.In | ast.Eq)
            and _is_value(first.comparators[-1])
        ):
            meant = f"{check.parsed.text(first.left)} in [{', '.join(values)}]"
    elif isinstance(last, ast.Compare) and all(
        map(_is_value, [*node.elts[:-1], last.left])
    ):  # `"a", "b" in x`
        values = [check.parsed.text(one) for one in (*node.elts[:-1], last.left)]
        if len(last.ops) == 1 and isinstance(last.ops[0], ast.In):
            meant = f"any_in({check.parsed.text(last.comparators[0])}, [{', '.join(values)}])"
    if number is not None:
        check.problem("P127", "a comma stands within a number", node, f"write `{number}`")
    elif meant is not None:
        check.problem("P102", "a comma joins no conditions", node, f"write `{meant}`")
    else:
        check.problem("P102", "a comma joins no conditions", node, "write `and` or `or`")


def bit_operator(check: Expression, node: ast.BinOp) -> None:
    """Report `&`, `|`, `**` and the like, at the sign itself."""
    start, end = check.parsed.bounds(node.left)[1], check.parsed.bounds(node.right)[0]
    between = check.parsed.scalar.value[start:end]
    joined = {ast.BitAnd: ("&", "and"), ast.BitOr: ("|", "or")}.get(type(node.op))
    if joined is None or joined[0] not in between:
        hint = "`and`, `or`, `not` join conditions"
        check.problem("P102", "only `+ - * / // %` are part of the language", node, hint)
        return
    place = start + between.index(joined[0])
    span = check.parsed.scalar.within(place, place + 1)
    message = f"`{joined[0]}` is not part of the language"
    check.checker.report.report("P127", message, span, hint=f"write `{joined[1]}`")


def bracket_hint(check: Expression, node: ast.Subscript) -> str:
    """Return how a field is written that stands with brackets: `author["posts"]`, `scores[toxicity]`."""
    of, name = check.parsed.text(node.value), node.slice
    if of == "scores" and isinstance(name, ast.Name):
        return f'write `scores["{name.id}"]`'
    if isinstance(name, ast.Constant) and isinstance(name.value, str) and f"{of}.{name.value}" in FIELDS:
        return f"write `{of}.{name.value}`"
    return 'as `scores["toxicity"]`'


def template_hint(check: Expression, node: ast.expr) -> str | None:
    """Return the field that stands in double braces, as templates have it."""
    inner = node.elts[0] if isinstance(node, ast.Set) and len(node.elts) == 1 else None
    if isinstance(inner, ast.Set) and len(inner.elts) == 1 and isinstance(inner.elts[0], ast.Attribute):
        return f"write `{check.parsed.text(inner.elts[0])}`"
    return None


def in_quotes(check: Expression, node: ast.expr) -> str | None:
    """Return the text that a name without quotes stands for, or the list of that name."""
    text = check.parsed.text(node)
    if not re.fullmatch(r"\w+(?:\s?-\s?\w+)*", text) or text in FUNCTIONS:
        return None
    name = text.replace(" ", "")
    hint = f'write `"{name}"`'
    called = check.parsed.scalar.value[: check.parsed.bounds(node)[0]].rstrip()
    if name in check.checker.names.lists and not called.endswith(("list(", "[")):
        hint = f'write `list("{name}")`'
    return hint


def turned_round(check: Expression, node: ast.Call) -> str | None:
    """Return a search whose field stands last with its arguments turned round, `None` if it does not."""
    first, last = node.args[0], node.args[-1]
    searched = isinstance(first, ast.List | ast.Tuple) or _is_text(first)
    if len(node.args) != 2 or not searched or check.parsed.text(last) not in FIELDS:  # noqa: PLR2004 -- field, terms
        return None
    named = "".join(f", {word.arg}={check.parsed.text(word.value)}" for word in node.keywords)
    return f"{check.parsed.text(node.func)}({check.parsed.text(last)}, {check.parsed.text(first)}{named})"


def whole_words(check: Expression, node: ast.Call) -> str | None:
    r"""Return the search for whole words that `matches(x, r"\bword\b")` stands for."""
    pattern = node.args[1]
    if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str) or node.keywords:
        return None
    found = re.fullmatch(r"\\b((?:[^\\]|\\[^bB])+)\\b", pattern.value)
    if found is None or '"' in found[1] or re.search(r"\\[wW]", found[1]):
        return None
    of = check.parsed.text(node.args[0])
    if re.fullmatch(r"[^\W_]+(?: [^\W_]+)*", found[1]):
        return f'word({of}, "{found[1]}")'
    return f'matches({of}, r"{found[1]}", words=True)'


def comma_in_number(text: str) -> str | None:
    """Return `3000` for `3,000` and `0.8` for `0,8`, where a comparison ends so."""
    found = re.search(r"(?<![\w.,\"'\]])([0-9]+),\s?([0-9]+)$", text)
    if found is None:
        return None
    whole, part = found[1], found[2]
    thousands = len(part) == 3 and not whole.startswith("0")  # noqa: PLR2004 -- digits of a thousand
    return text[: found.start()] + (f"{whole}{part}" if thousands else f"{whole}.{part}")
