"""The exact meaning of the rule language: its grammar, the tables of its three-valued logic, each function by example.

No outcome below is written by hand. Each is asked of the engine that judges at the door, by a pair of rules: one with
the condition, one with its negation. If neither fires, the outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from hakam.policy.cost import cost_of
from hakam.policy.engine import compile_pack
from hakam.policy.functions import FUNCTIONS
from hakam.policy.pack import load_pack
from hakam.policy.testing import run_examples

GRAMMAR = """\
expression  = conjunction { "or" conjunction } ;
conjunction = inversion { "and" inversion } ;
inversion   = "not" inversion | comparison ;
comparison  = sum { relation sum | membership ( list | sum ) } ;
relation    = "<" | "<=" | ">" | ">=" | "==" | "!=" ;
membership  = "in" | "not" "in" ;
sum         = product { ( "+" | "-" ) product } ;
product     = negation { ( "*" | "/" | "//" | "%" ) negation } ;
negation    = "-" negation | primary ;
primary     = "(" expression ")" | call | field | NUMBER | TEXT | "True" | "False" ;
call        = NAME "(" [ arguments [ "," ] ] ")" ;
arguments   = argument { "," argument } { "," named } | named { "," named } ;
argument    = list | expression ;
named       = NAME "=" argument ;
list        = "[" [ values ] "]" | "(" expression "," [ values ] ")" | "{" values "}" ;
values      = expression { "," expression } [ "," ] ;
field       = "scores" "[" TEXT "]" | NAME { "." NAME } ;
"""

YES, NO, UNKNOWN = "true", "false", "unknown"
_PACK = (
    'id: formal\nversion: "1"\nmaturity: test\nlanguages: [en]\n'
    "extra: {a: boolean, b: boolean, x: number, z: number, s: text, t: texts, m: time}\n"
)
_CLAUSE = (
    "- policy: spam\n  harm: spam\n  severity: 20\n  title: {en: Spam}\n  text: {en: No spam.}\n"
    "  ladder: [limit_reach]\n"
)
Event = Mapping[str, Any]


class Sample(NamedTuple):
    """A condition that shows a function, and events on which it holds, does not, and is unknown (`None`: never)."""

    condition: str
    holds: Event
    fails: Event
    unknown: Event | None


_NOTHING: Event = {"kind": "post"}
_TIMES = {"repeat": 3, "every": "5s"}


def _text(text: str) -> Event:
    return {"item": {"text": text}}


def _before(event: Event, **vary: Any) -> Event:
    return {**event, "before": {**_TIMES, **vary}}


SAMPLES: Mapping[str, Sample] = {
    "contains_any": Sample(
        'contains_any(text.folded, ["free money"])', _text("FREE m0ney!"), _text("freemoney"), _NOTHING
    ),
    "word": Sample('word(text.folded, "kill")', _text("k.i.l.l"), _text("skilled"), _NOTHING),
    "matches": Sample('matches(text.folded, r"v[i1]agra")', _text("Viagra"), _text("Niagara"), _NOTHING),
    "starts_with": Sample('starts_with(item.text, "!")', _text("!ban"), _text("ban!"), _NOTHING),
    "ends_with": Sample(
        'ends_with(links.hosts, ".zip")', _text("https://a.zip"), _text("https://a.b"), _NOTHING
    ),
    "any_in": Sample('any_in(author.labels, ["staff"])', {"author": {"labels": ["staff"]}}, _NOTHING, None),
    "known": Sample("known(author.posts)", {"author": {"posts": 0}}, _NOTHING, None),
    "len": Sample("len(item.text) > 3", _text("long"), _text("no"), _NOTHING),
    "folded": Sample(
        'folded(author.name) == "admin"',
        {"author": {"name": "ＡＤＭＩＮ"}},
        {"author": {"name": "Adam"}},
        _NOTHING,
    ),
    "list": Sample(
        'author.country in list("countries")',
        {"author": {"country": "DE"}},
        {"author": {"country": "FR"}},
        _NOTHING,
    ),
    "count": Sample(
        'count(by=item.thread, within="10m") >= 4',
        _before({"item": {"thread": "t"}}),
        {"item": {"thread": "t"}},
        _before(_NOTHING),
    ),
    "distinct": Sample(
        'distinct(author.id, per=item.thread, within="10m") >= 4',
        _before({"item": {"thread": "t"}}, vary=["author.id"]),
        _before({"item": {"thread": "t"}}),
        _before(_NOTHING),
    ),
    "sum": Sample(
        'sum(item.reach, per=item.thread, within="10m") >= 40',
        _before({"item": {"thread": "t", "reach": 10}}),
        _before({"item": {"thread": "t"}}),
        _before({"item": {"reach": 10}}),
    ),
    "rate": Sample(
        'rate(by=item.thread, within="2m") >= 2',
        _before({"item": {"thread": "t"}}),
        {"item": {"thread": "t"}},
        _before(_NOTHING),
    ),
    "marked": Sample('marked("seen", on="author")', _before(_text("mark")), _text("mark"), None),
    "similar": Sample(
        'similar(text.folded, "send me your wallet phrase", at_least=0.8)',
        _text("Send me your walet phrase"),
        _text("send me your regards"),
        _NOTHING,
    ),
    "bank": Sample(
        'bank("known")', {"scores": {"bank:known": 1.0}}, {"scores": {"bank:known": 0.0}}, _NOTHING
    ),
    "rule": Sample('rule("busy")', {"author": {"posts": 9}}, {"author": {"posts": 1}}, _NOTHING),
    "territory": Sample(
        'author.country in territory("EU")',
        {"author": {"country": "FR"}},
        {"author": {"country": "US"}},
        _NOTHING,
    ),
}


def outcomes(conditions: Sequence[str], events: Sequence[Event]) -> list[list[str]]:
    """Return for each condition its outcome on each event: `true`, `false` or `unknown`. Raises on a bad pack."""
    rule = "- rule: {name}\n  policy: spam\n  stage: live\n  when: |\n    {when}\n  then: {then}\n"
    mark = """[limit_reach, 'mark("seen", on="author", expires="1d")']"""
    rules = [rule.format(name="busy", when="author.posts > 5", then="[limit_reach]")]
    rules += [rule.format(name="seen", when='word(text.folded, "mark")', then=mark)]
    for n, when in enumerate(conditions):
        rules.append(rule.format(name=f"r{n}", when=when, then="[limit_reach]"))
        rules.append(rule.format(name=f"not-r{n}", when=f"not ({when})", then="[limit_reach]"))
    tests = [_example(n, event) for n, event in enumerate(events)]
    loaded = load_pack(
        {
            "pack.yaml": _PACK,
            "policies.yaml": _CLAUSE,
            "rules.yaml": "".join(rules),
            "tests.yaml": msgspec.json.encode(tests).decode(),
            "lists/countries.txt": "# kind: values\nDE\nAT\n",
        }
    )
    if loaded.pack is None:
        raise ValueError("; ".join(f"{one.code}: {one.message}" for one in loaded.errors))
    fired = [set(result.fired) for result in run_examples(compile_pack(loaded.pack))]
    return [
        [YES if f"r{n}" in one else NO if f"not-r{n}" in one else UNKNOWN for one in fired]
        for n in range(len(conditions))
    ]


def _example(number: int, event: Event) -> dict[str, Any]:
    given = {name: value for name, value in event.items() if name != "before"}
    example = {"test": f"t{number}", "event": given, "fires": []}
    return {**example, "before": event["before"]} if "before" in event else example


def cost(condition: str) -> int:
    """Return what the checker estimates that a condition costs, in nanoseconds."""
    rule = f"- rule: r\n  policy: spam\n  stage: live\n  when: |\n    {condition}\n  then: [limit_reach]\n"
    others = (
        "- rule: busy\n  policy: spam\n  stage: live\n  when: author.posts > 5\n"
        """  then: ['mark("seen", on="author", expires="1d")', limit_reach]\n"""
    )
    loaded = load_pack(
        {
            "pack.yaml": _PACK,
            "policies.yaml": _CLAUSE,
            "rules.yaml": rule + others,
            "lists/countries.txt": "# kind: values\nDE\nAT\n",
        }
    )
    assert loaded.pack is not None, loaded.errors
    return cost_of(loaded.pack.rule("r").when)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


_VALUES: Mapping[str, dict[str, Any]] = {YES: {"a": True}, NO: {"a": False}, UNKNOWN: {}}


def logic_table() -> str:
    """Return `not`, `and` and `or` for each pair of outcomes."""
    states = list(_VALUES)
    events: list[Event] = []
    for one in states:
        for other in states:
            second = {} if other == UNKNOWN else {"b": other == YES}
            events.append({"extra": {**_VALUES[one], **second}})
    found = outcomes(
        ("extra.a", "extra.b", "not extra.a", "extra.a and extra.b", "extra.a or extra.b"), events
    )
    return _table(("a", "b", "not a", "a and b", "a or b"), zip(*found, strict=True))


_COMPARED = (
    ("x < z", "extra.x < extra.z"),
    ("x <= z", "extra.x <= extra.z"),
    ("x > z", "extra.x > extra.z"),
    ("x >= z", "extra.x >= extra.z"),
    ("x == z", "extra.x == extra.z"),
    ("x != z", "extra.x != extra.z"),
    ("known(x)", "known(extra.x)"),
)


def comparison_table() -> str:
    """Return each comparison of numbers, known and unknown. An unknown equals nothing, not even another unknown."""
    pairs = ((1, 2), (2, 2), (3, 2), (None, 2), (2, None), (None, None))
    events = [
        {"extra": {name: value for name, value in zip("xz", pair, strict=True) if value is not None}}
        for pair in pairs
    ]
    found = outcomes([condition for _, condition in _COMPARED], events)
    shown = [[UNKNOWN if value is None else str(value) for value in pair] for pair in pairs]
    columns = [[pair[0] for pair in shown], [pair[1] for pair in shown], *found]
    return _table(("x", "z", *(f"`{name}`" for name, _ in _COMPARED)), zip(*columns, strict=True))


_IN = (
    ("x in [1, 2]", "extra.x in [1, 2]"),
    ("x not in [1, 2]", "extra.x not in [1, 2]"),
    ('"a" in t', '"a" in extra.t'),
    ('"a" not in t', '"a" not in extra.t'),
    ("s in t", "extra.s in extra.t"),
    ('any_in(t, ["a", "b"])', 'any_in(extra.t, ["a", "b"])'),
    ('"a" in author.labels', '"a" in author.labels'),
    ("1 < x < z", "1 < extra.x < extra.z"),
    ("x / z > 1", "extra.x / extra.z > 1"),
    ("x == x", "extra.x == extra.x"),
)
_IN_EVENTS: tuple[tuple[str, Event], ...] = (
    (
        'x = 2, z = 1, s = "a", t = ["a"], labels = ["a"]',
        {"extra": {"x": 2, "z": 1, "s": "a", "t": ["a"]}, "author": {"labels": ["a"]}},
    ),
    ('x = 3, z = 0, s = "c", t = ["c"]', {"extra": {"x": 3, "z": 0, "s": "c", "t": ["c"]}}),
    ("x = 0, t = [], z and s unknown", {"extra": {"x": 0, "t": []}}),
    ("nothing known", {"extra": {}}),
)


def membership_table() -> str:
    """Return `in`, chains and arithmetic on known, empty and unknown values."""
    found = outcomes([condition for _, condition in _IN], [event for _, event in _IN_EVENTS])
    rows = [(f"`{shown}`", *row) for (shown, _), row in zip(_IN, found, strict=True)]
    return _table(("Condition", *(f"`{name}`" for name, _ in _IN_EVENTS)), rows)


def functions_table() -> str:
    """Return each function: signature, types, what is unknown, what the checker counts for it, and an example."""
    names = list(SAMPLES)
    rows = []
    for name in names:
        sample, spec = SAMPLES[name], FUNCTIONS[name]
        events = [sample.holds, sample.fails, *([sample.unknown] if sample.unknown is not None else [])]
        (found,) = outcomes([sample.condition], events)
        told = [f"`{_shown(event)}`: {outcome}" for event, outcome in zip(events, found, strict=True)]
        unknown = spec.unknown
        rows.append(
            (
                f"`{spec.signature}`",
                f"{spec.takes} → {spec.gives}",
                unknown,
                f"{cost(sample.condition):,} ns",
                f"`{sample.condition}`<br>{'<br>'.join(told)}",
            )
        )
    return _table(
        ("Function", "Types", "When it is unknown", "Counted cost", "Example, as the engine judges it"), rows
    )


def _shown(event: Event) -> str:
    if event == _NOTHING:
        return "an event without any of it"
    parts = [
        f"{group}.{name} = {msgspec.json.encode(value).decode()}"
        for group, values in event.items()
        if group != "before" and isinstance(values, dict)
        for name, value in values.items()
    ]
    before = event.get("before")
    if before is not None:
        varied = f", each another {before['vary'][0]}" if "vary" in before else ""
        parts.append(f"after {before['repeat']} of the same in 15 s{varied}")
    return "; ".join(parts)


def page() -> str:
    """Return the page `docs/reference/rule-language-formal.md`, without its head."""
    return f"""\
