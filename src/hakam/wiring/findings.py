"""What must hold of the installation as a whole. `hakam doctor` runs it."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from hakam.compliance import lists
from hakam.storage.embedded import published
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.lists import FOLDER, is_whole
from hakam.storage.published import Published
from hakam.vocabulary.finding import Finding, Severity
from hakam.wiring import publish
from hakam.wiring.ports import event_log_path, notice_log_path
from hakam.wiring.programs import heartbeat_path
from hakam.wiring.settings import Settings, settings
from hakam.wiring.start import pending_migrations
from hakam.wiring.worker import read_heartbeat, utc_now

CODES = {
    "W001": "the database lacks migrations",
    "W002": "no rule book is in force",
    "W003": "the door works with other keys or rules than are in force",
    "W004": "a task of the worker fails",
    "W005": "the worker gives no sign of life",
    "W006": "a secret can be read by others",
    "W007": "a record of the event log is damaged",
    "W008": "the file of a list is missing or damaged",
    "W009": "pictures and clips wait long until they are looked at",
}
SILENT_SECONDS = 30.0  # a living worker writes its heartbeat far more often


def _error(code: str, message: str, subject: str, hint: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, message=message, subject=subject, hint=hint)


def check(chosen: Settings | None = None, *, now: datetime | None = None) -> Iterator[Finding]:
    """Yield what is wrong with the installation."""
    chosen = chosen or settings()
    pending = pending_migrations()
    if pending:
        yield _error("W001", f"{len(pending)} migrations are not applied", "database", "run `hakam migrate`")
        return
    yield from _door(chosen, now or utc_now())
    yield from _lists(chosen)
    yield from _worker(chosen)
    yield from _secrets(chosen)
    yield from _event_log(event_log_path(chosen))
    yield from _looks(event_log_path(chosen), now or utc_now())
    yield from _event_log(notice_log_path(chosen))


def _door(chosen: Settings, now: datetime) -> Iterator[Finding]:
    path = publish.published_path(chosen)
    try:
        told = published.read(path)
    except published.PublishedError as error:
        yield _error("W003", f"what is published can't be read: {error}", str(path), "start the worker")
        return
    true = publish.gather(chosen, now=now, revision=told.revision if told else 0)
    if true.pack is None:
        yield _error("W002", CODES["W002"], "rulebook", "run `hakam pack publish FOLDER --note ...`")
    elif told is None or _in_force(told) != _in_force(true):
        yield _error("W003", CODES["W003"], str(path), "start the worker")


def _in_force(one: Published) -> tuple[object, ...]:
    """Return what people decided. Addresses and limits are settings, which may differ from one process to another."""
    return one.keys, one.pack, one.lists, one.released


def _lists(chosen: Settings) -> Iterator[Finding]:
    """Read the files of the lists in force whole: verdicts are explained from them."""
    folder = chosen.home / FOLDER
    for one in lists.in_force():
        hint = f"restore {folder / one.digest} from a copy, or add the list again"
        try:
            if not is_whole(folder, one.digest, one.rest):
                yield _error("W008", "its file holds something else", f"list:{one.name}", hint)
        except OSError as error:
            yield _error("W008", f"its file can't be read: {error.strerror}", f"list:{one.name}", hint)


def _worker(chosen: Settings) -> Iterator[Finding]:
    beat = read_heartbeat(heartbeat_path(chosen))
    if beat is None:
        return  # it never ran here: nothing was promised
    log = chosen.home / "logs" / "worker.log"
    for name, health in beat.tasks.items():
        if health.failures:
            said = f"`{name}` failed {health.failures} times in a row: {health.last_error}"
            yield _error("W004", said, "worker", f"its log is {log}")
    silent = time.time() - beat.at
    if silent > SILENT_SECONDS:
        yield Finding(
            code="W005",
            severity=Severity.NOTE,
            message=f"no sign of life for {silent:.0f} s",
            subject="worker",
            hint="start it with `hakam up`",
        )


def _secrets(chosen: Settings) -> Iterator[Finding]:
    if os.name != "posix" or not chosen.secrets_dir.exists():
        return
    for path in sorted(chosen.secrets_dir.iterdir()):
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            yield _error("W006", "others can read it", str(path), f"chmod 600 {path}")


def _event_log(path: Path) -> Iterator[Finding]:
    if not path.exists():
        return
    log = FileEventLog(path)
    try:
        for seq in log.damaged():
            yield _error(
                "W007", "its checksum does not fit its bytes", f"event:{seq}", "restore it from a copy"
            )
    finally:
        log.close()


def _looks(path: Path, now: datetime) -> Iterator[Finding]:
    from hakam.intake import pictures  # noqa: PLC0415 -- its libraries are loaded for this question alone

    if not path.exists():
        return
    log = FileEventLog(path)
    try:
        waited = pictures.behind(log, now=now)
    finally:
        log.close()
    if waited is not None and waited > pictures.LATE:
        yield Finding(
            code="W009",
            severity=Severity.WARNING,
            message=f"the oldest has waited {waited:.0f} s, and is up meanwhile",
            subject="worker",
            hint="give the worker more of the machine, or let uploads wait: the power `delay` of an incident",
        )
