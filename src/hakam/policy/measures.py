"""What a rule does: `then` and the ladders of clauses, written as calls, as `remove(territory="EU")`."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable

import msgspec

from hakam.policy.expression import Parsed, constant, name_of, parse, twice_named
from hakam.policy.kinds import parse_duration
from hakam.policy.listed import report_country, territory_meant
from hakam.policy.source import Reporter, Scalar, listing, nearest
from hakam.policy.strict_yaml import Mapping, Node, Sequence, Text
from hakam.policy.territories import TERRITORIES
from hakam.vocabulary.finding import Span
from hakam.vocabulary.measure import Measure, MeasureKind, Reversal
from hakam.vocabulary.verdict import ReviewRequest

QUEUE = re.compile(r"[a-z][a-z0-9-]{0,39}")
TERRITORY = re.compile(r"[A-Z]{2}|EEA")
MAX_DAYS = 3_650
MAX_NOTE = 1_000
MAX_LIFE = 30 * 86_400.0  # seconds: as far back as counters look

_TIMED = frozenset(
    set(MeasureKind) - {MeasureKind.NOTIFY, MeasureKind.WARN, MeasureKind.TERMINATE, MeasureKind.REMOVE}
)
_PLACED = frozenset(
    {
        MeasureKind.CONTEXT_NOTE,
        MeasureKind.LABEL,
        MeasureKind.AGE_GATE,
        MeasureKind.LOCK_REPLIES,
        MeasureKind.LIMIT_REACH,
        MeasureKind.DEMONETISE,
        MeasureKind.WITHHOLD,
        MeasureKind.REMOVE,
    }
)
_PERCENT, _OF_TEN = 100, 10  # 7 may be 7 %, or 7 of 10
_CALLED = {  # what other systems call a measure
    **dict.fromkeys(("delete", "takedown", "take_down", "remove_content", "block_content"), "remove"),
    **dict.fromkeys(("hide", "downrank", "demote", "shadowban", "reduce", "limit"), "limit_reach"),
    **dict.fromkeys(("ban", "ban_user", "suspend_user", "block_user"), "suspend"),
    **dict.fromkeys(("geo_block", "geoblock"), "withhold"),
    **dict.fromkeys(("quarantine", "pend"), "hold"),
}
_ARGUMENTS = ("territory", "days", "label", "note")


class Mark(msgspec.Struct, frozen=True, order=True):
    """A rule notes something about an author or an item, for `life` seconds, for other rules to ask."""

    on: str
    name: str
    life: float


class Act(msgspec.Struct, frozen=True):
    """One thing that is asked for: a measure, a review or a mark."""

    measure: Measure | None
    review: ReviewRequest | None
    span: Span
    mark: Mark | None = None


def allowed(kind: MeasureKind) -> tuple[str, ...]:
    """Return the names of the arguments that a measure takes."""
    rules = {
        "territory": kind in _PLACED,
        "days": kind in _TIMED,
        "label": kind is MeasureKind.LABEL,
        "note": True,
    }
    return tuple(name for name in _ARGUMENTS if rules[name])


def read_acts(node: Node, report: Reporter, *, what: str, reviews: bool) -> list[Act]:
    """Read `then` or a ladder: one call, or a list of calls. What is wrong is reported and left out."""
    if isinstance(node, Text):
        scalars = [node.scalar]
    elif isinstance(node, Sequence):
        scalars = _entries(node, report, what)
    else:
        hint = _as_calls(node, "as `[limit_reach, remove]`")
        report.report("P009", f"`{what}` is a list of measures", node.span, hint=hint)
        return []
    acts: list[Act] = []
    for scalar in scalars:
        parsed = parse(scalar, report, what="measure")
        if parsed is None:
            continue
        roots = parsed.root.elts if isinstance(parsed.root, ast.Tuple) else [parsed.root]
        for root in roots:
            act = _act(root, parsed, report, reviews=reviews)
            if act is None:
                continue
            if any(
                (act.measure, act.review, act.mark) == (other.measure, other.review, other.mark)
                for other in acts
            ):
                report.report("P309", f"`{parsed.text(root)}` is here twice", act.span, hint="remove it")
                continue
            acts.append(act)
    return acts


def _entries(node: Sequence, report: Reporter, what: str) -> list[Scalar]:
    """Return the entries of a list.

    In square brackets YAML splits at each comma: the pieces are joined again.
    """
    texts: list[Text] = []
    for item in node.items:
        if not isinstance(item, Text):
            report.report("P009", f"an entry of `{what}` is a measure", item.span, hint=_as_calls(item))
        elif item.value is None:
            report.report(
                "P009", f"an entry of `{what}` is empty", item.span, hint="write a measure or remove it"
            )
        else:
            texts.append(item)
    if (
        node.flow
        and node.source is not None
        and any(t.scalar.value.count("(") != t.scalar.value.count(")") for t in texts)
    ):
        inner = node.source.source.strip()
        if not any(text.scalar.style for text in texts) and inner.startswith("[") and inner.endswith("]"):
            return [_inner(node)]
    return [text.scalar for text in texts]


def _as_calls(node: Node, otherwise: str = 'as `remove(territory="EU")`') -> str:
    """Return how measures are written whose arguments stand below them: `suspend: {days: 7}`, `suspend: 7`."""
    calls = []
    for name, given in node.entries.items() if isinstance(node, Mapping) else ():
        arguments = given.entries if isinstance(given, Mapping) else {"": given}
        said = [_argument(name, key, one.value) for key, one in arguments.items() if isinstance(one, Text)]
        if name not in set(MeasureKind) or len(said) < len(arguments) or None in said:
            return otherwise
        calls.append(f"{name}({', '.join(filter(None, said))})".removesuffix("()"))
    return f"write `{', '.join(calls)}`" if calls else otherwise


def _argument(measure: str, key: str, value: object) -> str | None:
    """Return an argument as it is written in a call, `None` if that is not certain; empty if nothing is said."""
    if value is None and not key:
        return ""
    if type(value) not in {int, str} or (not key and (measure not in _TIMED or type(value) is str)):
        return None
    return f"{key or 'days'}={json.dumps(value, ensure_ascii=False)}"


def _inner(node: Sequence) -> Scalar:
    assert node.source is not None
    source = node.source.source
    start = source.find("[") + 1
    value = source[start : source.rfind("]")]
    before = source[:start]
    line = node.span.line + before.count("\n")
    column = node.span.column + len(before) if "\n" not in before else len(before) - before.rfind("\n")
    return Scalar(value, Span(node.span.file, line, column, node.span.end_line, node.span.end_column), value)


def _act(node: ast.expr, parsed: Parsed, report: Reporter, *, reviews: bool) -> Act | None:
    span = parsed.span(node)
    if isinstance(node, ast.Name):
        name, arguments, keywords = node.id, [], []
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name, arguments, keywords = node.func.id, node.args, node.keywords
    else:
        name = parsed.text(node).replace("-", "_").replace(" ", "")
        hint = 'as `limit_reach` or `remove(territory="EU")`'
        if name in set(MeasureKind):
            hint = f"did you mean `{name}`?"
        report.report("P301", "this is no measure", span, hint=hint)
        return None
    known = [*map(str, MeasureKind), *(["review", "mark"] if reviews else [])]
    if name not in known:
        meant = _CALLED.get(name.lower())
        hint = (
            f"did you mean `{meant}`?" if meant else nearest(name, known) or f"there are {listing(known, 20)}"
        )
        if name in {"review", "mark"}:
            hint = f"a rule asks for a {name}, a ladder holds measures"
        report.report("P301", f"there is no measure `{name[:60]}`", span, hint=hint)
        return None
    again = twice_named(keywords)
    if again is not None:
        message = f"`{again.arg}=` is here twice"
        report.report("P302", message, name_of(parsed, again, sign=False), hint="leave one of them")
        return None
    if name == "review":
        request = _review(arguments, keywords, parsed, report, span)
        return None if request is None else Act(None, request, span)
    if name == "mark":
        mark = _mark(arguments, keywords, parsed, report, span)
        return None if mark is None else Act(None, None, span, mark)
    measure = _measure(MeasureKind(name), arguments, keywords, parsed, report, span)
    return None if measure is None else Act(measure, None, span)


def _constant(node: ast.expr, parsed: Parsed, report: Reporter) -> object:
    found = constant(parsed, node, report)
    return found.value if found is not None else None


def _review(
    arguments: list[ast.expr], keywords: list[ast.keyword], parsed: Parsed, report: Reporter, span: Span
) -> ReviewRequest | None:
    given = {keyword.arg: keyword.value for keyword in keywords}
    unknown = [str(name) for name in given if name not in {"queue", "urgency"}]
    if arguments or unknown or "queue" not in given:
        report.report(
            "P302",
            "`review` takes `queue=` and, if wanted, `urgency=`",
            span,
            hint='as `review(queue="spam")`',
        )
        return None
    queue = _constant(given["queue"], parsed, report)
    if not isinstance(queue, str) or not QUEUE.fullmatch(queue):
        report.report(
            "P305",
            "the name of a queue is in small letters, digits and `-`",
            parsed.span(given["queue"]),
            hint='as "hate-ar"',
        )
        return None
    urgency = 0.0
    if "urgency" in given:
        said = _constant(given["urgency"], parsed, report)
        if not isinstance(said, int | float) or isinstance(said, bool) or not 0 <= said <= 1:
            report.report(
                "P302",
                "`urgency` is a number from 0 to 1",
                parsed.span(given["urgency"]),
                hint=f"write `{said / 100:g}`"
                if type(said) is int and _OF_TEN < said <= _PERCENT
                else "as `urgency=0.8`",
            )
            return None
        urgency = float(said)
    return ReviewRequest(queue, urgency)


def _mark(
    arguments: list[ast.expr], keywords: list[ast.keyword], parsed: Parsed, report: Reporter, span: Span
) -> Mark | None:
    given = {str(keyword.arg): keyword.value for keyword in keywords}
    hint = 'as `mark("burner", on="author", expires="7d")`'
    if len(arguments) != 1 or given.keys() != {"on", "expires"}:
        report.report("P302", "`mark` takes a name, `on=` and `expires=`", span, hint=hint)
        return None
    name, on, said = (_constant(at, parsed, report) for at in (arguments[0], given["on"], given["expires"]))
    if not isinstance(name, str) or not QUEUE.fullmatch(name):
        report.report(
            "P302",
            "the name of a mark is in small letters, digits and `-`",
            parsed.span(arguments[0]),
            hint=hint,
        )
        return None
    if on not in {"author", "item"}:
        report.report("P302", '`on` is "author" or "item"', parsed.span(given["on"]), hint=hint)
        return None
    life = parse_duration(said) if isinstance(said, str) else None
    if life is None or not 1 <= life <= MAX_LIFE:
        report.report(
            "P302", "`expires` is a duration of at most 30 days", parsed.span(given["expires"]), hint=hint
        )
        return None
    return Mark(str(on), name, life)


def marks_of(node: Node) -> list[Act]:
    """Return the acts of a `then` that set marks. What is wrong with it is reported when the rule is read."""
    acts = read_acts(node, Reporter(), what="then", reviews=True)
    return [act for act in acts if act.mark is not None]


def _measure(  # noqa: PLR0917 -- each is another part of the pack
    kind: MeasureKind,
    arguments: list[ast.expr],
    keywords: list[ast.keyword],
    parsed: Parsed,
    report: Reporter,
    span: Span,
) -> Measure | None:
    names = allowed(kind)
    given: dict[str, ast.expr] = {}
    good = True
    first = "label" if kind is MeasureKind.LABEL else "note" if kind is MeasureKind.CONTEXT_NOTE else None
    if arguments and first is not None and len(arguments) == 1:
        given[first] = arguments[0]
    elif arguments:
        report.report("P302", f"`{kind}` takes named arguments only", span, hint=f"it knows {listing(names)}")
        good = False
    for keyword in keywords:
        if keyword.arg not in names:
            hint = nearest(keyword.arg or "", names) or f"it knows {listing(names)}"
            report.report(
                "P302",
                f"`{kind}` has no `{keyword.arg or '**'}`",
                name_of(parsed, keyword, sign=False),
                hint=hint,
            )
            good = False
        else:
            given[keyword.arg] = keyword.value
    read: dict[str, Callable[[ast.expr], object]] = {
        "territory": lambda at: _territory(at, parsed, report),
        "days": lambda at: _days(at, parsed, report),
        "label": lambda at: _words(at, parsed, report, "label", 128),
        "note": lambda at: _words(at, parsed, report, "note", MAX_NOTE),
    }
    values = {name: read[name](at) for name, at in given.items()}
    if any(value is None for value in values.values()):
        good = False
    for kind_needs, name in (
        (MeasureKind.WITHHOLD, "territory"),
        (MeasureKind.LABEL, "label"),
        (MeasureKind.CONTEXT_NOTE, "note"),
    ):
        if kind is kind_needs and name not in given:
            report.report("P302", f"`{kind}` needs `{name}=`", span, hint=_needs_hint(kind))
            good = False
    return msgspec.convert({"kind": kind, **values}, Measure) if good else None


def _needs_hint(kind: MeasureKind) -> str:
    return {
        MeasureKind.WITHHOLD: 'as `withhold(territory=["DE", "AT"])`; everywhere is `remove`',
        MeasureKind.LABEL: 'as `label("graphic")`',
    }.get(kind, 'as `context_note("Health authorities say otherwise.")`')


def _territory(node: ast.expr, parsed: Parsed, report: Reporter) -> tuple[str, ...] | None:
    elements = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
    found: list[str] = []
    for element in elements:
        value = _constant(element, parsed, report)
        if not isinstance(value, str) or not TERRITORY.fullmatch(value):
            meant = territory_meant(value)
            report.report(
                "P302",
                "a territory is a code of two capital letters, `EU` or `EEA`",
                parsed.span(element),
                hint='as "DE"' if meant is None else f"did you mean `{meant}`?",
            )
            return None
        if value not in TERRITORIES:
            report_country(report, value, parsed.span(element))
        found.append(value)
    if not found:
        report.report("P302", "an empty territory", parsed.span(node), hint="leave it out for everywhere")
        return None
    return tuple(sorted(set(found)))


def _days(node: ast.expr, parsed: Parsed, report: Reporter) -> int | None:
    value = _constant(node, parsed, report)
    if type(value) is not int or not 1 <= value <= MAX_DAYS:
        seconds = parse_duration(value) if isinstance(value, str) else None
        meant = 0 if seconds is None else round(seconds / 86_400)
        report.report(
            "P302",
            f"`days` is a whole number from 1 to {MAX_DAYS:,}",
            parsed.span(node),
            hint=f"write `{meant}`" if 1 <= meant <= MAX_DAYS else "as `days=7`",
        )
        return None
    return value


def _words(node: ast.expr, parsed: Parsed, report: Reporter, name: str, most: int) -> str | None:
    value = _constant(node, parsed, report)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        hint = "put it in quotes, and shorten it if it is longer"
        message = f"`{name}` is a text of at most {most:,} characters"
        report.report("P302", message, parsed.span(node), hint=hint)
        return None
    return value


def needs_two_people(measure: Measure) -> bool:
    """Whether no rule may take it alone."""
    return measure.nature.reversal is Reversal.IRREVERSIBLE
