"""What people decided about the same events, and how far rules agree with them: shares with their uncertainty.

Source of the interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
the American Statistical Association 22 (1927).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import msgspec

from hakam.vocabulary.yes_no import yes_or_no

_Z95 = 1.959963984540054
YES = frozenset({"1.0", "violating", "violation"})
NO = frozenset({"0.0", "none", "fine", "clean", "not violating"})


class Share(msgspec.Struct, frozen=True):
    """`part` of `whole`, with the 95 % interval of the share (0 to 1); all `None` of nothing."""

    part: int
    whole: int
    value: float | None
    low: float | None
    high: float | None


def share(part: int, whole: int) -> Share:
    """Return a share with Wilson's interval, which holds for few cases and for shares near 0 and 1 too."""
    if not whole:
        return Share(part, whole, None, None, None)
    p = part / whole
    z2 = _Z95 * _Z95
    centre = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = _Z95 / (1 + z2 / whole) * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    return Share(
        part,
        whole,
        p,
        0.0 if part == 0 else max(0.0, centre - half),
        1.0 if part == whole else min(1.0, centre + half),
    )


class Meaning(msgspec.Struct, frozen=True):
    """How a decision's text is read. `policies` are clauses of the pack: a decision may name the clause.

    `violating` holds further texts that mean a violation; if there are any, every other text means none.
    """

    policies: frozenset[str] = frozenset()
    violating: frozenset[str] = frozenset()

    def read(self, text: str) -> tuple[bool, str | None] | None:
        """Return whether it says violating, and under which clause; `None` if it can't be read."""
        plain = text.strip()
        if plain in self.policies:
            return True, plain
        low = plain.lower()
        if self.violating:
            return low in {one.lower() for one in self.violating}, None
        said = True if low in YES else False if low in NO else yes_or_no(low)
        return None if said is None else (said, None)


class Agreement(msgspec.Struct, frozen=True):
    """How a rule, or all rules together, agree with people, over the events that people decided.

    `disagreement` is the share of decided events where rule and people differ.
    """

    caught: int  # both say violating
    wrong: int  # the rule fires, people say not violating
    missed: int  # people say violating, the rule is silent
    right: int  # both say not violating
    precision: Share
    recall: Share
    disagreement: Share


def agreement(*, caught: int, wrong: int, missed: int, right: int) -> Agreement:
    """Return the shares of four counts."""
    total = caught + wrong + missed + right
    return Agreement(
        caught,
        wrong,
        missed,
        right,
        share(caught, caught + wrong),
        share(caught, caught + missed),
        share(wrong + missed, total),
    )


def unread(meaning: Meaning, texts: Iterable[str]) -> list[str]:
    """Return the texts that can't be read, sorted."""
    return sorted({text for text in texts if meaning.read(text) is None})
