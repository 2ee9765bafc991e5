"""The daily pass: what is due by the schedule and not held is erased, in bounded batches, kind by kind.

Each kind has one pass a day. A pass keeps the moment from which it counts, so that it ends; killed in the middle, it
goes on with the next batch. A hold wins: what is held is counted, and looked at again on the next day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from django.db import transaction

from hakam.privacy import erasing, holds, logged, mail_files
from hakam.privacy.erasers import eraser
from hakam.privacy.erasing import Look
from hakam.privacy.holds import Held
from hakam.privacy.kinds import Kind
from hakam.privacy.models import Pass
from hakam.privacy.schedule import Kept, schedule
from hakam.storage.event_log import EventLog, Record
from hakam.storage.vault import Vault
from hakam.vocabulary.actor import SYSTEM

BATCH: Final = 500  # rows, or files
_OLD_LOG: Final = (".log", ".log.1", ".eml")
_LOGS: Final[Mapping[Kind, Callable[[Record], Iterable[str]]]] = {
    Kind.EVENTS: logged.names_of_event,
    Kind.NOTICE_LOG: logged.names_of_notice,
}


@dataclass(frozen=True)
class Stores:
    """What the eraser works on, beside the database."""

    events: EventLog
    notices: EventLog
    vault: Vault
    folders: tuple[Path, ...] = ()  # of logs of the processes, and of mail in files
    register: Path | None = None  # who was erased, as keyed digests: outlives the putting back of a back-up

    def log(self, kind: Kind) -> EventLog:
        """Return the log in which a kind lies."""
        return self.events if kind is Kind.EVENTS else self.notices


@dataclass
class Row:
    """A kind in the overview: how long it is kept, what is due now, what the last pass did."""

    kept: Kept
    before: datetime
    due: Look = field(default_factory=Look)
    last: Pass | None = None
    erased: int = 0  # in all passes


def run(stores: Stores, *, now: datetime, limit: int = BATCH) -> int:
    """Erase the next batch of what is due today; return how many things went, 0 when today's passes are over."""
    holds.follow(now=now)  # no act may be without its hold
    holds.lapse_due(now)
    held = holds.held(now)
    today = now.astimezone(UTC).date()
    over = set(Pass.objects.filter(day=today, ended_at__isnull=False).values_list("kind", flat=True))
    kept = schedule()
    for kind in Kind:
        if kind.value in over or not has_eraser(kind):
            continue
        going, _new = Pass.objects.get_or_create(
            kind=kind.value, day=today, defaults={"before": kept[kind].due_before(now), "began_at": now}
        )
        done = _step(kind, going, stores, held, now=now, limit=limit)
        if done:
            return done
    return 0


def has_eraser(kind: Kind) -> bool:
    """Whether a pass erases this kind."""
    return kind in _LOGS or kind is Kind.LOGS or eraser(kind) is not None


def _step(kind: Kind, going: Pass, stores: Stores, held: Held, *, now: datetime, limit: int) -> int:
    if kind in _LOGS:
        return _step_of_log(kind, going, stores, held, now=now)
    if kind is Kind.LOGS:
        return _step_of_files(going, stores, now=now, limit=limit)
    one = eraser(kind)
    assert one is not None
    rows = erasing.batch_of(one, one.due(going.before), held, limit=limit)
    if not rows:
        _end(going, now=now, held=erasing.look(one, one.due(going.before), held).held if held else 0)
        return 0
    with transaction.atomic():
        done = erasing.erase(
            one, rows, vault=stores.vault, by=SYSTEM, now=now, reason=f"schedule: {kind}",
            body={"before": going.before},
        )  # fmt: skip
        _count(going, done)
    return done


