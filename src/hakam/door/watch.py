"""Interrupting what takes too long: a thread that looks on while events are judged.

What a rule costs is bounded when its pack is checked, texts are bounded by the size of an event and every pattern is
linear in them, so this never acts, unless something is broken. It then raises `OverranError` in the thread that
judges. Each rule has its own `try`, so the error ends that very rule and the others go on. Processor time is measured,
not time on the clock: a busy machine or a suspended process interrupts nobody.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakSet

from hakam.policy.quarantine import OverranError

BUDGET = (
    0.1  # seconds of processor time for the rules of one event; the dearest pack takes some hundredths of it
)
EVERY = 0.05  # seconds between two looks

Result = TypeVar("Result")

_SOON = 1_000  # turns of a loop within which what is set in one's own thread is raised

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Guard:
    """What one judgement is watched by. One thread judges at a time."""

    __slots__ = ("__weakref__", "_lock", "_number", "fired", "running", "thread")

    def __init__(self) -> None:
        self.running = 0  # the number of the event that is being judged, 0 for none
        self.thread = 0
        self.fired = False
        self._number = 0
        self._lock = threading.Lock()

    def __call__(self, judge: Callable[..., Result], *given: Any) -> Result:
        """Return `judge(*given)`. Raises `OverranError` if it was interrupted outside of any rule."""
        self.thread = threading.get_ident()
        self._number = self.running = self._number + 1
        try:
            return judge(*given)
        finally:
            self.running = 0
            if self.fired:
                self.calm()

    def calm(self) -> None:
        """Make sure that nothing more is raised in this thread for what it has done.

        What was set and not raised yet can be taken back, but the interpreter would look for it at every turn from then
        on, and Python 3.11 never come back from a traced call. So another takes its place and is met here.
        """
        last = False
        while True:
            try:
                self.running = 0
                with self._lock:  # whoever interrupts has done so by now
                    self.fired = False
                last = True
                _raise_in(ctypes.c_ulong(threading.get_ident()), ctypes.py_object(OverranError))
                for _ in range(_SOON):
                    pass
            except OverranError:
                if not last:
                    continue
            return

    def interrupt(self, number: int) -> bool:
        """Raise `OverranError` where the event of this number is judged; false if that is over."""
        with self._lock:
            if self.running != number:
                return False
            self.fired = True
            if self.running != number:  # it ended meanwhile, and may not have seen the line above
                self.fired = False
                return False
            _raise_in(ctypes.c_ulong(self.thread), ctypes.py_object(OverranError))
        return True


class Watch:
    """The thread that looks on. `budget` and `every` are seconds."""

    def __init__(self, *, budget: float = BUDGET, every: float = EVERY) -> None:
        self.interrupted = 0
        self._budget, self._every = budget, every
        self._guards: WeakSet[Guard] = WeakSet()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def guard(self) -> Guard:
        """Return a guard that is watched from now on, as long as somebody holds it."""
        made = Guard()
        self._guards.add(made)
        return made

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        since: dict[Guard, tuple[int, float]] = {}
        while not self._stop.wait(self._every):
            with suppress(RuntimeError):  # a guard came while they were listed: it is looked at next time
                since = self._looked_at(list(self._guards), since)

    def _looked_at(
        self, guards: list[Guard], since: dict[Guard, tuple[int, float]]
    ) -> dict[Guard, tuple[int, float]]:
        """Interrupt what is over its budget; return what is under way, with its processor time when first seen."""
        under_way: dict[Guard, tuple[int, float]] = {}
        for guard in guards:
            number = guard.running
            if not number:
                continue
            used = processor_seconds(guard.thread)
            before = since.get(guard)
            if before is None or before[0] != number:
                under_way[guard] = (number, used)
            elif used - before[1] < self._budget:
                under_way[guard] = before
            elif guard.interrupt(number):
                self.interrupted += 1
                under_way[guard] = (number, used)  # another rule may be no better
        return under_way


def processor_seconds(thread: int) -> float:
    """Return the processor time of a running thread, or the time on the clock where the system does not tell."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    return time.clock_gettime(clock_of(thread)) if clock_of is not None else time.monotonic()
