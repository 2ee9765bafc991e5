"""The supervisor with real child processes: health, crashes, an end without orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hakam.wiring.processes import (
    FIRST_DELAY,
    LONGEST_DELAY,
    STEADY_SECONDS,
    ProcessState,
    Program,
    ProgramFailedError,
    Supervisor,
    log_end,
    restart_delay,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX")


def program(tmp_path: Path, name: str, code: str) -> Program:
    """Return a Python program that is ready once it has written `<name>.ready`."""
    ready = tmp_path / f"{name}.ready"

    def has_said_so(started_at: float) -> bool:
        return ready.exists() and ready.stat().st_mtime >= started_at - 0.05

    prelude = f"""
        import os, pathlib, signal, subprocess, sys, time
        ready = pathlib.Path({str(ready)!r})
    """
    body = textwrap.dedent(prelude) + textwrap.dedent(code)
    return Program(name=name, command=(sys.executable, "-c", body), ready=has_said_so)


SERVE = "ready.write_text('')\nprint('serving', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def supervise(tmp_path: Path) -> Callable[..., tuple[Supervisor, list[tuple[str, str]]]]:
    def make(*programs: Program) -> tuple[Supervisor, list[tuple[str, str]]]:
        seen: list[tuple[str, str]] = []
        supervisor = Supervisor(
            programs, logs=tmp_path / "logs", on_change=lambda name, state, _: seen.append((name, str(state)))
        )
        made.append(supervisor)
        return supervisor, seen

    made: list[Supervisor] = []
    yield make  # type: ignore[misc]
    for supervisor in made:
        supervisor.stop(grace=2)


def poll_until(supervisor: Supervisor, condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        supervisor.poll()
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def alive(pids: Sequence[int]) -> list[int]:
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def test_all_programs_start_become_ready_and_end(tmp_path: Path, supervise: Callable[..., tuple]) -> None:
    supervisor, seen = supervise(program(tmp_path, "a", SERVE), program(tmp_path, "b", SERVE))
    supervisor.start()
    assert supervisor.wait_ready(timeout=60)
    pids = list(supervisor.pids.values())
    assert len(pids) == 2
    supervisor.stop()
    assert alive(pids) == []
    assert supervisor.states == {"a": ProcessState.STOPPED, "b": ProcessState.STOPPED}
    assert [row for row in seen if row[1] == "stopped"] == [("b", "stopped"), ("a", "stopped")]
    assert "serving" in (tmp_path / "logs" / "a.log").read_text()


def test_a_program_that_crashes_is_started_again(tmp_path: Path, supervise: Callable[..., tuple]) -> None:
    supervisor, seen = supervise(program(tmp_path, "a", SERVE))
    supervisor.start()
    supervisor.wait_ready(timeout=60)
    first = supervisor.pids["a"]
    os.kill(first, signal.SIGKILL)
    poll_until(supervisor, lambda: supervisor.states["a"] is not ProcessState.READY)
    poll_until(supervisor, lambda: supervisor.states["a"] is ProcessState.READY)
    assert supervisor.pids["a"] != first
    assert [state for _, state in seen] == ["starting", "ready", "waiting", "starting", "ready"]


def test_workers_of_a_killed_server_do_not_outlive_it(
    tmp_path: Path, supervise: Callable[..., tuple]
) -> None:
    pidfile = tmp_path / "worker.pid"
    code = f"""
        worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pathlib.Path({str(pidfile)!r}).write_text(str(worker.pid))
        ready.write_text('')
        time.sleep(600)
    """
    supervisor, _ = supervise(program(tmp_path, "server", code))
    supervisor.start()
    supervisor.wait_ready(timeout=60)
    worker = int(pidfile.read_text())
    assert alive([worker]) == [worker]
    os.kill(supervisor.pids["server"], signal.SIGKILL)
    poll_until(supervisor, lambda: supervisor.states["server"] is ProcessState.WAITING)
    poll_until(supervisor, lambda: not alive([worker]))


def test_a_program_that_can_not_start_is_named_with_its_last_words(
    tmp_path: Path, supervise: Callable[..., tuple]
) -> None:
    supervisor, _ = supervise(program(tmp_path, "a", "print('no such database', flush=True)\nsys.exit(3)"))
    supervisor.start()
    with pytest.raises(ProgramFailedError, match="a ended 3 times with code 3") as caught:
        supervisor.wait_ready(timeout=120)
    assert "no such database" in caught.value.log


def test_a_program_that_never_gets_ready_is_named(tmp_path: Path, supervise: Callable[..., tuple]) -> None:
    supervisor, _ = supervise(program(tmp_path, "slow", "time.sleep(600)"))
    supervisor.start()
    with pytest.raises(ProgramFailedError, match="slow was not ready within 1 s"):
        supervisor.wait_ready(timeout=1)


def test_waiting_ends_when_asked_to_stop(tmp_path: Path, supervise: Callable[..., tuple]) -> None:
    supervisor, _ = supervise(program(tmp_path, "slow", "time.sleep(600)"))
    stop = threading.Event()
    stop.set()
    supervisor.start()
    assert not supervisor.wait_ready(timeout=10, stop=stop)


def test_a_program_that_ignores_the_signal_is_killed_after_its_grace(
    tmp_path: Path, supervise: Callable[..., tuple]
) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVE
    supervisor, _ = supervise(program(tmp_path, "deaf", deaf))
    supervisor.start()
    supervisor.wait_ready(timeout=60)
    pid = supervisor.pids["deaf"]
    began = time.monotonic()
    supervisor.stop(grace=0.5)
    assert alive([pid]) == []
    assert time.monotonic() - began < 15  # less than the grace that others are given


def test_children_end_by_themselves_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """`kill -9` of the supervisor: the lifeline ends and the child stops itself."""
    pidfile = tmp_path / "child.pid"
    child = (
        "import os, pathlib, time\n"
        "from hakam.wiring.processes import watch_lifeline\n"
        f"watch_lifeline(); pathlib.Path({str(pidfile)!r}).write_text(str(os.getpid())); time.sleep(600)\n"
    )
    parent = (
        "import pathlib, sys, time\n"
        "from hakam.wiring.processes import Program, Supervisor\n"
        f"p = Program(name='c', command=(sys.executable, '-c', {child!r}), ready=lambda _: True)\n"
        f"s = Supervisor([p], logs=pathlib.Path({str(tmp_path)!r})); s.start(); time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    until = time.monotonic() + 60
    while not (pidfile.exists() and pidfile.read_text()):
        assert time.monotonic() < until
        time.sleep(0.05)
    pid = int(pidfile.read_text())
    process.kill()
    process.wait()
    until = time.monotonic() + 60
    while alive([pid]):
        assert time.monotonic() < until, "the child outlived its supervisor"
        time.sleep(0.05)


@given(crashes=st.integers(1, 200), ran=st.floats(0, STEADY_SECONDS, exclude_max=True))
def test_restarts_wait_longer_each_time_and_never_too_long(crashes: int, ran: float) -> None:
    delay = restart_delay(crashes, ran)
    assert FIRST_DELAY <= delay <= LONGEST_DELAY
    assert delay <= restart_delay(crashes + 1, ran)


def test_a_program_that_ran_steadily_starts_again_at_once() -> None:
    assert restart_delay(7, STEADY_SECONDS) == 0


def test_the_end_of_a_log_is_read_however_long_it_is(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    assert log_end(log) == ""
    log.write_bytes(b"x" * 10_000 + "النهاية".encode())
    assert log_end(log, 100).endswith("النهاية")
