"""The worker's duties about banks: what changed reaches the door, what was withdrawn leaves the files."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest
from django.conf import settings as django_settings

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank, delete_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row
from hakam.banks.withdraw import withdraw
from hakam.intake.models import NoticeItem
from hakam.storage.embedded import published
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.event_log import Entry
from hakam.storage.known_content import KnownContent
from hakam.testing import scene
from hakam.testing.franked import carried
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.vocabulary.notice import LOGGED_AS, LoggedNotice, Submission
from hakam.wiring import duties, franking
from hakam.wiring.settings import Settings
from hakam.wiring.worker import Task

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


@pytest.fixture
def chosen(tmp_path: Path) -> Settings:
    found: Settings = replace(django_settings.HAKAM, home=tmp_path)
    return found


@pytest.fixture
def tasks(chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Task]]:
    """Give the worker's tasks by name, on logs of their own."""
    for name in ("event_log", "notice_log"):
        monkeypatch.setattr(duties.ports, name, partial(FileEventLog, tmp_path / name))
    scene.publish()
    with duties.lanes(chosen) as lanes:
        yield by_name(lanes)


def by_name(lanes: Mapping[str, Sequence[Task]]) -> dict[str, Task]:
    return {task.name: task for lane in lanes.values() for task in lane}


def known(chosen: Settings) -> KnownContent:
    told = published.read(chosen.home / "published.json")
    assert told is not None
    return KnownContent(chosen.home, told.banks)


def test_what_changes_in_a_bank_reaches_the_door(chosen: Settings, tasks: dict[str, Task]) -> None:
    task = tasks["write banks for the door"]
    assert [task.run(NOW), task.run(NOW)] == [0, 0]  # nothing is new after a start
    create_bank("attack", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    fill("attack", [Row(EntryKind.PDQ, PDQ)], by=SYSTEM, now=NOW)
    assert [task.run(NOW), task.run(NOW)] == [1, 0]
    assert known(chosen).find([(EntryKind.PDQ, PDQ, None)], 0.0).matches
    withdraw("attack", everything=True, reason="r", by=SYSTEM, now=NOW)
    assert task.run(NOW) == 1
    assert not known(chosen).find([(EntryKind.PDQ, PDQ, None)], 0.0).matches
    delete_bank("attack", reason="r", by=SYSTEM, now=NOW)
    assert task.run(NOW) == 1
    assert not known(chosen)


def test_what_was_withdrawn_leaves_the_files(chosen: Settings, tasks: dict[str, Task]) -> None:
    create_bank("attack", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    fill("attack", [Row(EntryKind.PDQ, PDQ, "a"), Row(EntryKind.PDQ, PDQ[::-1], "b")], by=SYSTEM, now=NOW)
    write, erase = tasks["write banks for the door"], tasks["erase withdrawn hashes"]
    write.run(NOW)
    assert erase.run(NOW) == 0
    withdraw("attack", items=["a"], reason="r", by=SYSTEM, now=NOW)
    write.run(NOW)
    assert [erase.run(NOW), erase.run(NOW)] == [1, 0]
    held = b"".join(path.read_bytes() for path in (chosen.home / "banks").rglob("*") if path.is_file())
    assert bytes.fromhex(PDQ) not in held
    assert bytes.fromhex(PDQ[::-1]) in held


def test_without_pictures_nothing_is_started(tasks: dict[str, Task]) -> None:
    assert tasks["look at pictures"].run(NOW) == 0


def test_the_worker_proves_what_was_opened_in_a_notice(
    chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = carried(secret=franking.key(chosen, "2026-03"), at=NOW)
    said = Submission(
        scene.PLATFORM, "threat", "He threatens me.", messages=(message,), notifier="nadia", good_faith="yes"
    )
    logged = LoggedNotice(said, str(uuid.uuid4()), "t" * 44, "maydan/k", "r1")
    log = FileEventLog(tmp_path / "notices")
    log.append([Entry(LOGGED_AS, logged.id, NOW.timestamp(), msgspec.json.encode(logged), b"{}", b"{}")])
    monkeypatch.setattr(duties.ports, "notice_log", lambda: log)
    scene.publish()
    with duties.lanes(chosen) as lanes:
        assert by_name(lanes)["take in notices"].run(NOW) == 1
    log.close()
    assert NoticeItem.objects.get().proof == "proven"
