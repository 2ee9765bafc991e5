"""After erasing, the database itself is cleaned: SQLite overwrites and empties its log, PostgreSQL vacuums."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from hakam.privacy import erasing
from hakam.privacy.models import Hold
from hakam.testing import scene


@pytest.mark.django_db(transaction=True)
def test_it_is_cleaned_outside_a_transaction() -> None:
    hold = Hold.objects.create(
        target="case:1", reason="quillfeather", placed_by="staff:1", placed_at=scene.NOW, until=scene.NOW
    )
    hold.delete()
    assert erasing.clean()


@pytest.mark.django_db(transaction=True)
def test_within_a_transaction_it_waits() -> None:
    with transaction.atomic():
        assert not erasing.clean()


@pytest.mark.embedded
@pytest.mark.django_db
def test_sqlite_overwrites_what_it_deletes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1
