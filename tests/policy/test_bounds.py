"""Two bounds on one number: whether both can hold, and whether one follows from the other, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from hakam.policy.semantics import alternatives, implies

# first bound, second bound, whether both can hold, whether the second follows from the first
CASES = [
    ("< 3", "< 2", True, False),
    ("< 3", "< 3", True, True),
    ("< 3", "<= 3", True, True),
    ("< 3", "> 2", False, False),
    ("< 3", "> 3", False, False),
    ("< 3", ">= 3", False, False),
    ("< 3", "== 3", False, False),
    ("< 3", "== 4", False, False),
    ("< 3", "!= 3", True, True),
    ("< 3", "!= 2", True, False),
    ("< 3", "<= 4", True, True),
    ("< 3", ">= 2", True, False),
    ("< 3", "< 4", True, True),
    ("<= 3", "< 2", True, False),
    ("<= 3", "< 3", True, False),
    ("<= 3", "<= 3", True, True),
    ("<= 3", "> 2", True, False),
    ("<= 3", "> 3", False, False),
    ("<= 3", ">= 3", True, False),
    ("<= 3", "== 3", True, False),
    ("<= 3", "== 4", False, False),
    ("<= 3", "!= 3", True, False),
    ("<= 3", "!= 2", True, False),
    ("<= 3", "<= 4", True, True),
    ("<= 3", ">= 2", True, False),
    ("<= 3", "< 4", True, True),
    ("> 3", "< 2", False, False),
    ("> 3", "< 3", False, False),
    ("> 3", "<= 3", False, False),
    ("> 3", "> 2", True, True),
    ("> 3", "> 3", True, True),
    ("> 3", ">= 3", True, True),
    ("> 3", "== 3", False, False),
    ("> 3", "== 4", True, False),
    ("> 3", "!= 3", True, True),
    ("> 3", "!= 2", True, True),
    ("> 3", "<= 4", True, False),
    ("> 3", ">= 2", True, True),
    ("> 3", "< 4", False, False),
    (">= 3", "< 2", False, False),
    (">= 3", "< 3", False, False),
    (">= 3", "<= 3", True, False),
    (">= 3", "> 2", True, True),
    (">= 3", "> 3", True, False),
    (">= 3", ">= 3", True, True),
    (">= 3", "== 3", True, False),
    (">= 3", "== 4", True, False),
    (">= 3", "!= 3", True, False),
    (">= 3", "!= 2", True, True),
    (">= 3", "<= 4", True, False),
    (">= 3", ">= 2", True, True),
    (">= 3", "< 4", True, False),
    ("== 3", "< 2", False, False),
    ("== 3", "< 3", False, False),
    ("== 3", "<= 3", True, True),
    ("== 3", "> 2", True, True),
    ("== 3", "> 3", False, False),
    ("== 3", ">= 3", True, True),
    ("== 3", "== 3", True, True),
    ("== 3", "== 4", False, False),
    ("== 3", "!= 3", False, False),
    ("== 3", "!= 2", True, True),
    ("== 3", "<= 4", True, True),
    ("== 3", ">= 2", True, True),
    ("== 3", "< 4", True, True),
    ("!= 3", "< 2", True, False),
    ("!= 3", "< 3", True, False),
    ("!= 3", "<= 3", True, False),
    ("!= 3", "> 2", True, False),
    ("!= 3", "> 3", True, False),
    ("!= 3", ">= 3", True, False),
    ("!= 3", "== 3", False, False),
    ("!= 3", "== 4", True, False),
    ("!= 3", "!= 3", True, True),
    ("!= 3", "!= 2", True, False),
    ("!= 3", "<= 4", True, False),
    ("!= 3", ">= 2", True, False),
    ("!= 3", "< 4", True, False),
]


@pytest.mark.parametrize(("first", "second", "possible", "follows"), CASES)
def test_two_bounds(packs: Any, first: str, second: str, possible: bool, follows: bool) -> None:
    both = packs.load(f"author.posts {first} and author.posts {second}").pack.rules[0]
    assert bool(alternatives(both.when)) is possible
    one, other = (packs.load(f"author.posts {bound}").pack.rules[0].when for bound in (first, second))
    assert implies(alternatives(one) or [], alternatives(other) or []) is follows
