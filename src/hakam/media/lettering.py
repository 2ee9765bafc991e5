"""Where the letters of a picture are: plates that show nothing but its lettering, black on white, for a reader of text.

Readers of text are made for scanned pages; a photograph behind the words makes them slow and wrong. So the lightest and
the darkest parts of a picture are looked at by themselves, and of those only what has the size of letters and stands
beside others of its like.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hakam.media.picture import Luma8, fitted

SIDE = 1_600  # pixels of the longer side in which letters are sought
_LIGHT, _DARK = 205, 70  # grey levels beyond which ink is light or dark
_LEAST_SIDE = 32  # pixels of a picture
_HEIGHTS = (0.012, 0.2)  # of the picture's height, between which a letter is
_LEAST_HEIGHT = 8  # pixels
_WIDEST = 0.5  # of the picture's width: joined Arabic letters
_FILLED = 0.12  # of its box that a letter covers
_LIKE = (0.3, 3.5)  # by how much letters beside each other may differ in height
_GAP = 1.5  # heights between letters beside each other
_MARK = 0.05  # of either side: what is smaller is a dot, if it lies by a letter
_MARK_HEIGHT = 0.8  # of a letter
_LEAST_MARK = 4  # pixels
_LEAST_LETTERS = 2
_MOST_LETTERS = 3_000  # looked at; a page of a book has as many


class _Parts(NamedTuple):
    """The connected parts of a picture's ink, each one number in every column."""

    names: NDArray[np.int32]  # of the part that each pixel belongs to
    left: NDArray[np.int32]
    top: NDArray[np.int32]
    wide: NDArray[np.int32]
    high: NDArray[np.int32]
    area: NDArray[np.int32]


def plates(picture: Luma8) -> list[Luma8]:
    """Return up to two plates: the light lettering of a picture and the dark. None where there are no letters."""
    if min(picture.shape) < _LEAST_SIDE:
        return []
    smooth = np.asarray(cv2.GaussianBlur(fitted(picture, SIDE), (3, 3), 0), np.uint8)
    made = (_plate(np.asarray(ink, np.uint8)) for ink in (smooth > _LIGHT, smooth < _DARK))
    return [plate for plate in made if plate is not None]


def _plate(ink: NDArray[np.uint8]) -> Luma8 | None:
    height, width = ink.shape
    _, names, sizes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    parts = _Parts(np.asarray(names, np.int32), *np.asarray(sizes, np.int32).T[:5])
    inner = (
        (parts.left > 0)
        & (parts.top > 0)
        & (parts.left + parts.wide < width)
        & (parts.top + parts.high < height)
    )
    inner[0] = False  # what is no ink
    sized = (parts.high >= max(_LEAST_HEIGHT, height * _HEIGHTS[0])) & (parts.high <= height * _HEIGHTS[1])
    solid = (parts.wide <= width * _WIDEST) & (parts.area > _FILLED * parts.high * parts.wide)
    letters = _in_company(parts, np.flatnonzero(inner & sized & solid))
    if len(letters) < _LEAST_LETTERS:
        return None
    kept = np.zeros(len(parts.left), np.bool_)
    kept[letters] = True
    kept[_marks(parts, letters, np.flatnonzero(inner & ~(sized & solid)))] = True
    plate = np.where(kept[parts.names], 0, 255).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(plate, (3, 3), 0), np.uint8)


def _in_company(parts: _Parts, some: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those parts that have another one of like height beside them on their line."""
    some = some[np.argsort(-parts.area[some], kind="stable")[:_MOST_LETTERS]]
    left, top, wide, high = (column[some].astype(np.int64) for column in parts[1:5])
    found = []
    for place, part in enumerate(some):
        tall = high[place]
        beside = (top < top[place] + tall) & (top + high > top[place])
        like = (high > tall * _LIKE[0]) & (high < tall * _LIKE[1])
        gap = np.maximum(left - (left[place] + wide[place]), left[place] - (left + wide))
        if np.count_nonzero(beside & like & (gap < _GAP * np.maximum(high, tall))) > 1:  # itself is one
            found.append(part)
    return np.array(found, np.intp)


def _marks(parts: _Parts, letters: NDArray[np.intp], some: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those small parts that lie by a letter: dots, without which Arabic letters are others."""
    height, width = parts.names.shape
    tall = int(np.median(parts.high[letters]))
    kept = np.zeros(len(parts.left), np.uint8)
    kept[letters] = 1
    around = cv2.dilate(kept[parts.names], np.ones((max(3, tall), max(3, tall // 2)), np.uint8))
    small = (parts.high[some] < min(height * _MARK, tall * _MARK_HEIGHT)) & (parts.wide[some] < width * _MARK)
    some = some[small & (parts.area[some] >= _LEAST_MARK)]
    middle = (parts.top[some] + parts.high[some] // 2, parts.left[some] + parts.wide[some] // 2)
    return np.asarray(some[around[middle] > 0], np.intp)
