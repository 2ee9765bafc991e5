"""A whole installation on a home of its own: the real processes, started as Hakam starts them."""

from __future__ import annotations

import base64
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import httpx
import msgspec
from tests.furnish import Furniture, Order, Person
from tests.receiver import Habits, Received, read_journal

from hakam.wiring import programs
from hakam.wiring.processes import ProcessState, Supervisor
from hakam.wiring.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = "forum"
READY_SECONDS = 180.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class House:
    """A home with its settings, its platform and its processes. Use it with `with`."""

    def __init__(
        self,
        home: Path,
        *,
        pack: Path | None = None,
        people: Sequence[Person] = (),
        habits: Habits | None = None,
        settings: dict[str, str] | None = None,
    ) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.journal = home / "received.ndjson"
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.habits = msgspec.structs.replace(
            habits or Habits(0, "", ""), port=free_port(), secret=self.secret, journal=str(self.journal)
        )
        console, door = free_port(), free_port()
        self.console_url, self.door_url = f"http://127.0.0.1:{console}", f"http://127.0.0.1:{door}"
        self._database = _Database()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
        self.environment = {
            **inherited,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "HAKAM_HOME": str(home),
            "HAKAM_DATABASE_URL": self._database.url,
            "HAKAM_PLATFORM": PLATFORM,
            "HAKAM_PLATFORM_NAME": "Forum",
            "HAKAM_BASE_URL": self.console_url,
            "HAKAM_CONSOLE_PORT": str(console),
            "HAKAM_DOOR_PORT": str(door),
            "HAKAM_ALLOW_PRIVATE_ENDPOINTS": "true",
            **({"HAKAM_PACK": str(pack)} if pack else {}),
            **(settings or {}),
        }
        self.settings = read_settings({n: v for n, v in self.environment.items() if n.startswith("HAKAM_")})
        self._people = tuple(people)
        self.furniture = Furniture("", "", {})
        self._receiver: subprocess.Popen[bytes] | None = None
        self._supervisor: Supervisor | None = None
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None
        self.restarts: dict[str, int] = {}
        self._frozen: list[int] = []

    # Life

    def __enter__(self) -> Self:
        """Furnish the home and start everything."""
        try:
            self.start_receiver()
            self.furniture = self._furnish()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self.close()

    def close(self) -> None:
        """End what runs, in order, and drop the database."""
        self.stop()
        if self._receiver is not None:
            self._receiver.terminate()
            self._receiver.wait()
            self._receiver = None
        self._database.drop()

    def _furnish(self) -> Furniture:
        order = Order(
            platform=PLATFORM,
            people=self._people,
            hook_url=f"http://127.0.0.1:{self.habits.port}/hooks",
            hook_secret=self.secret,
        )
        return msgspec.json.decode(
            self.run("tests.furnish", given=msgspec.json.encode(order)).stdout, type=Furniture
        )

    def run(
        self, module: str, *arguments: str, given: bytes = b"", check: bool = True, timeout: float = 300
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a module of Python on this home."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            input=given,
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr.decode()[-3000:]}")
        return done

    def hakam(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Run the command `hakam` on this home."""
        return self.run("hakam.cli", *arguments, check=check)

    def start(self) -> None:
        """Start door, worker and console under the supervisor, and wait until all are healthy."""
        wanted = [replace(p, environment=self.environment) for p in programs.programs(self.settings)]
        self._supervisor = Supervisor(wanted, logs=self.home / "logs", on_change=self._changed)
        self._supervisor.start()
        self._supervisor.wait_ready(timeout=READY_SECONDS)
        self._stop.clear()
        self._poller = threading.Thread(target=self._poll, name="supervisor", daemon=True)
        self._poller.start()

    def stop(self) -> None:
        """End the processes gently."""
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen.clear()
        self._stop.set()
        if self._poller is not None:
            self._poller.join()
            self._poller = None
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None

    def _poll(self) -> None:
        assert self._supervisor is not None
        while not self._stop.wait(0.02):
            self._supervisor.poll()

    def _changed(self, name: str, state: ProcessState, _note: str) -> None:
        if state is ProcessState.WAITING:
            self.restarts[name] = self.restarts.get(name, 0) + 1

    # Violence

    def kill(self, *names: str) -> list[str]:
        """Send SIGKILL to processes, all in the same instant; return those that were alive."""
        assert self._supervisor is not None
        pids = self._supervisor.pids
        hit = []
        for name in names:
            if name in pids:
                with suppress(ProcessLookupError):
                    os.kill(pids[name], signal.SIGKILL)
                    hit.append(name)
        return hit

    def ready(self, *names: str) -> bool:
        """Whether these processes, or all, are healthy."""
        assert self._supervisor is not None
        states = self._supervisor.states
        return all(states[name] is ProcessState.READY for name in names or states)

    def wait_ready(self, *names: str, timeout: float = READY_SECONDS) -> None:
        """Wait until these processes, or all, are healthy."""
        until = time.monotonic() + timeout
        while not self.ready(*names):
            if time.monotonic() > until:
                raise TimeoutError(f"{names or 'all'} not ready; {self.log_ends()}")
            time.sleep(0.02)

    def stop_one(self, name: str) -> None:
        """Freeze a process, so that it is there and does nothing, until the house is closed."""
        assert self._supervisor is not None
        os.kill(self._supervisor.pids[name], signal.SIGSTOP)
        self._frozen.append(self._supervisor.pids[name])

    def log_ends(self) -> str:
        """Return the end of every log, for a person who must find out what went wrong."""
        logs = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"-- {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    # The platform

    def start_receiver(self) -> None:
        """Start the platform's receiver and wait until it answers."""
        self._receiver = subprocess.Popen(
            [sys.executable, "-m", "tests.receiver"], stdin=subprocess.PIPE, env=self.environment, cwd=ROOT
        )
        assert self._receiver.stdin is not None
        self._receiver.stdin.write(msgspec.json.encode(self.habits) + b"\n")
        self._receiver.stdin.close()
        wait_for_port(self.habits.port)

    def received(self) -> list[Received]:
        """Return what the platform took, repeats left out."""
        return [line for line in read_journal(self.journal) if not line.repeat]

    @contextmanager
    def client(self, url: str, *, timeout: float = 15.0) -> Iterator[httpx.Client]:
        """Give a client with the platform's key."""
        headers = {"authorization": f"Bearer {self.furniture.key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False) as client:
            yield client


def wait_for_port(port: int, *, seconds: float = 30.0) -> None:
    """Wait until somebody listens."""
    until = time.monotonic() + seconds
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if time.monotonic() > until:
            raise TimeoutError(f"nobody listens on {port}")
        time.sleep(0.05)


class _Database:
    """The control database of a house: SQLite in its home, or one of its own where PostgreSQL is tested."""

    def __init__(self) -> None:
        self.url, self._server, self._name = "", "", ""
        given = os.environ.get("HAKAM_DATABASE_URL", "")
        if given:
            self._server = f"{given.rpartition('/')[0]}/postgres"
            self._name = f"hakam_house_{secrets.token_hex(4)}"
            self._do(f'CREATE DATABASE "{self._name}"')
            self.url = f"{given.rpartition('/')[0]}/{self._name}"

    def drop(self) -> None:
        if self._name:
            self._do(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')
            self._name = ""

    def _do(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415 -- only where PostgreSQL is tested

        with psycopg.connect(
            self._server.replace("postgres://", "postgresql://", 1), autocommit=True
        ) as server:
            server.execute(statement)
