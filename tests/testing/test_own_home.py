"""Tests never touch the home of whoever runs them, however pytest is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hakam.testing import own_home
from hakam.wiring.settings import settings

ROOT = Path(__file__).resolve().parents[2]
PROBE = """
from django.conf import settings as django
from hakam.wiring.settings import settings

def test_probe():
    print("HOME", settings().home, "OF", settings().platform, "KEPT IN", django.STATIC_ROOT)
"""


def test_this_very_run_has_a_home_of_its_own() -> None:
    assert settings().home == Path(os.environ["HAKAM_HOME"])
    assert settings().home.is_relative_to(os.environ[own_home.BASE])


def test_settings_of_the_operator_do_not_come_in(tmp_path: Path) -> None:
    environment = {
        "HAKAM_HOME": "/srv/hakam",
        "HAKAM_PLATFORM": "theirs",
        "HAKAM_DATABASE_URL": "x",
        "PATH": "y",
    }
    made = own_home.settle(environment)
    assert made is not None
    made.rmdir()
    assert environment == {
        "HAKAM_HOME": str(made),
        own_home.BASE: str(made),
        "HAKAM_DATABASE_URL": "x",
        "PATH": "y",
    }


def test_each_process_of_a_run_has_its_own(tmp_path: Path) -> None:
    environment = {own_home.BASE: str(tmp_path), "PYTEST_XDIST_WORKER": "gw3", "HAKAM_HOME": str(tmp_path)}
    assert own_home.settle(environment) is None
    assert environment["HAKAM_HOME"] == str(tmp_path / "gw3")
    assert (tmp_path / "gw3").is_dir()


@pytest.mark.parametrize("arguments", [("-n", "0"), ("-n", "1")])
def test_pytest_started_by_hand_leaves_an_installation_alone(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "test_probe.py").write_text(PROBE, encoding="utf-8")
    theirs = tmp_path / "theirs"
    left = ("PYTEST_", "HAKAM_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left)}
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rP",
            "-c",
            str(ROOT / "pyproject.toml"),
            *arguments,
            str(tmp_path),
        ],
        cwd=ROOT,
        env=environment | {"HAKAM_HOME": str(theirs), "HAKAM_PLATFORM": "theirs"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said = next(line for line in ended.stdout.splitlines() if line.startswith("HOME "))
    assert "theirs" not in said
    assert "hakam-tests-" in said
    assert not theirs.exists()
    assert not Path(said.split()[1]).exists(), "the folder goes with the run"
