"""Writing in pictures: memes in English and Arabic, with the real program."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.media.drawings import drawing, file_of
from tests.media.memes import ARABIC, ENGLISH, meme, needs_tesseract

from hakam.media import tesseract
from hakam.media.sandbox import Sandbox, UnreadableError
from hakam.media.tesseract import Bounds, ProgramMissingError, UnreadError
from hakam.signals.fold import fold, split_words


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def words(sandbox: Sandbox, data: bytes) -> set[str]:
    """Return the folded words that are read in a picture."""
    return set(split_words(fold(tesseract.read(sandbox.said(data).plates, ["en", "ar"]).text)).split())


@needs_tesseract
@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("seed", [5, 8])
def test_an_english_meme_is_read(sandbox: Sandbox, bar: bool, seed: int) -> None:
    wanted = set(split_words(fold(" ".join(ENGLISH))).split())
    assert len(wanted & words(sandbox, meme(ENGLISH, "en", bar=bar, seed=seed))) >= len(wanted) - 1


@needs_tesseract
@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("seed", [5, 8])
def test_an_arabic_meme_is_read(sandbox: Sandbox, bar: bool, seed: int) -> None:
    wanted = set(split_words(fold(" ".join(ARABIC))).split())
    assert len(wanted & words(sandbox, meme(ARABIC, "ar", bar=bar, seed=seed))) >= len(wanted) - 1


@needs_tesseract
def test_what_was_read_says_how(sandbox: Sandbox) -> None:
    writing = tesseract.read(sandbox.said(meme(ENGLISH, "en")).plates, ["en-GB", "ar"])
    assert writing.program.startswith("tesseract ")
    assert writing.program.endswith("(eng+ara)")
    assert writing.words == len(writing.text.split())


@needs_tesseract
def test_languages_without_data_are_left_out() -> None:
    assert tesseract.installed(["AR", "xx", "en-US", "en"]) == ("ar", "en")
    with pytest.raises(ProgramMissingError, match="tesseract-ocr-xx"):
        tesseract.read([b"P5\n1 1\n255\n\xff"], ["xx"])


def test_a_picture_without_letters_has_no_plates(sandbox: Sandbox) -> None:
    from PIL import Image  # noqa: PLC0415 -- one blank

    assert sandbox.said(file_of(Image.new("RGB", (400, 300), "white"))).plates == []
    assert sandbox.said(file_of(drawing(2)), plates=False) == ([], None)
    with pytest.raises(UnreadableError, match="not a picture"):
        sandbox.said(b"<svg/>")
    with pytest.raises(UnreadableError, match="empty"):
        sandbox.said(b"")


@needs_tesseract
def test_the_program_has_limits(sandbox: Sandbox) -> None:
    plates = sandbox.said(meme(ENGLISH, "en")).plates
    with pytest.raises(UnreadError, match="took more than"):
        tesseract.read(plates, ["en"], Bounds(seconds=0.01))
    with pytest.raises(UnreadError, match="ended with code"):
        tesseract.read(plates, ["en"], Bounds(memory=20_000_000))


@needs_tesseract
def test_what_is_no_plate_is_no_writing() -> None:
    with suppress(UnreadError):  # it may refuse what is too small
        assert tesseract.read([b"P5\n1 1\n255\n\xff"], ["en"]).text == ""
    with pytest.raises(UnreadError):
        tesseract.read([b"no picture"], ["en"])


def test_without_the_program_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tesseract.installed.__globals__["_data"].cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        assert shutil.which("tesseract") is None
        assert not tesseract.available()
        assert tesseract.installed(["en"]) == ()
        with pytest.raises(ProgramMissingError, match="apt-get install tesseract-ocr tesseract-ocr-ara"):
            tesseract.read([b""], ["ar"])
    finally:
        tesseract.installed.__globals__["_data"].cache_clear()
