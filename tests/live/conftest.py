"""What every test of live streams leaves behind: nothing that runs on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_timer_runs_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cancel the timers that a test started: one would otherwise ask a server that is gone, in another test."""
    started: list[threading.Timer] = []
    start = threading.Timer.start

    def noted(timer: threading.Timer) -> None:
        started.append(timer)
        start(timer)

    monkeypatch.setattr(threading.Timer, "start", noted)
    yield
    for timer in started:
        timer.cancel()
