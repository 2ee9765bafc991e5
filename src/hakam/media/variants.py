"""The hashes under which one picture is kept, and under which one is looked for, so that edited copies are found.

PDQ alone loses a copy that is mirrored, cropped by 5 %, framed or put under a caption (`docs/performance.md` has the
table). What a bank holds as a picture is therefore kept under many hashes; what arrives is looked up as it is, without
its borders, and in the eight orientations for the sake of banks that came as bare hashes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from hakam.media.pdq import Pdq, orientations, pdq
from hakam.media.picture import Luma8

CENTRE_CROPS = (
    0.025,
    0.05,
    0.075,
    0.1,
    0.125,
    0.15,
    0.175,
    0.2,
    0.25,
)  # of width and height, both sides together
TURNS = (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0)  # degrees
ORIENTATIONS = (
    "as it is", "mirrored", "upside down", "turned 180", "transposed", "turned 90", "turned 270", "transversed",
)  # fmt: skip
_SAME = 20  # grey levels by which a border's pixels may differ from its colour
_MOSTLY = 0.55  # of a line that has the border's colour; the rest is lettering
_LEAST_BORDER = 0.02  # of a side; less moves few bits
_LEAST_LEFT = 0.25  # of a side; what is left must be a picture


class Variant(NamedTuple):
    """One hash of a picture and what was done to the picture before: the words go to people."""

    name: str
    hash: Pdq


def of_bank(picture: Luma8) -> list[Variant]:
    """Return the hashes under which a bank keeps a picture, best first, those without enough structure left out.

    None at all if the picture itself has too little: the corners of a turned blank would pass for structure.
    """
    if not pdq(picture).good:
        return []
    return [variant for variant in _of_bank(picture) if variant.hash.good]


def of_query(picture: Luma8, *, turned: bool = True) -> list[Variant]:
    """Return the hashes under which an arriving picture is looked for. `turned` adds the eight orientations.

    The first is the picture as it is, whatever its quality; the others are there only if good.
    """
    hashes = orientations(picture) if turned else (pdq(picture),)
    found = [Variant(name, hash_) for name, hash_ in zip(ORIENTATIONS, hashes, strict=False)]
    inner = without_border(picture)
    if inner is not None:
        found.append(Variant("border removed", pdq(inner)))
    return [found[0], *(variant for variant in found[1:] if variant.hash.good)]


def _of_bank(picture: Luma8) -> Iterator[Variant]:
    yield from map(Variant, ORIENTATIONS, orientations(picture))
    for share in CENTRE_CROPS:
        inner = centre(picture, share)
        yield Variant(f"{share:.1%} cropped", pdq(inner))
        yield Variant(f"mirrored, {share:.1%} cropped", pdq(mirror(inner)))
    for degrees in TURNS:
        yield Variant(f"turned by {degrees:g} degrees", pdq(turned(picture, degrees)))
    inner_only = without_border(picture)
    if inner_only is not None:
        yield Variant("border removed", pdq(inner_only))
        yield Variant("border removed, mirrored", pdq(mirror(inner_only)))


def mirror(picture: Luma8) -> Luma8:
    """Return the picture's mirror image."""
    return np.ascontiguousarray(picture[:, ::-1])


def centre(picture: Luma8, share: float) -> Luma8:
    """Return the picture without `share` of its width and of its height, half on each side."""
    height, width = picture.shape
    down, across = round(height * share / 2), round(width * share / 2)
    return np.ascontiguousarray(picture[down : height - down, across : width - across])


def turned(picture: Luma8, degrees: float) -> Luma8:
    """Return the picture turned about its centre, in its own frame, corners black."""
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height)), np.uint8)


def without_border(picture: Luma8) -> Luma8 | None:
    """Return the picture without frame, letterbox and bars of lettering, or None if there is nothing to take away."""
    height, width = picture.shape
    top, bottom, left, right = 0, height, 0, width
    for _ in range(2):  # a frame around a letterbox
        before = (top, bottom, left, right)
        part = picture[top:bottom, left:right]
        above, below = _edges(part)
        top, bottom = top + above, bottom - below
        if top >= bottom:
            return None
        part = picture[top:bottom, left:right]
        before_side, after_side = _edges(part.T)
        left, right = left + before_side, right - after_side
        if left >= right:
            return None
        if (top, bottom, left, right) == before:
            break
    kept_height, kept_width = bottom - top, right - left
    if kept_height < height * _LEAST_LEFT or kept_width < width * _LEAST_LEFT:
        return None
    if height - kept_height < height * _LEAST_BORDER and width - kept_width < width * _LEAST_BORDER:
        return None
    return np.ascontiguousarray(picture[top:bottom, left:right])


def _edges(picture: Luma8) -> tuple[int, int]:
    """Return how many lines at the top and at the bottom are border."""
    return _border(picture), _border(picture[::-1])


def _border(picture: Luma8) -> int:
    first = picture[: max(1, len(picture) // 200)]
    colour = int(np.median(first))
    near = (np.abs(picture.astype(np.int16) - colour) <= _SAME).mean(axis=1)
    if near[0] < 0.9:  # noqa: PLR2004 -- a border begins with a line of one colour
        return 0
    beyond = np.flatnonzero(near < _MOSTLY)
    return int(beyond[0]) if len(beyond) else len(picture)
