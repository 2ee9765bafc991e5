"""The words for the values in the copy of a person's data, which the room `privacy` writes and does not know."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hakam.console.terms import term
from hakam.privacy import document

FAMILIES: Final = {
    "events.kind": "kind",
    "events.change": "change",
    "events.language": "language",
    "cases.state": "case_state",
    "decisions.outcome": "outcome",
    "decisions.automated_decision": "automation",
    "measures.kind": "measure",
    "measures.state": "measure_state",
    "statements.measures.kind": "measure",
    "complaints.state": "complaint_state",
    "notices_sent.harm": "harm",
    "misuse.kind": "misuse_kind",
    "orders.kind": "order_kind",
    "ledger.what": "fact",
}
WORDS: Final[dict[str, dict[str, Promise]]] = {
    "statements.grounds.kind": {"illegal": _("Against the law"), "contractual": _("Against the rules")},
    "decisions.by": {"a machine": _("a machine"), "a moderator": _("a moderator")},
}


def register() -> None:
    """Let copies say values in words."""
    document.SPEAKERS.append(say)


def say(place: str, value: str) -> str:
    """Return the word for a value at a place of the copy, in the language in force; the value if it has none."""
    if place in WORDS:
        return str(WORDS[place].get(value, value))
    family = FAMILIES.get(place)
    return value if family is None else term(family, value)
