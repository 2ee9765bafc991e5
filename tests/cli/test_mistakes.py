"""What a person is told who typed a value that can't be: the option, what is wrong, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hakam.banks.kinds import BankSource
from hakam.cli.main import app

CREATE = ["bank", "create", "b", "--purpose", "p", "--clause", "c"]


def told(arguments: list[str], home: Path) -> str:
    shown = CliRunner().invoke(app, arguments, env={"COLUMNS": "200", "HAKAM_HOME": str(home)})
    assert shown.exit_code == 2
    assert not shown.stdout
    return " ".join(shown.stderr.replace("│", " ").split())


def test_a_word_of_no_list_names_the_list(tmp_path: Path) -> None:
    said = told([*CREATE, "--source", "other"], tmp_path)
    assert "'--source': 'other' is not one of" in said
    assert all(f"'{source}'" in said for source in BankSource)
    assert "Value error" not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*CREATE, "--source", "own", "--distance", "99"], "'--distance': '99' is too much: at most 31."),
        ([*CREATE, "--source", "own", "--days", "0"], "'--days': '0' is too little: at least 1."),
        ([*CREATE, "--source", "own", "--days", "ten"], "'--days': 'ten' is no whole number, as 10."),
        (["query", "--limit", "1.5"], "'--limit': '1.5' is no whole number, as 10."),
        (["evaluate", "--most", "9"], "'--most': '9' is too little: at least 10."),
        (["evaluate", "--tier", "third"], "'--tier': 'third' is not one of"),
        (["bank", "import", "b", "nowhere.csv"], "nowhere.csv' does not exist"),
    ],
)
def test_the_option_is_named_and_what_is_wrong_with_it(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    shown = told(arguments, tmp_path)
    assert said in shown
    assert "Input should" not in shown


def test_a_long_value_is_cut_in_the_message(tmp_path: Path) -> None:
    shown = told([*CREATE, "--source", "own", "--days", "9" * 30 + "x" * 500], tmp_path)
    assert f"'{'9' * 30}{'x' * 30}' is no whole number" in shown


def test_nothing_is_made_by_a_command_that_was_refused(tmp_path: Path) -> None:
    told([*CREATE, "--source", "other"], tmp_path)
    assert list(tmp_path.iterdir()) == []
