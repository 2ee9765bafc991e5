"""Clocks as data: how long each duty may take, which law asks for it, since when.

The DSA sets no number of hours for notices and complaints ("without undue delay"), so these are targets, which the
operator may set tighter or wider; `law` names the duty that they serve.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from importlib.resources import files

import msgspec


class Clock(msgspec.Struct, frozen=True):
    """One version of a clock. A changed duration is a new version; clocks that run keep their due time."""

    key: str
    version: int
    law: str
    target: bool  # an internal target, not a period that the law itself counts
    title: dict[str, str]
    hours: int = 0
    days: int = 0

    @property
    def length(self) -> timedelta:
        """How long it runs."""
        return timedelta(hours=self.hours, days=self.days)


class _Table(msgspec.Struct, frozen=True):
    clocks: tuple[Clock, ...]


@cache
def clocks() -> dict[str, Clock]:
    """Return the newest version of each clock."""
    table = msgspec.json.decode(files("hakam.compliance").joinpath("clocks.json").read_bytes(), type=_Table)
    return {clock.key: clock for clock in sorted(table.clocks, key=lambda c: c.version)}


def clock(key: str) -> Clock:
    """Return a clock; a `LookupError` names the ones that exist."""
    try:
        return clocks()[key]
    except KeyError:
        raise LookupError(f"there is no clock {key!r}; there are {', '.join(sorted(clocks()))}") from None
