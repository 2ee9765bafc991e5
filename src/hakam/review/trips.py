"""Breakers: a rule that does not do all it says, and people who are told that it does not.

A live rule whose quota is used up only asks for people. The door holds the quota and lets the rule act again when its
window has passed. A rule that fails too often is put aside: the door does not ask it at all, until a person takes it
back or another version of the pack is in force. What is kept here is that it happened, until a person has looked and
says what they made of it; for a rule that was put aside, that takes it back. Saying so lets no rule act sooner: it is
held back until it has acted again, or the longest window of its quota has passed since it was last held back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from hakam.compliance import ledger, rulebook
from hakam.compliance.direction import settled
from hakam.compliance.facts import FactKind
from hakam.compliance.models import RulebookVersion
from hakam.compliance.storable import storable
from hakam.policy.quarantine import WITHIN
from hakam.review.models import RuleTrip
from hakam.vocabulary.actor import SYSTEM, Actor
from hakam.vocabulary.verdict import Aside, PackRef, Stage, Verdict

SHOWN: Final = 20
BEFORE_ASIDE: Final = timedelta(seconds=WITHIN + 5)
"""In which a rule failed as often as puts it aside, with what the door takes at most until it goes on without it."""


class TripKind(StrEnum):
    """Why a rule does not do all it says."""

    QUOTA = "quota"
    ASIDE = "aside"


class TripError(ValueError):
    """There is no such breaker to look after, or nothing was said. Nothing was changed."""


class UnsaidError(TripError):
    """What one made of it was not said."""


class SettledError(TripError):
    """Somebody looked after it before."""


def heard(verdict: Verdict, *, now: datetime) -> None:
    """Note, inside the caller's transaction, which rules a verdict held back, and which act again."""
    if verdict.tripped:
        note(verdict.tripped, pack=verdict.pack, now=now)
    acted = [firing.rule for firing in verdict.firings if firing.stage is Stage.LIVE and firing.measures]
    if acted:
        RuleTrip.objects.filter(kind=TripKind.QUOTA, rule__in=acted, held_until__gt=now).update(
            held_until=now
        )


def note(rules: Iterable[str], *, pack: PackRef, now: datetime) -> None:
    """Note, inside the caller's transaction, that these rules were held back on an event. The first is a fact.

    While a rule is held back, what somebody looked after is the same matter still: it is counted, and no news.
    """
    version = rulebook.find(pack)
    for rule in rules:
        until = now + timedelta(seconds=max((within for within, _most in _quota(version, rule)), default=0))
        found = RuleTrip.objects.select_for_update().filter(rule=rule, kind=TripKind.QUOTA)
        trip = found.filter(seen_at=None).first() or found.filter(held_until__gt=now).order_by("-pk").first()
        if trip is not None:
            trip.events += 1
            trip.last_at, trip.pack, trip.held_until = max(trip.last_at, now), str(pack), until
            trip.save(update_fields=["events", "last_at", "pack", "held_until"])
            continue
        trip = RuleTrip.objects.create(
            rule=rule, pack=str(pack), first_at=now, last_at=now, events=1, held_until=until
        )
        ledger.record(
            FactKind.RULE_TRIPPED,
            by=SYSTEM,
            now=now,
            subject=f"trip:{trip.pk}",
            about=[f"rulebook:{pack}"],
            body={"rule": rule, "pack": str(pack)},
        )


def _quota(version: RulebookVersion | None, rule: str) -> tuple[tuple[float, int], ...]:
    """Return the quota of a rule in a version; none where either is not there."""
    if version is None:
        return ()
    return next((one.quota for one in rulebook.load(version).rules if one.id == rule), ())


def _acts(version: RulebookVersion | None, rule: str) -> bool:
    rules = () if version is None else rulebook.load(version).rules
    return any(one.id == rule and one.staging.stage is not Stage.SHADOW for one in rules)


def held_back(now: datetime) -> dict[str, RuleTrip]:
    """Return the rules that only ask for people at present, whether or not somebody looked after it.

    A version in force with another quota for a rule begins with that one: until it is used up too, it is not held back.
    One in which the rule stands on shadow holds nothing back: it does nothing anyway.
    """
    active = rulebook.active()
    held = {}
    for trip in RuleTrip.objects.filter(kind=TripKind.QUOTA, held_until__gt=now).order_by("pk"):
        pack, _at, number = trip.pack.rpartition("@")
        version = RulebookVersion.objects.filter(pack=pack, version=number).first()
        quota = _quota(active, trip.rule)
        if quota and quota == _quota(version, trip.rule) and _acts(active, trip.rule):
            held[trip.rule] = trip
    return held


def news(rules: Mapping[str, Aside]) -> dict[str, Aside]:
    """Return those that were put aside and not noted yet.

    What was judged before the door heard that somebody took a rule back is no news.
    """
    noted = RuleTrip.objects.filter(kind=TripKind.ASIDE)
    return {
        rule: aside
        for rule, aside in rules.items()
        if not noted.filter(
            Q(seen_at=None) | Q(seen_at__gte=datetime.fromtimestamp(aside.at, UTC)), rule=rule
        ).exists()
    }


def note_aside(
    rules: Mapping[str, Aside],
    *,
    pack: PackRef,
    events: int,
    now: datetime,
    failed: Mapping[str, int] | None = None,
) -> None:
    """Note, inside the caller's transaction, that these rules were not asked on some events. The first is a fact.

    `failed`: on how many events each had failed before; they were judged without it too, and are counted with the
    first. What was judged before the door heard that somebody took a rule back is no news.
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
            rule=rule,
            kind=TripKind.ASIDE,
            why=why,
            pack=str(pack),
            first_at=at,
            last_at=now,
            events=events + (failed or {}).get(rule, 0),
        )
        ledger.record(
            FactKind.RULE_PUT_ASIDE,
            by=SYSTEM,
            now=now,
            subject=f"trip:{trip.pk}",
            about=[f"rulebook:{pack}"],
            body={"rule": rule, "pack": str(pack), "why": why, "since": at.isoformat()},
        )


def stands(trip: RuleTrip) -> bool:
    """Whether a rule that was put aside is not asked at present: another version in force asks it again."""
    active = rulebook.active()
    return active is None or trip.pack == str(rulebook.ref_of(active))


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

    Raises `UnsaidError` without words, and `SettledError` for one that somebody looked after before.
    """
    because = settled(storable(because)).strip()
    if not because:
        raise UnsaidError(_("say what you made of it"))
    with transaction.atomic():
        trip = RuleTrip.objects.select_for_update().filter(pk=trip_id, seen_at=None).first()
        if trip is None:
            raise SettledError(_("somebody looked after it before"))
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
