"""`hakam labels`, and the way from decisions to a model in use, as an operator walks it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from tests.review.conftest import Desk, amal, book, desk, vault  # noqa: F401 -- the moderator's day, as the room knows it
from typer.testing import CliRunner

from hakam.cli import labels as command
from hakam.cli.main import app
from hakam.cli.screen import CommandError
from hakam.signals.models.heads import Head
from hakam.signals.models.linear import unpack
from hakam.staff.models import User
from hakam.storage.embedded.vault import FileVault
from hakam.testing import scene
from hakam.wiring import ports

RUN = CliRunner()
GROUPS = ("newcomers", "villagers", "painters", "sailors", "farmers", "pupils")
BAD = ("vermin", "parasites", "filth", "scum")
GOOD = ("neighbours", "colleagues", "friends", "helpers")


@pytest.fixture
def decided(
    desk: Desk,  # noqa: F811
    amal: User,  # noqa: F811
    vault: FileVault,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    """Let a moderator decide about four dozen posts, half of which break a rule."""
    monkeypatch.setattr(command, "open_home", lambda: None)
    monkeypatch.setattr(ports, "vault", lambda: vault)
    for place, group in enumerate(GROUPS):
        for n, (bad, good) in enumerate(zip(BAD, GOOD, strict=True)):
            worse = desk.case(scene.event(f"all {group} are {bad}", item=f"b{place}{n}"))
            better = desk.case(scene.event(f"all {group} are {good}", item=f"g{place}{n}"))
            desk.final(desk.remove(worse, amal))
            desk.final(desk.keep(better, amal))
    return desk


def test_from_decisions_to_a_model(decided: Desk, tmp_path: Path) -> None:
    out, model = tmp_path / "own.ndjson", tmp_path / "own.bin"
    result = RUN.invoke(app, ["labels", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "48 texts" in result.output
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["labels"]["hate"] for row in rows} == {0, 1}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600

    with out.open("a", encoding="utf-8") as file:  # what clients of a door handed back joins it
        file.write(json.dumps({"text": "all cats are vermin", "labels": {"hate": 0}}) + "\n")
        file.write(json.dumps({"text": "all bakers are scum", "labels": {"hate": 1}}) + "\n")
    result = RUN.invoke(app, ["train", str(out), "--out", str(model)])
    assert result.exit_code == 0, result.output
    learnt = unpack(model.read_bytes())
    bad, good = (learnt.score(f"all drivers are {word}", "en")[Head.HATE] for word in ("scum", "friends"))
    assert bad > good

    calibrated = tmp_path / "calibrated.bin"
    result = RUN.invoke(app, ["calibrate", str(out), "--out", str(calibrated), "--model", str(model)])
    assert result.exit_code == 0, result.output
    assert unpack(calibrated.read_bytes()).head.thresholds[Head.HATE]["en"].positives == 25


def test_no_half_written_file_stays(decided: Desk, tmp_path: Path) -> None:
    result = RUN.invoke(app, ["labels", "--out", str(tmp_path / "a.ndjson")])
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


@pytest.mark.parametrize("place", ["", "nowhere/own.ndjson"])
def test_a_place_that_can_not_be_written_is_refused_before_the_work(tmp_path: Path, place: str) -> None:
    result = RUN.invoke(app, ["labels", "--out", str(tmp_path / place)])
    assert isinstance(result.exception, CommandError)
