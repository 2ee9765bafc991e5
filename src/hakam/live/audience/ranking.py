"""In which order questions wait: a rule that a host can say in one breath, and anybody can check.

1. *Languages take turns by how many ask in them.* The next place goes to the language with the highest
   `weight / (2 n + 1)`, where `n` is how many of its questions were chosen or placed already (Sainte-Laguë, as seats of
   a parliament are given out). `weight` is what the plan says, else how many accounts ask in the language.
2. *Within a language what most accounts ask comes first*; of equals what was asked last.
3. *Nobody speaks twice in a row*: a question whose account was the last one gives way to the next of its language, and
   that language to the next, unless nobody else is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple


class Waiting(NamedTuple):
    """A question that waits."""

    id: int
    language: str
    accounts: int  # different ones that ask it
    account: str  # that asked it first
    newest: float  # Unix seconds: when it was asked last


def ranked(
    waiting: Sequence[Waiting],
    *,
    chosen: Mapping[str, int] | None = None,
    weights: Mapping[str, float] | None = None,
    last_account: str = "",
) -> Iterator[Waiting]:
    """Yield questions in their order. `chosen`: how many of a language had their turn; `last_account` spoke last.

    A language that `weights` does not name has the weight 0 if any has one: it comes after the others.
    """
    lanes: dict[str, list[Waiting]] = {}
    for one in sorted(
        waiting, key=lambda one: (one.accounts, one.newest, -one.id)
    ):  # the first stands at the end
        lanes.setdefault(one.language, []).append(one)
    weight = {
        language: Fraction(weights.get(language, 0)) if weights else Fraction(sum(w.accounts for w in lane))
        for language, lane in lanes.items()
    }
    had = {language: (chosen or {}).get(language, 0) for language in lanes}
    while lanes:
        turn = sorted(
            lanes, key=lambda name: (-weight[name] / (2 * had[name] + 1), -lanes[name][-1].accounts, name)
        )
        language, place = next(
            (
                (name, place)
                for name in turn
                for place in range(len(lanes[name]) - 1, -1, -1)
                if lanes[name][place].account != last_account
            ),
            (turn[0], len(lanes[turn[0]]) - 1),
        )
        one = lanes[language].pop(place)
        if not lanes[language]:
            del lanes[language]
        had[language] += 1
        last_account = one.account
        yield one