def _step_of_log(kind: Kind, going: Pass, stores: Stores, held: Held, *, now: datetime) -> int:
    """Erase the next records that are due. They are noted before and recorded after, so that a kill loses no figure."""
    log = stores.log(kind)
    while not going.doing:
        step = logged.due(log, before=going.before, cursor=going.cursor, held=held, names=_LOGS[kind])
        going.doing, going.cursor, going.held = step.seqs, step.cursor, going.held + step.held
        going.save(update_fields=["doing", "cursor", "held"])
        if step.last and not step.seqs:
            if hasattr(log, "shed"):
                log.shed()
            _end(going, now=now, held=going.held)
            return 0
    log.erase(going.doing)
    done = len(going.doing)
    with transaction.atomic():
        if kind is Kind.EVENTS:
            logged.forget_places(going.doing)
        sign = 1 if kind is Kind.EVENTS else -1
        erasing.erase_set_aside(
            [sign * seq for seq in going.doing],
            vault=stores.vault,
            by=SYSTEM,
            now=now,
            reason=f"schedule: {kind}",
        )
        erasing.record(
            kind, done, by=SYSTEM, now=now,
            body={"before": going.before, "first": going.doing[0], "last": going.doing[-1]},
        )  # fmt: skip
        going.doing, going.erased = [], going.erased + done
        going.save(update_fields=["doing", "erased"])
    return done


def _old_files(folders: Iterable[Path], before: datetime) -> list[Path]:
    moment = before.timestamp()
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*")) if folder.is_dir() else ():
            info = path.stat()
            named = path.name.endswith(_OLD_LOG) or folder.name == "mail"
            if path.is_file() and named and info.st_size and info.st_mtime < moment:
                found.append(path)
    return found


def _step_of_files(going: Pass, stores: Stores, *, now: datetime, limit: int) -> int:
    redacted = mail_files.redact(
        stores.folders, limit=limit
    )  # of letters whose contents went by the schedule
    if redacted:
        return _note_files(going, redacted, now=now)
    old = _old_files(stores.folders, going.before)[:limit]
    for path in old:
        if path.name.endswith(".log"):
            path.write_bytes(b"")  # a process may have it open to append
        else:
            path.unlink()
    if not old:
        _end(going, now=now, held=0)
        return 0
    return _note_files(going, len(old), now=now)


def _note_files(going: Pass, done: int, *, now: datetime) -> int:
    with transaction.atomic():
        erasing.record(Kind.LOGS, done, by=SYSTEM, now=now, body={"before": going.before})
        _count(going, done)
    return done


def _count(going: Pass, done: int) -> None:
    going.erased += done
    going.save(update_fields=["erased"])


def _end(going: Pass, *, now: datetime, held: int) -> None:
    going.ended_at, going.held = now, held
    going.save(update_fields=["ended_at", "held"])


def overview(stores: Stores, *, now: datetime) -> list[Row]:
    """Return, for each kind, how long it is kept, what would go now, and what went."""
    held = holds.held(now)
    rows = []
    for kind, kept in schedule().items():
        before = kept.due_before(now)
        passes = Pass.objects.filter(kind=kind.value).order_by("-day")
        rows.append(
            Row(
                kept, before, preview(kind, stores, held=held, before=before), passes.first(),
                sum(passes.values_list("erased", flat=True)),
            )
        )  # fmt: skip
    return rows


def preview(kind: Kind, stores: Stores, *, held: Held, before: datetime) -> Look:
    """Return what of a kind would go, without touching it. Of a log it is an estimate by numbers: holds not counted."""
    if kind in _LOGS:
        log = stores.log(kind)
        last = log.before(before.timestamp())
        first = next(iter(log.read(0, 1)), None)
        there = max(0, last - first.seq + 1) if first is not None and first.seq <= last else 0
        return Look(free=there, samples=[f"{first.seq} - {last}"] if first is not None and there else [])
    if kind is Kind.LOGS:
        old = _old_files(stores.folders, before)
        return Look(free=len(old), samples=[path.name for path in old[:20]])
    one = eraser(kind)
    return Look() if one is None else erasing.look(one, one.due(before), held)


def passes(*, limit: int = 100) -> list[Pass]:
    """Return what the eraser did, the newest day first, kinds of which nothing was due left out."""
    return list(Pass.objects.exclude(erased=0, held=0).order_by("-day", "kind")[:limit])


def passed_on(day: date) -> int:
    """Return how many kinds are done with on a day."""
    return Pass.objects.filter(day=day, ended_at__isnull=False).count()