## Grammar

EBNF (ISO/IEC 14977 marks; white space and `#` comments stand between any two tokens, an expression may span lines).
`NAME`, `NUMBER` and `TEXT` are tokens of Python 3.11: a name; a decimal, hexadecimal, octal or binary number, `_`
between digits, or a number with a point or exponent; a text in single, double or triple quotes, `r` before it where it
holds a backslash, neighbours joined. `and or not in True False` are no names.

```ebnf
{GRAMMAR}```

A sentence of the grammar is then read for types: what stands for a condition, a value or a list is in the tables below,
and `P102` to `P125` of the [findings](rule-language.md#findings) name each mistake at its place.

## Not, and, or

{logic_table()}

A rule fires when its condition is **true**. False and unknown restrict nobody.

## Comparisons

{comparison_table()}

Texts, times, durations and conditions compare in the same way; order (`<`) is for numbers, times and durations.

## Membership, chains, arithmetic

{membership_table()}

A list that the platform did not send is empty for `author.labels`, `item.links` and their like, and unknown where it
is measured (`links.*`, `text.private_data`) or declared in `extra`. Arithmetic with an unknown, by zero, or beyond
1e300 is unknown.

## Functions

The counted cost is what the checker adds up for the example, arguments included, and compares with the bound on a
rule; a search of `text.raw`, `text.folded` or `text.words` is part of one scan for all rules and costs little itself.

{functions_table()}
"""
