"""A clock that never goes back, whatever somebody does to the machine's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.live.waiting.hall import plan

from hakam.live.waiting.admission import Admission, NodeReport
from hakam.live.waiting.steady import SteadyClock

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


class Machine:
    """A machine's two clocks: one that people set, one that only runs."""

    def __init__(self) -> None:
        self.wall, self.steady = NOON, 500.0
        self.clock = SteadyClock(wall=lambda: self.wall, steady=lambda: self.steady)

    def passes(self, seconds: float) -> datetime:
        self.wall += timedelta(seconds=seconds)
        self.steady += seconds
        return self.clock()


def test_it_follows_the_machine_s_clock_forward() -> None:
    machine = Machine()
    assert machine.passes(5) == NOON + timedelta(seconds=5)
    machine.wall += timedelta(minutes=2)  # the machine slept
    assert machine.passes(1) == NOON + timedelta(seconds=126)


def test_set_back_it_goes_on_at_its_own_pace_until_the_machine_has_caught_up() -> None:
    machine = Machine()
    machine.passes(10)
    machine.wall -= timedelta(seconds=100)
    assert [machine.passes(1) for _ in range(3)] == [NOON + timedelta(seconds=n) for n in (11, 12, 13)]
    machine.wall += timedelta(seconds=101)  # set right again
    assert machine.passes(1) == NOON + timedelta(seconds=15)


def test_admission_steps_down_again_although_a_clock_was_set_back_before_a_restart(tmp_path: Path) -> None:
    chosen = plan(settle_seconds=10)
    path, report = tmp_path / "admission.json", NodeReport("a", ({}, {}, {}), (0, 0, 0))
    later = chosen.opens_at + timedelta(minutes=10)
    assert Admission(chosen, path).tick([report], now=later, load=1.0).step == "slowed"
    again = Admission(chosen, path)
    back = chosen.opens_at + timedelta(minutes=2)
    assert again.tick([report], now=back, load=1.0).step == "slowed"
    assert again.tick([report], now=back + timedelta(seconds=11), load=1.0).step == "priority"
