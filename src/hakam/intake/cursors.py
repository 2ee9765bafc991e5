"""Cursors: how far each reader of the event log, or of the ledger, has come."""

from __future__ import annotations

from django.db import transaction

from hakam.intake.models import Cursor


class CursorError(RuntimeError):
    """A cursor was to be moved outside the transaction of what it stands for."""


def position(name: str) -> int:
    """Return the number of the last entry that reader `name` has done, 0 before its first."""
    return Cursor.objects.filter(pk=name).values_list("seq", flat=True).first() or 0


def move(name: str, *, to: int) -> bool:
    """Move the cursor `name` to `to`, in the caller's transaction, and say whether it was behind.

    False means that somebody else has done that entry in the meantime: the caller does nothing. The row
    stays locked until the transaction ends.
    """
    if not transaction.get_connection().in_atomic_block:
        raise CursorError(f"cursor {name} was to move outside a transaction")
    cursor, _ = Cursor.objects.select_for_update().get_or_create(pk=name)
    if cursor.seq >= to:
        return False
    cursor.seq = to
    cursor.save(update_fields=["seq"])
    return True
