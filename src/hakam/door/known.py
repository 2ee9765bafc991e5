"""What the banks say of an event, put where rules, people and the log find it.

To rules it is a score for each bank that some rule reads. To people it is the verdict's `matches`, and for a bank that
asks for something a firing of its own: `bank:name`. It asks for a person, or for a hold until a person has looked; one
that only watches fires in shadow, and no rule reads it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hakam.policy.engine import most_urgent
from hakam.policy.known_content import bank_of, nearness, score_of
from hakam.policy.rules import Rule
from hakam.policy.tree import Field, walk
from hakam.storage.bank_firings import PREFIX, firing_of
from hakam.storage.known_content import KnownContent, Seen
from hakam.vocabulary.bank import BankMatch
from hakam.vocabulary.measure import merged
from hakam.vocabulary.verdict import Firing, Stage, Verdict

_replace = msgspec.structs.replace
_NONE: dict[str, float] = {}


def banks_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the banks that some rule reads."""
    paths = {node.spec.path for rule in rules for node in walk(rule.when) if isinstance(node, Field)}
    return frozenset(name for path in paths if (name := bank_of(path)) is not None)


def scores_of(seen: Seen, read: frozenset[str], sent: dict[str, float]) -> dict[str, float]:
    """Return the scores of the banks that rules read, those left out that the platform sent itself."""
    if not seen.asked or not read:
        return _NONE
    found = {score_of(name): 0.0 for name in seen.asked if name in read and score_of(name) not in sent}
    for match in seen.matches:
        name = score_of(match.bank)
        if name in found:
            found[name] = max(found[name], nearness(match.distance))
    return found


def with_matches(verdict: Verdict, seen: Seen, known: KnownContent) -> Verdict:
    """Return the verdict with what matched, and with what the banks ask for by themselves."""
    if not seen.matches and not seen.shadows:
        return verdict
    return joined(verdict, tuple(_asking((*seen.matches, *seen.shadows), known)), seen.matches)


def joined(verdict: Verdict, firings: tuple[Firing, ...], matches: tuple[BankMatch, ...]) -> Verdict:
    """Return the verdict with the firings of banks and their matches beside those of rules."""
    asked = [verdict.review, *(firing.review for firing in firings)]
    held = [measure for firing in firings if firing.stage is Stage.LIVE for measure in firing.measures]
    return _replace(
        verdict,
        firings=(*verdict.firings, *firings),
        measures=merged((*verdict.measures, *held)) if held else verdict.measures,
        review=most_urgent(asked),
        matches=matches,
    )


def firings_of_banks(verdict: Verdict) -> tuple[Firing, ...]:
    """Return the firings that are no rule's."""
    return tuple(firing for firing in verdict.firings if firing.rule.startswith(PREFIX))


def _asking(matches: Iterable[BankMatch], known: KnownContent) -> Iterable[Firing]:
    told: set[str] = set()
    for match in matches:
        bank = known.opened(match.bank).bank
        if not bank.clause or bank.name in told:
            continue
        told.add(bank.name)
        yield firing_of(bank, match.entry, f"{match.kind}, {match.distance} bits apart")
