"""Group commit: one thread writes; the next group starts as the last fsync ends, and holds all that came meanwhile.

No timer: a lone event is on disk after one fsync, and under load groups grow by themselves.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from hakam.storage.event_log import Appended, Entry, EventLog

ENOUGH = 200  # events worth waking the thread for, while others are still being judged
MAX_GROUP = 4_000  # events in one fsync: bounds how long the first of them waits


Done = Callable[[Sequence[Appended] | Exception], None]
_log = logging.getLogger("hakam.door")


class Waiting:
    """Some entries that were judged together, on their way to the disk."""

    __slots__ = ("done", "entries", "size")

    def __init__(self, entries: Sequence[Entry], done: Done) -> None:
        self.entries = entries
        self.done = done
        self.size = sum(len(entry.raw) + len(entry.verdict) for entry in entries)


class GroupCommit:
    """The one writer of the log. `submit` and the answers live in the event loop, the writing in a thread."""

    def __init__(
        self,
        log: EventLog,
        loop: asyncio.AbstractEventLoop,
        *,
        max_events: int,
        max_bytes: int,
        observe: Callable[[int, float], None] = lambda _events, _seconds: None,
    ) -> None:
        self._log = log
        self._loop = loop
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._observe = observe
        self._queue: deque[Waiting] = deque()
        self._gathered: list[Waiting] = []
        self._gathered_events = 0
        self._wake = threading.Condition()
        self._stopping = False
        self.events = 0  # judged and not yet answered
        self.bytes = 0
        self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether no more should be judged until some of what waits is on disk."""
        return self.events >= self._max_events or self.bytes >= self._max_bytes

    def submit(self, entries: Sequence[Entry], done: Done) -> None:
        """Queue `entries`; `done` is told one answer each once they are durable, or the log's error."""
        waiting = Waiting(entries, done)
        self.events += len(entries)
        self.bytes += waiting.size
        if not self._gathered:
            self._loop.call_soon(
                self._hand_over
            )  # after all that is ready in the loop now: one wake-up for many
            self._gathered_events = 0
        self._gathered.append(waiting)
        self._gathered_events += len(entries)
        if self._gathered_events >= ENOUGH:
            self._hand_over()

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        if gathered:
            with self._wake:
                self._queue += gathered
                self._wake.notify()

    def stop(self) -> None:
        """Write what is queued, then end the thread. Blocks until the last fsync; submit nothing meanwhile."""
        self._hand_over()
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join()

    def _take(self) -> list[Waiting]:
        with self._wake:
            while not self._queue and not self._stopping:
                self._wake.wait()
            group: list[Waiting] = []
            events = 0
            while self._queue and (not group or events + len(self._queue[0].entries) <= MAX_GROUP):
                waiting = self._queue.popleft()
                events += len(waiting.entries)
                group.append(waiting)
            return group

    def _run(self) -> None:
        while group := self._take():
            entries = [entry for waiting in group for entry in waiting.entries]
            started = time.perf_counter()
            try:
                answers: list[Appended] | Exception = self._log.append(entries)
            except Exception as error:  # noqa: BLE001 -- whatever it is, those who wait must hear of it
                answers = error
            self._observe(len(entries), time.perf_counter() - started)
            self._loop.call_soon_threadsafe(self._answer, group, answers)

    def _answer(self, group: list[Waiting], answers: list[Appended] | Exception) -> None:
        start = 0
        for waiting in group:
            end = start + len(waiting.entries)
            self.events -= len(waiting.entries)
            self.bytes -= waiting.size
            try:
                waiting.done(answers if isinstance(answers, Exception) else answers[start:end])
            except Exception:  # noqa: BLE001 -- one who can't be told must not keep it from the others
                _log.exception("an answer could not be given")
            start = end
