"""From the bytes of a picture to its luma, as a person would see it: turned, composed, in 8 bits.

What hashes read is always made here, so that a palette, CMYK, transparency, 16 bits or an orientation in EXIF can't
change the hash. Sizes are judged from the header, before anything is decoded. A file may still take the process down
or hang it: strangers' files go through `sandbox`, never straight here.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from hakam.media.jpeg import pdq_of_jpeg
from hakam.media.pdq import Pdq, pdq
from hakam.media.sniff import unread_kind
from hakam.media.trouble import Trouble

Luma8 = NDArray[np.uint8]  # (height, width)

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})
_JPEG = b"\xff\xd8\xff"
_MADE_OF_LUMA = frozenset({"YCbCr", "Gray"})  # JPEG colour spaces whose first component is luma
_EXIF = b"Exif\x00\x00"
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_HEAD = 65_536  # bytes in which EXIF stands
_BRIGHTEST = 255
_LEAST_SHOWN = 0.25  # of a picture's height

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked, with our own words


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


def shown(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Iterator[Luma8]:
    """Yield what browsers show of a file that is damaged or cut short: its frames up to where it breaks.

    Raises `PictureError` if less than a quarter of the first can be read.
    """
    with _judged(), _patient():
        if data.startswith(_JPEG):
            yield _enough(_any_jpeg(data, limits))
            return
        count = 0
        with _open(data, limits) as image:
            while count < limits.frames:
                try:
                    image.seek(count)
                    seen = _enough(_composed(image))
                except Exception:
                    if count:
                        return  # what follows can't be read, or there is no more
                    raise
                yield seen
                count += 1


def coloured(data: bytes, limits: Limits = DEFAULT_LIMITS, *, damaged: bool = False) -> Iterator[Image.Image]:
    """Yield each of at most `limits.frames` frames in RGB, as a person would see it. Raises `PictureError`.

    Of a `damaged` file what can be read, as `shown`.
    """
    with _judged(), _patient() if damaged else nullcontext(), _open(data, limits) as image:
        count = int(getattr(image, "n_frames", 1))
        wanted = min(count, limits.frames)
        for number in range(wanted):
            image.seek(number * count // wanted)
            if image.mode in _SIXTEEN_BITS | {"F"}:
                seen = Image.fromarray(_composed(image)).convert("RGB")
            else:
                seen = _turned(_laid_on_white(image).convert("RGB"), image)
            if damaged:
                _enough(_bytes(np.asarray(seen.convert("L"))))
            yield seen


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


@contextmanager
def _patient() -> Iterator[None]:
    """Let Pillow read what there is of a file that breaks off. For a process that reads one picture at a time."""
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _enough(picture: Luma8) -> Luma8:
    """Return a picture of which enough could be read: what is missing at its foot is of one tone."""
    told = np.flatnonzero((picture != picture[-1, -1]).any(axis=1))
    if not told.size or told[-1] < picture.shape[0] * _LEAST_SHOWN:
        raise PictureError(Trouble.DAMAGED, "too little of it can be read")
    return picture


def _jpeg(data: bytes, limits: Limits, *, strict: bool = True) -> Luma8:
    height, width, colours, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    _measured(width, height, limits)
    if colours not in _MADE_OF_LUMA or data.find(_EXIF, 0, _HEAD) >= 0:
        return _opened(data, limits)
    return _bytes(
        simplejpeg.decode_jpeg(data, "GRAY", fastdct=False, fastupsample=False, strict=strict)[:, :, 0]
    )


def _any_jpeg(data: bytes, limits: Limits) -> Luma8:
    """Return what there is of a JPEG, by whichever reader takes it: each stumbles over something else."""
    try:
        return _jpeg(data, limits, strict=False)
    except PictureError:
        raise
    except Exception:  # noqa: BLE001 -- decoders' own errors have no common ancestor
        return _opened(data, limits)


def _open(data: bytes, limits: Limits) -> Image.Image:
    if not data:
        raise PictureError(Trouble.EMPTY)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        if kind := unread_kind(data[:64]):
            raise PictureError(
                Trouble.NOT_A_PICTURE, f"{kind}, which can't be read here: save it as JPEG or PNG"
            ) from None
        raise
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
        return _bytes(np.clip(np.asarray(_turned(image, image)).astype(np.int64) // 257, 0, _BRIGHTEST))
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
    """Return what is seen of an image, turned as its EXIF says. EXIF that can't be read turns nothing, as elsewhere."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- it has no errors of its own
        return seen
    return seen if turn is None else seen.transpose(turn)


def _bytes(values: NDArray[Any]) -> Luma8:
    return np.ascontiguousarray(values, dtype=np.uint8)
