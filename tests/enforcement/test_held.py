"""What is decided and not taken back, whatever the platform says of it: what our own gate obeys."""

from __future__ import annotations

import pytest
from tests.enforcement.conftest import Stage, play

from hakam.enforcement import access
from hakam.enforcement.models import AppliedMeasure
from hakam.enforcement.reverse import reverse
from hakam.enforcement.states import MeasureState
from hakam.vocabulary.actor import SYSTEM
from hakam.vocabulary.measure import Measure, MeasureKind

__all__ = ["play"]
pytestmark = pytest.mark.django_db
BAR = MeasureKind.BAR_FROM_LIVE
HELD = {MeasureState.PLANNED, MeasureState.SENT, MeasureState.APPLIED, MeasureState.FAILED}


@pytest.mark.parametrize("state", list(MeasureState))
def test_each_state(play: Stage, state: MeasureState) -> None:
    play.restrict(Measure(BAR, days=3), author_id="u1")
    AppliedMeasure.objects.update(state=state.value)
    row = AppliedMeasure.objects.get()
    assert access.is_held(row) is (state in HELD)
    assert access.accounts_under(row.platform, [BAR]) == ({"u1"} if state in HELD else set())


def test_only_the_kinds_that_are_asked_for(play: Stage) -> None:
    made = play.restrict(Measure(BAR, days=3), author_id="u1")
    platform = AppliedMeasure.objects.get().platform
    assert access.accounts_under(platform, [MeasureKind.SUSPEND]) == set()
    assert access.accounts_under("elsewhere", [BAR]) == set()
    reverse(by=SYSTEM, now=play.now, decision=made.statement.decision, because="wrong")
    assert access.accounts_under(platform, [BAR]) == set()
