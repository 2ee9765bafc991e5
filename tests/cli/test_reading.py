"""`hakam read`: what the worker would read in a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.media.drawings import drawing, file_of
from tests.media.memes import ENGLISH, meme, needs_tesseract
from typer import Typer
from typer.testing import CliRunner

from hakam.cli import reading
from hakam.media import nudity, tesseract

APP = Typer()
APP.command()(reading.read)


@needs_tesseract
def test_it_prints_what_is_written_and_tells_of_what_can_t_be_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "meme.jpg", tmp_path / "page.html"
    good.write_bytes(meme(ENGLISH, "en"))
    bad.write_bytes(b"<!doctype html>")
    done = CliRunner().invoke(APP, [str(good), str(bad)])
    assert done.exit_code == 0
    assert "FOLLOWERS" in done.output
    assert "eng+ara" in done.output
    assert "not a picture" in done.output
    assert ("open-nsfw-2016" in done.output) == nudity.available()
    assert CliRunner().invoke(APP, [str(bad)]).exit_code == 1


@needs_tesseract
def test_a_picture_without_words_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    plain.write_bytes(file_of(drawing(1, 64, 48)))
    assert "nothing is written in it" in CliRunner().invoke(APP, [str(plain)]).output


def test_without_any_reader_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "installed", lambda _: ())
    monkeypatch.setattr(nudity, "available", lambda: False)
    plain = tmp_path / "plain.png"
    plain.write_bytes(file_of(drawing(1)))
    with pytest.raises(SystemExit):
        reading.read([plain])
    done = CliRunner().invoke(APP, [str(plain)])
    assert done.exit_code == 1
