"""The worker goes on, whatever one of its tasks does."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from hakam.wiring.worker import (
    BUSY_PENALTY,
    LONGEST_PENALTY,
    SHORTEST_REST,
    Task,
    Worker,
    _Turn,
    next_rest,
    penalty,
    read_heartbeat,
)


def run_until(worker: Worker, condition: Callable[[], bool], seconds: float = 60) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    until = time.monotonic() + seconds
    try:
        while not condition():
            assert time.monotonic() < until, "it did not happen in time"
            time.sleep(0.01)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


class Counted:
    """A task's work: does `pieces` things, one a run, and remembers when it ran."""

    def __init__(self, pieces: int = 0) -> None:
        self.pieces = pieces
        self.runs: list[datetime] = []

    def __call__(self, now: datetime) -> int:
        self.runs.append(now)
        if self.pieces:
            self.pieces -= 1
            return 1
        return 0


@pytest.mark.django_db(transaction=True)
def test_work_that_waits_is_done_without_pause(tmp_path: Path) -> None:
    work = Counted(pieces=500)
    worker = Worker({"a": [Task("work", work, rest=60.0)]}, heartbeat=tmp_path / "beat.json")
    run_until(worker, lambda: work.pieces == 0)  # with its rest after each it would take many times as long
    assert worker.health["work"].done == 500


@pytest.mark.django_db(transaction=True)
def test_a_task_that_fails_is_tried_again_and_stops_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Counted()

    def fail_for_a_while(now: datetime) -> int:
        failing(now)
        if len(failing.runs) <= 2 or len(other.runs) <= 3:
            raise OSError("disk full")
        return 1

    other = Counted()
    worker = Worker(
        {"a": [Task("fails", fail_for_a_while, 0.05), Task("other", other, 0.05)]},
        heartbeat=tmp_path / "beat.json",
    )
    run_until(worker, lambda: worker.health["fails"].done > 0)
    assert len(other.runs) > 3
    assert worker.health["fails"].failures == 0
    assert "fails failed, attempt 2" in caplog.text
    assert re.search("fails works again after [2-9] failures", caplog.text)


@pytest.mark.django_db(transaction=True)
def test_a_slow_lane_does_not_hold_up_another(tmp_path: Path) -> None:
    release = threading.Event()

    def slow(_now: datetime) -> int:
        release.wait(120)
        return 0

    quick = Counted(pieces=20)
    worker = Worker(
        {"slow": [Task("slow", slow, 1)], "quick": [Task("quick", quick, 0.05)]},
        heartbeat=tmp_path / "b.json",
    )

    def done() -> bool:
        if quick.pieces == 0:
            release.set()
            return True
        return False

    run_until(worker, done)


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_tells_how_each_task_fares(tmp_path: Path) -> None:
    def broken(_now: datetime) -> int:
        raise ValueError("no pack")

    path = tmp_path / "beat.json"
    worker = Worker({"a": [Task("broken", broken, 0.05), Task("sound", Counted(), 0.05)]}, heartbeat=path)
    began = time.time()
    run_until(worker, lambda: worker.health["broken"].failures >= 1 and worker.health["sound"].runs > 0)
    beat = read_heartbeat(path)
    assert beat is not None
    assert beat.at >= began
    assert beat.tasks["broken"].last_error == "ValueError: no pack"
    assert beat.tasks["broken"].last_ok is None
    assert beat.tasks["sound"].failures == 0


def test_no_heartbeat_is_no_error(tmp_path: Path) -> None:
    assert read_heartbeat(tmp_path / "none.json") is None
    (tmp_path / "half.json").write_bytes(b'{"pid": 1')
    assert read_heartbeat(tmp_path / "half.json") is None


@pytest.mark.django_db(transaction=True)
def test_tasks_are_given_the_time_by_the_clock(tmp_path: Path) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    work = Counted()
    worker = Worker({"a": [Task("work", work, 0.05)]}, heartbeat=tmp_path / "b.json", clock=lambda: moment)
    run_until(worker, lambda: bool(work.runs))
    assert set(work.runs) == {moment}


@given(rest=st.floats(0.05, 60), previous=st.floats(0, 60), did=st.integers(0, 1000))
def test_rest_is_none_while_there_is_work_and_else_grows_to_its_limit(
    rest: float, previous: float, did: int
) -> None:
    pause = next_rest(rest=rest, did=did, previous=previous)
    if did:
        assert pause == 0
    else:
        assert SHORTEST_REST <= pause <= rest
        assert pause >= min(rest, previous)


@given(st.integers(1, 500))
def test_a_failing_task_waits_longer_but_never_gives_up(failures: int) -> None:
    assert 0 < penalty(failures) <= penalty(failures + 1) <= LONGEST_PENALTY
    assert penalty(failures, busy=True) == min(penalty(failures), BUSY_PENALTY)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("error", "longest"),
    [(OperationalError("database is locked"), BUSY_PENALTY), (ValueError("no pack"), 60.0)],
)
def test_who_found_the_database_busy_soon_looks_again(error: Exception, longest: float) -> None:
    def fail(_now: datetime) -> int:
        raise error

    turn = _Turn(Task("follow", fail, 0.25))
    for _ in range(12):
        turn.look(datetime(2030, 1, 1, tzinfo=UTC))
    assert turn.pause == longest
    assert turn.health.failures == 12
