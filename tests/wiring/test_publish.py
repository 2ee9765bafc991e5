"""What the door is told: exactly what is in force, and again only when it changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from hakam.banks.filling import fill
from hakam.banks.keeping import create_bank
from hakam.banks.kinds import BankSource
from hakam.banks.rows import Row
from hakam.banks.withdraw import withdraw
from hakam.compliance import private_bases
from hakam.staff.keys import digest_of, issue_key, revoke_key
from hakam.staff.roles import Scope
from hakam.storage.embedded import published
from hakam.storage.known_content import KnownContent
from hakam.testing import scene
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.bank import EntryKind
from hakam.wiring import publish as publishing
from hakam.wiring.hold import hold
from hakam.wiring.publish import erase_withdrawn, publish, published_path
from hakam.wiring.settings import Settings

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, max_event_bytes=2_000)


def told(settings: Settings) -> published.Published:
    found = published.read(published_path(settings))
    assert found is not None
    return found


def test_before_anything_was_made_the_door_is_told_of_nothing(settings: Settings) -> None:
    publish(settings, now=NOW)
    assert told(settings).keys == ()
    assert told(settings).pack is None
    assert told(settings).max_event_bytes == 2_000


def test_a_key_is_told_by_its_digest_with_what_it_may_do(settings: Settings) -> None:
    _, text = issue_key(platform="maydan", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW)
    publish(settings, now=NOW)
    [key] = told(settings).keys
    assert (key.digest, key.platform, key.scopes, key.expires_at) == (
        digest_of(text),
        "maydan",
        ("check",),
        None,
    )
    assert text.encode() not in published_path(settings).read_bytes()


def test_a_key_that_ended_is_not_told(settings: Settings) -> None:
    issue_key(
        platform="a", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW, expires_at=NOW + timedelta(hours=1)
    )
    kept, _ = issue_key(platform="b", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW)
    publish(settings, now=NOW)
    assert {key.platform for key in told(settings).keys} == {"a", "b"}
    assert (
        next(k for k in told(settings).keys if k.platform == "a").expires_at
        == (NOW + timedelta(hours=1)).timestamp()
    )
    revoke_key(kept, by=SYSTEM, now=NOW)
    publish(settings, now=NOW + timedelta(hours=2))
    assert told(settings).keys == ()


def test_the_rule_book_in_force_is_told_with_all_its_files(settings: Settings) -> None:
    version = scene.publish()
    publish(settings, now=NOW)
    pack = told(settings).pack
    assert pack is not None
    assert pack.ref.digest == version.digest
    assert pack.files == scene.PACK


def test_a_publication_has_a_number_that_grows_only_with_change(settings: Settings) -> None:
    first = publish(settings, now=NOW)
    written = published_path(settings).stat().st_mtime_ns
    assert publish(settings, now=NOW).revision == first.revision
    assert published_path(settings).stat().st_mtime_ns == written, "an unchanged file is not written again"
    issue_key(platform="maydan", scopes=[Scope.CHECK], name="x", by=SYSTEM, now=NOW)
    assert publish(settings, now=NOW).revision == first.revision + 1


def test_only_its_owner_can_read_it(settings: Settings) -> None:
    publish(settings, now=NOW)
    assert published_path(settings).stat().st_mode & 0o077 == 0


def test_a_bank_is_told_with_its_revision_and_its_shelf_is_written(settings: Settings) -> None:
    scene.publish()
    bank = create_bank("known", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    fill("known", [Row(EntryKind.MD5, f"{7:032x}")], by=SYSTEM, now=NOW)
    first = publish(settings, now=NOW)
    assert [(one.number, one.name, one.revision) for one in first.banks] == [(bank.pk, "known", 1)]
    assert KnownContent(settings.home, told(settings).banks).banks["known"].shelf.revision == 1
    assert publish(settings, now=NOW) == first
    withdraw("known", everything=True, reason="r", by=SYSTEM, now=NOW)
    assert publish(settings, now=NOW).revision == first.revision + 1
    assert erase_withdrawn(settings) == 0  # a shelf without pictures holds nothing of before


def test_two_who_publish_wait_for_each_other(settings: Settings) -> None:
    def erase() -> None:
        try:
            erase_withdrawn(settings)
        finally:
            connections.close_all()

    with hold(settings.home, "hakam publish"):
        thread = threading.Thread(target=erase)
        thread.start()
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(20)
    assert not thread.is_alive()


def test_the_door_hears_whose_private_messages_may_be_read_and_until_when(settings: Settings) -> None:
    until = NOW + timedelta(days=3)
    basis = private_bases.propose("maydan", law="An Act", purpose="p", until=until, by=SYSTEM, now=NOW)
    publish(settings, now=NOW)
    assert told(settings).private == {}
    private_bases.confirm(basis.pk, by=scene.person("omar").actor, now=NOW)
    publish(settings, now=NOW)
    assert told(settings).private == {"maydan": until.timestamp()}
    publish(settings, now=until)
    assert told(settings).private == {}


def test_who_publishes_never_waits_for_somebody_who_writes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A subscriber publishes within a transaction: two that wait for each other's lock would both fail.
    create_bank("attack", source=BankSource.OWN, purpose="p", clause="spam", by=SYSTEM, now=NOW)
    fill("attack", [Row(EntryKind.PDQ, "ab" * 32, "a")], by=SYSTEM, now=NOW)
    asked: list[str] = []
    alone = publishing._alone

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql.split(maxsplit=1)[0].upper())
        return execute(sql, params, many, context)

    @contextmanager
    def watched(chosen: Settings) -> Iterator[None]:
        with alone(chosen), connection.execute_wrapper(note):
            yield

    monkeypatch.setattr(publishing, "_alone", watched)
    publish(settings, now=NOW)
    assert set(asked) == {"SELECT"}
