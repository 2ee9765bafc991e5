"""Where the verbs of this room write their facts.

The ledger lives in a room above. It registers itself here when Django starts, and a verb without a ledger refuses:
nothing about people or keys ever changes unrecorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from hakam.vocabulary.actor import Actor


class Recorder(Protocol):
    """Appends one fact in the caller's transaction."""

    def __call__(
        self,
        kind: str,
        *,
        by: Actor,
        now: datetime,
        subject: str,
        body: Mapping[str, Any],
        private: Mapping[str, Any],
    ) -> None:
        """Record."""


class NoLedgerError(RuntimeError):
    """No ledger was registered; the verb did nothing."""


_recorders: list[Recorder] = []


def use(recorder: Recorder) -> None:
    """Make `recorder` the place of all facts of this room."""
    _recorders[:] = [recorder]


def record(
    kind: str,
    *,
    by: Actor,
    now: datetime,
    subject: str,
    body: Mapping[str, Any],
    private: Mapping[str, Any] | None = None,
) -> None:
    """Append one fact in the caller's transaction. Personal data goes into `private`."""
    if not _recorders:
        raise NoLedgerError(f"`{kind}` can't be recorded: no ledger is registered")
    _recorders[0](kind, by=by, now=now, subject=subject, body=body, private=private or {})
