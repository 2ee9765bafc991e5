"""Who hears of what: every upward effect of a fact is listed here, once.

A subscriber follows the ledger by a cursor of its own. Handling a fact and moving the cursor are one
transaction, so what a handler writes to the database happens exactly once; what it does outside the
database must bear repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.models import Fact
from hakam.enforcement import alerts, breakers, second_person, standing
from hakam.exchange import giving, words
from hakam.intake import answers, cursors, database_entries, sightings
from hakam.live import barring
from hakam.live.audience import taking
from hakam.privacy import holds
from hakam.wiring import ports, publish
from hakam.wiring.settings import settings


class Subscriber(NamedTuple):
    """One follower of the ledger. `name` is that of its cursor and never changes."""

    name: str
    kinds: frozenset[FactKind]
    handle: Callable[[Fact, datetime], None]


def _tell_the_door(_fact: Fact, now: datetime) -> None:
    publish.publish(settings(), now=now)


def _enter_in_database(fact: Fact, now: datetime) -> None:
    database_entries.on_fact(fact, now, log=ports.event_log(), base_url=settings().base_url)


def _tell_what_stands(fact: Fact, now: datetime) -> None:
    standing.on_fact(fact, now, home=settings().home)


def _write_the_gates_book(fact: Fact, now: datetime) -> None:
    barring.on_fact(fact, now, home=settings().home)


K = FactKind
SUBSCRIBERS: tuple[Subscriber, ...] = (
    Subscriber(
        "door",
        frozenset(
            {
                K.KEY_ISSUED,
                K.KEY_REVOKED,
                K.RULEBOOK_PUBLISHED,
                K.LIST_PUBLISHED,
                K.LIST_REMOVED,
                K.RULE_TAKEN_BACK,
                K.PRIVATE_BASIS_CONFIRMED,
                K.PRIVATE_BASIS_ENDED,
                K.INCIDENT_POWER_TAKEN,
                K.INCIDENT_POWER_UNDONE,
                K.INCIDENT_CONFIRMED,
                K.INCIDENT_RENEWED,
            }
        ),
        _tell_the_door,
    ),
    Subscriber("answers", answers.KINDS, answers.on_fact),
    Subscriber("alerts", alerts.KINDS, alerts.on_fact),
    Subscriber("breakers", breakers.KINDS, breakers.on_fact),
    Subscriber("second person", second_person.KINDS, second_person.on_fact),
    Subscriber("standing", standing.KINDS, _tell_what_stands),
    Subscriber(holds.CURSOR, holds.KINDS, holds.on_fact),
    Subscriber("go-live gate", barring.KINDS, _write_the_gates_book),
    Subscriber(giving.CURSOR, giving.KINDS, giving.on_fact),
    Subscriber(words.CURSOR, words.KINDS, words.on_fact),
    Subscriber(sightings.CURSOR, sightings.KINDS, sightings.on_fact),
    Subscriber("questions of an audience", taking.KINDS, taking.on_fact),
    Subscriber("eu database", database_entries.KINDS, _enter_in_database),
)


def advance(subscriber: Subscriber, *, now: datetime, limit: int = 200) -> int:
    """Let `subscriber` handle the facts that it has not seen, at most `limit`; return how many.

    A handler that raises leaves the cursor before its fact: it is tried again, and nothing is skipped.
    """
    return _handle(subscriber, _unseen(subscriber, limit), now)


def _unseen(subscriber: Subscriber, limit: int) -> list[Fact]:
    return ledger.facts_after(cursors.position(subscriber.name), kinds=subscriber.kinds, limit=limit)


def _handle(subscriber: Subscriber, facts: Iterable[Fact], now: datetime) -> int:
    seen = 0
    for fact in facts:
        with transaction.atomic():
            if cursors.move(subscriber.name, to=fact.seq):
                subscriber.handle(fact, now)
                seen += 1
    return seen


def advance_all(*, now: datetime) -> int:
    """Let every subscriber advance. One that fails stops no other; the first error is raised at the end."""
    return Followers().advance(now=now)


class Followers:
    """All subscribers, and what they know is not there for them: a ledger that did not grow is not asked again.

    Most facts are of no kind that a subscriber wants, so its cursor stays behind. Not safe between threads.
    """

    def __init__(self) -> None:
        self._through: dict[str, int] = {}
        """Name of a subscriber: the length of the ledger when nothing was left in it for them."""

    def advance(self, *, now: datetime, limit: int = 200) -> int:
        """Let every subscriber advance that may have something to hear; return how many facts were handled.

        One that fails stops no other, and is asked again; the first error is raised at the end.
        """
        seen, errors = 0, []
        length = ledger.last()
        for subscriber in SUBSCRIBERS:
            if self._through.get(subscriber.name) == length:
                continue
            try:
                facts = _unseen(subscriber, limit)
                seen += _handle(subscriber, facts, now)
            except Exception as error:  # noqa: BLE001 -- raised below, after the others had their turn
                errors.append(error)
            else:
                if not facts:
                    self._through[subscriber.name] = length
        if errors:
            raise errors[0]
        return seen
