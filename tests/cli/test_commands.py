"""The table of commands says what the commands say of themselves, and loads none of them to say it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from hakam.cli.commands import COMMANDS, load
from hakam.cli.main import app
from hakam.testing import scene

HEAVY = ("django", "httpx", "asyncio", "msgspec", "rich", "numpy", "hakam.policy", "hakam.wiring")


def first_line(command: Any) -> str:
    return str(" ".join((command.help or "").split("\n\n")[0].split()))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_row_says_what_the_command_says(name: str) -> None:
    command = load(name)
    assert command.name == name
    assert first_line(command) == COMMANDS[name].summary


def test_the_group_holds_the_table() -> None:
    group: Any = typer.main.get_command(app)
    assert list(group.commands) == list(COMMANDS)
    assert len(group.commands) == len(COMMANDS)
    assert "up" in group.commands
    assert "upp" not in group.commands
    with pytest.raises(KeyError):
        group.commands["upp"]
    assert group.commands["doctor"] is group.commands["doctor"]


def test_help_imports_no_command() -> None:
    read = (
        "import sys\nfrom hakam.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", read], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize("columns", ["60", "100"])
def test_the_help_fits_the_screen_and_names_everything(columns: str) -> None:
    shown = CliRunner().invoke(app, ["-h"], env={"COLUMNS": columns}).output
    assert max(map(len, shown.splitlines())) <= int(columns)
    for name, entry in COMMANDS.items():
        assert f"│ {name}" in shown
        assert entry.panel in shown
    assert "hakam up --demo" in shown


def test_no_argument_shows_the_help_too() -> None:
    done = CliRunner().invoke(app, [])
    assert (done.exit_code, "People and keys" in done.output) == (2, True)


def test_a_typing_error_is_met_with_the_nearest_name() -> None:
    done = CliRunner().invoke(app, ["doctr"])
    assert done.exit_code == 2
    assert "doctor" in done.output


def test_an_error_of_a_command_is_one_line_still() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hakam.cli", "check", "/nowhere/at/all"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr


def test_a_layout_tells_of_files_that_can_not_be_read(tmp_path: Path) -> None:
    files = {**scene.PACK, "rules.yaml": scene.PACK["rules.yaml"] + "  stage: shadow\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["fmt", str(tmp_path)])
    assert "rules.yaml can't be read and is as it was" in result.stderr
    assert (tmp_path / "rules.yaml").read_text(encoding="utf-8") == files["rules.yaml"]


def test_the_code_of_a_finding_may_be_written_small() -> None:
    small, large = (CliRunner().invoke(app, ["explain", code]).output for code in ("p103", "P103"))
    assert small == large
    assert "unknown name" in small
