"""A stream that can't be read is for a person: not at once, not twice in some minutes, and it accuses nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.live.stage import Stage

from hakam.intake import unseen
from hakam.live.models import Stream
from hakam.live.watching.blindness import PATIENCE, Blindness, ask
from hakam.review.models import Case, CaseSource
from hakam.testing import scene

WHY = "the stream can't be read; trying again"


def test_a_stream_may_only_just_begin() -> None:
    blindness = Blindness()
    assert not blindness.owed(WHY, at=100.0)
    assert not blindness.owed(WHY, at=100.0 + PATIENCE - 1)
    assert blindness.owed(WHY, at=100.0 + PATIENCE)


def test_what_is_read_again_begins_anew() -> None:
    blindness = Blindness()
    blindness.owed(WHY, at=100.0)
    assert not blindness.owed("", at=150.0)
    assert not blindness.owed(WHY, at=170.0)
    assert not blindness.owed(WHY, at=170.0 + PATIENCE - 1)
    assert blindness.owed(WHY, at=170.0 + PATIENCE)


def test_a_person_is_asked_once_in_some_minutes() -> None:
    blindness = Blindness()
    asked = [at for at in range(0, 2_000, 5) if blindness.owed(WHY, at=float(at))]
    assert asked == [int(PATIENCE), int(PATIENCE) + unseen.EVERY, int(PATIENCE) + 2 * unseen.EVERY, 1_860]


@pytest.mark.django_db
def test_its_case_is_in_the_live_queue_without_a_clause(tmp_path: Path) -> None:
    scene.publish()
    stage = Stage(tmp_path)
    stream = stage.stream(viewers=900)
    for seconds in (0, 1):  # a watch that was started anew asks again, and it is the same question
        ask(stream, WHY, now=stage.now + timedelta(seconds=seconds))
    case, source = Case.objects.get(), CaseSource.objects.get()
    assert (case.queue, case.clause, case.item_id) == ("live", "", stream.item_id)
    assert case.priority_inputs["live"] is True
    assert source.summary["firings"][0]["values"] == {"stream": WHY}
    assert Stream.objects.get(pk=stream.pk).case == case.pk
    ask(stream, WHY, now=stage.now + timedelta(seconds=unseen.EVERY))
    assert (Case.objects.count(), CaseSource.objects.count()) == (1, 2)
