"""Gates: true whenever a rule behind them can be, and never before rules that share nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hakam.policy.gates import gates
from hakam.policy.interpret import Seen, outcome
from hakam.signals.measure import measure
from hakam.vocabulary.event import Event


def gates_of(packs: Any, *conditions: str) -> tuple[list[tuple[str, tuple[int, ...]]], list[int]]:
    rules = packs.load(*conditions).pack.rules
    made, free = gates(enumerate(rule.when for rule in rules))
    return [(type(gate.asks).__name__, gate.rules) for gate in made], free


@pytest.mark.parametrize(
    ("conditions", "kind"),
    [
        (("author.posts > 3", "author.posts >= 9 and author.verified", "not (author.posts <= 5)"), "Compare"),
        (("3 > author.posts", "author.posts <= 9", "not author.posts >= 5"), "Compare"),
        (('author.country == "DE"', 'author.country in ["AT", "FR"]', 'author.country in ["CH"]'), "Among"),
        (
            ('"a" in author.labels', 'any_in(author.labels, ["b", "c"])', 'not (not "d" in author.labels)'),
            "Overlaps",
        ),
        (
            (
                "author.verified",
                "author.verified and author.posts > 3",
                "author.verified and known(item.url)",
            ),
            "Truth",
        ),
    ],
)
def test_rules_that_need_the_same_stand_behind_one_gate(
    packs: Any, conditions: tuple[str, ...], kind: str
) -> None:
    assert gates_of(packs, *conditions) == ([(kind, (0, 1, 2))], [])


@pytest.mark.parametrize(
    "conditions",
    [
        ("author.posts > 3", "author.posts > 5"),  # too few
        ("author.posts > 3", "author.posts < 5", "author.posts != 4"),
        tuple(f"author.posts > {n} or author.verified" for n in range(3)),
        ("author.verified", "not author.verified", "known(author.verified)"),
        tuple(f'author.country not in ["{code}"]' for code in ("DE", "AT", "FR")),
    ],
)  # fmt: skip
def test_rules_that_share_nothing_stand_free(packs: Any, conditions: tuple[str, ...]) -> None:
    assert gates_of(packs, *conditions) == ([], list(range(len(conditions))))


def test_a_gate_asks_the_loosest_bound(packs: Any, make_event: Callable[..., Event]) -> None:
    rules = packs.load(
        "author.posts > 7", "author.posts >= 3 and author.verified", "author.posts > 5"
    ).pack.rules
    ((gate,), free) = gates(enumerate(rule.when for rule in rules))
    assert not free
    for posts, opens in ((2, False), (3, True), (8, True), (None, None)):
        event = make_event(author={} if posts is None else {"posts": posts})
        assert outcome(gate.asks, Seen(event, measure(event))) is opens
