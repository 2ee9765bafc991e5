"""A program that was started with less has less."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hakam.media import limited

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of Linux"),
]


def run(
    code: str, memory: int = 2**31, seconds: int = 5, written: int = 0
) -> subprocess.CompletedProcess[str]:
    words = [
        sys.executable,
        "-I",
        "-S",
        limited.__file__,
        str(memory),
        str(seconds),
        str(written),
        sys.executable,
        "-c",
        code,
    ]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_it_becomes_the_program() -> None:
    done = run("print('here')")
    assert (done.returncode, done.stdout) == (0, "here\n")


def test_memory_is_limited() -> None:
    assert "MemoryError" in run("bytearray(2**30)", memory=2**29).stderr


def test_time_is_limited() -> None:
    assert run("while True: pass", seconds=1).returncode == -signal.SIGXCPU


def test_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "out"
    assert run(f"f = open({str(path)!r}, 'wb', 0); f.write(b'x' * 100)").returncode != 0
    assert path.read_bytes() == b""


def test_no_more_is_written_than_was_said(tmp_path: Path) -> None:
    path = tmp_path / "out"
    assert run(f"f = open({str(path)!r}, 'wb', 0); f.write(b'x' * 100)", written=100).returncode == 0
    assert run(f"f = open({str(path)!r}, 'ab', 0); f.write(b'x' * 100)", written=100).returncode != 0
    assert path.stat().st_size == 100


def test_a_program_that_is_not_there_is_told() -> None:
    words = [sys.executable, "-I", "-S", limited.__file__, str(2**31), "5", "0", "/nowhere/program"]
    assert subprocess.run(words, check=False).returncode == 127
