"""Tickets that were given out beforehand, by a file of accounts: their counts, for the controller."""

from __future__ import annotations

import logging
import uuid
from pathlib import Path

import msgspec

from hakam.live.waiting.admission import SLOT, NodeReport
from hakam.live.waiting.plan import Plan, replace
from hakam.live.waiting.ticket import parse

_log = logging.getLogger("hakam.waiting")


class Issued:
    """Counts tickets by lane and slot."""

    def __init__(self, plan: Plan) -> None:
        self._counts: list[dict[int, int]] = [{} for _ in plan.lane_names]

    def count(self, text: str) -> None:
        """Count one ticket."""
        ticket = parse(text)[0]
        counts = self._counts[ticket.lane]
        counts[ticket.place // SLOT] = counts.get(ticket.place // SLOT, 0) + 1

    def keep(self, folder: Path) -> Path:
        """Write the counts where the controller finds them; return the file."""
        path = folder / f"issued-{uuid.uuid4()}.json"
        replace(path, msgspec.json.encode(self._counts))
        return path


class IssuedBefore:
    """Reads all that was issued beforehand; each file once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, NodeReport | None] = {}

    def reports(self) -> list[NodeReport]:
        """Return one report for each file. A damaged one is named in the log, once, and left out."""
        for path in sorted(self._folder.glob("issued-*.json")):
            if path.name in self._read:
                continue
            try:
                counts = msgspec.json.decode(path.read_bytes(), type=list[dict[int, int]])
                self._read[path.name] = NodeReport(path.name, tuple(counts), (0,) * len(counts))
            except msgspec.MsgspecError as error:
                _log.error("%s is damaged and not counted: %s", path, error)
                self._read[path.name] = None
        return [report for report in self._read.values() if report is not None]
