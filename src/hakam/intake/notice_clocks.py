"""Clocks that run beside the one of DSA Art. 16(6) on a notice: of app review, of Australia before eSafety is asked.

They run where the profile of the platform says that they matter, end with the answer to the notice, and a case is due
when the first of all its clocks ends.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hakam.compliance import deadlines
from hakam.compliance.models import Deadline
from hakam.compliance.profile import Profile
from hakam.vocabulary.actor import Actor
from hakam.vocabulary.harm import Harm

APP_REVIEW: Final = "apple.report"
BEFORE_ESAFETY: Final = "au.complaint"
_ABUSE: Final = frozenset({Harm.HARASSMENT, Harm.HARASSMENT_WOMEN, Harm.STALKING, Harm.DOXXING, Harm.THREAT})


def beside(profile: Profile, harm: str) -> tuple[str, ...]:
    """Return the keys of the clocks that a notice about `harm` starts, beside the one of its decision.

    # App Review 1.2: a report is acted on within a day. OSA 2021 (Cth) s.88: abuse that still stands 48 hours after a
    complaint can be taken to the eSafety Commissioner.
    """
    found = []
    if profile.app:
        found.append(APP_REVIEW)
    if "AU" in profile.countries and harm in _ABUSE:
        found.append(BEFORE_ESAFETY)
    return tuple(found)


def start(keys: tuple[str, ...], *, subject: str, by: Actor, now: datetime, due: datetime) -> datetime:
    """Start those clocks on a notice, and return when the first of them and `due` ends."""
    ends = [deadlines.start(key, subject=subject, by=by, now=now).due_at for key in keys]
    return min(due, *ends) if ends else due


def meet(*, subject: str, by: Actor, now: datetime) -> None:
    """End those clocks: the notice is answered."""
    mine = Deadline.objects.filter(subject=subject, clock__in=(APP_REVIEW, BEFORE_ESAFETY), met_at=None)
    for key in mine.values_list("clock", flat=True):
        deadlines.meet(key, subject=subject, by=by, now=now)
