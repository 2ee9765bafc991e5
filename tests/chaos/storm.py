"""The storm: processes killed at random moments under load, then calm, then the reckoning."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from tests.chaos.traffic import PACK, Traffic
from tests.furnish import Person
from tests.house import ROOT, House
from tests.receiver import Habits

from hakam.wiring import processes

PROCESSES = ("door", "worker", "console")
LONGEST_LIFE = 3.0  # seconds from being healthy to being killed, at most; sometimes it never gets healthy


class Plan(msgspec.Struct, frozen=True):
    """How bad it gets."""

    seed: int
    kills: int  # of each process
    together: int  # times that all are killed in the same instant
    pace: float = 0.15
    drain_seconds: float = 1_800.0  # a worker that is killed every few seconds leaves much undone


class Reckoning(msgspec.Struct, frozen=True):
    """What the audit found."""

    figures: dict[str, int]
    broken: list[str]
    doctor: str
    doctor_code: int
    seconds: float
    restarts: dict[str, int]


def weather(plan: Plan) -> Habits:
    """Return the habits of the receiver in this storm."""
    return Habits(
        0, "", "", seed=plan.seed, refuses=0.04, forgets=0.03, dawdles=0.004, seconds=11.0, applies=0.6
    )


def brew(home: Path, plan: Plan, *, tell: Callable[[str], None] = lambda _: None) -> Reckoning:
    """Do all of it on a new home and return the reckoning."""
    pack = home / "pack"
    pack.mkdir(parents=True)
    for name, text in PACK.items():
        (pack / name).write_text(text, encoding="utf-8")
    people = [
        Person("mona", "senior_moderator", "correct-horse-battery-1"),
        Person("omar", "senior_moderator", "correct-horse-battery-2"),
        Person("ada", "administrator", "correct-horse-battery-3"),
    ]
    # The supervisor waits longer with each crash in a row. A storm of hundreds must not take days.
    before = processes.FIRST_DELAY, processes.LONGEST_DELAY
    processes.FIRST_DELAY, processes.LONGEST_DELAY = 0.05, 0.2
    began = time.monotonic()
    try:
        with House(home / "home", pack=pack, people=people, habits=weather(plan)) as house:
            tell(f"started in {time.monotonic() - began:.0f} s")
            promises = _blow(house, plan, tell)
            (home / "promises.json").write_bytes(msgspec.json.encode(promises))
            drained = house.run(
                "tests.chaos.audit",
                "drain",
                str(plan.drain_seconds),
                timeout=plan.drain_seconds + 60,
                check=False,
            )
            tell(f"calm: {drained.stdout.decode().strip()}")
            restarts = dict(house.restarts)
            house.stop()
            said = house.run(
                "tests.chaos.audit", "reckon", str(home / "promises.json"), str(house.journal), timeout=600
            )
            found: dict[str, Any] = msgspec.json.decode(said.stdout)
            doctor = house.hakam("doctor", check=False)
            if drained.returncode:
                found["broken"].append(f"never came to rest: {drained.stdout.decode().strip()}")
            return Reckoning(
                figures=found["figures"],
                broken=found["broken"],
                doctor=(doctor.stdout + doctor.stderr).decode(),
                doctor_code=doctor.returncode,
                seconds=time.monotonic() - began,
                restarts=restarts,
            )
    finally:
        processes.FIRST_DELAY, processes.LONGEST_DELAY = before


def _blow(house: House, plan: Plan, tell: Callable[[str], None]) -> Any:
    traffic = Traffic(house, seed=plan.seed, pace=plan.pace)
    with (house.home / "moderators.log").open("wb") as log:
        moderators = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.moderators", str(plan.seed)],
            stdin=subprocess.PIPE,
            stderr=log,
            env=house.environment,
            cwd=ROOT,
        )
    traffic.start()
    killers = [
        threading.Thread(target=_hunt, args=(house, name, plan, tell), name=f"killer-{name}")
        for name in PROCESSES
    ]
    try:
        for killer in killers:
            killer.start()
        for killer in killers:
            killer.join()
        _hunt_all(house, plan, tell)
        house.wait_ready()
        time.sleep(2.0)  # some load in good health, too
    finally:
        traffic.stop()
        assert moderators.stdin is not None
        moderators.stdin.close()
        moderators.wait(timeout=60)
    return traffic.promises


def _hunt(house: House, name: str, plan: Plan, tell: Callable[[str], None]) -> None:
    chance = random.Random(f"{plan.seed} {name}")  # noqa: S311 -- chance, not secrecy
    for number in range(1, plan.kills + 1):
        if chance.random() < 0.85:
            house.wait_ready(name)
        time.sleep(chance.uniform(0.05, LONGEST_LIFE))
        while not house.kill(name):
            time.sleep(0.02)
        if number % 10 == 0:
            tell(f"{name} killed {number} times")
        time.sleep(0.1)


def _hunt_all(house: House, plan: Plan, tell: Callable[[str], None]) -> None:
    chance = random.Random(f"{plan.seed} together")  # noqa: S311 -- chance, not secrecy
    for number in range(1, plan.together + 1):
        house.wait_ready()
        time.sleep(chance.uniform(0.05, LONGEST_LIFE))
        house.kill(*PROCESSES)
        if number % 10 == 0:
            tell(f"all killed together {number} times")
        time.sleep(0.1)
