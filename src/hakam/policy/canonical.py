"""One text for one meaning.

What a rule's digest and a counter's name are made from. Places and spacing don't count.
"""

from __future__ import annotations

import json

from hakam.policy.tree import (
    Among,
    And,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Counter,
    Field,
    Folded,
    Holds,
    Known,
    Length,
    Listed,
    Literal,
    Not,
    Or,
    Overlaps,
    Search,
    Similarity,
    Truth,
    Tuned,
    Value,
)


def _fixed(values: frozenset[str | float | int]) -> str:
    return json.dumps(sorted(values, key=lambda value: (type(value).__name__, value)), ensure_ascii=False)


def canonical(node: Condition | Value) -> str:  # noqa: C901, PLR0911, PLR0912 -- one line for each kind of node
    """Return the meaning of a node as text; equal texts always have equal outcomes."""
    match node:
        case Literal():
            return f"{node.kind}:{json.dumps(node.value, ensure_ascii=False)}"
        case Field():  # the pack, not its path, says what a declared field is
            path = node.spec.path
            return f"{path}:{node.kind}" if path.startswith("extra.") else path
        case Arithmetic():
            return f"({canonical(node.left)} {node.op} {canonical(node.right)})"
        case Length():
            return f"len({canonical(node.of)})"
        case Folded():
            return f"{'words' if node.words else 'folded'}({canonical(node.of)})"
        case Similarity():
            return f"similar({canonical(node.of)}, {json.dumps(node.target, ensure_ascii=False)})"
        case Tuned():
            return f"tuned({node.kind}:{json.dumps([node.value, *node.by_community], ensure_ascii=False)})"
        case Counter():
            of = canonical(node.of) if node.of is not None else ""
            by = ",".join(map(canonical, node.by))
            where = canonical(node.where) if node.where is not None else ""
            return f"{node.counts}({of};{by};{node.within};{where})"
        case Constant():
            return str(node.value)
        case Truth():
            return f"true({canonical(node.of)})"
        case Compare():
            return f"({canonical(node.left)} {node.op} {canonical(node.right)})"
        case Among():
            return f"({canonical(node.item)} in {_fixed(node.values)})"
        case Holds():
            return f"({canonical(node.item)} in {canonical(node.of)})"
        case Overlaps():
            return f"any_in({canonical(node.of)}, {_fixed(node.values)})"
        case Listed():  # by its name: a new version of the list leaves rules and counters what they are
            return f"any_in({canonical(node.of)}, list {node.values.name})"
        case Search() if node.outside:
            return f"{node.how}({canonical(node.of)}, list {node.list_name})"
        case Search():
            return f"{node.how}({canonical(node.of)}, {json.dumps(sorted(node.terms), ensure_ascii=False)})"
        case Known():
            return f"known({canonical(node.of)})"
        case Not():
            return f"not {canonical(node.of)}"
        case And():
            return f"({' and '.join(map(canonical, node.items))})"
        case Or():
            return f"({' or '.join(map(canonical, node.items))})"
