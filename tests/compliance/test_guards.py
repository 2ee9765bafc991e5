# ruff: noqa: S608 -- statements of the test's own
"""The database itself refuses to change the ledger, whatever the program does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from hakam.compliance import guards, ledger
from hakam.compliance.facts import FactKind
from hakam.compliance.guards import UnguardedDatabaseError
from hakam.compliance.models import Fact
from hakam.vocabulary.actor import SYSTEM

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guarded")]

UNCHANGED = "never changed"
UNDELETED = "never deleted"
APPENDED = "appended at the end"


@pytest.fixture
def facts(guarded: None) -> list[Fact]:
    return [
        ledger.record(
            FactKind.CASE_OPENED, by=SYSTEM, now=NOW, subject=f"case:{n}", about=["item:a"], private={"n": n}
        )
        for n in range(3)
    ]


def refused(statement: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_facts_are_recorded_as_ever(facts: list[Fact]) -> None:
    assert [f.seq for f in facts] == [1, 2, 3]
    assert list(ledger.verify_chain()) == []


@pytest.mark.parametrize(
    "change",
    [
        "seq = 9",
        "at = '2020-01-01 00:00:00+00'",
        "kind = 'x'",
        "actor = 'x'",
        "subject = 'x'",
        "body = 'x'",
        "private_digest = 'x'",
        "previous = 'x'",
        "digest = 'x'",
        "private = 'x'",
        "private = NULL, body = 'x'",
    ],
)
def test_no_field_of_a_fact_can_be_changed(facts: list[Fact], change: str) -> None:
    refused(f"UPDATE compliance_fact SET {change} WHERE seq = 3", UNCHANGED)
    assert list(ledger.verify_chain()) == []


def test_the_private_part_can_be_erased_and_not_come_back(facts: list[Fact]) -> None:
    text = facts[1].private
    ledger.erase_private(facts[1], by=SYSTEM, now=NOW, reason="asked")
    refused(f"UPDATE compliance_fact SET private = '{text}' WHERE seq = 2", UNCHANGED)
    assert list(ledger.verify_chain()) == []


def test_no_fact_can_be_deleted(facts: list[Fact]) -> None:
    refused("DELETE FROM compliance_factlink WHERE fact_id = 3", UNDELETED)
    refused("DELETE FROM compliance_fact WHERE seq = 3", UNDELETED)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused("TRUNCATE compliance_fact CASCADE", UNDELETED)
        refused("TRUNCATE compliance_factlink", UNDELETED)


def test_no_link_can_be_changed_or_added_later(facts: list[Fact]) -> None:
    refused("UPDATE compliance_factlink SET subject = 'item:b'", UNCHANGED)
    refused("INSERT INTO compliance_factlink (fact_id, subject) VALUES (2, 'item:b')", APPENDED)


COLUMNS = "seq, at, kind, actor, subject, body, private_digest, previous, digest"


def test_no_fact_can_be_slipped_in(facts: list[Fact]) -> None:
    values = "'2026-03-02 09:00:00+00', 'case.opened', 'system', 'case:9', '{}', ''"
    for seq, previous in ((7, facts[2].digest), (4, "0" * 64), (0, "0" * 64)):
        refused(
            f"INSERT INTO compliance_fact ({COLUMNS}) VALUES ({seq}, {values}, '{previous}', 'd')", APPENDED
        )


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_replacing_is_no_way_around(facts: list[Fact]) -> None:
    values = "'2026-03-02 09:00:00+00', 'case.opened', 'system', 'case:9', '{}', ''"
    refused(f"INSERT OR REPLACE INTO compliance_fact ({COLUMNS}) VALUES (3, {values}, 'p', 'd')", APPENDED)
    refused(
        "INSERT OR REPLACE INTO compliance_factlink (id, fact_id, subject) "
        "SELECT id, 3, 'item:b' FROM compliance_factlink WHERE fact_id = 3",
        APPENDED,
    )


def test_no_guard_is_missing_once_created() -> None:
    assert guards.missing(connection) == []


def test_a_dropped_guard_is_noticed() -> None:
    table = "" if connection.vendor == "sqlite" else " ON compliance_fact"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER compliance_fact_unchanged{table}")
    assert guards.missing(connection) == ["compliance_fact_unchanged"]


def test_a_migration_can_install_and_uninstall_them() -> None:
    class Editor:
        connection = connection

        def execute(self, statement: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(statement)

    guards.uninstall(Editor())  # type: ignore[arg-type]
    assert guards.missing(connection)
    guards.install(Editor())  # type: ignore[arg-type]
    guards.install(Editor())  # type: ignore[arg-type]
    assert guards.missing(connection) == []


def test_a_database_that_nobody_guards_is_refused() -> None:
    for sql in (guards.create_sql, guards.drop_sql):
        with pytest.raises(UnguardedDatabaseError, match="oracle"):
            sql("oracle")
