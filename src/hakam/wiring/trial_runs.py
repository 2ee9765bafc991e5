"""Trials of drafts run in a process of their own, so that judging millions of events stalls no lane of the worker."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import msgspec

from hakam.door.scoring import with_scores
from hakam.intake.again import with_all_scores
from hakam.review import trials
from hakam.vocabulary.event import Event
from hakam.wiring import ports, programs
from hakam.wiring.settings import Settings

STOPS_WITHIN = 5.0  # seconds that a process is given to end by itself


def events_since(since: datetime) -> Iterator[Event]:
    """Yield the events that the door took in since a moment, with all scores that are known of them by now."""
    for record, scores in with_all_scores(ports.event_log().scan(since.timestamp())):
        yield with_scores(msgspec.json.decode(record.raw, type=Event), scores)


def run_all(_settings: Settings) -> None:
    """Run every trial that waits."""
    while trials.run_next(events_since, clock=trials.utc_now):
        pass


class TrialProcess:
    """The process beside the worker: started when a trial waits, ended with the worker."""

    def __init__(self, settings: Settings) -> None:
        self._log = settings.home / "logs" / "trials.log"
        self._running: subprocess.Popen[bytes] | None = None

    def look(self, now: datetime) -> int:
        """Start the process if a trial waits and none runs here; return how many were started."""
        if (self._running is not None and self._running.poll() is None) or not trials.due(now):
            return 0
        self._close()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603 -- our own program, no shell
                list(programs.command(programs.TRIALS)),
                stdin=subprocess.PIPE,  # its lifeline: it ends when the worker is gone
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ.copy(),
            )
        return 1

    def stop(self) -> None:
        """End the process. The trial is taken up again by the next worker, when its lease has run out."""
        if self._running is None:
            return
        self._running.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(STOPS_WITHIN)
        self._running.kill()
        self._close()

    def _close(self) -> None:
        if self._running is not None:
            if self._running.stdin:
                self._running.stdin.close()
            self._running.wait()
            self._running = None
