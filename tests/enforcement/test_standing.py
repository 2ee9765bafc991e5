"""The door learns what stands by the facts: from the plan of a measure to its end, whatever is heard twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.enforcement.conftest import Stage

from hakam.compliance.models import Fact
from hakam.enforcement import standing
from hakam.enforcement.reverse import reverse
from hakam.storage.standing import StandingReader
from hakam.vocabulary.event import ItemRef
from hakam.vocabulary.measure import Measure, MeasureKind

pytestmark = pytest.mark.django_db
ITEM = ItemRef("maydan", "post", "77")
REMOVE, SUSPEND = Measure(MeasureKind.REMOVE), Measure(MeasureKind.SUSPEND, days=3)


def told(play: Stage, home: Path) -> set[MeasureKind]:
    """Let all facts be heard, and read what the door would."""
    for fact in Fact.objects.filter(kind__in=[kind.value for kind in standing.KINDS]).order_by("seq"):
        standing.on_fact(fact, play.now, home=home)
    return {measure.kind for measure in StandingReader(home).of(ITEM, "u1")}


def test_it_stands_from_its_plan_to_its_end(play: Stage, tmp_path: Path) -> None:
    made = play.restrict(REMOVE, SUSPEND)
    assert told(play, tmp_path) == {MeasureKind.REMOVE, MeasureKind.SUSPEND}
    play.later(seconds=20)
    play.deliver()
    assert told(play, tmp_path) == {MeasureKind.REMOVE, MeasureKind.SUSPEND}
    assert StandingReader(tmp_path).of(ItemRef("maydan", "post", "another"), "u1") == (SUSPEND,)
    reverse(decision=made.measures[0].decision, by=play.amal, now=play.now, because="It was a quotation.")
    play.later(seconds=20)
    play.deliver()
    assert told(play, tmp_path) == set()


def test_what_is_heard_again_changes_nothing(play: Stage, tmp_path: Path) -> None:
    play.restrict(REMOVE)
    first = told(play, tmp_path)
    assert told(play, tmp_path) == first == {MeasureKind.REMOVE}


def test_facts_of_what_is_gone_are_passed_over(play: Stage, tmp_path: Path) -> None:
    play.restrict(REMOVE)
    fact = Fact.objects.filter(kind="measure.planned").get()
    fact.subject = "measure:999999"
    standing.on_fact(fact, play.now + timedelta(days=1), home=tmp_path)
    fact.subject = "measure"
    standing.on_fact(fact, play.now, home=tmp_path)
    assert not list(tmp_path.iterdir())
