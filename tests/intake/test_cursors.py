"""A reader that stops and starts again goes on exactly where it was."""

from __future__ import annotations

import pytest
from django.db import transaction

from hakam.intake.cursors import CursorError, move, position

pytestmark = pytest.mark.django_db


def test_a_new_reader_starts_before_everything() -> None:
    assert position("cases") == 0


def test_a_cursor_moves_forward_and_each_reader_has_its_own() -> None:
    with transaction.atomic():
        assert move("cases", to=5)
        assert move("door", to=2)
    assert (position("cases"), position("door")) == (5, 2)


def test_what_another_has_done_is_not_done_twice() -> None:
    with transaction.atomic():
        assert move("cases", to=5)
        assert not move("cases", to=5)
        assert not move("cases", to=4)
        assert move("cases", to=9)
    assert position("cases") == 9


def test_a_cursor_goes_back_with_the_transaction_of_its_work() -> None:
    def fail_after_moving() -> None:
        with transaction.atomic():
            move("cases", to=5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_moving()
    assert position("cases") == 0


@pytest.mark.django_db(transaction=True)
def test_a_cursor_never_moves_apart_from_its_work() -> None:
    with pytest.raises(CursorError, match="cursor cases was to move outside a transaction"):
        move("cases", to=5)
