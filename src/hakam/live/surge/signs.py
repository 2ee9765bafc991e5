"""What is measured of a live event, and what each figure speaks for. Pure: figures in, a reading out.

docs/reference/attack-or-crowd.md has the table in words. A figure leans from 0, usual for a crowd, to 1, usual for an
attack, in a straight line between two thresholds. A *front* (the chat, the reports, the tickets) is the weighted mean
of its figures that rest on enough; the reading is that of the worst front, so that a flood of forged tickets is not
hidden by a friendly chat. A figure of weight 0 tells by itself that there is something in the crowd, and no mean can
hide it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

WINDOW: Final = 300.0  # seconds that figures of the chat cover
REPORTS: Final = 600.0  # seconds that figures of reports cover
ATTACK_AT: Final = 0.6
MIXED_AT: Final = 0.35
ENOUGH: Final = 4  # weight of figures that a front must have to be read


class Front(StrEnum):
    """Where something rises."""

    CHAT = "chat"
    REPORTS = "reports"
    TICKETS = "tickets"


class Reading(StrEnum):
    """What it is."""

    QUIET = "quiet"  # nothing rises
    UNCLEAR = "unclear"  # something rises, and too little is known of it
    CROWD = "crowd"
    MIXED = "mixed"  # a crowd with something in it
    ATTACK = "attack"


class Signs(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of a live event. The chat covers `WINDOW` seconds, reports `REPORTS`, tickets the minute before."""

    messages: int = 0
    accounts: int = 0  # different ones that wrote
    aged: int = 0  # of them: accounts whose age the platform told
    young: int = 0  # of those: made within a week
    networked: int = 0  # accounts whose network the platform told, as a keyed hash
    networks: int = 0  # different ones
    countries: int = 0  # different ones; told, and never weighed: an audience may be one country's
    long: int = 0  # messages that are long enough to be told apart
    alike: int = 0  # of those: nearly the same as two others, by other accounts
    long_aged: int = 0  # of the long ones: by accounts whose age the platform told
    alike_young: int = (
        0  # of those: nearly the same as others, most of whose accounts were made within a week
    )
    hits: int = 0  # messages in a bank of known content
    reports: int = 0
    named: int = 0  # of them: by somebody who is named
    reporters: int = 0  # different ones of those
    report_texts: int = 0  # reports with enough words to be told apart
    reports_alike: int = 0  # of those: nearly the same as another, by somebody else
    swarm: int = 0  # reports of a crowd, counted together: who made them is not looked up
    given: int = 0  # tickets given out
    refused: int = 0  # tickets that were forged, another's or broken
    pace: float = 0.0  # people a second that the plan lets in
    nodes: dict[str, dict[str, int]] = {}  # node -> code -> tickets and questions refused since it started


class Part(NamedTuple):
    """A figure, and what it speaks for."""

    name: str
    front: Front
    weight: int
    crowd_at: float
    attack_at: float
    least: int  # what it must rest on
    of: Callable[[Signs], tuple[float, int]]  # figure, what it rests on


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


PARTS: Final = (
    Part("young", Front.CHAT, 3, 0.10, 0.50, 30, lambda s: (_share(s.young, s.aged), s.aged)),
    Part("alike", Front.CHAT, 3, 0.10, 0.50, 30, lambda s: (_share(s.alike, s.long), s.long)),
    Part(
        "alike_young", Front.CHAT, 0, 0.03, 0.10, 30,
        lambda s: (_share(s.alike_young, s.long_aged), s.long_aged),
    ),
    Part("per_network", Front.CHAT, 2, 1.5, 6.0, 30, lambda s: (_share(s.networked, s.networks), s.networked)),
    Part("hits", Front.CHAT, 2, 0.002, 0.05, 30, lambda s: (_share(s.hits, s.messages), s.messages)),
    Part("per_account", Front.CHAT, 1, 4.0, 15.0, 30, lambda s: (_share(s.messages, s.accounts), s.messages)),
    Part(
        "reports_alike", Front.REPORTS, 4, 0.15, 0.60, 10,
        lambda s: (_share(s.reports_alike, s.report_texts), s.report_texts),
    ),
    Part("per_reporter", Front.REPORTS, 2, 1.3, 4.0, 10, lambda s: (_share(s.named, s.reporters), s.named)),
    Part(
        "refused", Front.TICKETS, 4, 0.02, 0.25, 50,
        lambda s: (_share(s.refused, s.given + s.refused), s.given + s.refused),
    ),
    Part(
        "arrivals", Front.TICKETS, 1, 5.0, 50.0, 50,
        lambda s: (_share(s.given / 60, s.pace), s.given if s.pace else 0),
    ),
)  # fmt: skip

