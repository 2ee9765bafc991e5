"""Whom a text is aimed at, as a moderator sees it beside a case: only where the text may be hateful."""

from __future__ import annotations

from typing import Any, Final

from hakam.signals.measure import text_of
from hakam.signals.models import shipped
from hakam.signals.models.heads import Head
from hakam.signals.models.targets import shipped_targets
from hakam.signals.statistical_language import identify
from hakam.vocabulary.event import Event

HATEFUL: Final = frozenset({"hate_speech", "hate_women"})  # harms of clauses
SHOWN: Final = 3


def aims_of(harm: str, event: Event) -> list[dict[str, Any]]:
    """Return the likeliest targets of an event's text, if hatred is alleged or the linear tier finds it hateful."""
    text = text_of(event)
    if not text:
        return []
    language = identify(text, event.item.language)
    if harm not in HATEFUL:
        linear = shipped.linear()
        if linear.score(text, language)[Head.HATE] < linear.threshold(Head.HATE, language).at:
            return []
    found = shipped_targets().aimed_at(text, language)[:SHOWN]
    return [{"target": str(target), "value": value} for target, value in found]
