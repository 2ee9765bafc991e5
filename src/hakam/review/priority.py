"""What to look at first: a documented formula, every term of which is stored and shown on the case.

    priority = incident + lane + clock + live + harm + urgency + volume

| Term | Range | Meaning |
| --- | --- | --- |
| `incident` | 0, 8000 | an incident that is declared puts its cases first, until its end |
| `lane` | 0, 2000, 4000 | a trusted flagger is ahead (DSA Art. 22(1)), an order further (Art. 9) |
| `clock` | 0-1000 | the time left until the legal or internal deadline, in bands: see `BANDS` |
| `live` | 0, 500 | what is happening now goes before what was recorded |
| `harm` | 0-400 | 400 x severity x reach x confidence x accuracy of the reporter |
| `urgency` | 0-100 | what the rule that asked for a person says, 0 to 1, times 100 |
| `volume` | 0-100 | 20 x log2(1 + notices): the tenth notice weighs less than the second |

Only the clock and the incident depend on the time, and only at the edges of its bands and at its end:
`Priority.stale_at` says when to count again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import log2, log10
from typing import Final

import msgspec
from django.utils.translation import gettext as _

INCIDENT: Final = 8000.0
ORDER_LANE: Final = 4000.0
TRUSTED_LANE: Final = 2000.0
LIVE: Final = 500.0
HARM: Final = 400.0
URGENCY: Final = 100.0
VOLUME: Final = 400.0  # reached by a million notices: 20 for each doubling
BANDS: Final[tuple[tuple[timedelta, float], ...]] = (
    (timedelta(0), 1000.0),
    (timedelta(hours=1), 800.0),
    (timedelta(hours=4), 600.0),
    (timedelta(hours=12), 400.0),
    (timedelta(hours=24), 250.0),
    (timedelta(hours=72), 100.0),
)
"""Time left until the deadline -> the clock's term. The first that is not exceeded counts."""

UNKNOWN_ACCURACY: Final = 0.5
"""Of a reporter who was never answered: neither believed nor doubted."""

UNKNOWN_REACH: Final = 0.5
REACH_CEILING: Final = 7.0
"""Ten million people (10^7) is as far as reach counts."""


class Inputs(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a case, gathered over all its sources.

    Every field only grows: order does not matter.
    """

    order: bool = False
    trusted: bool = False
    live: bool = False
    severity: int = 0  # 0 to 100, of the gravest clause alleged
    reach: int | None = None  # people who saw it
    confidence: float = 0.0  # 0 to 1
    accuracy: float | None = None  # 0 to 1, of the most accurate reporter
    urgency: float = 0.0  # 0 to 1
    notices: int = 0


class Priority(msgspec.Struct, frozen=True):
    """The outcome of the formula. `terms` sum to `total`."""

    total: float
    terms: dict[str, float]
    stale_at: datetime | None = None


class Term(msgspec.Struct, frozen=True):
    """One term of the formula, for people."""

    name: str
    value: float
    text: str


def _largest(one: float | None, other: float | None) -> float | None:
    return max((v for v in (one, other) if v is not None), default=None)


def merge(one: Inputs, other: Inputs) -> Inputs:
    """Return what both sources say together."""
    reach = _largest(one.reach, other.reach)
    return Inputs(
        order=one.order or other.order,
        trusted=one.trusted or other.trusted,
        live=one.live or other.live,
        severity=max(one.severity, other.severity),
        reach=None if reach is None else int(reach),
        confidence=max(one.confidence, other.confidence),
        accuracy=_largest(one.accuracy, other.accuracy),
        urgency=max(one.urgency, other.urgency),
        notices=one.notices + other.notices,
    )


def accuracy_of(upheld: int, answered: int) -> float | None:
    """Return how often a reporter was right, near one half while little is known (Laplace's rule)."""
    return None if answered == 0 else (upheld + 1) / (answered + 2)


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))


def reach_factor(reach: int | None) -> float:
    """Return the weight of an audience: 0.25 for nobody, 1 for ten million, logarithmic between."""
    if reach is None:
        return UNKNOWN_REACH
    return 0.25 + 0.75 * _unit(log10(1 + max(0, reach)) / REACH_CEILING)


def _clock(due_at: datetime | None, now: datetime) -> tuple[float, datetime | None]:
    if due_at is None:
        return 0.0, None
    left = due_at - now
    for n, (edge, value) in enumerate(BANDS):
        if left <= edge:
            return value, due_at - BANDS[n - 1][0] if n else None
    return 0.0, due_at - BANDS[-1][0]


def priority(
    inputs: Inputs, *, due_at: datetime | None, now: datetime, ahead_until: datetime | None = None
) -> Priority:
    """Apply the formula of this module. `ahead_until`: the end of the incident that puts the case first."""
    clock, stale_at = _clock(due_at, now)
    accuracy = UNKNOWN_ACCURACY if inputs.accuracy is None else _unit(inputs.accuracy)
    harm = _unit(inputs.severity / 100) * reach_factor(inputs.reach) * _unit(inputs.confidence) * accuracy
    ahead = ahead_until is not None and now < ahead_until
    if ahead_until is not None and ahead:
        stale_at = min(filter(None, (stale_at, ahead_until)))
    terms = {
        **({"incident": INCIDENT} if ahead else {}),
        "lane": ORDER_LANE if inputs.order else TRUSTED_LANE if inputs.trusted else 0.0,
        "clock": clock,
        "live": LIVE if inputs.live else 0.0,
        "harm": round(HARM * harm, 2),
        "urgency": round(URGENCY * _unit(inputs.urgency), 2),
        "volume": round(min(VOLUME, 20 * log2(1 + max(0, inputs.notices))), 2),
    }
    return Priority(round(sum(terms.values()), 2), terms, stale_at)


def _say(name: str, inputs: Inputs) -> str:  # noqa: PLR0911 -- one sentence for each term
    match name:
        case "incident":
            return _("It belongs to an incident that is declared")
        case "lane" if inputs.order:
            return _("An authority has ordered it")
        case "lane":
            return _("A trusted flagger reported it") if inputs.trusted else _("No order, no trusted flagger")
        case "clock":
            return _("How little time is left until the deadline")
        case "live":
            return _("It is happening now") if inputs.live else _("It is recorded, not live")
        case "harm":
            return _(
                "Severity %(severity)s of 100, weight of its audience %(reach).2f, "
                "confidence %(confidence).2f, accuracy of the reporter %(accuracy).2f"
            ) % {
                "severity": inputs.severity,
                "reach": reach_factor(inputs.reach),
                "confidence": _unit(inputs.confidence),
                "accuracy": UNKNOWN_ACCURACY if inputs.accuracy is None else _unit(inputs.accuracy),
            }
        case "urgency":
            return _("How urgently the rule asked for a person")
        case _:
            return _("Notices received: %(count)s") % {"count": inputs.notices}


def explain(terms: dict[str, float], inputs: Inputs) -> tuple[Term, ...]:
    """Return each term of a stored priority with a sentence in the language in force, the largest first."""
    listed = [Term(name, value, _say(name, inputs)) for name, value in terms.items()]
    return tuple(sorted(listed, key=lambda term: -term.value))
