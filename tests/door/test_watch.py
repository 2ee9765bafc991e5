"""What takes too long is interrupted where it runs, and nothing else ever is."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hakam.door.watch import Guard, Watch, processor_seconds
from hakam.policy.quarantine import OverranError


@pytest.fixture
def watch() -> Iterator[Watch]:
    made = Watch(budget=0.02, every=0.005)
    yield made
    made.stop()


def busy(seconds: float) -> int:
    """Use the processor for so long, unless interrupted."""
    turns, start = 0, time.thread_time()
    while time.thread_time() - start < seconds:
        turns += 1
    return turns


def test_what_is_quick_gives_its_answer(watch: Watch) -> None:
    guard = watch.guard()
    assert [guard(lambda n: n + 1, n) for n in range(2_000)] == list(range(1, 2_001))
    assert watch.interrupted == 0


def test_what_never_ends_is_ended(watch: Watch) -> None:
    guard = watch.guard()
    start = time.thread_time()
    with pytest.raises(OverranError):
        guard(busy, 1e9)
    assert time.thread_time() - start < 5
    guard.calm()
    assert watch.interrupted == 1


def test_who_catches_it_goes_on(watch: Watch) -> None:
    """As the compiled function does, where each rule has its own `try`."""

    def judge() -> str:
        try:
            busy(1e9)
        except Exception as error:  # noqa: BLE001 -- as generated
            return type(error).__name__
        return "nothing"

    guard = watch.guard()
    assert guard(judge) == "OverranError"
    assert guard(lambda: "and then") == "and then"


def test_two_that_never_end_are_both_ended(watch: Watch) -> None:
    def judge() -> int:
        caught = 0
        for _ in range(2):
            try:
                busy(1e9)
            except OverranError:
                caught += 1
        return caught

    assert watch.guard()(judge) == 2


def test_waiting_is_not_interrupted(watch: Watch) -> None:
    """A machine that gives us no time is not the rule's fault."""
    assert watch.guard()(lambda: time.sleep(0.2)) is None
    assert watch.interrupted == 0


def test_an_error_of_its_own_goes_through(watch: Watch) -> None:
    def judge() -> None:
        raise LookupError("its own")

    with pytest.raises(LookupError, match="its own"):
        watch.guard()(judge)


def test_an_interruption_that_comes_too_late_does_nothing() -> None:
    guard = Guard()
    assert guard(lambda: guard.running) == 1
    assert not guard.interrupt(1)
    busy(0.01)  # it would be raised here


def test_an_interruption_that_was_not_raised_yet_is_taken_back() -> None:
    """It is set in the thread by another one at the last moment, while no line of the thread's own runs."""
    guard = Guard()
    guard.thread = threading.get_ident()
    guard.running = 7
    started = threading.Event()

    def interrupt() -> None:
        started.wait()  # an interruption in the middle of a start would be met by what starts threads
        guard.interrupt(7)

    worker = threading.Thread(target=interrupt)
    worker.start()
    try:
        started.set()
        worker.join()
    except OverranError:
        pass
    guard.calm()
    busy(0.01)
    assert not guard.fired


TRACED = """
import sys
from hakam.door.watch import Watch
from hakam.policy.quarantine import OverranError

def forever():
    while True:
        pass

guard = Watch(budget=0.01, every=0.005).guard()
for raised in range(3):
    try:
        guard(forever)
    except OverranError:
        continue
    raise SystemExit("not interrupted")
guard.calm()
sys.settrace(lambda *_: None)
(lambda: None)()
print("traced")
"""


def test_an_interrupted_thread_can_still_be_traced() -> None:
    """In a process of its own, since a traced call would never end where the interpreter still looks for an error."""
    done = subprocess.run(
        [sys.executable, "-c", TRACED], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout.strip(), done.returncode) == ("traced", 0), done.stderr


def test_nothing_is_ever_raised_outside(watch: Watch) -> None:
    """Many that end about when they would be interrupted: each ends, or is interrupted inside."""
    guard = watch.guard()
    ended = interrupted = 0
    for n in range(60):
        try:
            guard(busy, 0.018 + n % 10 * 0.002)
            ended += 1
        except OverranError:
            guard.calm()
            interrupted += 1
        sum(range(2_000))  # whatever comes afterwards is left alone
    assert ended + interrupted == 60


def test_each_thread_has_its_own_time() -> None:
    """A thread that works beside is not counted."""
    found: list[float] = []

    def work() -> None:
        busy(0.1)
        found.append(processor_seconds(threading.get_ident()))

    here = processor_seconds(threading.get_ident())
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    assert found[0] >= 0.1
    assert processor_seconds(threading.get_ident()) - here < 0.1


def test_a_guard_that_nobody_holds_is_not_looked_at(watch: Watch) -> None:
    held: list[Any] = [watch.guard()]
    assert len(watch._guards) == 1
    held.clear()
    until = time.monotonic() + 60
    while watch._guards:  # it may be looked at in this very moment
        assert time.monotonic() < until
        time.sleep(0.005)
