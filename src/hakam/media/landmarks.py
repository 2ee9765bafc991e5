"""Local features with a geometric check: the same picture inside another one, turned, cropped anywhere, written over.

For the few pictures of an incident that everybody re-edits. A few hundred ORB landmarks a picture; two pictures match
if enough landmarks of one lie in the other where one movement (turn, scale, shift) puts them. That is a measurement of
geometry, not a score: unrelated pictures have a handful in place at most.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hakam.media.picture import Luma8, fitted

SIDE = 640  # pixels of the longer side in which landmarks are sought
_CELLS = 5  # in each direction: lettering must not take every landmark of a picture
_MOST_IN_CELL = 40
_SOUGHT = 4_000
FAR = 64  # bits in which the descriptors of one landmark may differ
RATIO = 0.85  # the best landmark must be this much nearer than the second best
LEAST_IN_PLACE = 12  # landmarks that one movement must explain
_APART = 4.0  # pixels by which a landmark may miss its place
_SCALES = (0.12, 8.0)  # by which one picture may be larger than the other
_LEAST_PAIRS = 6
_COUNT = struct.Struct("<I")
_LEAST_SIDE = 40  # pixels; a landmark needs its surroundings


class Landmarks(NamedTuple):
    """The landmarks of one picture: `points` (n, 2) float32 in pixels, `marks` (n, 32) uint8."""

    points: NDArray[np.float32]
    marks: NDArray[np.uint8]


NONE = Landmarks(np.empty((0, 2), np.float32), np.empty((0, 32), np.uint8))


class Place(NamedTuple):
    """How one picture lies in another: `in_place` landmarks agree on scale and turn."""

    in_place: int
    scale: float
    degrees: float


def of_bank(picture: Luma8) -> tuple[Landmarks, ...]:
    """Return the landmarks under which a bank keeps a picture: in full, and at half size as inside another picture."""
    return landmarks(picture), landmarks(picture, SIDE // 2)


def packed(sets: Sequence[Landmarks]) -> bytes:
    """Return landmarks as a bank keeps them: for each set its number, then 8 + 32 bytes a landmark."""
    parts = ((_COUNT.pack(len(s.points)), s.points.tobytes(), s.marks.tobytes()) for s in sets)
    return b"".join(piece for part in parts for piece in part)


def unpacked(data: bytes) -> tuple[Landmarks, ...]:
    """Return the sets of what `packed` made. Raises `ValueError` for what it did not make."""
    sets, at = [], 0
    while at < len(data):
        if at + _COUNT.size > len(data):
            raise ValueError("landmarks are cut short")
        (count,) = _COUNT.unpack_from(data, at)
        middle = at + _COUNT.size + 8 * count
        at, start = middle + 32 * count, at + _COUNT.size
        if at > len(data):
            raise ValueError("landmarks are cut short")
        points = np.frombuffer(data[start:middle], np.float32).reshape(-1, 2)
        sets.append(Landmarks(points, np.frombuffer(data[middle:at], np.uint8).reshape(-1, 32)))
    return tuple(sets)


def landmarks(picture: Luma8, side: int = SIDE) -> Landmarks:
    """Return the landmarks of a picture, none if it has no structure. `side`: pixels of the longer side."""
    if min(picture.shape) < _LEAST_SIDE:
        return NONE
    small = fitted(picture, side)
    keypoints, marks = _finder().compute(small, _spread(_finder().detect(small, None), small))
    if marks is None or not keypoints:
        return NONE
    return Landmarks(np.array([point.pt for point in keypoints], np.float32), np.asarray(marks, np.uint8))


def compare(known: Landmarks, seen: Landmarks, least: int = LEAST_IN_PLACE) -> Place | None:
    """Return how a known picture lies in one that was seen, or None if it does not. Deterministic.

    `least`: landmarks that must be in place; fewer than the default find more, and what is not there.
    """
    if min(len(known.marks), len(seen.marks)) < _LEAST_PAIRS:
        return None
    pairs = [
        (best.trainIdx, best.queryIdx)
        for best, second in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(seen.marks, known.marks, k=2)
        if best.distance <= FAR and best.distance < RATIO * second.distance
    ]
    if len(pairs) < max(least, _LEAST_PAIRS):
        return None
    places = np.array(pairs)
    there, here = known.points[places[:, 0]], seen.points[places[:, 1]]
    cv2.setRNGSeed(1)
    matrix, inside = cv2.estimateAffinePartial2D(
        there, here, method=cv2.RANSAC, ransacReprojThreshold=_APART, maxIters=2000, confidence=0.995
    )
    if matrix is None:
        return None
    chosen = inside.ravel().astype(bool)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if not _SCALES[0] <= scale <= _SCALES[1]:
        return None
    in_place = min(_distinct(there[chosen]), _distinct(here[chosen]))
    if in_place < least:
        return None
    return Place(in_place, scale, float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))))


def _spread(found: Sequence[cv2.KeyPoint], picture: Luma8) -> list[cv2.KeyPoint]:
    """Return the strongest landmarks of each part of the picture."""
    height, width = picture.shape
    cells: dict[tuple[int, int], list[cv2.KeyPoint]] = defaultdict(list)
    for point in sorted(found, key=lambda point: -point.response):
        across, down = point.pt
        cell = cells[int(down * _CELLS / height), int(across * _CELLS / width)]
        if len(cell) < _MOST_IN_CELL:
            cell.append(point)
    return [point for cell in cells.values() for point in cell]


def _distinct(points: NDArray[np.float32]) -> int:
    """Return how many places there are, counting those within a few pixels once: scales of one corner are no proof."""
    return len({(int(across), int(down)) for across, down in points // 6})


@cache
def _finder() -> cv2.ORB:
    made: cv2.ORB = cv2.ORB.create(
        nfeatures=_SOUGHT, scaleFactor=1.2, nlevels=8, edgeThreshold=16, fastThreshold=8
    )
    return made
