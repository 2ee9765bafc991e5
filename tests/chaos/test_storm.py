"""Processes die under load: what was acknowledged is there, what was decided is done once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.chaos.storm import PROCESSES, Plan, brew

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX"),
    pytest.mark.timeout(7_200),
]
SEED = 20_260_214


def test_nothing_is_lost_and_nothing_is_done_twice(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    kills = int(request.config.getoption("--kills"))
    everyday = kills < 10
    plan = Plan(seed=SEED, kills=kills, together=1 if everyday else kills, pace=0.3 if everyday else 0.15)
    found = brew(tmp_path, plan)
    shown = "\n".join([*found.broken, str(found.figures), found.doctor])
    assert found.broken == [], shown
    assert found.doctor_code == 0, shown
    assert all(found.restarts[name] >= kills for name in PROCESSES), shown
    # The storm must have met real work, or it proves nothing.
    assert found.figures["events acknowledged"] > 15 * kills, shown
    assert found.figures["requests repeated"] > 0, shown
    assert found.figures["messages carried out"] > 2 * kills, shown
    assert found.figures["verdicts with measures"] > kills, shown
    assert everyday or found.figures["measures reversed"] > 0, shown
    assert everyday or found.figures["messages repeated"] > 0, shown
