"""The worker: whatever must happen without anybody asking for it.

Its tasks run in lanes, one thread each, so that a slow endpoint delays deliveries and nothing else. A
task that fails is tried again later, and the others go on. A heartbeat file tells how each task fares.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from django.db import OperationalError, close_old_connections, connections

LOG = logging.getLogger("hakam.worker")
SHORTEST_REST = 0.02  # seconds between two looks while there was work a moment ago
LONGEST_PENALTY = 60.0  # seconds that a failing task waits at most
BUSY_PENALTY = (
    4.0  # and one that found the database locked or away: nothing is wrong with it, and people wait for it
)
BEAT_SECONDS = 2.0


class Task(NamedTuple):
    """One duty. `run` returns how many things it did; `rest` is the longest pause between looks, in s."""

    name: str
    run: Callable[[datetime], int]
    rest: float


class Health(msgspec.Struct):
    """How one task fares. Times are Unix seconds."""

    runs: int = 0
    done: int = 0
    failures: int = 0  # in a row
    last_ok: float | None = None
    last_error: str = ""


class Heartbeat(msgspec.Struct, frozen=True):
    """What the file of a living worker says."""

    pid: int
    started_at: float
    at: float
    tasks: dict[str, Health]


def next_rest(*, rest: float, did: int, previous: float) -> float:
    """Return the pause before the next look: none while there is work, then doubling up to `rest`."""
    if did:
        return 0.0
    return min(rest, max(SHORTEST_REST, previous * 2))


def penalty(failures: int, *, busy: bool = False) -> float:
    """Return how long a task that failed `failures` times in a row waits; `busy`: the database did not let it."""
    return min(BUSY_PENALTY if busy else LONGEST_PENALTY, 0.5 * 2.0 ** min(failures - 1, 10))


def read_heartbeat(path: Path) -> Heartbeat | None:
    """Return what the worker last said of itself, or None if it never did."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Heartbeat)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(tz=UTC)


class _Turn:
    """A task with its time of next look."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.health = Health()
        self.pause = 0.0
        self.due = 0.0

    def look(self, now: datetime) -> None:
        """Run the task once. Whatever it raises is noted, never passed on."""
        self.health.runs += 1
        try:
            did = self.task.run(now)
        except Exception as error:
            self.health.failures += 1
            self.health.last_error = f"{type(error).__name__}: {error}"
            self.pause = penalty(self.health.failures, busy=isinstance(error, OperationalError))
            LOG.exception(
                "%s failed, attempt %d; again in %.1f s", self.task.name, self.health.failures, self.pause
            )
            close_old_connections()
        else:
            if self.health.failures:
                LOG.warning("%s works again after %d failures", self.task.name, self.health.failures)
            self.health.failures = 0
            self.health.done += did
            self.health.last_ok = time.time()
            self.pause = next_rest(rest=self.task.rest, did=did, previous=self.pause)
        self.due = time.monotonic() + self.pause


class Worker:
    """Runs lanes of tasks until told to stop. A task that is running then is let finish."""

    def __init__(
        self,
        lanes: Mapping[str, Sequence[Task]],
        *,
        heartbeat: Path,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._lanes = {name: [_Turn(task) for task in tasks] for name, tasks in lanes.items()}
        self._heartbeat = heartbeat
        self._clock = clock
        self._started_at = time.time()

    @property
    def health(self) -> dict[str, Health]:
        """How each task fares."""
        return {turn.task.name: turn.health for turns in self._lanes.values() for turn in turns}

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set and every lane has come to rest."""
        threads = [
            threading.Thread(target=self._run_lane, args=(turns, stop), name=f"lane-{name}")
            for name, turns in self._lanes.items()
        ]
        for thread in threads:
            thread.start()
        while not stop.is_set():
            self.beat()
            stop.wait(BEAT_SECONDS)
        for thread in threads:
            thread.join()
        self.beat()

    def _run_lane(self, turns: Sequence[_Turn], stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                moment = time.monotonic()
                for turn in turns:
                    if turn.due <= moment and not stop.is_set():
                        turn.look(self._clock())
                stop.wait(max(0.0, min(turn.due for turn in turns) - time.monotonic()))
        finally:
            connections.close_all()

    def beat(self) -> None:
        """Write the heartbeat file."""
        beat = Heartbeat(pid=os.getpid(), started_at=self._started_at, at=time.time(), tasks=self.health)
        fresh = self._heartbeat.with_suffix(f".{os.getpid()}.new")
        fresh.write_bytes(msgspec.json.encode(beat))
        fresh.replace(self._heartbeat)
