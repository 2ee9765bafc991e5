"""What the banks say of an event, put where rules, people and the log find it.

To rules it is a score for each bank that some rule reads. To people it is the verdict's `matches`, and for a bank whose
action is a review, a firing of its own that asks for one: `bank:name`. A bank alone never restricts anybody.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from hakam.policy.engine import most_urgent
from hakam.policy.known_content import bank_of, nearness, score_of
from hakam.policy.rules import Rule
from hakam.policy.tree import Field, walk
from hakam.storage.known_content import KnownContent, Seen
from hakam.vocabulary.bank import BankMatch
from hakam.vocabulary.verdict import Firing, ReviewRequest, Stage, Verdict

QUEUE = "banks"
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
    if not seen.matches:
        return verdict
    return joined(verdict, tuple(_asking(seen.matches, known)), seen.matches)


def joined(verdict: Verdict, firings: tuple[Firing, ...], matches: tuple[BankMatch, ...]) -> Verdict:
    """Return the verdict with the firings of banks and their matches beside those of rules."""
    asked = [verdict.review, *(firing.review for firing in firings)]
    return _replace(verdict, firings=(*verdict.firings, *firings), review=most_urgent(asked), matches=matches)


def firings_of_banks(verdict: Verdict) -> tuple[Firing, ...]:
    """Return the firings that are no rule's."""
    return tuple(firing for firing in verdict.firings if firing.rule.startswith(_PREFIX))


_PREFIX = "bank:"


def _asking(matches: Iterable[BankMatch], known: KnownContent) -> Iterable[Firing]:
    told: set[str] = set()
    for match in matches:
        bank = known.banks[match.bank].bank
        if not bank.clause or bank.name in told:
            continue
        told.add(bank.name)
        yield Firing(
            rule=f"{_PREFIX}{bank.name}",
            policy=bank.clause,
            rule_digest=f"revision {bank.revision}",
            stage=Stage.LIVE,
            review=ReviewRequest(QUEUE),
            values={
                f'bank("{bank.name}")': f"entry {match.entry}, {match.kind}, {match.distance} bits apart"
            },
        )
