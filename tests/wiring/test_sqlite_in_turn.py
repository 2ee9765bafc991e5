"""Whoever wants to write gets a turn, however busy the others are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the line is POSIX")

START = """
import sys, time
import django
from django.conf import settings
settings.configure(
    DATABASES={"default": {
        "ENGINE": sys.argv[2], "NAME": sys.argv[1],
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;",
        },
    }},
    USE_TZ=True,
)
django.setup()
from django.db import connection, transaction
"""
BUSY = """
with transaction.atomic(), connection.cursor() as cursor:  # in turn: others write already
    cursor.execute("CREATE TABLE IF NOT EXISTS line (name TEXT)")
print("ready", flush=True)
while True:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO line VALUES ('busy')")
        time.sleep(0.3)
"""
PATIENT = """
def written():
    with connection.cursor() as cursor:
        return cursor.execute("SELECT count(*) FROM line WHERE name = 'busy'").fetchone()[0]

passed = []
for _ in range(9):
    before = written()
    with transaction.atomic(), connection.cursor() as cursor:
        passed.append(written() - before)
        cursor.execute("INSERT INTO line VALUES ('patient')")
print(sorted(passed)[4])  # a machine that stops for seconds lets others pass once or twice
"""
OURS = "hakam.wiring.sqlite_in_turn"


def program(body: str, database: Path, engine: str = OURS) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START + textwrap.dedent(body), str(database), engine],
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("HAKAM_")},
    )


def wait_for_word(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_writer_without_pause_lets_others_have_their_turn(tmp_path: Path) -> None:
    busy = program(BUSY, tmp_path / "control.db")
    try:
        assert wait_for_word(busy) == "ready"
        patient = program(PATIENT, tmp_path / "control.db")
        passed = int(wait_for_word(patient))
        end(patient)
    finally:
        end(busy)
    assert passed <= 2  # who writes already, and who was in line a moment before


def test_several_busy_writers_are_served_in_order(tmp_path: Path) -> None:
    busy = [program(BUSY, tmp_path / "control.db") for _ in range(3)]
    try:
        for process in busy:
            assert wait_for_word(process) == "ready"
        patient = program(PATIENT, tmp_path / "control.db")
        passed = int(wait_for_word(patient))
        end(patient)
    finally:
        for process in busy:
            end(process)
    assert passed <= 6  # each of them twice


def test_a_writer_that_dies_at_the_turnstile_holds_nobody_up(tmp_path: Path) -> None:
    database = tmp_path / "control.db"
    held = program(BUSY, database)
    assert wait_for_word(held) == "ready"
    waiting = program(BUSY, database)
    assert wait_for_word(waiting) == "ready"
    time.sleep(0.2)
    for process in (waiting, held):
        process.send_signal(signal.SIGKILL)
        end(process)
    patient = program(PATIENT, database)
    assert wait_for_word(patient) == "0"
    end(patient)


def test_a_database_in_memory_needs_no_line() -> None:
    alone = program(
        "with connection.cursor() as cursor:\n"
        "    cursor.execute('CREATE TABLE line (name TEXT)')\n" + textwrap.dedent(PATIENT),
        Path(":memory:"),
    )
    assert wait_for_word(alone) == "0"
    end(alone)
    assert not Path(":memory:-turn").exists()
