"""The shipped models at the door: they measure the scores that rules ask for, beside those the platform sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from hakam.policy.rules import Rule
from hakam.policy.tree import Field, walk
from hakam.signals.measure import Signals, text_of
from hakam.signals.models.heads import Head
from hakam.signals.models.targets import PREFIX, Target, shipped_targets
from hakam.signals.statistical_language import identify
from hakam.vocabulary.event import Event

if TYPE_CHECKING:
    from hakam.signals.models.linear import LinearModel

_replace = msgspec.structs.replace
_NONE: dict[str, float] = {}


class Scorer:
    """Measures `heads` and `targets` of an event's text. Without any it costs nothing and loads nothing."""

    def __init__(self, heads: Iterable[Head] = (), targets: Iterable[Target] = ()) -> None:
        self.heads = frozenset(heads)
        self.targets = frozenset(targets)
        self._model = _linear() if self.heads else None
        self._aim = shipped_targets() if self.targets else None
        ids = [model.id for model in (self._model, self._aim) if model is not None]
        self.model: str | None = "+".join(ids) or None

    def scores(self, event: Event, signals: Signals) -> dict[str, float]:
        """Return the scores that the platform did not send itself; none for an event without text."""
        if self.model is None:
            return _NONE
        text = text_of(event)
        wanted = [head for head in self.heads if head not in event.scores]
        aimed = [target for target in self.targets if PREFIX + target not in event.scores]
        if not text or not (wanted or aimed):
            return _NONE
        language = identify(text, event.item.language)
        folded, repairs = signals.folded, signals.repairs
        scores: dict[str, float] = {}
        if self._model is not None and wanted:
            found = self._model.score(text, language, folded=folded, repairs=repairs)
            scores = {str(head): found[head] for head in sorted(wanted)}
        if self._aim is not None and aimed:
            at = self._aim.score(text, language, folded=folded, repairs=repairs)
            scores |= {PREFIX + target: at[target] for target in sorted(aimed)}
        return scores


def _linear() -> LinearModel:
    from hakam.signals.models import shipped  # noqa: PLC0415 -- loads NumPy and the model

    return shipped.linear()


def with_scores(event: Event, scores: dict[str, float]) -> Event:
    """Return the event as rules see it: with our scores beside the platform's, which come first."""
    return _replace(event, scores={**scores, **event.scores}) if scores else event


def heads_of(rules: Iterable[Rule]) -> frozenset[Head]:
    """Return the heads that some rule reads as `scores["name"]`."""
    paths = _paths(rules)
    return frozenset(head for head in Head if f'scores["{head}"]' in paths)


def targets_of(rules: Iterable[Rule]) -> frozenset[Target]:
    """Return the targets that some rule reads as `scores["target:name"]`."""
    paths = _paths(rules)
    return frozenset(target for target in Target if f'scores["{PREFIX}{target}"]' in paths)


def _paths(rules: Iterable[Rule]) -> set[str]:
    return {node.spec.path for rule in rules for node in walk(rule.when) if isinstance(node, Field)}
