"""`bank("name")` in a rule: whether something of the event is in a bank of known content, or near to what is in it.

How near it is travels as a score of the event, `bank:name`: 1 for the same, less by 1/256 for each bit that differs, 0
for "looked up, and nothing near". So the log, replays and back-tests keep it as they keep every score. An event whose
banks could not be asked has no such score: unknown.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from hakam.policy.expression import constant
from hakam.policy.fields import score_field
from hakam.policy.kinds import Kind
from hakam.policy.tree import Compare, Condition, Field, Literal
from hakam.vocabulary.bank import BANK_NAME, LARGEST_DISTANCE

if TYPE_CHECKING:
    from hakam.policy.check import Expression

_BITS = 256
_PATH = re.compile(rf'scores\["bank:({BANK_NAME})"\]')


def nearness(distance: int) -> float:
    """Return the score of a match at a distance in bits. Exact: bits are 256ths."""
    return 1 - distance / _BITS


def score_of(bank: str) -> str:
    """Return the name of the score that tells how near a bank is."""
    return f"bank:{bank}"


def bank_of(path: str) -> str | None:
    """Return the bank that a field of a rule asks, if it asks one."""
    found = _PATH.fullmatch(path)
    return found[1] if found else None


def known_content(check: Expression, node: ast.Call) -> Condition | None:
    """Check a call of `bank`."""
    named = constant(check.parsed, node.args[0], check.checker.report)
    if named is None or not isinstance(named.value, str) or not re.fullmatch(BANK_NAME, named.value):
        check.problem("P106", "a bank is named by its name in quotes", node.args[0], 'as `bank("stopncii")`')
        return None
    distance = LARGEST_DISTANCE
    for keyword in node.keywords:
        given = constant(check.parsed, keyword.value, check.checker.report)
        if given is None or type(given.value) is not int or not 0 <= given.value <= LARGEST_DISTANCE:
            check.problem(
                "P106",
                f"`distance` is a number of bits, 0 to {LARGEST_DISTANCE}",
                keyword.value,
                "as `distance=20`",
            )
            return None
        distance = given.value
    text, span = check.parsed.text(node), check.parsed.span(node)
    least = Literal(nearness(distance), Kind.NUMBER, f"{nearness(distance)}", span)
    return Compare(">=", Field(score_field(score_of(named.value)), text, span), least, text, span)
