"""One `hakam up` at a time on a home."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from hakam.wiring.hold import HomeInUseError, hold

HOLDER = """
import sys, time, pathlib
from hakam.wiring.hold import hold
with hold(pathlib.Path(sys.argv[1])):
    print('held', flush=True)
    time.sleep(600)
"""


def test_a_home_can_be_held_again_after_it_was_released(tmp_path: Path) -> None:
    for _ in range(2):
        with hold(tmp_path / "home"):
            assert (tmp_path / "home").is_dir()


def test_a_second_holder_is_told_what_to_do(tmp_path: Path) -> None:
    with (
        hold(tmp_path),
        pytest.raises(HomeInUseError, match="another `hakam up` runs on") as caught,
        hold(tmp_path),
    ):
        pass
    assert "HAKAM_HOME" in str(caught.value)


def test_one_up_and_one_worker_do_not_hinder_each_other(tmp_path: Path) -> None:
    with (
        hold(tmp_path),
        hold(tmp_path, "hakam worker"),
        pytest.raises(HomeInUseError, match="another `hakam worker` runs on"),
        hold(tmp_path, "hakam worker"),
    ):
        pass


def test_the_hold_ends_with_its_holder_however_that_ends(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(HomeInUseError), hold(tmp_path):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 60
    while True:
        try:
            with hold(tmp_path):
                break
        except HomeInUseError:
            assert time.monotonic() < until
            time.sleep(0.05)
