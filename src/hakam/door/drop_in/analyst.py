"""One thread that reads texts for all requests: what waits together is read together, and not too much may wait."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # they load NumPy, which a door that no client asks for scores need not wait for
    from hakam.signals.models.reading import Reader, Reading

MAX_WAITING = 4_000  # texts
BATCH = 32


class BusyError(RuntimeError):
    """Too many texts wait. Try again in a second."""


class _Job(NamedTuple):
    texts: list[str]
    languages: list[str | None]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[list[Reading]]


class Analyst:
    """Reads texts in a thread of its own. The models are loaded when the first text comes, or by `prepare`.

    `used`: a file that remembers that texts came. Where it is there, the models are loaded at once: some clients wait
    no longer than a second, also for the first answer after a restart.
    """

    def __init__(
        self, load: Callable[[], Reader], *, max_waiting: int = MAX_WAITING, used: Path | None = None
    ) -> None:
        self._load = load
        self._used = used
        self._max_waiting = max_waiting
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._thread: threading.Thread | None = None
        if used is not None and used.exists():
            self.prepare()

    def prepare(self) -> None:
        """Load the models now, in the thread; whoever asks meanwhile waits for them."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="analyst", daemon=True)
            self._thread.start()

    async def read(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Reading]:
        """Return a reading of each text. Raises `BusyError`; whatever goes wrong in the models is raised too."""
        if self._waiting and self._waiting + len(texts) > self._max_waiting:
            raise BusyError(f"{self._waiting:,} texts wait")
        self.prepare()
        loop = asyncio.get_running_loop()
        job = _Job(list(texts), list(languages), loop, loop.create_future())
        self._waiting += len(texts)
        try:
            self._jobs.put(job)
            return await job.future
        finally:
            self._waiting -= len(texts)

    def stop(self, seconds: float | None = None) -> None:
        """End the thread after what it reads now; wait for it, at most `seconds`."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(seconds)
            self._thread = None

    def _run(self) -> None:
        with suppress(OSError):  # a full disk: it is loaded later the next time
            if self._used is not None:
                self._used.touch()
        with suppress(Exception):  # it comes again for those who ask, and is theirs
            self._load()
        while (job := self._jobs.get()) is not None:
            jobs, count = [job], len(job.texts)
            while count < BATCH:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._jobs.put(None)
                    break
                jobs.append(more)
                count += len(more.texts)
            self._together(jobs)

    def _together(self, jobs: list[_Job]) -> None:
        try:
            readings = self._load().read(
                [text for job in jobs for text in job.texts], [tag for job in jobs for tag in job.languages]
            )
        except Exception as error:  # noqa: BLE001 -- it belongs to those who wait
            for job in jobs:
                _tell(job, None, error)
            return
        place = 0
        for job in jobs:
            _tell(job, readings[place : place + len(job.texts)], None)
            place += len(job.texts)


def _tell(job: _Job, readings: list[Reading] | None, error: Exception | None) -> None:
    def tell() -> None:
        if job.future.done():  # the client went away
            return
        if error is not None:
            job.future.set_exception(error)
        else:
            assert readings is not None
            job.future.set_result(readings)

    job.loop.call_soon_threadsafe(tell)
