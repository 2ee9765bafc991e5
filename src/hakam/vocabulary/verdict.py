"""What the rules say about one event."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from hakam.vocabulary.bank import BankMatch
from hakam.vocabulary.incident import Delay
from hakam.vocabulary.measure import Measure


class Stage(StrEnum):
    """How far a rule's word goes."""

    SHADOW = "shadow"  # recorded, nothing else
    CANARY = "canary"  # live for a stable share of authors, shadow for the others
    LIVE = "live"


class PackRef(msgspec.Struct, frozen=True, order=True):
    """Which rules judged. `digest` is the SHA-256 (hex) over the pack's files."""

    id: str
    version: str
    digest: str

    def __str__(self) -> str:
        """Return `id@version`, for people."""
        return f"{self.id}@{self.version}"


class ReviewRequest(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A rule asks for a person."""

    queue: str
    urgency: float = 0.0  # 0 to 1, added to the priority formula


class Firing(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One rule that surely holds, with the values that made it hold."""

    rule: str
    policy: str  # id of the clause
    rule_digest: str
    stage: Stage  # as it worked for this author: a canary is LIVE or SHADOW here
    measures: tuple[Measure, ...] = ()
    review: ReviewRequest | None = None
    values: dict[str, Any] = {}  # source text of each leaf -> value seen


class Aside(msgspec.Struct, frozen=True):
    """A rule that is not asked, since it failed too often. `at`: since when, in Unix seconds."""

    why: str
    at: float


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The rules that fired, and what they propose together.

    `measures` holds, of all live firings, what adds something: per kind and territory the longest. What stands already
    on the item or its author's account, or is implied by what stands, is in `in_force` instead.
    """

    pack: PackRef
    firings: tuple[Firing, ...] = ()
    measures: tuple[Measure, ...] = ()
    review: ReviewRequest | None = None  # the most urgent of the live firings
    quarantined: tuple[str, ...] = ()  # rules that failed on this event and were left out
    tripped: tuple[str, ...] = ()  # live rules whose quota is used up: they only ask for a review
    matches: tuple[BankMatch, ...] = ()  # what of the event is in a bank of known content, nearest first
    aside: dict[str, Aside] = {}  # rules that were not asked: they are put aside
    lists: dict[str, str] = {}  # lists outside the pack that its rules read -> digest of what was read
    in_force: tuple[
        Measure, ...
    ] = ()  # proposed by live rules, and left out since it adds nothing to what stands
    delay: Delay | None = None  # of an incident: others see it only after so long
    rehearsed: Delay | None = None  # the same of an exercise: nobody waits

    @property
    def live(self) -> tuple[Firing, ...]:
        """The firings whose word counts."""
        return tuple(f for f in self.firings if f.stage is Stage.LIVE)
