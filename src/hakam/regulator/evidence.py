"""Evidence from the running system: figures of twelve months, rules, banks and reports, each with where to see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any, Final

import msgspec

from hakam.banks import access as banks
from hakam.compliance import rulebook
from hakam.compliance.lists import opened
from hakam.intake.models import Notice, NoticeItem
from hakam.review import clauses
from hakam.review.models import Complaint, Decision
from hakam.review.states import ComplaintState, Outcome

SPAN: Final = timedelta(days=365)


class Piece(msgspec.Struct, frozen=True):
    """One piece of evidence: what it is, its value, and the page that shows it."""

    key: str
    value: int | float | str
    url: str = ""


class Situation:
    """What the running system says at a moment, read once for a page."""

    def __init__(self, platform: str, *, now: datetime) -> None:
        self.platform, self.now, self.since = platform, now, now - SPAN

    @cached_property
    def pack(self) -> Any:
        """The pack in force, or None."""
        version = rulebook.active()
        return None if version is None else rulebook.load(version, opened())

    @cached_property
    def banks(self) -> list[Any]:
        """Every bank in force, with how much is in it."""
        live = {one.name for one in banks.in_force(self.now)}
        return [one for one in banks.told() if one.bank.name in live]

    def rules(self, harms: Iterable[str] | None = None) -> tuple[list[Any], list[Any]]:
        """Return the rules that are live and those that only watch, of some harms or of all."""
        wanted = None if harms is None else set(harms)
        live: list[Any] = []
        watching: list[Any] = []
        for rule in self.pack.rules if self.pack else ():
            clause = self.pack.clauses.get(rule.policy)
            if wanted is None or (clause is not None and clause.harm.value in wanted):
                (watching if rule.staging.stage == "shadow" else live).append(rule)
        return live, watching

    def bank_entries(self, harms: Iterable[str]) -> tuple[int, int]:
        """Return how many banks in force are about some harms, and how many entries they hold."""
        wanted = set(harms)
        found = [
            one
            for one in self.banks
            if (clause := clauses.find(one.bank.clause)) is not None and clause.harm.value in wanted
        ]
        return len(found), sum(one.entries for one in found)


def of_harms(situation: Situation, harms: Sequence[str]) -> list[Piece]:
    """Return the evidence about some kinds of harm: what came, what was found, what stands against it."""
    if not harms:
        return []
    since, found = situation.since, list(harms)
    items = NoticeItem.objects.filter(notice__harm__in=found, notice__received_at__gte=since)
    spans = [
        (end - start).total_seconds() / 3600
        for start, end in items.filter(answered_at__isnull=False).values_list("notice__received_at", "answered_at")
        if end is not None
    ]  # fmt: skip
    decisions = Decision.objects.filter(case__harm__in=found, at__gte=since, outcome=Outcome.VIOLATION)
    right = Complaint.objects.filter(
        decision__case__harm__in=found, received_at__gte=since, state=ComplaintState.UPHELD
    )
    live, watching = situation.rules(found)
    kept, entries = situation.bank_entries(found)
    pieces = [
        Piece("notices", Notice.objects.filter(harm__in=found, received_at__gte=since).count(), "/transparency"),
        Piece("violations", decisions.count(), "/desk/search"),
        Piece("automated", decisions.filter(by__startswith="rule:").count(), "/desk/rules"),
        Piece("reversed", right.count(), "/desk/complaints"),
        Piece("rules", len(live), "/desk/rules"),
        Piece("shadow", len(watching), "/desk/rules"),
        Piece("banks", kept, "/desk/banks"),
        Piece("entries", entries, "/desk/banks"),
    ]  # fmt: skip
    if spans:
        pieces.insert(4, Piece("hours", round(median(spans), 1), "/transparency"))
    return pieces
