"""`hakam evidence`: a pack made on a home is found unchanged, and a changed one is not."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.cli.test_report import home, run

pytestmark = pytest.mark.embedded
__all__ = ["home"]


def evidence(home: Path, *words: str) -> tuple[int, str]:
    done = run(home, "-m", "hakam.cli", "evidence", *words)
    return done.returncode, done.stdout + done.stderr


def test_a_pack_is_made_and_found_unchanged(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "pack.zip"
    code, said = evidence(home, "pack", str(file))
    assert code == 0, said
    assert evidence(home, "check", str(file)) == (
        0,
        "unchanged since it was made; give --key to know by whom\n",
    )
    key = tmp_path / "key.pem"
    with zipfile.ZipFile(file) as archive:
        key.write_bytes(archive.read("public-key.pem"))
    assert evidence(home, "check", str(file), "--key", str(key)) == (0, "unchanged\n")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("note.txt", "later")
    assert evidence(home, "check", str(file)) == (1, "note.txt is not in the manifest\n")


def test_what_can_not_be_read_is_one_line(home: Path, tmp_path: Path) -> None:
    code, said = evidence(home, "check", str(tmp_path / "none.zip"))
    assert code == 1
    assert said.count("\n") == 1
    assert "can't be read" in said
    code, said = evidence(home, "pack", str(tmp_path / "no" / "folder.zip"))
    assert code == 1
    assert "the pack can't be written" in said
