"""The lives of streams and permits: closed tables."""

from __future__ import annotations

from enum import StrEnum


class StreamState(StrEnum):
    """Where a stream is."""

    LIVE = "live"
    CUT = "cut"  # by us
    ENDED = "ended"  # by whoever streamed


class PermitState(StrEnum):
    """Where a permit is."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # after it was granted


class Step(StrEnum):
    """The steps of the ladder, the mildest first. Each has a key at the desk."""

    WARN = "warn"
    DELAY = "delay"
    LIMIT_REACH = "limit_reach"
    LOCK_CHAT = "lock_chat"
    AGE_GATE = "age_gate"
    WITHHOLD = "withhold"
    CUT = "cut"
    CUT_AND_PRESERVE = "cut_and_preserve"


CUTS = frozenset({Step.CUT, Step.CUT_AND_PRESERVE})
