"""The ladder of a clause: which measures it allows, which step fits this person, and the next milder one.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hakam.vocabulary.measure import NATURE, Measure, MeasureKind, Reversal

_EU = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
_UNIONS = {"EU": _EU, "EEA": _EU | {"IS", "LI", "NO"}}

Step = tuple[Measure, ...]
"""Measures that are taken together. A ladder is a sequence of steps, the mildest first."""


class NotOnLadderError(ValueError):
    """A measure is harsher than anything that the clause provides for."""

    def __init__(self, measure: Measure, clause: str) -> None:
        self.measure, self.clause = measure, clause
        super().__init__(f"`{measure.kind}` is harsher than what the clause `{clause}` provides for")


class Advice(NamedTuple):
    """What the ladder suggests. Indices of steps; `milder` is `None` at the bottom."""

    recommended: int
    milder: int | None


def _countries(territory: Iterable[str]) -> set[str]:
    return {country for code in territory for country in _UNIONS.get(code, {code})}


def at_most(measure: Measure, step: Measure) -> bool:
    """Whether `measure` touches a person no more than `step` does."""
    if measure.nature.severity != step.nature.severity:
        return measure.nature.severity < step.nature.severity
    if measure.kind is not step.kind:
        return False
    shorter = step.days is None or (measure.days is not None and measure.days <= step.days)
    narrower = not step.territory or (
        bool(measure.territory) and _countries(measure.territory) <= _countries(step.territory)
    )
    return shorter and narrower


def check(measures: Iterable[Measure], ladder: Sequence[Step], *, clause: str) -> None:
    """Raise `NotOnLadderError` unless each measure is a step of `ladder`, or milder than one."""
    provided = [measure for step in ladder for measure in step]
    for measure in measures:
        if not any(at_most(measure, step) for step in provided):
            raise NotOnLadderError(measure, clause)


def irreversible(measures: Iterable[Measure]) -> bool:
    """Whether one of `measures` can't be taken back."""
    return any(measure.nature.reversal is Reversal.IRREVERSIBLE for measure in measures)


def advise(ladder: Sequence[Step], strikes: int, *, grave: bool = False) -> Advice | None:
    """Return the step for somebody with `strikes` standing violations of the clause; none: the bottom.

    Under a `grave` clause the bottom is the mildest step that removes: nobody is warned about it first. An
    irreversible step is never recommended: a person must choose it. None for an empty ladder.
    """
    reachable = [n for n, step in enumerate(ladder) if not irreversible(step)]
    if not reachable:
        return None
    climbed = [n for n in reachable if not grave or _removes(ladder[n])] or reachable[-1:]
    recommended = climbed[min(max(0, strikes), len(climbed) - 1)]
    below = [n for n in reachable if n < recommended]
    return Advice(recommended, below[-1] if below else None)


def _removes(step: Step) -> bool:
    return any(m.nature.severity >= NATURE[MeasureKind.REMOVE].severity for m in step)


def next_milder(measures: Sequence[Measure], ladder: Sequence[Step]) -> Step | None:
    """Return the harshest step that is milder than `measures`; None if there is nothing milder."""
    harshest = max((m.nature.severity for m in measures), default=0)
    milder = [step for step in ladder if max((m.nature.severity for m in step), default=0) < harshest]
    return milder[-1] if milder else None
