"""Scheduled live events of an installation: their plans in the home, and what is asked of them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from hakam.live.audience.access import events_with_questions
from hakam.live.models import AdmissionHold, EventPoint
from hakam.live.waiting.plan import Plan, PlanError, load_plan

HISTORY: Final = timedelta(hours=1)
_FRESH: Final = timedelta(seconds=30)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class ScheduledEvent(NamedTuple):
    """A live event. `plan`: None where an audience asks and nobody planned a waiting room."""

    name: str
    platform: str
    plan: Plan | None

    def title(self, language: str) -> str:
        """Return its title in a language, else in any."""
        if self.plan is None:
            return self.name
        return self.plan.title.get(language) or next(iter(self.plan.title.values()))


def events(*, home: Path, platform: str) -> tuple[list[ScheduledEvent], list[str]]:
    """Return all events, the one that opens last first, and what is wrong with plans that can't be read."""
    found, damaged = [], []
    for path in sorted((home / "waiting").glob("*/plan.json")):
        try:
            plan = load_plan(home, path.parent.name)
            found.append(ScheduledEvent(plan.event, plan.platform or platform, plan))
        except (PlanError, OSError) as error:
            damaged.append(f"{path.parent.name}: {error}")
    planned = {(one.platform, one.name) for one in found}
    found.sort(key=lambda one: one.plan.opens_at.timestamp() if one.plan else 0.0, reverse=True)
    found += [
        ScheduledEvent(name, owner, None)
        for owner, name in events_with_questions()
        if (owner, name) not in planned
    ]
    return found, damaged


def event(name: str, *, home: Path, platform: str) -> ScheduledEvent | None:
    """Return an event by its name, or None."""
    if not _NAME.fullmatch(name):
        return None
    try:
        plan = load_plan(home, name)
    except (PlanError, OSError):
        owners = [owner for owner, other in events_with_questions() if other == name]
        owner = platform if platform in owners else next(iter(owners), None)
        return None if owner is None else ScheduledEvent(name, owner, None)
    return ScheduledEvent(plan.event, plan.platform or platform, plan)


class Standing(NamedTuple):
    """How an event stands: the newest that was noted, if that is fresh."""

    point: EventPoint | None
    hold: AdmissionHold | None
    history: list[EventPoint]  # of the last hour, the oldest first


def standing(name: str, *, now: datetime) -> Standing:
    """Return how an event stands."""
    history = list(EventPoint.objects.filter(event=name, at__gte=now - HISTORY, at__lte=now).order_by("at"))
    fresh = history[-1] if history and now - history[-1].at <= _FRESH else None
    return Standing(fresh, AdmissionHold.objects.filter(event=name).first(), history)
