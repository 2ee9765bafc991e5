"""`hakam read`: what the worker would read in a picture."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.media.drawings import drawing, file_of
from tests.media.memes import ENGLISH, meme, needs_tesseract
from typer import Typer
from typer.testing import CliRunner

from hakam.cli import reading
from hakam.media import nudity, tesseract
from hakam.wiring.settings import settings

APP = Typer()
APP.command()(reading.read)


@needs_tesseract
def test_it_prints_what_is_written_and_tells_of_what_can_t_be_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "meme.jpg", tmp_path / "page.html"
    good.write_bytes(meme(ENGLISH, "en"))
    bad.write_bytes(b"<!doctype html>")
    gone = tmp_path / "gone.jpg"
    done = CliRunner().invoke(APP, [str(bad), str(gone), str(tmp_path), str(good)])
    assert done.exit_code == 1
    assert "FOLLOWERS" in done.output
    assert "eng+ara" in done.output
    assert f"{bad}: not a picture" in done.output
    assert f"{gone}: is not there" in done.output
    assert f"{tmp_path}: is a folder" in done.output
    assert "read: 1 of 4 pictures" in done.output
    assert ("open-nsfw-2016" in done.output) == nudity.available()
    assert CliRunner().invoke(APP, [str(good)]).exit_code == 0


@needs_tesseract
def test_a_picture_without_words_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain.png"
    plain.write_bytes(file_of(drawing(1, 64, 48)))
    assert "nothing is written in it" in CliRunner().invoke(APP, [str(plain)]).output


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.png"
    path.write_bytes(file_of(drawing(1, 64, 48)))
    return path


@needs_tesseract
def test_a_missing_network_is_told_and_writing_is_read(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudity, "MODULES", ("onnxruntime", "no_such_package"))
    done = CliRunner().invoke(APP, [str(plain)])
    assert done.exit_code == 0
    assert "not scored: nudity; no_such_package missing; install Hakam with" in done.output
    assert "nothing is written in it" in done.output


@pytest.mark.skipif(not nudity.available(), reason="pip install 'hakam[nudity]'")
def test_a_missing_reader_of_writing_is_told_and_pictures_are_scored(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tesseract, "installed", lambda _: ())
    done = CliRunner().invoke(APP, [str(plain)])
    assert done.exit_code == 0
    assert "not read: writing; writing in pictures needs the program `tesseract`" in done.output
    assert "open-nsfw-2016" in done.output


@needs_tesseract
def test_a_language_without_data_is_told(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        reading, "settings", lambda: dataclasses.replace(settings(), languages=("en-GB", "eo"))
    )
    done = CliRunner().invoke(APP, [str(plain)])
    assert done.exit_code == 0
    assert "not read: writing in eo; Tesseract has no data for it" in done.output
    assert "nothing is written in it" in done.output


def test_without_any_reader_it_says_what_to_install(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "installed", lambda _: ())
    monkeypatch.setattr(nudity, "trouble", lambda: "nothing of it is here")
    done = CliRunner().invoke(APP, [str(plain)])
    assert done.exit_code == 1
    assert "apt-get install tesseract-ocr" in done.output
    assert "nothing of it is here" in done.output
    assert "nothing is installed that reads pictures" in done.output


def test_of_a_file_that_is_too_large_no_more_is_loaded_than_shows_it(tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(40_000_000_000)
    done = CliRunner().invoke(APP, [str(large)])
    assert done.exit_code == 1
    assert "32,000,001 bytes, at most 32,000,000" in done.output
