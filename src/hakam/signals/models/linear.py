"""The linear tier: hashed n-grams added up in a table of 8-bit numbers. Fast enough for every post at the door.

A model is one file: a mark, a JSON head, the table compressed. Its id holds the digest of the whole file, so that a
score can always be traced to the very numbers that made it, and a model never changes silently.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np
import zstandard

from hakam.signals.fold import FOLD_VERSION, fold_counting
from hakam.signals.models.calibration import ANY, Scale, Threshold, by_language
from hakam.signals.models.features import (
    BITS,
    FEATURES_VERSION,
    MAX_CHARACTERS,
    ROWS,
    SHAPE_ROWS,
    prepare,
    rows_of,
)
from hakam.signals.models.heads import Head

MARK = b"HKLINEAR1\n"
MAX_WINDOWS = 24  # of a long text; what comes after some 10,000 characters is not looked at
_STEP = 450
_LENGTH = struct.Struct("<I")
_ONES = np.ones(8 * MAX_CHARACTERS, np.float32)


class UnreadableModelError(ValueError):
    """A file is no model of ours, or of a version that this release does not read."""


class LinearHead(msgspec.Struct, frozen=True):
    """What stands before the table."""

    heads: tuple[Head, ...]
    steps: tuple[float, ...]  # what one of the 256 steps is worth, per head
    scales: dict[Head, dict[str, Scale]]
    thresholds: dict[Head, dict[str, Threshold]]
    sources: tuple[str, ...] = ()
    share_alike: tuple[str, ...] = ()  # sources whose licence (CC-BY-SA) binds the model
    version: str = "1"
    bits: int = BITS
    features: int = FEATURES_VERSION
    folding: int = FOLD_VERSION


class LinearModel:
    """A linear model in memory (18 MB). Safe to share between threads: nothing in it changes."""

    def __init__(self, head: LinearHead, table: Any, digest: str) -> None:
        self.head = head
        self.id = f"linear-{head.version}-{digest[:12]}"
        self.heads = head.heads
        self.table = table
        self._wide = table.astype(
            np.float32
        )  # a product with ones adds rows up faster than a sum of small integers
        self._steps = np.array(head.steps, np.float64)
        self._scales = [head.scales[name] for name in head.heads]

    def score(
        self, text: str, language: str | None = None, *, folded: str | None = None, repairs: int | None = None
    ) -> dict[Head, float]:
        """Return the probability of each head, 0 to 1, rounded to four places.

        `folded` and `repairs` spare the folding if the caller has them. A long text is read in windows, and the
        highest counts: a threat at the end of a long letter is still a threat.
        """
        if folded is None or repairs is None:
            folded, repairs = fold_counting(text)
        sums = self.sums(prepare(folded), text, repairs)
        return {
            name: round(by_language(scales, language)(value), 4)
            for name, scales, value in zip(self.heads, self._scales, sums.tolist(), strict=True)
        }

    def sums(self, prepared: str, raw: str, repairs: int) -> Any:
        """Return the sums before calibration (float64, one a head)."""
        if len(prepared) <= MAX_CHARACTERS:
            return self._window(prepared, raw, repairs)
        starts = range(0, min(len(prepared) - MAX_CHARACTERS + _STEP, MAX_WINDOWS * _STEP), _STEP)
        windows = [self._window(prepared[n : n + MAX_CHARACTERS], raw, repairs) for n in starts]
        return np.max(windows, axis=0)

    def _window(self, prepared: str, raw: str, repairs: int) -> Any:
        rows = rows_of(prepared, raw, repairs)
        # Exact: whole numbers below 2^24.
        return (
            (_ONES[: len(rows)] @ self._wide.take(rows, 0)).astype(np.float64)
            * self._steps
            / len(rows) ** 0.5
        )

    def threshold(self, head: Head, language: str | None) -> Threshold:
        """Return where to cut for a head in a language."""
        found: Threshold = by_language(self.head.thresholds[head], language)
        return found


def pack(head: LinearHead, table: Any) -> bytes:
    """Return a model as the bytes of a file."""
    text = msgspec.json.encode(head, order="sorted")
    body = zstandard.ZstdCompressor(level=19).compress(np.ascontiguousarray(table, np.int8).tobytes())
    return MARK + _LENGTH.pack(len(text)) + text + body


def unpack(data: bytes) -> LinearModel:
    """Return the model of a file. Raises `UnreadableModelError`."""
    if not data.startswith(MARK):
        raise UnreadableModelError("this is no linear model of Hakam")
    at = len(MARK) + _LENGTH.size
    try:
        (length,) = _LENGTH.unpack_from(data, len(MARK))
        head = msgspec.json.decode(data[at : at + length], type=LinearHead)
        table = _table(data[at + length :], len(head.heads))
    except (struct.error, ValueError, msgspec.MsgspecError, zstandard.ZstdError) as error:
        raise UnreadableModelError(f"the model is damaged: {error}") from error
    if (head.bits, head.features) != (BITS, FEATURES_VERSION) or head.folding > FOLD_VERSION:
        raise UnreadableModelError("the model was made for another version of folding or of its features")
    if len(head.steps) != len(head.heads) or any(
        set(named) != set(head.heads) or len(named) != len(head.heads)
        for named in (head.scales, head.thresholds)
    ):
        raise UnreadableModelError("the model has not one step, scale and threshold for each head")
    if any(ANY not in table_ for tables in (head.scales, head.thresholds) for table_ in tables.values()):
        raise UnreadableModelError("the model has no scale for texts of unknown language")
    return LinearModel(head, table, sha256(data).hexdigest())


def _table(frame: bytes, heads: int) -> Any:
    """Return the table of a frame. Raises `ValueError`, `ZstdError`; unpacks nothing that claims another size."""
    rows = ROWS + SHAPE_ROWS
    if zstandard.frame_content_size(frame) != rows * heads:
        raise ValueError("the table has not the size of its heads")
    return np.frombuffer(zstandard.ZstdDecompressor().decompress(frame), np.int8).reshape(rows, heads)


def scores_by_name(scores: Mapping[Head, float]) -> dict[str, float]:
    """Return scores under plain names, as events and rules hold them."""
    return {str(head): value for head, value in scores.items()}
