"""What people decided, as labelled texts: what a platform's own classifier can learn from.

A decision says of a text which rule it breaks, or none. Only final decisions of people count; what a rule decided would
teach a model its own mistakes, and what a complaint reversed is no longer true. Restricted cases never leave the vault.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from hakam.review import clauses
from hakam.review.evidence import content_digest, versions_of
from hakam.review.models import Decision
from hakam.review.states import DecisionState, Outcome
from hakam.signals.models.heads import Head
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import ActorKind
from hakam.vocabulary.event import Change

# Harms that a head is about. What breaks another rule says nothing of any head.
HEADS: Final[dict[str, Head]] = {
    "terrorism_incitement": Head.EXTREMISM,
    "terrorism_recruitment": Head.EXTREMISM,
    "terrorism_threat": Head.THREAT,
    "threat": Head.THREAT,
    "incitement": Head.THREAT,
    "stalking": Head.THREAT,
    "hate_speech": Head.HATE,
    "hate_women": Head.HATE,
    "harassment": Head.HARASSMENT,
    "harassment_women": Head.HARASSMENT,
    "adult_sexual": Head.SEXUAL,
    "fraud": Head.SPAM,
    "spam": Head.SPAM,
}
_RUDE: Final = frozenset({Head.HATE, Head.THREAT, Head.HARASSMENT})  # what is one of these is toxic


class LabelledText(NamedTuple):
    """A text that a person judged. `labels` holds 1 or 0 for the heads that the decision tells of."""

    text: str
    language: str | None
    labels: dict[Head, int]


def labels_of(outcome: str, harm: str | None, covered: frozenset[Head]) -> dict[Head, int]:
    """Return what a decision tells of each head.

    `covered`: the heads that some clause in force is about. A text that breaks no rule breaks none of these; of others
    nothing was asked. A text that breaks one rule may break another as well, so the other heads stay unknown.
    """
    if outcome == Outcome.NO_VIOLATION:
        found = dict.fromkeys(sorted(covered), 0)
        if covered >= _RUDE:
            found[Head.TOXICITY] = 0
        return found
    head = HEADS.get(harm or "")
    if head is None:
        return {}
    return {head: 1, Head.TOXICITY: 1} if head in _RUDE else {head: 1}


def decided(vault: Vault) -> Iterator[LabelledText]:
    """Yield the judged text of each item that a person decided about, the newest decision, oldest items first.

    Raises `NoRulebookError` if no rule book is in force.
    """
    harms = {clause.id: clauses.harm_of(clause) for clause in clauses.all_in(clauses.in_force())}
    covered = frozenset(HEADS[harm] for harm in harms.values() if harm in HEADS)
    newest: dict[tuple[str, str, str], Decision] = {}
    for decision in (
        Decision.objects.filter(
            state=DecisionState.FINAL,
            by__startswith=f"{ActorKind.STAFF}:",
            outcome__in=[Outcome.VIOLATION, Outcome.NO_VIOLATION],
            case__isnull=False,
            case__restricted=False,
        )
        .select_related("case")
        .order_by("at", "pk")
    ):
        newest[decision.platform, decision.item_kind, decision.item_id] = decision
    for decision in newest.values():
        labels = labels_of(decision.outcome, harms.get(decision.clause), covered)
        text, language = _judged(decision, vault)
        if labels and text:
            yield LabelledText(text, language, labels)


def _judged(decision: Decision, vault: Vault) -> tuple[str, str | None]:
    """Return the text that was judged: of the version whose digest the decision holds, else of the newest."""
    assert decision.case is not None
    seen = [
        version
        for version in versions_of(decision.case, vault)
        if version.text and version.change != Change.DELETED
    ]
    if not seen:
        return "", None
    exact = [v for v in seen if v.event is not None and content_digest(v.event) == decision.content]
    version = exact[-1] if exact else seen[-1]
    return version.text, version.event.item.language if version.event is not None else None
