"""What the public reads of the exchange: with whom, for what, how much, and how often it was wrong.

Every figure follows from facts of the ledger; no bank of a purpose is named, no hash, nobody's content.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from hakam.compliance import ledger
from hakam.compliance.facts import FactKind
from hakam.exchange.fires import following, offering
from hakam.exchange.fires.shapes import ChangeType
from hakam.exchange.kinds import PartnerState, Way
from hakam.exchange.models import Partner
from hakam.exchange.partners import subject_of

_KINDS: Final = frozenset(
    {FactKind.EXCHANGE_GIVEN, FactKind.EXCHANGE_TAKEN, FactKind.EXCHANGE_HEARD, FactKind.EXCHANGE_SAID}
)
_AT_ONCE: Final = 1_000


@dataclass
class Shared:
    """What went one way, and what the other side said of it."""

    purposes: list[str] = field(default_factory=list)
    came: int = 0  # hashes given, or taken
    left: int = 0  # of these taken back
    seen: int = 0  # words that something matched
    right: int = 0
    wrong: int = 0

    @property
    def judged(self) -> int:
        """How often people looked."""
        return self.right + self.wrong

    @property
    def wrong_share(self) -> float | None:
        """How often what people looked at was wrong, None while nobody looked."""
        return self.wrong / self.judged if self.judged else None


@dataclass
class Public:
    """A partner, as the public reads of it."""

    title: str
    trust: str
    state: str
    given: Shared = field(default_factory=Shared)
    taken: Shared = field(default_factory=Shared)

    @property
    def ways(self) -> list[tuple[str, Shared]]:
        """Both ways, by name."""
        return [("given", self.given), ("taken", self.taken)]


def figures() -> list[Public]:
    """Return every partner that was ever added, by name. Reads all facts of the exchange: keep it for a while."""
    sums = _sums()
    found = []
    for partner in Partner.objects.order_by("title"):
        one = Public(partner.title, partner.trust, partner.state)
        for shared, kind, heard, way in (
            (one.given, FactKind.EXCHANGE_GIVEN, FactKind.EXCHANGE_HEARD, Way.GIVE),
            (one.taken, FactKind.EXCHANGE_TAKEN, FactKind.EXCHANGE_SAID, Way.TAKE),
        ):
            counted = sums.get(subject_of(partner), Counter())
            shared.came, shared.left = counted[kind, "came"], counted[kind, "left"]
            shared.seen = counted[heard, "seen"]
            shared.right, shared.wrong = counted[heard, "true"], counted[heard, "false"]
            if partner.state != PartnerState.ENDED:
                agreed = partner.agreements.filter(way=way.value).order_by("purpose")
                shared.purposes = list(agreed.values_list("purpose", flat=True))
        found.append(one)
    return found


@dataclass
class Recommended:
    """A dataset of the fediverse, as the public reads of it."""

    title: str
    policies: tuple[str, ...]
    entries: int  # that stand
    taken_back: int | None  # entries; not counted of what we follow
    address: str  # of ours: below our own; of theirs: whole
    offered: bool  # by us; else it is another server's, which we follow


def recommendations() -> list[Recommended]:
    """Return what is recommended to servers of the fediverse, and whose recommendations are followed."""
    found = []
    for one in offering.offered():
        types = Counter(change.type for change in offering.latest(one).values())
        stand, back = types[ChangeType.RECOMMENDATION], types[ChangeType.RETRACTION]
        address = f"/fires/datasets/{one.number}"
        found.append(Recommended(one.title, (one.policy,), stand, back, address, offered=True))
    for other, count in following.followed():
        title = other.title or other.name
        found.append(Recommended(title, tuple(other.policies), count, None, other.address, offered=False))
    return found


def _sums() -> dict[str, Counter[tuple[str, str]]]:
    sums: dict[str, Counter[tuple[str, str]]] = {}
    after = 0
    while facts := list(ledger.facts_after(after, kinds=_KINDS, limit=_AT_ONCE)):
        for fact in facts:
            counted = sums.setdefault(fact.subject, Counter())
            for name, value in ledger.body_of(fact).items():
                if type(value) is int:
                    counted[fact.kind, name] += value
        after = facts[-1].seq
    return sums
