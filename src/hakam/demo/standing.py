"""How a post stands: what its readers see of it, given the measures in force on it and on its author."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from hakam.demo.store import Measure


class Visibility(StrEnum):
    """What readers see."""

    OPEN = "open"
    LIMITED = "limited"  # there for those who look for it, out of the timeline's first rank
    COVERED = "covered"  # behind a click, for adults
    GONE = "gone"


class Standing(msgspec.Struct, frozen=True):
    """A post's state in words for the page."""

    visibility: Visibility = Visibility.OPEN
    labels: tuple[str, ...] = ()
    replies_locked: bool = False
    statement: str | None = None  # of the gravest measure
    because_of_account: bool = False


_GONE = {"remove", "withhold", "hold"}
_ORDER = list(Visibility)


def _visibility(kind: str) -> Visibility:
    if kind in _GONE:
        return Visibility.GONE
    if kind == "age_gate":
        return Visibility.COVERED
    if kind == "limit_reach":
        return Visibility.LIMITED
    return Visibility.OPEN


def standing(on_post: Iterable[Measure], on_author: Iterable[Measure] = ()) -> Standing:
    """Return how a post stands. Pure: the order of the measures does not matter."""
    visibility, labels, locked = Visibility.OPEN, [], False
    statement: str | None = None
    for measure in sorted(on_post, key=lambda m: (_ORDER.index(_visibility(m.kind)), m.id)):
        visibility = max(visibility, _visibility(measure.kind), key=_ORDER.index)
        statement = measure.statement or statement
        locked = locked or measure.kind == "lock_replies"
        if measure.kind in {"label", "context_note"}:
            labels.append(measure.note or measure.label or "")
    barred = [m for m in on_author if m.kind in {"suspend", "terminate"}]
    if barred and visibility is not Visibility.GONE:
        return Standing(Visibility.GONE, (), locked, barred[-1].statement, because_of_account=True)
    return Standing(visibility, tuple(labels), locked, statement)
