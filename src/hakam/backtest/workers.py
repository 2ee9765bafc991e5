"""All cores: a function over many pieces, in processes, a bounded number of pieces under way at a time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, Self, TypeVar

Result = TypeVar("Result")


class CancelledError(RuntimeError):
    """Whoever asked does not want the answer any more."""


class Pool(Protocol):
    """Where pieces are worked on: here, in processes of this machine, or on a cluster."""

    @property
    def width(self) -> int:
        """How many pieces are worked on at the same time."""
        ...

    @property
    def apart(self) -> bool:
        """Whether they are worked on by machines that share a storage with this one, but no memory."""
        ...

    def map(
        self,
        work: Callable[..., Result],
        pieces: Iterable[tuple[Any, ...]],
        *,
        cancelled: Callable[[], bool] = ...,
    ) -> Iterator[Result]:
        """Yield `work(*piece)` in the order of the pieces. Raises what a piece raised, and `CancelledError`."""
        ...


class Here:
    """This process, one piece after the other."""

    width = 1
    apart = False

    def map(  # noqa: D102 -- see `Pool.map`
        self,
        work: Callable[..., Result],
        pieces: Iterable[tuple[Any, ...]],
        *,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Result]:
        for piece in pieces:
            if cancelled():
                raise CancelledError("cancelled")
            yield work(*piece)


def ready() -> None:
    """Import what pieces need. The processes do so while whoever started them prepares the first piece."""
    import hakam.backtest.run  # noqa: F401, PLC0415 -- for the processes; it imports this module


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C leaves alone: a terminal tells all of them, and whoever started them ends them.

    What is blocked here stays blocked in a process that is started meanwhile, even before its first line runs.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Processes:
    """Processes of this machine. They are started anew (not forked), so that threads and locks stay behind."""

    apart = False

    def __init__(self, width: int | None = None) -> None:
        self.width = width or os.cpu_count() or 1
        self._executor = ProcessPoolExecutor(self.width, mp_context=multiprocessing.get_context("spawn"))
        with _without_interrupts():
            for _ in range(self.width):
                self._executor.submit(ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, why: type[BaseException] | None, *_: object) -> None:
        if why is KeyboardInterrupt:  # nobody waits for what is under way
            for process in list((self._executor._processes or {}).values()):  # noqa: SLF001 -- public from Python 3.14
                process.terminate()
        self._executor.shutdown(cancel_futures=True)

    def map(  # noqa: D102 -- see `Pool.map`
        self,
        work: Callable[..., Result],
        pieces: Iterable[tuple[Any, ...]],
        *,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Result]:
        waiting: deque[Future[Result]] = deque()
        try:
            for piece in pieces:
                if cancelled():
                    raise CancelledError("cancelled")
                with _without_interrupts():
                    waiting.append(self._executor.submit(work, *piece))
                while len(waiting) > 2 * self.width:
                    yield waiting.popleft().result()
            while waiting:
                if cancelled():
                    raise CancelledError("cancelled")
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
