"""Breakers: a rule that does not do all it says, and people who are told that it does not.

A live rule whose quota is used up only asks for people. The door holds the quota and lets the rule act again when its
window has passed. A rule that fails too often is put aside: the door does not ask it at all, until a person takes it
back or another version of the pack is in force. What is kept here is that it happened, until a person has looked and
says what they made of it; for a rule that was put aside, that takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.review.models import RuleTrip
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.verdict import Aside, PackRef

SHOWN: Final = 20


class TripKind(StrEnum):
    """Why a rule does not do all it says."""

    QUOTA = "quota"
    ASIDE = "aside"


class TripError(ValueError):
    """There is no such breaker to look after, or nothing was said. Nothing was changed."""


def note(rules: Iterable[str], *, pack: PackRef, now: datetime) -> None:
    """Note, inside the caller's transaction, that these rules were held back on an event. The first is a fact."""
    for rule in rules:
        trip, fresh = RuleTrip.objects.select_for_update().get_or_create(
            rule=rule,
            kind=TripKind.QUOTA,
            seen_at=None,
            defaults={"pack": str(pack), "first_at": now, "last_at": now, "events": 1},
        )
        if not fresh:
            trip.events += 1
            trip.last_at, trip.pack = max(trip.last_at, now), str(pack)
            trip.save(update_fields=["events", "last_at", "pack"])
            continue
        ledger.record(
            FactKind.RULE_TRIPPED,
            by=SYSTEM,
            now=now,
            subject=f"trip:{trip.pk}",
            about=[f"rulebook:{pack}"],
            body={"rule": rule, "pack": str(pack)},
        )


def note_aside(rules: Mapping[str, Aside], *, pack: PackRef, events: int, now: datetime) -> None:
    """Note, inside the caller's transaction, that these rules were not asked on some events. The first is a fact.

    What was judged before the door heard that somebody took a rule back is no news.
    """
    for rule, aside in rules.items():
        at = datetime.fromtimestamp(aside.at, UTC)
        found = RuleTrip.objects.select_for_update().filter(rule=rule, kind=TripKind.ASIDE)
        open_ = found.filter(seen_at=None).first()
        if open_ is not None:
            open_.events += events
            open_.last_at, open_.pack = max(open_.last_at, now), str(pack)
            open_.save(update_fields=["events", "last_at", "pack"])
            continue
        if found.filter(seen_at__gte=at).exists():
            continue
        why = storable(aside.why)[:300]
        trip = RuleTrip.objects.create(
            rule=rule, kind=TripKind.ASIDE, why=why, pack=str(pack), first_at=at, last_at=now, events=events
        )
        ledger.record(
            FactKind.RULE_PUT_ASIDE,
            by=SYSTEM,
            now=now,
            subject=f"trip:{trip.pk}",
            about=[f"rulebook:{pack}"],
            body={"rule": rule, "pack": str(pack), "why": why, "since": at.isoformat()},
        )


def taken_back() -> dict[str, float]:
    """Return the rules that people took back after they had been put aside, with the latest time (Unix seconds)."""
    settled_ones = RuleTrip.objects.filter(kind=TripKind.ASIDE).exclude(seen_at=None)
    return {
        rule: latest.timestamp()
        for rule, latest in settled_ones.values_list("rule").annotate(latest=Max("seen_at")).order_by("rule")
    }


def settle(trip_id: int, *, because: str, by: Actor, now: datetime) -> RuleTrip:
    """Say that one looked after a breaker, and what one made of it. Should it trip again, people are told again.

    A rule that was put aside is asked again from then on.

    Raises `TripError` without words, and for one that somebody looked after before.
    """
    because = settled(storable(because)).strip()
    if not because:
        raise TripError(_("say what you made of it"))
    with transaction.atomic():
        trip = RuleTrip.objects.select_for_update().filter(pk=trip_id, seen_at=None).first()
        if trip is None:
            raise TripError(_("somebody looked after it before"))
        trip.seen_by, trip.seen_at, trip.because = str(by), now, because
        trip.save(update_fields=["seen_by", "seen_at", "because"])
        ledger.record(
            FactKind.RULE_TAKEN_BACK if trip.kind == TripKind.ASIDE else FactKind.TRIP_SETTLED,
            by=by,
            now=now,
            subject=f"trip:{trip.pk}",
            about=[f"rulebook:{trip.pack}"],
            body={"rule": trip.rule, "because": because, "events": trip.events},
        )
    return trip


def unseen() -> list[RuleTrip]:
    """Return the breakers that nobody has looked after, the oldest first."""
    return list(RuleTrip.objects.filter(seen_at=None).order_by("first_at", "pk"))


def earlier() -> list[RuleTrip]:
    """Return those that somebody looked after, the newest first, at most twenty."""
    return list(RuleTrip.objects.exclude(seen_at=None).order_by("-seen_at", "-pk")[:SHOWN])
