"""`hakam up` and `hakam demo --exit`, whole: real processes, real HTTP, a real end."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.sockets, pytest.mark.embedded, pytest.mark.timeout(280)]


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class Up:
    """`hakam up` as a program."""

    def __init__(self, home: Path, *words: str) -> None:
        self.console, self.door, self.demo = free_ports(3)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
        self.environment = {
            **environment,
            "HAKAM_HOME": str(home),
            "HAKAM_CONSOLE_PORT": str(self.console),
            "HAKAM_DOOR_PORT": str(self.door),
            "HAKAM_DEMO_PORT": str(self.demo),
            "COLUMNS": "140",
        }
        self.home = home
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hakam.cli", "up", *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_until_running(self, seconds: float = 150) -> str:
        said, until = [], time.monotonic() + seconds
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said.append(line)
            if "Ctrl-C ends" in line:
                return "".join(said)
            assert time.monotonic() < until, "".join(said)
        raise AssertionError("".join(said))

    def get(self, port: int, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return int(answer.status)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=120)
        return self.process.returncode, said


@pytest.fixture
def up(tmp_path: Path) -> Iterator[type[Up]]:
    started: list[Up] = []

    class Started(Up):
        def __init__(self, *words: str, home: Path | None = None) -> None:
            super().__init__(home or tmp_path / "home", *words)
            started.append(self)

    yield Started  # type: ignore[misc]
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate()


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=60)
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


def test_everything_starts_answers_and_ends_on_ctrl_c(up: type[Up]) -> None:
    running = up()
    said = running.wait_until_running()
    assert "Nobody can sign in yet" in said
    assert f"http://127.0.0.1:{running.console}/" in said
    assert running.get(running.console, "/healthz") == 200
    assert running.get(running.console, "/rules") == 200
    assert running.get(running.door, "/healthz") == 200
    children = running.children()
    assert len(children) >= 3
    code, said = running.end()
    assert code == 0
    assert "Stopped. Everything is saved." in said
    assert gone(children)
    again = up()
    again.wait_until_running()
    assert again.end(signal.SIGTERM)[0] == 0


def test_a_killed_program_comes_back_and_a_killed_supervisor_leaves_nobody(up: type[Up]) -> None:
    running = up()
    running.wait_until_running()
    beat = json.loads((running.home / "worker.json").read_text())
    psutil.Process(beat["pid"]).kill()
    until = time.monotonic() + 60
    while json.loads((running.home / "worker.json").read_text())["pid"] == beat["pid"]:
        assert time.monotonic() < until, "the worker did not come back"
        time.sleep(0.2)
    children = running.children()
    running.process.kill()
    assert gone(children)


def test_a_second_one_on_the_same_home_is_refused_in_a_sentence(up: type[Up]) -> None:
    running = up()
    running.wait_until_running()
    second = up()
    said, _ = second.process.communicate(timeout=120)
    assert second.process.returncode == 1
    assert "another `hakam up` runs on" in said
    assert "Traceback" not in said
    assert running.get(running.console, "/healthz") == 200


def test_a_taken_port_is_refused(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        blocked = None
        while blocked is None:  # the port of the second try, taken before it starts
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            blocked = taken.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
        done = subprocess.run(
            [sys.executable, "-m", "hakam.cli", "up"],
            env={
                **environment,
                "HAKAM_HOME": str(tmp_path / "other"),
                "HAKAM_CONSOLE_PORT": str(free_ports(1)[0]),
                "HAKAM_DOOR_PORT": str(blocked),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    assert done.returncode == 1
    assert "HAKAM_DOOR_PORT=" in done.stderr


def test_a_demo_refuses_a_home_of_real_work(tmp_path: Path) -> None:
    console, door, demo = map(str, free_ports(3))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")},
        "HAKAM_HOME": str(tmp_path),
        "HAKAM_CONSOLE_PORT": console,
        "HAKAM_DOOR_PORT": door,
        "HAKAM_DEMO_PORT": demo,
    }
    made = ["user", "create", "ada", "--email", "ada@example.org", "--role", "administrator"]
    for words in (["migrate"], made):
        subprocess.run(
            [sys.executable, "-m", "hakam.cli", *words],
            env=environment,
            capture_output=True,
            check=True,
            timeout=240,
        )
    for words in (["demo", "--exit"], ["up", "--demo"]):
        done = subprocess.run(
            [sys.executable, "-m", "hakam.cli", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 1, words
        assert "holds data that is not the demo's" in done.stderr


def test_the_whole_chain_happens_by_itself(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")}
    home = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "hakam.cli", "demo", "--exit"],
        env={**environment, "HAKAM_HOME": str(home), "COLUMNS": "160"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=270,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for link in (
        "posts judged",
        "cases opened",
        "cases decided",
        "measures applied",
        "complaint received",
        "decision reversed",
        "ledger tells it",
    ):
        assert link in done.stdout
    with closing(sqlite3.connect(home / "maydan.db")) as db:
        kinds = dict(db.execute("SELECT kind, count(*) FROM hook GROUP BY kind").fetchall())
    for kind in (
        "measure.apply",
        "measure.reverse",
        "statement.issued",
        "statement.withdrawn",
        "notice.outcome",
    ):
        assert kinds.get(kind, 0) >= 1, kinds
