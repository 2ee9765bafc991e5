"""A rule book in force, and a ledger that the database guards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from hakam.compliance import guards
from hakam.compliance.models import RulebookVersion
from hakam.testing import scene


@pytest.fixture
def book(db: None) -> RulebookVersion:
    return scene.publish()


@pytest.fixture
def guarded(db: None) -> Iterator[None]:
    """Guard the ledger as a real database does, and drop that again, since some tests wipe their tables."""
    with connection.cursor() as cursor:
        for sql in guards.create_sql(connection.vendor):
            cursor.execute(sql)
    yield
    with connection.cursor() as cursor:
        for sql in guards.drop_sql(connection.vendor):
            cursor.execute(sql)
