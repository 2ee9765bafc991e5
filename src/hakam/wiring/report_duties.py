"""The worker's lane of reports: those that were asked for are made, and clocks of what the calendar owes start."""

from __future__ import annotations

from datetime import datetime

from django.utils.timezone import get_default_timezone

from hakam.compliance.reports import laws, making
from hakam.regulator import by_hand, risks
from hakam.wiring.worker import Task


def tasks(platform: str) -> tuple[Task, ...]:
    """Return the tasks of the lane for a platform."""

    def make(now: datetime) -> int:
        kinds = risks.schemes()["uk"].kinds
        groups: making.Groups = {
            "tco": [("terrorism", "Terrorism", laws.TERROR)],
            "uk": [(kind.key, kind.title["en"], kind.harms) for kind in kinds if kind.harms],
        }
        return making.run_next(now=now, zone=get_default_timezone(), groups=groups)

    def start(now: datetime) -> int:
        return making.start_due(platform, now=now, zone=get_default_timezone())

    def keep_up(now: datetime) -> int:
        return by_hand.keep_up(platform, now=now)

    return (
        Task("make reports", make, 1.0),
        Task("start clocks of reports", start, 3_600.0),
        Task("start clocks of standing duties", keep_up, 3_600.0),
    )
