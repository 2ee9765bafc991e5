"""The document of the journeys shows pictures that are there, in both languages, and no others."""

from __future__ import annotations

import re

from PIL import Image
from tests.journeys.album import COLOURS, FOLDER, PAGE

LARGEST = 3 * 2**20  # of all of them together
SHOWN = re.compile(r"images/journeys/([a-z0-9-]+)-(en|ar)\.png")


def shown() -> set[tuple[str, str]]:
    return set(SHOWN.findall(PAGE.read_text(encoding="utf-8")))


def test_every_moment_is_shown_in_both_languages() -> None:
    moments = {name for name, _language in shown()}
    assert shown() == {(name, language) for name in moments for language in ("en", "ar")}


def test_what_is_shown_is_there_and_nothing_else() -> None:
    assert {f"{name}-{language}.png" for name, language in shown()} == {p.name for p in FOLDER.glob("*")}


def test_every_journey_is_told() -> None:
    journeys = {
        path.stem.removeprefix("test_").replace("_", "-")
        for path in PAGE.parent.parent.glob("tests/journeys/test_*.py")
    }
    told = {next((j for j in journeys if name.startswith(f"{j}-")), name) for name, _language in shown()}
    assert told == journeys - {"album"}


def test_the_pictures_are_small() -> None:
    pictures = list(FOLDER.glob("*.png"))
    assert sum(picture.stat().st_size for picture in pictures) < LARGEST
    for path in pictures:
        with Image.open(path) as picture:
            assert len(picture.getcolors() or ()) <= COLOURS
