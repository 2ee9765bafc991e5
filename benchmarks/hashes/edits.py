"""What people do to a picture before they post it again: each edit a function from BGR pixels to BGR pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width, 3), BGR
Edit = Callable[[Pixels, Pixels], Pixels]  # the picture, and an unrelated one to put it into

JPEG_QUALITY = 75
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def saved(pixels: Pixels, quality: int = JPEG_QUALITY, *, progressive: bool = False) -> bytes:
    """Return the picture as a JPEG file."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return cv2.imencode(".jpg", pixels, options)[1].tobytes()


def scaled(pixels: Pixels, share: float) -> Pixels:
    """Return the picture with `share` of its width and height."""
    return as_pixels(cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA))


def as_pixels(values: Any) -> Pixels:
    """Return values clipped to what a pixel can hold."""
    return np.clip(values, 0, 255).astype(np.uint8)


def crop(pixels: Pixels, share: float, *, across: float = 0.5, down: float = 0.5) -> Pixels:
    """Cut away `share` of width and height, `across` of it at the left and `down` of it at the top."""
    height, width = pixels.shape[:2]
    top, left = round(height * share * down), round(width * share * across)
    return pixels[top : top + round(height * (1 - share)), left : left + round(width * (1 - share))].copy()


def turn(pixels: Pixels, degrees: float) -> Pixels:
    """Turn in its own frame, corners black."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return as_pixels(cv2.warpAffine(pixels, matrix, (width, height)))


def noise(pixels: Pixels) -> Pixels:
    """Add Gaussian noise of 12 grey levels."""
    return as_pixels(pixels + np.random.default_rng(1).normal(0, 12, pixels.shape))


def logo(pixels: Pixels) -> Pixels:
    """Put a round logo of 2 % of the area into a corner."""
    out = pixels.copy()
    height, width = out.shape[:2]
    radius = int((0.02 * height * width / np.pi) ** 0.5)
    place = (width - radius - width // 40, height - radius - height // 40)
    cv2.circle(out, place, radius, (40, 40, 220), -1, cv2.LINE_AA)
    cv2.circle(out, place, radius // 2, (255, 255, 255), -1, cv2.LINE_AA)
    return out


def watermark(pixels: Pixels) -> Pixels:
    """Write across the middle in white, 40 % opaque."""
    layer = pixels.copy()
    height, width = layer.shape[:2]
    size = width / 420
    cv2.putText(
        layer, "@channel_x", (width // 10, height // 2), _FONT, size * 1.6, (255, 255, 255), round(size * 6)
    )
    return as_pixels(pixels * 0.6 + layer * 0.4)


def caption(pixels: Pixels) -> Pixels:
    """Write two lines over it, white with a black outline, as memes do."""
    out = pixels.copy()
    height, width = out.shape[:2]
    size = width / 500
    for text, line in (("WHEN THEY TELL YOU", 0.14), ("IT NEVER HAPPENED", 0.94)):
        for colour, thick in (((0, 0, 0), 7), ((255, 255, 255), 3)):
            at = (width // 20, round(height * line))
            cv2.putText(out, text, at, _FONT, size * 1.3, colour, max(1, round(size * thick)), cv2.LINE_AA)
    return out


def meme_bar(pixels: Pixels) -> Pixels:
    """Put a white bar with two lines of text above it, a quarter as high as the picture."""
    height, width = pixels.shape[:2]
    bar = np.full((height // 4, width, 3), 255, np.uint8)
    size = width / 600
    for number, text in enumerate(("nobody:", "absolutely nobody at all:")):
        at = (width // 40, round(len(bar) * (0.4 + 0.45 * number)))
        cv2.putText(bar, text, at, _FONT, size, (0, 0, 0), max(1, round(size * 2)), cv2.LINE_AA)
    return np.vstack([bar, pixels])


def letterbox(pixels: Pixels) -> Pixels:
    """Put black bars above and below, each an eighth of the height."""
    return as_pixels(
        cv2.copyMakeBorder(pixels, len(pixels) // 8, len(pixels) // 8, 0, 0, cv2.BORDER_CONSTANT)
    )


def screenshot(pixels: Pixels) -> Pixels:
    """Show it in a telephone's dark viewer: status line above, buttons below, empty space."""
    height, width = pixels.shape[:2]
    above, below = height // 3, height // 3
    out = cv2.copyMakeBorder(pixels, above, below, 0, 0, cv2.BORDER_CONSTANT, value=(18, 18, 18))
    size = width / 700
    cv2.putText(
        out, "12:41", (width // 30, above // 4), _FONT, size, (240, 240, 240), max(1, round(size * 2))
    )
    for place in range(4):
        at = (width * (2 * place + 1) // 8, above + height + below * 2 // 3)
        cv2.circle(out, at, width // 40, (200, 200, 200), 2, cv2.LINE_AA)
    return as_pixels(out)


def inside(pixels: Pixels, other: Pixels) -> Pixels:
    """Show it at half its size in a corner of another picture."""
    height, width = pixels.shape[:2]
    out = as_pixels(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA))
    small = scaled(pixels, 0.5)
    top, left = height // 20, width - small.shape[1] - width // 20
    out[top : top + len(small), left : left + small.shape[1]] = small
    return out


EDITS: Mapping[str, Edit] = {
    "noise": lambda p, _: noise(p),
    "saved at quality 30": lambda p, _: as_pixels(cv2.imdecode(np.frombuffer(saved(p, 30), np.uint8), 1)),
    "half size": lambda p, _: scaled(p, 0.5),
    "blur": lambda p, _: as_pixels(cv2.GaussianBlur(p, (0, 0), 2)),
    "brighter, more contrast": lambda p, _: as_pixels(p * 1.25 + 15.0),
    "stretched by 30 %": lambda p, _: as_pixels(cv2.resize(p, None, fx=1.3, fy=1)),
    "crop 2 %": lambda p, _: crop(p, 0.02),
    "crop 5 %": lambda p, _: crop(p, 0.05),
    "crop 10 %": lambda p, _: crop(p, 0.10),
    "crop 20 %": lambda p, _: crop(p, 0.20),
    "crop 2 %, not centred": lambda p, _: crop(p, 0.02, across=0.0, down=1.0),
    "crop 5 %, not centred": lambda p, _: crop(p, 0.05, across=1.0, down=0.0),
    "crop 10 %, not centred": lambda p, _: crop(p, 0.10, across=0.9, down=0.2),
    "crop 20 %, not centred": lambda p, _: crop(p, 0.20, across=0.1, down=0.9),
    "mirror": lambda p, _: p[:, ::-1].copy(),
    "mirror, crop 10 %": lambda p, _: crop(p[:, ::-1], 0.10),
    "turn 1 degree": lambda p, _: turn(p, 1),
    "turn 3 degrees": lambda p, _: turn(p, 3),
    "turn 90 degrees": lambda p, _: np.rot90(p).copy(),
    "logo": lambda p, _: logo(p),
    "watermark": lambda p, _: watermark(p),
    "caption": lambda p, _: caption(p),
    "meme bar": lambda p, _: meme_bar(p),
    "letterbox": lambda p, _: letterbox(p),
    "screenshot": lambda p, _: screenshot(p),
    "picture in picture": inside,
}
