"""From what people decided to the book that the gate reads: each account written whole, whenever a fact touches it.

What bars from live: a bar, a suspension or a termination in force; a standing violation of a clause of which one is
enough (`one_strike`); a stream that was cut a short while ago. All end when the decision is reversed.

A step on a live stream that leaves it on air, as locking its chat, is a violation too: it bars from the next stream,
and does not end the one that it is about. What ends that is a cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from hakam.compliance.access import statement_of
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.enforcement import access
from hakam.enforcement.models import AppliedMeasure
from hakam.live import configuration
from hakam.live.configuration import Conditions, LiveConfiguration
from hakam.live.gate.book import Bar, Permit, Writer, path_of
from hakam.live.gate.judge import Why
from hakam.live.models import LivePermit
from hakam.live.states import PermitState
from hakam.policy.territories import TERRITORIES
from hakam.review import access as review
from hakam.vocabulary.event import ContentKind
from hakam.vocabulary.measure import MeasureKind

K = FactKind
KINDS: Final = frozenset(
    {
        K.MEASURE_PLANNED,
        K.MEASURE_CANCELLED,
        K.MEASURE_FAILED,
        K.MEASURE_REVERSING,
        K.MEASURE_REVERSED,
        K.MEASURE_EXPIRED,
        K.DECISION_FINAL,
        K.DECISION_UNDONE,
        K.DECISION_REPLACED,
        K.LIVE_PERMIT_GRANTED,
        K.LIVE_PERMIT_WITHDRAWN,
    }
)
_WHY: Final = {
    MeasureKind.BAR_FROM_LIVE: Why.BARRED,
    MeasureKind.SUSPEND: Why.SUSPENDED,
    MeasureKind.TERMINATE: Why.TERMINATED,
}
_CUTTING: Final = frozenset({MeasureKind.REMOVE, MeasureKind.HOLD})
LIVE_ITEMS: Final = frozenset({ContentKind.LIVE_START.value, ContentKind.LIVE_SEGMENT.value})
_PREFIX: Final = "account:"


def on_fact(fact: Fact, now: datetime, *, home: Path) -> None:
    """Write the accounts that a fact is about anew."""
    chosen = configuration.load(home)
    if chosen is None:
        return
    writer = Writer(path_of(home))
    for name in fact.links.filter(subject__startswith=_PREFIX).values_list("subject", flat=True):
        platform, _slash, account = name.removeprefix(_PREFIX).partition("/")
        write_account(writer, chosen, platform, account, now=now)


def write_account(
    writer: Writer, chosen: LiveConfiguration, platform: str, account: str, *, now: datetime
) -> None:
    """Write one account as it stands at `now`."""
    writer.write(
        platform, account, bars_of(chosen, platform, account, now=now), permits_of(platform, account, now=now)
    )


def bars_of(chosen: LiveConfiguration, platform: str, account: str, *, now: datetime) -> list[Bar]:
    """Return what keeps an account from being live, now or as soon as an undo window has passed."""
    conditions = chosen.conditions_of(platform)
    return [*_measures(access.of_account(platform, account, limit=1_000), conditions, now),
            *_strikes(platform, account, conditions, now)]  # fmt: skip


def _measures(rows: Iterable[AppliedMeasure], conditions: Conditions, now: datetime) -> Iterator[Bar]:
    for row in rows:
        kind = MeasureKind(row.kind)
        if not access.is_held(row) or (row.until is not None and row.until <= now):
            continue
        ends = row.until
        if kind in _CUTTING and row.item_kind in LIVE_ITEMS:
            why, ends = Why.CUT, row.release_at + timedelta(hours=conditions.after_cut_hours)
            if ends <= now:
                continue
        elif kind in _WHY:
            why = _WHY[kind]
        else:
            continue
        places = access.measure_of(row).territory
        yield Bar(
            source=f"measure:{row.pk}",
            why=why.value,
            starts=row.release_at.timestamp(),
            ends=None if ends is None else ends.timestamp(),
            territory=tuple(sorted({c for place in places for c in TERRITORIES.get(place, (place,))})),
            statement=row.statement.token if row.statement else "",
        )


def _strikes(platform: str, account: str, conditions: Conditions, now: datetime) -> Iterator[Bar]:
    if not conditions.one_strike:
        return
    lasts = timedelta(days=conditions.strike_days)
    for decision in review.standing_violations(platform, account, conditions.one_strike, since=now - lasts):
        statement = statement_of(f"decision:{decision.pk}")
        yield Bar(
            source=f"decision:{decision.pk}",
            why=Why.STRIKE.value,
            starts=decision.undo_until.timestamp(),
            ends=(decision.undo_until + lasts).timestamp(),
            territory=(),
            statement=statement.token if statement else "",
            begins=decision.item_kind in LIVE_ITEMS,
        )


def permits_of(platform: str, account: str, *, now: datetime) -> list[Permit]:
    """Return the permits of an account that have not ended."""
    rows = LivePermit.objects.filter(platform=platform, account=account, state=PermitState.GRANTED)
    return [
        Permit(
            source=f"permit:{row.pk}",
            event=row.event,
            starts=row.starts_at.timestamp() if row.starts_at else 0.0,
            ends=row.ends_at.timestamp() if row.ends_at else None,
        )
        for row in rows.order_by("pk")
        if row.ends_at is None or row.ends_at > now
    ]


class BookKeeper:
    """Keeps the book complete and says so every second, so that the gate knows what it may rely on."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._conditions: dict[str, Conditions] | None = None

    def keep(self, now: datetime) -> int:
        """Stamp the book; write it whole where it is new or conditions changed. Returns accounts written."""
        chosen = configuration.load(self._home)
        if chosen is None:
            return 0
        writer = Writer(path_of(self._home))
        if writer.stamped and self._conditions in (None, chosen.conditions):
            fresh = self._conditions is None
            self._conditions = chosen.conditions
            if not fresh:
                writer.stamp(now.timestamp())
                return 0
        self._conditions = chosen.conditions
        return writer.write_all(_pages(chosen, now), at=now.timestamp())


def _pages(chosen: LiveConfiguration, now: datetime) -> Iterator[tuple[str, str, list[Bar], list[Permit]]]:
    for platform in sorted({server.platform for server in chosen.servers} | set(chosen.conditions)):
        conditions = chosen.conditions_of(platform)
        accounts = access.accounts_under(platform, (*_WHY, *_CUTTING))
        accounts |= review.accounts_in_violation(
            platform, conditions.one_strike, since=now - timedelta(days=conditions.strike_days)
        )
        permitted = LivePermit.objects.filter(platform=platform, state=PermitState.GRANTED)
        accounts |= set(permitted.values_list("account", flat=True))
        for account in sorted(accounts - {""}):
            bars, permits = (
                bars_of(chosen, platform, account, now=now),
                permits_of(platform, account, now=now),
            )
            if bars or permits:
                yield platform, account, bars, permits
