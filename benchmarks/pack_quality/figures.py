"""What is counted for each rule, and how sure the figures are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

from corpora import LABELS, Row

_Z = 1.959964  # of a two-sided interval of 95 %

# The label that comes nearest to a clause, by the beginning of its id. Clauses without a label are not here.
LABEL_OF = {
    "spam.": "spam",
    "fraud.": "spam",
    "hate.": "hate",
    "violence.threat": "threat",
    "violence.incitement": "threat",
    "terrorism.": "extremism",
    "harassment.bullying": "abuse",
}


def label_of(clause: str) -> str | None:
    """Return the name of the label that a clause is measured by, or None."""
    return next((label for start, label in LABEL_OF.items() if clause.startswith(start)), None)


class Share(NamedTuple):
    """`hits` of `total`, with the Wilson interval of 95 %."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        """Return the share, 0 of nothing."""
        return self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the lower and upper end: (0, 1) when there is nothing to count."""
        if not self.total:
            return 0.0, 1.0
        n, p = self.total, self.value
        middle = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
        reach = _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def show(self) -> str:
        """Return it for people: share, interval, numbers."""
        if not self.total:
            return "not known"
        low, high = self.interval
        return f"{self.value:.0%} [{low:.0%}, {high:.0%}] ({self.hits:,}/{self.total:,})"


@dataclass
class RuleFigures:
    """One rule on the rows of one language."""

    fires: int = 0
    labelled: int = 0  # fires on rows where the clause's label is known
    right: int = 0  # of those, labelled 1
    known: int = 0  # fires on rows where any label is known
    harmful: int = 0  # of those, any label is 1
    benign: int = 0  # of those, none is


@dataclass
class LanguageFigures:
    """All rules on the rows of one language."""

    rows: int = 0
    benign: int = 0
    positives: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    rules: dict[str, RuleFigures] = field(default_factory=dict)
    restricted: int = (
        0  # rows on which a live or canary rule proposes a measure that owes a statement of reasons
    )
    restricted_benign: int = 0
    sent_to_review: int = 0
    sent_to_review_benign: int = 0

    def see(self, row: Row) -> None:
        """Count a row, whatever fired."""
        self.rows += 1
        self.sources[row.source] += 1
        self.benign += row.benign
        self.positives.update(name for name in LABELS if row.labels.get(name) == 1)

    def fire(self, row: Row, rule: str, label: str | None) -> None:
        """Count one firing."""
        figures = self.rules.setdefault(rule, RuleFigures())
        figures.fires += 1
        if label is not None and label in row.labels:
            figures.labelled += 1
            figures.right += row.labels[label]
        if row.labels:
            figures.known += 1
            figures.harmful += not row.benign
            figures.benign += row.benign
