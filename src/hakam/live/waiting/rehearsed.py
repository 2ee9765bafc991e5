"""What rehearsals of an event found, kept beside its plan: on the day somebody asks what the set-up holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from hakam.live.waiting.plan import folder_of, replace
from hakam.live.waiting.rehearsal import Outcome

KEPT: Final = 50


class Rehearsed(msgspec.Struct, frozen=True):
    """One rehearsal. Times are seconds."""

    at: datetime
    people: int
    seconds: float
    most_open: int
    admitted: int
    answers: int
    median: float
    p99: float
    wrong: int
    order_broken: int
    steps: tuple[str, ...] = ()
    where: str = ""  # the node that was rehearsed at; empty: one started for it

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def median_ms(self) -> float:
        """Half of the answers came within, in ms."""
        return self.median * 1_000

    @property
    def p99_ms(self) -> float:
        """99 of 100 answers came within, in ms."""
        return self.p99 * 1_000

    @property
    def held(self) -> bool:
        """Whether nobody was told anything but a seat or a clear wait, in order."""
        return not (self.wrong or self.order_broken)


def rehearsed(outcome: Outcome, steps: list[str], *, at: datetime, where: str) -> Rehearsed:
    """Return what is kept of an outcome."""
    return Rehearsed(
        at=at.astimezone(UTC),
        people=outcome.people,
        seconds=outcome.seconds,
        most_open=outcome.most_open,
        admitted=outcome.admitted,
        answers=sum(outcome.answers.values()),
        median=outcome.at(0.5),
        p99=outcome.at(0.99),
        wrong=outcome.wrong,
        order_broken=outcome.order_broken,
        steps=tuple(steps),
        where=where,
    )


def keep(home: Path, event: str, found: Rehearsed) -> Path:
    """Write a rehearsal into its event's folder; the oldest beyond `KEPT` go. Return the file."""
    folder = folder_of(home, event) / "rehearsals"
    path = folder / f"{found.at:%Y%m%dT%H%M%S%f}.json"
    replace(path, msgspec.json.encode(found))
    for old in sorted(folder.glob("*.json"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def rehearsals(home: Path, event: str, *, limit: int = 10) -> list[Rehearsed]:
    """Return the newest rehearsals of an event, the newest first; a damaged file is left out."""
    return list(_read(sorted((folder_of(home, event) / "rehearsals").glob("*.json"), reverse=True)[:limit]))


def _read(paths: list[Path]) -> Iterator[Rehearsed]:
    for path in paths:
        with contextlib.suppress(msgspec.MsgspecError, OSError):
            yield msgspec.json.decode(path.read_bytes(), type=Rehearsed)
