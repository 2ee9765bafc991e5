"""The supervisor: starts the programs of one machine, waits for their health, restarts what crashes.

A child gets a process group of its own, so that Ctrl-C in a terminal reaches the supervisor alone, which then
ends the children in order. Its standard input is a pipe that nobody writes to: when the supervisor dies,
however it dies, the pipe ends and the child stops itself (`watch_lifeline`). So nothing is ever orphaned.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

STEADY_SECONDS = 60.0  # a program that ran so long starts again without delay
FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0
EARLY_DEATHS = 3  # so many exits before it was ever ready, and it will never be
LOG_BYTES = 5_000_000
POSIX = os.name == "posix"


class ProcessState(StrEnum):
    """The life of a supervised program."""

    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"  # crashed; its restart is due
    STOPPED = "stopped"


class ProgramFailedError(RuntimeError):
    """A program can't be started. `log` is the end of what it wrote."""

    def __init__(self, name: str, reason: str, log: str) -> None:
        self.name, self.log = name, log
        super().__init__(f"{name} {reason}")


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, and how to know that it works. `ready` is asked with the Unix time of the start."""

    name: str
    command: Sequence[str]
    ready: Callable[[float], bool]
    environment: Mapping[str, str] = field(default_factory=dict)


def restart_delay(crashes: int, ran_seconds: float) -> float:
    """Return the seconds to wait before the next start: doubled by each crash in a row, to half a minute."""
    if ran_seconds >= STEADY_SECONDS:
        return 0.0
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (crashes - 1))


def log_end(path: Path, size: int = 4_000) -> str:
    """Return the last `size` bytes of a log as text."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - size))
        return log.read().decode("utf-8", errors="replace")


class _Child:
    """One program and its present process."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.state = ProcessState.STOPPED
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.due_at = 0.0
        self.crashes = 0
        self.ever_ready = False

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.started_at = time.time()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started_at))
            log.write(f"--- {self.program.name} starts at {stamp}\n".encode())
            log.flush()
            self.process = subprocess.Popen(  # noqa: S603 -- our own programs, no shell
                list(self.program.command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.program.environment},
                start_new_session=POSIX,
                creationflags=0 if POSIX else getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self.state = ProcessState.STARTING

    def signal(self) -> None:
        """Ask it to end."""
        if self.process and self.process.poll() is None:
            with suppress(OSError):
                if POSIX:
                    self.process.terminate()
                else:
                    self.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        if self.process and self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()

    def kill_group(self) -> None:
        """End it and what it left behind: a server's own workers outlive it otherwise, and hold its port."""
        if self.process is None:
            return
        with suppress(OSError):
            if POSIX:
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
        self.process.wait()


OnChange = Callable[[str, ProcessState, str], None]


def _silent(_name: str, _state: ProcessState, _note: str) -> None:
    return


class Supervisor:
    """Runs programs until told to stop. Call `start`, then `poll` again and again, then `stop`."""

    def __init__(self, programs: Sequence[Program], *, logs: Path, on_change: OnChange = _silent) -> None:
        self._children = [_Child(program, logs / f"{program.name}.log") for program in programs]
        self._on_change = on_change

    @property
    def states(self) -> dict[str, ProcessState]:
        """The state of each program by name."""
        return {child.program.name: child.state for child in self._children}

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each program that runs."""
        return {
            c.program.name: c.process.pid for c in self._children if c.process and c.process.poll() is None
        }

    @property
    def all_ready(self) -> bool:
        """Whether every program answered its health check."""
        return all(child.state is ProcessState.READY for child in self._children)

    def start(self) -> None:
        """Start every program; health comes with `poll`."""
        for child in self._children:
            child.start()
            self._on_change(child.program.name, child.state, "")

    def poll(self) -> None:
        """Look at every program once: note health, plan restarts, restart what is due.

        Raises `ProgramFailedError` for a program that ends again and again before it was ever ready.
        """
        for child in self._children:
            self._look_at(child)

    def _look_at(self, child: _Child) -> None:
        now = time.time()
        process = child.process
        if child.state is ProcessState.WAITING:
            if now >= child.due_at:
                child.start()
                self._on_change(child.program.name, child.state, "again")
            return
        if process is None or child.state is ProcessState.STOPPED:
            return
        code = process.poll()
        if code is not None:
            self._crashed(child, code, now)
        elif child.state is ProcessState.STARTING and child.program.ready(child.started_at):
            child.state = ProcessState.READY
            child.ever_ready = True
            self._on_change(child.program.name, child.state, f"{now - child.started_at:.1f} s")

    def _crashed(self, child: _Child, code: int, now: float) -> None:
        child.kill_group()
        ran = now - child.started_at
        child.crashes = 1 if ran >= STEADY_SECONDS else child.crashes + 1
        if not child.ever_ready and child.crashes >= EARLY_DEATHS:
            raise ProgramFailedError(
                child.program.name, f"ended {child.crashes} times with code {code}", log_end(child.log)
            )
        delay = restart_delay(child.crashes, ran)
        child.due_at = now + delay
        child.state = ProcessState.WAITING
        self._on_change(child.program.name, child.state, f"ended with code {code}, again in {delay:.1f} s")

    def wait_ready(self, *, timeout: float, stop: threading.Event | None = None) -> bool:
        """Poll until all are ready; False if `stop` came first. `timeout` in seconds.

        Raises `ProgramFailedError` when the time is over.
        """
        until = time.monotonic() + timeout
        while not self.all_ready:
            self.poll()
            if (stop or threading.Event()).wait(0.05):
                return False
            if time.monotonic() > until:
                late = next(c for c in self._children if c.state is not ProcessState.READY)
                raise ProgramFailedError(
                    late.program.name, f"was not ready within {timeout:.0f} s", log_end(late.log)
                )
        return True

    def stop(self, *, grace: float = 20.0) -> None:
        """End all, last started first; what has not ended after `grace` seconds is killed."""
        running = [child for child in reversed(self._children) if child.process is not None]
        for child in running:
            child.signal()
        until = time.monotonic() + grace
        for child in running:
            process = child.process
            if process is None:
                continue
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, until - time.monotonic()))
            child.kill_group()
            child.state = ProcessState.STOPPED
            self._on_change(child.program.name, child.state, "")


def watch_lifeline() -> threading.Thread:
    """End this process gently when its standard input ends, which means that the supervisor is gone.

    It reads the descriptor itself: a thread that waits in `sys.stdin` holds its lock, and a server's
    worker that is forked meanwhile would wait for that lock for ever.
    """
    source = sys.stdin.fileno()

    def wait() -> None:
        while os.read(source, 4_096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=wait, name="lifeline", daemon=True)
    thread.start()
    return thread
