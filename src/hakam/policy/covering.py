"""Whether a measure that stands leaves anything for another one to do.

A measure that adds nothing is not proposed again: whoever it touches would get a second statement of reasons for what
is so already (DSA Art. 17(1) owes one for each restriction).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hakam.policy.territories import TERRITORIES
from hakam.vocabulary.measure import Measure, MeasureKind

_K = MeasureKind
_SHOWN = frozenset({_K.CONTEXT_NOTE, _K.LABEL, _K.AGE_GATE, _K.LOCK_REPLIES, _K.LIMIT_REACH})

IMPLIED: Mapping[MeasureKind, frozenset[MeasureKind]] = {
    _K.WITHHOLD: _SHOWN,  # where nobody sees an item, nobody is kept from it either
    _K.REMOVE: _SHOWN | {_K.HOLD, _K.WITHHOLD},
    _K.SUSPEND: frozenset({_K.BAR_FROM_LIVE}),
    _K.TERMINATE: frozenset({_K.BAR_FROM_LIVE, _K.SUSPEND}),
}
"""What a measure does besides. A hold implies nothing, since it ends with a look; money and messages are apart."""


def covers(standing: Measure, wanted: Measure) -> bool:
    """Whether `wanted` adds nothing while `standing` holds: the same or implied, as long and as wide."""
    same = (standing.kind, *standing.identity[2:]) == (wanted.kind, *wanted.identity[2:])
    if not same and wanted.kind not in IMPLIED.get(standing.kind, ()):
        return False
    as_long = standing.days is None or (wanted.days is not None and wanted.days <= standing.days)
    as_wide = not standing.territory or (
        bool(wanted.territory) and _countries(wanted.territory) <= _countries(standing.territory)
    )
    return as_long and as_wide


def divided(
    wanted: Iterable[Measure], standing: Iterable[Measure]
) -> tuple[tuple[Measure, ...], tuple[Measure, ...]]:
    """Return the measures that add something to what stands, and those that do not, in their order."""
    held = tuple(standing)
    adding: list[Measure] = []
    already: list[Measure] = []
    for measure in wanted:
        covered = any(covers(one, measure) for one in held)
        (already if covered else adding).append(measure)
    return tuple(adding), tuple(already)


def _countries(territory: Iterable[str]) -> set[str]:
    return {country for code in territory for country in TERRITORIES.get(code, {code})}
