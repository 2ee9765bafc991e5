"""Memes, drawn with the fonts of this machine: words over a busy picture, or on a bar above it."""

from __future__ import annotations

import os
import subprocess
from functools import cache

import pytest
from PIL import Image, ImageDraw, ImageFont
from tests.media.drawings import drawing, file_of

from hakam.media import tesseract

ENGLISH = ("NOBODY TELLS YOU", "TO BUY FOLLOWERS")
ARABIC = ("عندما يقولون لك", "سوف نضرب الجميع")


@cache
def _font(language: str, size: int) -> ImageFont.FreeTypeFont:
    name = "Noto Sans Arabic" if language == "ar" else "Noto Sans"
    said = subprocess.run(
        ["fc-match", "-f", "%{file}", f"{name}:bold"], capture_output=True, text=True, check=True
    ).stdout
    assert "Noto" in said, "no Noto fonts: apt-get install fonts-noto-core"
    return ImageFont.truetype(said, size)


def meme(words: tuple[str, ...], language: str, *, seed: int = 5, bar: bool = False) -> bytes:
    """Return a JPEG of 1,000 x 750: white words with a black edge, or black ones on a white bar."""
    picture = Image.fromarray(drawing(seed, 1_000, 750))
    font = _font(language, 40 if bar else 64)
    if bar:
        whole = Image.new("RGB", (1_000, 900), "white")
        whole.paste(picture, (0, 150))
        ImageDraw.Draw(whole).text((30, 45), " ".join(words), font=font, fill="black")
        return file_of(whole, "JPEG", quality=80)
    draw = ImageDraw.Draw(picture)
    for line, down in zip(words, (25, 630), strict=True):
        left = (1_000 - draw.textlength(line, font=font)) / 2
        draw.text((left, down), line, font=font, fill="white", stroke_fill="black", stroke_width=5)
    return file_of(picture, "JPEG", quality=80)


needs_tesseract = pytest.mark.skipif(
    set(tesseract.installed(["en", "ar"])) != {"en", "ar"} and "CI" not in os.environ,
    reason="apt-get install tesseract-ocr tesseract-ocr-eng tesseract-ocr-ara",
)
