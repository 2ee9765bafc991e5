"""What of the event log only child-safety may see: what rules or people hold for abuse of children.

It is left out before anything is counted or shown, so that no figure, no sample and no series tells of it either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from hakam.banks.models import Bank
from hakam.compliance import rulebook
from hakam.compliance.models import RulebookVersion
from hakam.investigation.stored import Said, fired_in
from hakam.review.models import Case
from hakam.storage.event_log import Record
from hakam.vocabulary.bank import BankMatch
from hakam.vocabulary.event import Event
from hakam.vocabulary.harm import CHILD_ABUSE_OFFENCES

ItemKey = tuple[str, str, str]  # platform, kind, id
_CLAUSE: Final = re.compile(r"""["']?policy["']?\s*:\s*["']?([A-Za-z0-9._-]+)""")


class _Matches(msgspec.Struct, frozen=True):
    matches: tuple[BankMatch, ...] = ()


_matches = msgspec.json.Decoder(_Matches).decode


class Confined(msgspec.Struct, frozen=True):
    """What is known to be abuse of children: by clauses, by banks, by the items of cases."""

    clauses: frozenset[str]
    banks: frozenset[str]
    items: frozenset[ItemKey]

    def holds(self, record: Record, event: Event, fired: Iterable[Said]) -> bool:
        """Whether only child-safety may see this event."""
        if any(said.policy in self.clauses for said in fired):
            return True
        if (event.platform, event.item_kind.value, event.item.id) in self.items:
            return True
        if not self.banks or b'"matches"' not in record.verdict:
            return False
        return any(match.bank in self.banks for match in _matches(record.verdict).matches)

    def record(self, record: Record) -> bool:
        """Whether only child-safety may see this record. What can't be read is shown to nobody else either."""
        try:
            return self.holds(record, msgspec.json.decode(record.raw, type=Event), fired_in(record))
        except (ValueError, RecursionError):
            return True


def confined() -> Confined:
    """Return what is known at this moment: every clause that any version had, every restricted case, every bank."""
    clauses = frozenset(
        clause for version in RulebookVersion.objects.all() for clause in _children(version.digest)
    )
    banks = frozenset(Bank.objects.filter(clause__in=clauses).values_list("name", flat=True))
    rows = Case.objects.filter(restricted=True).values_list("platform", "item_kind", "item_id")
    return Confined(clauses, banks, frozenset(rows.iterator()))


@lru_cache(maxsize=1_024)
def _children(digest: str) -> frozenset[str]:
    """Return the clauses of a version that are about abuse of children."""
    version = RulebookVersion.objects.get(digest=digest)
    try:
        clauses = rulebook.load(version).clauses.values()
    except rulebook.BrokenPackError:  # a checker of another time read it
        return _by_its_text(version.files)
    return frozenset(clause.id for clause in clauses if clause.harm in CHILD_ABUSE_OFFENCES)


def _by_its_text(files: dict[str, str]) -> frozenset[str]:
    """Return the clauses whose lines name such a harm."""
    found: set[str] = set()
    for text in files.values():
        places = [*_CLAUSE.finditer(text)]
        for at, place in enumerate(places):
            end = places[at + 1].start() if at + 1 < len(places) else len(text)
            words = set(re.findall(r"[a-z_]+", text[place.end() : end]))
            if words & {harm.value for harm in CHILD_ABUSE_OFFENCES}:
                found.add(place[1])
    return frozenset(found)
