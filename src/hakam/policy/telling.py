"""The function that tells of a rule that fired: its firing, with the values that its leaves saw.

A leaf without which the rule does not fire tells more than others. Its value is known, so nobody asks whether it is,
and sometimes there is only one: `len(item.links) == 0` saw nought. A rule of such leaves alone has one firing, which is
made when the pack is compiled and told again and again, so nobody may change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from hakam.policy.generate import SHOWN_TEXT, Writer, looked_at
from hakam.policy.kinds import LISTS, TEXTUAL, Kind
from hakam.policy.rules import Rule
from hakam.policy.scan import SHOWN
from hakam.policy.tree import (
    And,
    Compare,
    Condition,
    Counter,
    Field,
    How,
    Known,
    Leaf,
    Length,
    Literal,
    Not,
    Or,
    Search,
    Truth,
    label,
    leaves,
)
from hakam.vocabulary.verdict import Firing

_EQUAL = {True: "==", False: "!="}  # the sign of a comparison that is true, or false, of equal values only


class Told(msgspec.Struct, frozen=True):
    """The lines of a rule's function, its firing if it only has one, and whether making it surely raises nothing."""

    lines: list[str]
    firing: Firing | None
    safe: bool


def telling(writer: Writer, n: int, rule: Rule, counters: Sequence[int]) -> Told:
    """Write `tell_n`, which makes the firing of a rule at the stage that it stands on.

    `counters` are the places of the counters that its condition names. The writer holds no local variables.
    """
    sure = dict(_needed(rule.when))
    only: dict[str, str | float] = {}
    lines = [f"def tell_{n}(e, s, a, i, x, H, K):", *(f"    k{place} = K[{place}]" for place in counters)]
    shown: dict[str, str] = {}  # of each leaf the code of what is told
    doubts = []
    safe = True
    for leaf in leaves(rule.when):
        text, known = label(leaf), sure.get(leaf)
        if text in shown:
            continue
        if (value := _only(writer, leaf, known)) is not None:
            only[text] = value
            shown[text] = repr(value)
        elif (code := writer.seen(leaf, sure=known is True)) is not None:
            name = shown[text] = f"v{len(shown)}"
            lines.append(f"    {name} = {code}")
            safe = safe and known is not None and _read_before(leaf)
            if (doubt := _doubt(leaf, name, known)) is not None:
                doubts.append(doubt)
    if only.keys() == shown.keys():
        firing = writer.globals[f"FIRED_{n}"] = Firing(
            rule.id, rule.policy, rule.digest, rule.staging.stage, rule.measures, rule.review, only
        )
        return Told([lines[0], f"    return FIRED_{n}"], firing, safe=True)
    kept = f"{{{', '.join(f'{text!r}: {code}' for text, code in shown.items())}}}"
    if doubts:
        lines += [f"    V = {kept}", f"    if {' or '.join(doubts)}: V = SHOWN(V)"]
        kept = "V"
    writer.globals[f"MEASURES_{n}"], writer.globals[f"REVIEW_{n}"] = rule.measures, rule.review
    said = f"{rule.id!r}, {rule.policy!r}, {rule.digest!r}, {rule.staging.stage.name}"
    return Told([*lines, f"    return FIRING({said}, MEASURES_{n}, REVIEW_{n}, {kept})"], None, safe)


def _needed(node: Condition, *, sure_of: bool = True) -> Iterator[tuple[Leaf, bool]]:
    """Yield the leaves without which a condition is not surely `sure_of`, each with what it then surely is."""
    if isinstance(node, Not):
        yield from _needed(node.of, sure_of=not sure_of)
    elif isinstance(node, And | Or):
        if isinstance(node, And) is sure_of:
            for item in node.items:
                yield from _needed(item, sure_of=sure_of)
    else:
        yield node, sure_of


def _only(writer: Writer, leaf: Leaf, known: bool | None) -> str | float | None:
    """Return the one value that a leaf can have seen when it is `known` to be true or false, `None` if it has more."""
    match leaf:
        case Truth() if known is not None:
            return known
        case Search() if known and writer.looked_for(leaf):
            one = leaf.how is not How.PATTERN and len(leaf.terms) == 1
            return leaf.terms[0].strip()[:SHOWN] if one else None
        case (
            Compare(op=op, left=of, right=Literal(value=value))
            | Compare(op=op, left=Literal(value=value), right=of)
        ) if known is not None and op == _EQUAL[known]:
            exact = isinstance(value, bool) or (isinstance(value, int) and isinstance(of, Length))
            return value if exact else None
        case _:
            return None


def _read_before(leaf: Leaf) -> bool:
    """Whether what is told of a leaf that was evaluated is what was read then, or was found in a text read then."""
    of = leaf.of if isinstance(leaf, Search) else looked_at(leaf)
    of = of.of if isinstance(of, Length) else of
    return isinstance(of, Field | Counter) and of.kind not in {Kind.TIME, Kind.DURATION}


def _doubt(leaf: Leaf, name: str, known: bool | None) -> str | None:
    """Return code that is true unless what a leaf saw, held in a local variable, is kept as it is.

    `None` if it always is: a number that is known, or a text of a known length.
    """
    if isinstance(leaf, Search):
        return f"{name} is None"
    of = looked_at(leaf)
    if of is None or of.kind in LISTS:
        return "True"
    if of.kind in TEXTUAL:
        return f"{name}.__class__ is not str or len({name}) > {SHOWN_TEXT}"
    if known is not None and not isinstance(leaf, Known):
        return None
    of = of.of if isinstance(of, Length) else of
    return None if isinstance(of, Field) and not of.spec.nullable else f"{name} is None"
