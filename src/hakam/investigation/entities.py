"""Entities of an investigation: an author, a domain, a hash, a fingerprint, an address, and what is theirs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from hakam.investigation.tops import Facet, facet, hashes_of, shown
from hakam.investigation.where import Question
from hakam.policy.counters import Counters
from hakam.policy.pack import Pack
from hakam.policy.tree import Constant
from hakam.signals.measure import Need, Signals
from hakam.vocabulary.event import Event
from hakam.vocabulary.finding import Span


class EntityKind(StrEnum):
    """What can be looked at by itself. The value is the facet that counts it."""

    AUTHOR = "author.id"
    DOMAIN = "links.domains"
    HASH = "media.hash"
    FINGERPRINT = "text.fingerprint"
    ADDRESS = "context.ip_hash"


LINKED: Final = tuple(EntityKind)
"""What is counted of an entity's events, so that one comes from one to the next."""


class Entity(msgspec.Struct, frozen=True):
    """One of them."""

    kind: EntityKind
    value: str


def question_of(entity: Entity) -> Question:
    """Return the question of what belongs to an entity: as a facet counts it, so that no event is lost between them."""
    kind, value = entity.kind, entity.value
    needs = _NEEDS.get(kind, frozenset())

    def holds(event: Event, signals: Signals, _counters: Counters) -> bool | None:
        return value in map(shown, _values(kind, event, signals))

    nothing = Constant(value=True, text="True", span=Span("entity", 1, 1, 1, 1))
    return Question(f"{kind} {value}", nothing, holds, needs, frozenset())


def facets(pack: Pack) -> tuple[Facet, ...]:
    """Return what is counted of an entity's events."""
    return tuple(facet(name, pack) for name in (*map(str, LINKED), "rule"))


_NEEDS: Final = {
    EntityKind.DOMAIN: frozenset({Need.LINKS}),
    EntityKind.FINGERPRINT: frozenset({Need.FINGERPRINT}),
}


def _values(kind: EntityKind, event: Event, signals: Signals) -> tuple[str, ...]:
    match kind:
        case EntityKind.AUTHOR:
            return (event.author.id,)
        case EntityKind.DOMAIN:
            return tuple(signals.domains or ())
        case EntityKind.HASH:
            return tuple(hashes_of(event))
        case EntityKind.FINGERPRINT:
            return () if signals.fingerprint is None else (signals.fingerprint,)
        case EntityKind.ADDRESS:
            found = event.context.ip_hash if event.context is not None else None
            return () if found is None else (found,)
