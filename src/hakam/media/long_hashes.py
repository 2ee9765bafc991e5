"""Hashes that are more than one number, as exchanges write them and as banks keep them.

A clip is vPDQ: `["<64 hex digits>,<quality 0-100>,<seconds>", ...]`, as ThreatExchange's library has it. A recording
is the raw fingerprint of Chromaprint: whole numbers of 32 bits with commas between, as `fpcalc -raw` prints it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from hakam.vocabulary.bank import EntryKind

MOST_FRAMES = 50_000
MOST_SOUNDS = 200_000  # numbers of a fingerprint: seven hours
_FRAME = struct.Struct("<32sBf")
_MADE = 0x80
_SOUND = 4  # bytes
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_LATEST = 1e6  # seconds
_BEST = 100


class LongHashError(ValueError):
    """What was given is no such hash. The message says why."""


class Frame(NamedTuple):
    """One frame of a clip. `digest`: PDQ, 32 bytes; `quality`: 0 to 100; `seconds`: from the start.

    Not `plain`: something was done to the frame before, so that edited copies are found. Exchanges get plain ones.
    """

    digest: bytes
    quality: int
    seconds: float
    plain: bool = True


def read(kind: EntryKind, text: str) -> bytes:
    """Return the bytes of a hash as exchanges write it. Raises `LongHashError`."""
    if kind is EntryKind.VPDQ:
        return packed_frames(frames_of(text))
    if kind is EntryKind.CHROMAPRINT:
        return packed_sounds(sounds_of(text))
    raise LongHashError("landmarks are made from a picture: `hakam bank add`")


def written(kind: EntryKind, data: bytes) -> str:
    """Return a hash as exchanges write it. `kind`: a clip or a recording."""
    if kind is EntryKind.VPDQ:
        frames = [f"{f.digest.hex()},{f.quality},{f.seconds:.3f}" for f in unpacked_frames(data) if f.plain]
        return msgspec.json.encode(frames).decode()
    return ",".join(map(str, unpacked_sounds(data)))


def frames_of(text: str) -> list[Frame]:
    """Return the frames of a vPDQ hash. Raises `LongHashError`."""
    try:
        listed = msgspec.json.decode(text, type=list[str])
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise LongHashError(
            'a vPDQ hash is a list of texts, `["<64 hex digits>,<quality>,<seconds>", ...]`'
        ) from error
    if not 0 < len(listed) <= MOST_FRAMES:
        raise LongHashError(f"a clip has 1 to {MOST_FRAMES:,} frames, not {len(listed):,}")
    return [_frame(number, one) for number, one in enumerate(listed, 1)]


def _frame(number: int, text: str) -> Frame:
    digest, _, rest = text.partition(",")
    quality, _, seconds = rest.partition(",")
    try:
        frame = Frame(bytes.fromhex(digest), int(quality), float(seconds))
    except ValueError:
        frame = None
    if frame is None or not _HEX.fullmatch(digest) or not 0 <= frame.quality <= _BEST:
        raise LongHashError(f"frame {number}: not `<64 hex digits>,<quality 0 to 100>,<seconds>`")
    if not 0 <= frame.seconds <= _LATEST:
        raise LongHashError(f"frame {number}: {seconds[:20]} is no time in a clip")
    return frame


def sounds_of(text: str) -> list[int]:
    """Return the numbers of a fingerprint. Raises `LongHashError`."""
    parts = [part.strip() for part in text.removeprefix("[").removesuffix("]").split(",")]
    try:
        sounds = [int(part) & 0xFFFFFFFF for part in parts if -(2**31) <= int(part) < 2**32]
    except ValueError:
        sounds = []
    if len(sounds) != len(parts):
        raise LongHashError("a fingerprint of sound is whole numbers of 32 bits, with commas between")
    if len(sounds) > MOST_SOUNDS:
        raise LongHashError(
            f"a fingerprint of sound has at most {MOST_SOUNDS:,} numbers, not {len(sounds):,}"
        )
    return sounds


def packed_frames(frames: Iterable[Frame]) -> bytes:
    """Return frames as a bank keeps them: 37 bytes each, the highest bit of the quality set where not plain."""
    return b"".join(_FRAME.pack(f.digest, f.quality | (0 if f.plain else _MADE), f.seconds) for f in frames)


def unpacked_frames(data: bytes) -> list[Frame]:
    """Return the frames of what `packed_frames` made."""
    return [
        Frame(digest, quality & ~_MADE, seconds, plain=not quality & _MADE)
        for digest, quality, seconds in _FRAME.iter_unpack(data)
    ]


def packed_sounds(sounds: Sequence[int]) -> bytes:
    """Return a fingerprint as a bank keeps it: four bytes a number, the lowest first."""
    return struct.pack(f"<{len(sounds)}I", *sounds)


def unpacked_sounds(data: bytes) -> list[int]:
    """Return the numbers of what `packed_sounds` made."""
    return list(struct.unpack(f"<{len(data) // _SOUND}I", data))
