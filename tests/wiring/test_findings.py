"""What the doctor says of the installation as a whole."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from django.test import override_settings

from hakam.compliance import lists
from hakam.intake import pictures
from hakam.intake.models import Cursor
from hakam.policy.lists import ListKind
from hakam.staff.keys import issue_key
from hakam.staff.roles import Scope
from hakam.storage.embedded.event_log import FileEventLog
from hakam.storage.embedded.list_files import keep
from hakam.storage.embedded.lists import FOLDER
from hakam.storage.event_log import Entry
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.finding import Severity
from hakam.wiring import findings, publish
from hakam.wiring.findings import CODES, check
from hakam.wiring.ports import event_log_path
from hakam.wiring.programs import heartbeat_path
from hakam.wiring.settings import Settings
from hakam.wiring.worker import Health, Heartbeat

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Make a sound installation. The suite makes its tables without migrations, so none is pending here."""
    monkeypatch.setattr(findings, "pending_migrations", list)
    chosen = Settings(home=tmp_path)
    scene.publish()
    chosen.secret("django")
    publish.publish(chosen, now=NOW)
    return chosen


def codes(settings: Settings) -> list[str]:
    found = list(check(settings, now=NOW))
    assert all(finding.hint for finding in found)
    assert {finding.code for finding in found} <= set(CODES)
    return [finding.code for finding in found]


def beat(settings: Settings, *, ago: float = 0, failures: int = 0) -> None:
    health = Health(failures=failures, last_error="OSError: disk full" if failures else "")
    moment = time.time() - ago
    heartbeat_path(settings).write_bytes(
        msgspec.json.encode(Heartbeat(pid=1, started_at=moment, at=moment, tasks={"deliver effects": health}))
    )


def test_a_sound_installation_has_no_findings(settings: Settings) -> None:
    beat(settings)
    assert codes(settings) == []


def test_pending_migrations_are_named_and_nothing_else_is_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "pending_migrations", lambda: ["review.0007_x"])
    assert codes(settings) == ["W001"]


def test_an_installation_without_a_rule_book_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "pending_migrations", list)
    assert codes(Settings(home=tmp_path)) == ["W002"]


def test_a_door_that_was_not_told_of_a_key_is_found(settings: Settings) -> None:
    issue_key(platform="maydan", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW)
    assert codes(settings) == ["W003"]
    publish.publish(settings, now=NOW)
    assert codes(settings) == []


def test_settings_of_another_process_are_no_other_keys_or_rules(settings: Settings) -> None:
    elsewhere = replace(settings, base_url="http://127.0.0.1:44299", max_body_bytes=2**20)
    assert publish.publish(elsewhere, now=NOW) != publish.publish(settings, now=NOW)
    publish.publish(elsewhere, now=NOW)
    assert codes(settings) == []


def test_a_file_for_the_door_that_is_missing_is_found(settings: Settings) -> None:
    publish.published_path(settings).unlink()
    assert codes(settings) == ["W003"]


def test_a_file_for_the_door_that_can_not_be_read_is_found(settings: Settings) -> None:
    publish.published_path(settings).write_bytes(b"{")
    assert codes(settings) == ["W003"]


def test_a_failing_task_is_named_with_its_error(settings: Settings) -> None:
    beat(settings, failures=3)
    [finding] = check(settings, now=NOW)
    assert finding.code == "W004"
    assert finding.message == "`deliver effects` failed 3 times in a row: OSError: disk full"


def test_a_silent_worker_is_a_note_and_no_error(settings: Settings) -> None:
    beat(settings, ago=3600)
    [finding] = check(settings, now=NOW)
    assert (finding.code, finding.severity) == ("W005", Severity.NOTE)


def test_a_secret_that_others_can_read_is_found(settings: Settings) -> None:
    (settings.secrets_dir / "django").chmod(0o640)
    assert codes(settings) == ["W006"]


def test_a_damaged_record_of_the_event_log_is_named(settings: Settings) -> None:
    log = FileEventLog(event_log_path(settings))
    [appended] = log.append([Entry("maydan", "e1", 1.0, b'{"id":"e1"}', b"{}", b"{}")])
    log.close()
    assert codes(settings) == []
    (path,) = event_log_path(settings).glob("*.events")
    path.write_bytes(path.read_bytes().replace(b'"e1"', b'"e2"'))
    [finding] = check(settings, now=NOW)
    assert finding.code == "W007"
    assert finding.subject == f"event:{appended.seq}"


def test_a_list_whose_file_is_damaged_or_missing_is_found(settings: Settings) -> None:
    kept = keep(settings.home / FOLDER, ListKind.VALUES, ["mallory", "eve"])
    lists.publish("bad-ids", ListKind.VALUES, kept.digest, kept.entries, by=SYSTEM, now=NOW, note="x")
    publish.publish(settings, now=NOW)
    assert codes(settings) == []
    path = settings.home / FOLDER / kept.digest
    data = path.read_bytes()
    path.unlink()
    (found,) = check(settings, now=NOW)
    assert (found.code, found.subject) == ("W008", "list:bad-ids")
    path.write_bytes(data.replace(b"mallory", b"mallard"))  # as a disk that errs would
    (found,) = check(settings, now=NOW)
    assert found.message == "its file holds something else"
    path.write_bytes(data)
    with override_settings(HAKAM_LISTS=settings.home / FOLDER):
        assert lists.erase(kept.digest, ["eve"], by=SYSTEM, now=NOW, reason="data_request:1") == 1
    assert codes(settings) == []  # what was erased is proved by its fact
    path.write_bytes(data)
    (found,) = check(settings, now=NOW)
    assert found.message == "its file holds something else"  # it is back


def test_that_pictures_wait_long_is_said_once_a_look_was_made(settings: Settings) -> None:
    log = FileEventLog(event_log_path(settings), clock=lambda: NOW.timestamp() - 400)
    log.append([Entry("p", f"e{n}", 0.0, b"{}", b"{}", b"{}") for n in range(3)])
    log.close()
    assert "W009" not in codes(settings)  # an installation that looks at nothing
    Cursor.objects.create(pk=pictures.CURSOR, seq=1)
    found = [one for one in check(settings, now=NOW) if one.code == "W009"]
    assert [one.message for one in found] == ["the oldest has waited 400 s, and is up meanwhile"]
    Cursor.objects.update(seq=3)
    assert "W009" not in codes(settings)
