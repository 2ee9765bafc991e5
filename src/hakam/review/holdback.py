"""What the rule book in force, and those before it, changed: measured against the authors whom it holds back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hakam.compliance import rulebook
from hakam.compliance.rulebook import BrokenPackError
from hakam.investigation.holdback import Effect, Under, effect, under
from hakam.investigation.query import Hidden, nothing_hidden
from hakam.storage.event_log import EventLog
from hakam.vocabulary.verdict import PackRef


def held_by(ref: PackRef) -> Under | None:
    """Return what a version holds back, `None` if it is not known here or holds back nobody."""
    version = rulebook.find(ref)
    try:
        return None if version is None else under(rulebook.load(version))
    except BrokenPackError:
        return None


def measured(
    log: EventLog,
    *,
    now: datetime,
    span: int,
    days: int,
    budget: float | None = None,
    hidden: Hidden = nothing_hidden,
    progress: Callable[[float], None] = lambda _share: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Effect:
    """Compare authors over the last `span` days, each followed for `days` after the first hit."""
    return effect(
        log,
        held_by,
        since=(now - timedelta(days=span)).timestamp(),
        until=now.timestamp(),
        days=days,
        budget=budget,
        hidden=hidden,
        progress=progress,
        cancelled=cancelled,
    )
