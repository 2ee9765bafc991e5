"""From the bytes of a picture to its luma, as a person would see it: turned, composed, in 8 bits.

What hashes read is always made here, so that a palette, CMYK, transparency, 16 bits or an orientation in EXIF can't
change the hash. Sizes are judged from the header, before anything is decoded. A file may still take the process down
or hang it: strangers' files go through `sandbox`, never straight here.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from hakam.media.jpeg import pdq_of_jpeg
from hakam.media.pdq import Pdq, pdq

Luma8 = NDArray[np.uint8]  # (height, width)

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})
_JPEG = b"\xff\xd8\xff"
_MADE_OF_LUMA = frozenset({"YCbCr", "Gray"})  # JPEG colour spaces whose first component is luma
_EXIF = b"Exif\x00\x00"
_HEAD = 65_536  # bytes in which EXIF stands
_BRIGHTEST = 255

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked, with our own words


class Trouble(StrEnum):
    """Why a file gave no picture."""

    EMPTY = "empty"
    NOT_A_PICTURE = "not a picture"
    TOO_LARGE = "too many pixels"
    DAMAGED = "damaged or cut short"
    TOO_SLOW = "took too long"  # its reader was ended
    DEADLY = "ended its reader"  # by memory, by a fault of a decoder; nobody else felt it


class PictureError(ValueError):
    """A file gave no picture. `trouble` says why, the message says more."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        self.trouble = trouble
        super().__init__(f"{trouble.value}: {detail}" if detail else trouble.value)


class Limits(NamedTuple):
    """What one picture may ask for."""

    pixels: int = 64_000_000  # of one frame
    frames: int = 8  # of an animation, spread over its length


DEFAULT_LIMITS = Limits()


def luma(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Luma8:
    """Return the luma of a picture, of the first frame if it moves. Raises `PictureError`."""
    with _judged():
        return _jpeg(data, limits) if data.startswith(_JPEG) else _opened(data, limits)


def plain_hash(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Pdq:
    """Return the hash of a picture as it is, of the first frame if it moves. Raises `PictureError`.

    Most JPEGs are hashed without making their pixels, which takes a fraction of the time; see `jpeg`.
    """
    found = pdq_of_jpeg(data, limits.pixels) if data.startswith(_JPEG) else None
    return pdq(luma(data, limits)) if found is None else found


def frames(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Iterator[Luma8]:
    """Yield the luma of each of at most `limits.frames` frames, spread evenly. A still picture has one."""
    with _judged():
        if data.startswith(_JPEG):
            yield _jpeg(data, limits)
            return
        with _open(data, limits) as image:
            count = int(getattr(image, "n_frames", 1))
            wanted = min(count, limits.frames)
            for number in range(wanted):
                image.seek(number * count // wanted)
                yield _composed(image)


def coloured(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Iterator[Image.Image]:
    """Yield each of at most `limits.frames` frames in RGB, as a person would see it. Raises `PictureError`."""
    with _judged(), _open(data, limits) as image:
        count = int(getattr(image, "n_frames", 1))
        wanted = min(count, limits.frames)
        for number in range(wanted):
            image.seek(number * count // wanted)
            if image.mode in _SIXTEEN_BITS | {"F"}:
                yield Image.fromarray(_composed(image)).convert("RGB")
            else:
                yield _turned(_laid_on_white(image).convert("RGB"), image)


def fitted(picture: Luma8, side: int) -> Luma8:
    """Return the picture scaled down, its longer side at most `side` pixels. A smaller one stays as it is."""
    longer = max(picture.shape)
    if longer <= side:
        return picture
    height, width = (max(1, round(edge * side / longer)) for edge in picture.shape)
    return _bytes(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


@contextmanager
def _judged() -> Iterator[None]:
    """Turn whatever decoders raise into `PictureError`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders warn of what they then read or refuse
            yield
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(Trouble.NOT_A_PICTURE) from error
    except MemoryError as error:
        raise PictureError(Trouble.TOO_LARGE, "no memory for it") from error
    except Exception as error:  # a decoder's own errors have no common ancestor
        raise PictureError(Trouble.DAMAGED, f"{type(error).__name__}: {error}"[:200]) from error


def _measured(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise PictureError(Trouble.TOO_LARGE, f"{width} x {height}, at most {limits.pixels} pixels")


def _jpeg(data: bytes, limits: Limits) -> Luma8:
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    _measured(width, height, limits)
    if colours not in _MADE_OF_LUMA or data.find(_EXIF, 0, _HEAD) >= 0:
        return _opened(data, limits)
    return _bytes(simplejpeg.decode_jpeg(data, "GRAY", fastdct=False, fastupsample=False)[:, :, 0])


def _open(data: bytes, limits: Limits) -> Image.Image:
    if not data:
        raise PictureError(Trouble.EMPTY)
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _measured(*image.size, limits)
    return image


def _opened(data: bytes, limits: Limits) -> Luma8:
    with _open(data, limits) as image:
        if image.format == "JPEG" and image.mode in {"RGB", "L"}:
            image.draft("L", image.size)
        return _composed(image)


def _composed(image: Image.Image) -> Luma8:
    """Return one frame as seen: on white where it is transparent, turned as EXIF says."""
    if image.mode in _SIXTEEN_BITS:
        turned = ImageOps.exif_transpose(image)
        return _bytes(np.clip(np.asarray(turned).astype(np.int64) // 257, 0, _BRIGHTEST))
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image))
        scale = _BRIGHTEST if values.size and values.max() <= 1 else 1
        return _bytes(np.clip(values * scale, 0, _BRIGHTEST))
    seen = _laid_on_white(image)
    if seen.mode != "L":
        seen = seen.convert("RGB").convert("L")
    return _bytes(np.asarray(_turned(seen, image)))


def _laid_on_white(image: Image.Image) -> Image.Image:
    if image.mode in {"LA", "PA", "La", "RGBA", "RGBa"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        seen = Image.new("RGBA", layer.size, "white")
        seen.alpha_composite(layer)
        return seen
    return image


def _turned(seen: Image.Image, image: Image.Image) -> Image.Image:
    """Return what is seen of an image, turned as its EXIF says."""
    orientation = image.getexif()
    if not orientation:
        return seen
    seen.getexif().update(orientation)
    return ImageOps.exif_transpose(seen)


def _bytes(values: NDArray[Any]) -> Luma8:
    return np.ascontiguousarray(values, dtype=np.uint8)
