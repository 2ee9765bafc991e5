"""Breakers: a live rule whose quota is used up only asks for people, and people are told that it does.

The door holds the quota and lets the rule act again when its window has passed. What is kept here is that it happened:
from the first event on that the rule would have acted on, until a person has looked and says what they made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from hakam.compliance import ledger
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.storable import storable
from hakam.review.models import RuleTrip
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.verdict import PackRef

SHOWN: Final = 20


class TripError(ValueError):
    """There is no such breaker to look after, or nothing was said. Nothing was changed."""


def note(rules: Iterable[str], *, pack: PackRef, now: datetime) -> None:
    """Note, inside the caller's transaction, that these rules were held back on an event. The first is a fact."""
    for rule in rules:
        trip, fresh = RuleTrip.objects.select_for_update().get_or_create(
            rule=rule,
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


def settle(trip_id: int, *, because: str, by: Actor, now: datetime) -> RuleTrip:
    """Say that one looked after a breaker, and what one made of it. Should it trip again, people are told again.

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
            FactKind.TRIP_SETTLED,
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
