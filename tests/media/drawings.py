"""Pictures with structure at every scale, drawn from a seed: no photograph is kept in the repository."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def drawing(seed: int, width: int = 800, height: int = 600) -> NDArray[np.uint8]:
    """Return an RGB picture of overlapping shapes on a smooth ground."""
    chance = np.random.default_rng(seed)
    ground = chance.integers(0, 256, (6, 8, 3), np.uint8)
    out = cv2.resize(ground, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(60):
        colour = tuple(int(value) for value in chance.integers(0, 256, 3))
        place = (int(chance.integers(width)), int(chance.integers(height)))
        if chance.random() < 0.5:
            cv2.circle(out, place, int(chance.integers(8, 90)), colour, -1, cv2.LINE_AA)
        else:
            to = (place[0] + int(chance.integers(10, 160)), place[1] + int(chance.integers(10, 160)))
            cv2.rectangle(out, place, to, colour, -1)
    return np.asarray(out, np.uint8)


def grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return its luma."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def file_of(image: Image.Image | NDArray[Any], kind: str = "PNG", **options: Any) -> bytes:
    """Return a picture file."""
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()
