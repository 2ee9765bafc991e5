"""The shipped linear model at the door: measures the scores that rules ask for, beside those the platform sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from hakam.policy.rules import Rule
from hakam.policy.tree import Field, walk
from hakam.signals.measure import Signals, text_of
from hakam.signals.models.heads import Head
from hakam.signals.statistical_language import identify
from hakam.vocabulary.event import Event

if TYPE_CHECKING:
    from hakam.signals.models.linear import LinearModel

_replace = msgspec.structs.replace
_NONE: dict[str, float] = {}


class Scorer:
    """Measures `heads` of an event's text. Without heads it costs nothing and loads nothing."""

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self.heads = frozenset(heads)
        self._model = _linear() if self.heads else None
        self.model: str | None = self._model.id if self._model is not None else None

    def scores(self, event: Event, signals: Signals) -> dict[str, float]:
        """Return the scores that the platform did not send itself; none for an event without text."""
        if self._model is None:
            return _NONE
        text = text_of(event)
        wanted = [head for head in self.heads if head not in event.scores]
        if not text or not wanted:
            return _NONE
        language = identify(text, event.item.language)
        found = self._model.score(text, language, folded=signals.folded, repairs=signals.repairs)
        return {str(head): found[head] for head in sorted(wanted)}


def _linear() -> LinearModel:
    from hakam.signals.models import shipped  # noqa: PLC0415 -- loads NumPy and the model

    return shipped.linear()


def with_scores(event: Event, scores: dict[str, float]) -> Event:
    """Return the event as rules see it: with our scores beside the platform's, which come first."""
    return _replace(event, scores={**scores, **event.scores}) if scores else event


def heads_of(rules: Iterable[Rule]) -> frozenset[Head]:
    """Return the heads that some rule reads as `scores["name"]`."""
    paths = {node.spec.path for rule in rules for node in walk(rule.when) if isinstance(node, Field)}
    return frozenset(head for head in Head if f'scores["{head}"]' in paths)