_BUSY_MESSAGES, _BUSY_REPORTS, _BUSY_TICKETS = 100, 10, 100


class Weighed(NamedTuple):
    """A figure as it was weighed. `lean`: 0 to 1, None where it rests on too little."""

    part: Part
    figure: float
    rests_on: int
    lean: float | None


class FrontRead(NamedTuple):
    """A front, with its figures."""

    front: Front
    busy: bool
    score: float | None  # None: too little is known
    parts: tuple[Weighed, ...]


class Read(NamedTuple):
    """The reading, and all that it rests on."""

    reading: Reading
    worst: Front | None  # the front that it is about
    score: float | None
    fronts: tuple[FrontRead, ...]


def lean(part: Part, figure: float) -> float:
    """Return how much a figure leans towards an attack, 0 to 1."""
    return min(1.0, max(0.0, (figure - part.crowd_at) / (part.attack_at - part.crowd_at)))


def read(signs: Signs) -> Read:
    """Say what it is."""
    fronts = tuple(_front(front, signs) for front in Front)
    busy = [one for one in fronts if one.busy]
    if not busy:
        return Read(Reading.QUIET, None, None, fronts)
    known = [one for one in busy if one.score is not None]
    if not known:
        return Read(Reading.UNCLEAR, busy[0].front, None, fronts)
    worst = max(known, key=lambda one: one.score or 0.0)
    score = worst.score or 0.0
    reading = Reading.ATTACK if score >= ATTACK_AT else Reading.MIXED if score >= MIXED_AT else Reading.CROWD
    if reading is Reading.CROWD and (telling := _telling(busy)) is not None:
        return Read(Reading.MIXED, telling.front, telling.score, fronts)
    if reading is Reading.CROWD and len(known) < len(busy):
        dark = next(one.front for one in busy if one.score is None)
        return Read(Reading.UNCLEAR, dark, None, fronts)
    return Read(reading, worst.front, score, fronts)


def _telling(busy: Sequence[FrontRead]) -> FrontRead | None:
    """Return a front in which a figure of weight 0 leans the whole way."""
    return next((one for one in busy if any(not w.part.weight and w.lean == 1 for w in one.parts)), None)


def _front(front: Front, signs: Signs) -> FrontRead:
    weighed = []
    for part in PARTS:
        if part.front is front:
            figure, rests_on = part.of(signs)
            weighed.append(
                Weighed(part, figure, rests_on, lean(part, figure) if rests_on >= part.least else None)
            )
    total = sum(one.part.weight for one in weighed if one.lean is not None)
    score = (
        sum(one.part.weight * one.lean for one in weighed if one.lean is not None) / total
        if total >= ENOUGH
        else None
    )
    busy = {
        Front.CHAT: signs.messages >= _BUSY_MESSAGES,
        Front.REPORTS: signs.reports + signs.swarm >= _BUSY_REPORTS,
        Front.TICKETS: signs.given + signs.refused >= _BUSY_TICKETS,
    }[front]
    return FrontRead(front, busy, score, tuple(weighed))


def signs_from(kept: object) -> Signs:
    """Return what was kept as JSON; of another release what can be read of it."""
    try:
        return msgspec.convert(kept, Signs)
    except msgspec.ValidationError:
        return Signs()
