"""Trying a pack on what happened here, in all ways of judging, before it is published."""

from __future__ import annotations

import msgspec

from hakam.backtest.agreement import LATEST, Agreement, compare, sample_of
from hakam.door.scoring import with_scores
from hakam.policy.pack import Pack
from hakam.storage.embedded.lists import FOLDER
from hakam.storage.event_log import CorruptRecordError, EventLog
from hakam.vocabulary.event import Event
from hakam.wiring import ports
from hakam.wiring.settings import Settings

_PAGE = 200


class _Scores(msgspec.Struct):
    scores: dict[str, float] = {}


def latest_events(log: EventLog, most: int = LATEST) -> list[Event]:
    """Return the last events of the log, with the scores that were measured then. Damaged records are left out."""
    found: list[Event] = []
    after = max(log.last_seq() - most, 0)
    while True:
        try:
            records = log.read(after, _PAGE)
        except CorruptRecordError as error:
            after = error.seq
            continue
        if not records:
            return found
        for record in records:
            kept = msgspec.json.decode(record.signals, type=_Scores)
            found.append(with_scores(msgspec.json.decode(record.raw, type=Event), kept.scores))
        after = records[-1].seq


def compare_here(pack: Pack, chosen: Settings) -> Agreement:
    """Judge the latest events of this installation, the pack's examples and generated events in all ways."""
    latest = latest_events(ports.event_log()) if ports.event_log_path(chosen).exists() else []
    return compare(pack, sample_of(pack, latest), lists=chosen.home / FOLDER)
