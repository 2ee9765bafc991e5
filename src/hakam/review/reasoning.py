"""From a clause of the rule book to the reasons that the affected person is told (DSA Art. 17(3))."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hakam.compliance import rulebook
from hakam.compliance.direction import settled
from hakam.review import clauses
from hakam.review.states import SourceKind
from hakam.vocabulary.reasons import Automation, Ground, Reasons, Source
from hakam.vocabulary.verdict import PackRef


def source_of(kinds: Iterable[SourceKind]) -> Source:
    """Return how the content came to attention: the weightiest of all who pointed at it (DSA Art.

    17(3)(b)).
    """
    found = set(kinds)
    if SourceKind.TRUSTED_FLAGGER in found:
        return Source.TRUSTED_FLAGGER
    if SourceKind.NOTICE in found:
        return Source.NOTICE
    if SourceKind.ORDER in found:
        return Source.OTHER_NOTIFICATION
    return Source.OWN_INITIATIVE


def reasons_for(
    *,
    clause: str,
    facts: str,
    language: str,
    source: Source,
    detected: bool,
    automation: Automation,
    grounds: Sequence[Ground] = (),
    illegal: bool = False,
    pack: PackRef | None = None,
) -> Reasons:
    """Return complete reasons under `clause` of `pack` (by default the rule book in force).

    Grounds that nobody wrote are what the clause itself says: its place in the rule book (Art. 17(3)(e)) and,
    if `illegal`, the law that it names (Art. 17(3)(d)). The notifier is never named. Raises
    `UnknownClauseError` and `IncompleteReasonsError`.
    """
    version = clauses.in_force() if pack is None else clauses.version_of(pack)
    ref = rulebook.ref_of(version)
    found = clauses.clause_in(version, clause)
    return Reasons(
        clause=clause,
        pack=ref,
        grounds=tuple(grounds) or clauses.grounds_of(found, ref, language, illegal=illegal),
        facts=settled(facts).strip(),  # a statement quotes posts
        source=source,
        automated_detection=detected,
        automated_decision=automation,
        harm=clauses.harm_of(found),
    )
