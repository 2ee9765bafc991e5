"""What a replay counted: events, verdicts by rule, and the first of each sort of error."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

EXAMPLES = 5  # kept of the errors, so that memory stays bounded


class Trouble(NamedTuple):
    """One row that the door did not take. `pointer` is an RFC 6901 pointer into its event."""

    file: str
    row: int
    pointer: str
    message: str


@dataclass
class Tally:
    """Sums over a replay. Every row read ends in exactly one sort."""

    rows: int = 0
    new: int = 0
    duplicate: int = 0
    refused: int = 0  # the row or its event is bad
    lost: int = 0  # read but never answered: the door was gone for good
    unsent: int = 0  # read but held back, since somebody ended the replay
    not_in_log: int = 0  # acknowledged and yet not in the event log, which must never be
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0
    firings: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # rule, policy, stage
    stages: Counter[str] = field(default_factory=Counter)  # events by the strongest stage that fired
    measured: int = 0  # events for which live rules propose measures
    quarantined: Counter[str] = field(default_factory=Counter)  # rules that failed
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Events that the door acknowledged."""
        return self.new + self.duplicate

    @property
    def rate(self) -> float:
        """Acknowledged events a second."""
        return self.taken / self.seconds if self.seconds else 0.0

    @property
    def sound(self) -> bool:
        """Whether every row became an event that is in the log."""
        return not (self.refused or self.lost or self.not_in_log)

    @property
    def adds_up(self) -> bool:
        """Whether every row has one fate."""
        return self.rows == self.taken + self.refused + self.lost + self.unsent

    def refuse(self, file: str, row: int, message: str, pointer: str = "") -> None:
        """Count a bad row and keep it as an example while there is room."""
        self.refused += 1
        self._keep(Trouble(file, row, pointer, message))

    def lose(self, file: str, row: int, message: str) -> None:
        """Count a row that was read and got no answer."""
        self.lost += 1
        self._keep(Trouble(file, row, "", message))

    def _keep(self, trouble: Trouble) -> None:
        alike = sum(1 for one in self.troubles if one.message == trouble.message)
        if alike < EXAMPLES and len(self.troubles) < 4 * EXAMPLES:
            self.troubles.append(trouble)
