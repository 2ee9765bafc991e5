"""Incidents at the door: which uploads wait before others see them. An exercise only writes down which would."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hakam.storage.published import PublishedIncident
from hakam.vocabulary.event import Event
from hakam.vocabulary.incident import Delay
from hakam.vocabulary.verdict import Verdict

_replace = msgspec.structs.replace


def with_delay(verdict: Verdict, event: Event, incidents: Iterable[PublishedIncident], at: float) -> Verdict:
    """Return the verdict with the longest wait that incidents in force at `at` (Unix seconds) ask for.

    Nobody waits beyond the end of an incident.
    """
    real = rehearsed = None
    for one in incidents:
        if at >= one.until or one.platform != event.platform:
            continue
        if not (one.scope.covers(event) and one.delay.applies(event)):
            continue
        found = Delay(min(one.delay.seconds, max(1, int(one.until - at))), one.name)
        if one.exercise:
            rehearsed = _longer(rehearsed, found)
        else:
            real = _longer(real, found)
    return _replace(verdict, delay=real, rehearsed=rehearsed) if real or rehearsed else verdict


def _longer(one: Delay | None, other: Delay) -> Delay:
    return other if one is None or other.seconds > one.seconds else one
