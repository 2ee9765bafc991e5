"""What people decided about items, as rules are compared with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hakam.review.judged import NOT_VIOLATING, by_people
from hakam.review.models import Decision
from hakam.review.states import DecisionState, Outcome
from hakam.testing import scene

pytestmark = pytest.mark.django_db


def decided(item: str, outcome: Outcome, **changes: Any) -> None:
    values: dict[str, Any] = {
        "platform": "forum",
        "item_kind": "post",
        "item_id": item,
        "by": "staff:1",
        "at": scene.NOW,
        "outcome": outcome,
        "clause": "spam" if outcome is Outcome.VIOLATION else "",
        "state": DecisionState.FINAL,
        "undo_until": scene.NOW,
    }
    Decision.objects.create(**{**values, **changes})


def test_each_item_has_what_was_decided_last() -> None:
    decided("a", Outcome.VIOLATION)
    decided("b", Outcome.NO_VIOLATION)
    decided("c", Outcome.VIOLATION)
    decided("c", Outcome.NO_VIOLATION, at=scene.NOW + timedelta(hours=1))
    assert by_people() == {
        ("forum", "post", "a"): "spam",
        ("forum", "post", "b"): NOT_VIOLATING,
        ("forum", "post", "c"): NOT_VIOLATING,
    }


@pytest.mark.parametrize("state", [DecisionState.PENDING, DecisionState.UNDONE, DecisionState.REPLACED])
def test_what_is_not_in_force_does_not_count(state: DecisionState) -> None:
    decided("a", Outcome.VIOLATION, state=state)
    assert by_people() == {}


def test_rules_are_not_compared_with_themselves() -> None:
    decided("a", Outcome.VIOLATION, by="rule:quick-scam")
    decided("b", Outcome.STANDS)
    assert by_people() == {}
