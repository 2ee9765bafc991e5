"""Why a verdict says what it says: judged again by the very rules and lists of that time, and taken to pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

import msgspec
from django.conf import settings

from hakam.compliance import rulebook
from hakam.investigation.again import restore, same
from hakam.investigation.stored import verdict_of
from hakam.policy.engine import Engine, compile_pack
from hakam.policy.explain import Explanation, explain
from hakam.policy.outside import BadListError
from hakam.storage.embedded.lists import open_list
from hakam.storage.event_log import Record
from hakam.vocabulary.event import Event
from hakam.vocabulary.verdict import PackRef, Verdict


class Lack(StrEnum):
    """Why an old verdict can't be explained."""

    VERSION = "version"  # its rule book is not in the history
    LIST = "list"  # a list that it read is not there any more
    RECORD = "record"  # the record can't be read


class CannotExplainError(LookupError):
    """There is no explanation. `lack` says of what, the message which one."""

    def __init__(self, lack: Lack, message: str) -> None:
        self.lack = lack
        super().__init__(message)


@dataclass(frozen=True)
class Why:
    """A verdict with its explanation.

    `same`: judged again it is the same; `same_folding`: the text is read as it was then. If neither holds, the
    explanation is of what today's program would say.
    """

    record: Record
    event: Event
    told: Verdict
    at: datetime
    explanation: Explanation
    same: bool
    same_folding: bool


def why(record: Record, learnt: Mapping[str, float] | None = None) -> Why:
    """Explain the verdict of a record, by all scores known now: `learnt` are those that came after it.

    Raises `CannotExplainError`.
    """
    try:
        told = verdict_of(record)
        restored = restore(record)
    except (ValueError, RecursionError) as error:
        raise CannotExplainError(Lack.RECORD, f"record {record.seq} can't be read") from error
    engine = engine_of(told.pack, told.lists)
    seen = restored.seen
    event = seen.event
    if learnt:
        event = msgspec.structs.replace(event, scores={**event.scores, **learnt, **event_of(record).scores})
    return Why(
        record,
        seen.event,
        told,
        datetime.fromtimestamp(record.received_at, tz=UTC),
        explain(engine, event, seen.signals, seen.counted),
        same(engine, seen, told),
        restored.same_folding,
    )


def event_of(record: Record) -> Event:
    """Return the event of a record, as the platform sent it. Raises `CannotExplainError`."""
    try:
        return msgspec.json.decode(record.raw, type=Event)
    except (ValueError, RecursionError) as error:
        raise CannotExplainError(Lack.RECORD, f"record {record.seq} can't be read") from error


def engine_of(ref: PackRef, lists: Mapping[str, str]) -> Engine:
    """Return the rules of a version with the lists (name -> digest) that it read. Raises `CannotExplainError`."""
    return _engine(ref, tuple(sorted(lists.items())))


@lru_cache(maxsize=4)
def _engine(ref: PackRef, lists: tuple[tuple[str, str], ...]) -> Engine:
    version = rulebook.find(ref)
    if version is None:
        raise CannotExplainError(Lack.VERSION, f"{ref} ({ref.digest[:12]}) is not in the rule book's history")
    try:
        opened = {name: open_list(settings.HAKAM_LISTS, name, digest) for name, digest in lists}
    except BadListError as error:
        raise CannotExplainError(Lack.LIST, str(error)) from error
    return compile_pack(rulebook.load(version, opened))
