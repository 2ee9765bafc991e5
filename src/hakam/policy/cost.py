"""What a condition may cost, in nanoseconds, from its tree alone.

The order of evaluation and the bound on a rule.

Figures were measured once on a 2.5 GHz core and are meant to rank, not to predict.
"""

from __future__ import annotations

from collections.abc import Iterator

from hakam.policy.fields import FIELDS, FieldSpec
from hakam.policy.kinds import TEXTUAL
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
    How,
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
    walk,
)

MAX_RULE_COST = 200_000
SCANNED = frozenset({"text.raw", "text.folded", "text.words"})
FOLDED = FIELDS["text.folded"]

_FOLD, _PATTERN, _TERMS, _COUNTER, _SIMILARITY, _LISTED = 8_000, 1_500, 400, 2_000, 20_000, 600


def scanned(search: Search) -> bool:
    """Whether a text predicate is part of the one scan of its text, and so costs nothing more by itself."""
    in_scan = search.how in {How.CONTAINS, How.WORDS, How.PATTERN}
    return in_scan and isinstance(search.of, Field) and search.of.spec.path in SCANNED


def fields_read(top: Condition | Value, *, counted: bool = False) -> Iterator[FieldSpec]:
    """Yield the fields that a tree reads, each as often as it stands there; if `counted`, not those of counters.

    Whole words that the scan looks for are found in the folded text: nothing reads the words themselves.
    """
    nodes = walk(top, counted=counted)
    looked_for = {
        id(node.of) for node in nodes if isinstance(node, Search) and node.how is How.WORDS and scanned(node)
    }
    for node in nodes:
        if isinstance(node, Field):
            yield FOLDED if id(node) in looked_for else node.spec


def cost_of(node: Condition | Value) -> int:  # noqa: C901, PLR0911, PLR0912 -- one line for each kind of node
    """Return the nanoseconds that a node takes when all of it is evaluated."""
    match node:
        case Literal() | Constant():
            return 0
        case Field():
            return node.spec.cost
        case Arithmetic():
            return 120 + cost_of(node.left) + cost_of(node.right)
        case Length():
            return 40 + cost_of(node.of)
        case Folded():
            return _FOLD + cost_of(node.of)
        case Similarity():
            return _SIMILARITY + cost_of(node.of)
        case Tuned():
            return 80
        case Counter():
            return _COUNTER + sum(map(cost_of, node.by)) + (cost_of(node.where) if node.where else 0)
        case Search():
            if scanned(node):
                return 40
            each = _PATTERN if node.how is How.PATTERN else _TERMS + 20 * min(len(node.terms), 100)
            return each + cost_of(node.of)
        case Truth() | Known() | Not():
            return 20 + cost_of(node.of)
        case Overlaps():
            return 150 + cost_of(node.of)
        case Listed():
            return (_LISTED if node.of.kind in TEXTUAL else 5 * _LISTED) + cost_of(node.of)
        case Compare():
            return 30 + cost_of(node.left) + cost_of(node.right)
        case Among():
            return 40 + cost_of(node.item)
        case Holds():
            return 60 + cost_of(node.item) + cost_of(node.of)
        case And() | Or():
            return sum(map(cost_of, node.items))
