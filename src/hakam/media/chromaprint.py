"""Chromaprint, the fingerprint of sound that AcoustID and `fpcalc` speak: 32 bits for each eighth of a second.

Written from the published method (L. Lalinsky, "How does Chromaprint work?", 2011) with the filters and thresholds of
its algorithm 2, which `fpcalc` uses (Copyright (C) 2010-2016 Lukas Lalinsky, MIT licence; see NOTICE): 11,025 samples a
second, the power of 12 notes in overlapping windows, smoothed and brought to one length, and 16 filters over 16 such
moments, each quantised to two bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RATE = 11_025  # samples a second
_WINDOW = 4_096
_STEP = _WINDOW - (_WINDOW - _WINDOW // 3)
SECONDS = _STEP / RATE  # from one number to the next
_NOTES = 12
_LOWEST, _HIGHEST = 28, 3_520  # Hz
_SMOOTH = np.array([0.25, 0.75, 1.0, 0.75, 0.25])
_QUIET = 0.01  # length of a moment below which it counts as silence
_WIDEST = 16
_GREY = np.array([0, 1, 3, 2], np.uint32)


class _Filter(NamedTuple):
    """Areas of a number of notes and moments whose sums are compared, and what the ratio is quantised by."""

    shape: int
    lowest: int
    notes: int
    moments: int
    thresholds: tuple[float, float, float]


_FILTERS = (
    _Filter(0, 4, 3, 15, (1.98215, 2.35817, 2.63523)),
    _Filter(4, 4, 6, 15, (-1.03809, -0.651211, -0.282167)),
    _Filter(1, 0, 4, 16, (-0.298702, 0.119262, 0.558497)),
    _Filter(3, 8, 2, 12, (-0.105439, 0.0153946, 0.135898)),
    _Filter(3, 4, 4, 8, (-0.142891, 0.0258736, 0.200632)),
    _Filter(4, 0, 3, 5, (-0.826319, -0.590612, -0.368214)),
    _Filter(1, 2, 2, 9, (-0.557409, -0.233035, 0.0534525)),
    _Filter(2, 7, 3, 4, (-0.0646826, 0.00620476, 0.0784847)),
    _Filter(2, 6, 2, 16, (-0.192387, -0.029699, 0.215855)),
    _Filter(2, 1, 3, 2, (-0.0397818, -0.00568076, 0.0292026)),
    _Filter(5, 10, 1, 15, (-0.53823, -0.369934, -0.190235)),
    _Filter(3, 6, 2, 10, (-0.124877, 0.0296483, 0.139239)),
    _Filter(2, 1, 1, 14, (-0.101475, 0.0225617, 0.231971)),
    _Filter(3, 5, 6, 4, (-0.0799915, -0.00729616, 0.063262)),
    _Filter(1, 9, 2, 12, (-0.272556, 0.019424, 0.302559)),
    _Filter(3, 4, 2, 14, (-0.164292, -0.0321188, 0.0846339)),
)
"""Of algorithm 2, in the order of their bits, the highest first."""

LEAST_SECONDS = 5.0  # a shorter stretch proves nothing, but for who listens quickly
_STEADY = (
    4  # equal numbers in a row: silence or a hum, which prove nothing, and neither does what touches them
)
_SAYING = 0.75  # of the numbers of a block, at least, that nothing of the kind touches
_LIKELIEST = 8  # offsets that are looked at
_SHARED = (
    4  # different numbers that a recording must share to be compared at all, or the votes of a rule if fewer
)
_COMMON = 1_000  # places of one number beyond which it tells nothing, if a quarter of the bank has it as well
_MOST_COMPARED = 200  # recordings, likeliest first
_BLOCK = 40  # numbers, some five seconds


class Rule(NamedTuple):
    """When two stretches of sound are the same."""

    seconds: float = LEAST_SECONDS  # of the shortest
    block: int = _BLOCK  # numbers that are near together
    far: float = 8.0  # of 32 bits, on average, within which they are
    votes: int = 8  # equal numbers at one offset before it is looked at


THOROUGH = Rule()
QUICK = Rule(seconds=2.9, block=24, far=5.0, votes=2)
"""For who listens as it comes: a shorter stretch that is nearer. See `benchmarks/media/listening.py`."""


class Overlap(NamedTuple):
    """How a known recording lies in one that was heard. Seconds; `bits`: of 32, that differ on average."""

    heard_from: float
    known_from: float
    seconds: float
    bits: float


def fingerprint(samples: NDArray[np.int16]) -> list[int]:
    """Return the numbers of a recording. `samples`: one channel, 11,025 a second. Under 2.7 seconds there are none."""
    notes = _notes(samples)
    if len(notes) < len(_SMOOTH) + _WIDEST - 1:
        return []
    smooth = sum(
        weight * notes[place : len(notes) - len(_SMOOTH) + 1 + place] for place, weight in enumerate(_SMOOTH)
    )
    length = np.sqrt((smooth**2).sum(axis=1, keepdims=True))
    moments = np.where(length < _QUIET, 0.0, smooth / np.maximum(length, _QUIET))
    sums = np.zeros((len(moments) + 1, _NOTES + 1))
    sums[1:, 1:] = moments.cumsum(axis=0).cumsum(axis=1)
    numbers = np.zeros(len(moments) - _WIDEST + 1, np.uint32)
    for one in _FILTERS:
        level = np.searchsorted(np.array(one.thresholds), _filtered(sums, len(numbers), one), side="right")
        numbers = (numbers << np.uint32(2)) | _GREY[level]
    return [int(number) for number in numbers]


def overlap(
    known: Sequence[int] | NDArray[np.uint32], heard: Sequence[int], rule: Rule = THOROUGH
) -> Overlap | None:
    """Return the longest stretch that a known recording and a heard one share, or None if it is too short.

    Numbers that are equal vote for an offset; at the likeliest offsets, blocks are compared bit by bit.
    """
    first, second = np.array(known, np.uint32), np.array(heard, np.uint32)
    best: Overlap | None = None
    offsets = _offsets(first, second, rule.votes)
    says = _saying(first) if offsets else first
    for offset in offsets:
        start, end = max(0, -offset), min(len(first), len(second) - offset)
        if end - start < rule.seconds / SECONDS:
            continue
        apart = np.bitwise_count(first[start:end] ^ second[start + offset : end + offset])
        block = min(rule.block, len(apart))
        shape = np.ones(block) / block
        near = np.convolve(apart, shape, mode="valid") <= rule.far
        near &= np.convolve(says[start:end], shape, mode="valid") >= _SAYING
        begin, length = _longest(near)
        if not length:
            continue
        length += block - 1
        seconds = length * SECONDS
        bits = float(apart[begin : begin + length].mean())
        if seconds >= rule.seconds and (best is None or seconds > best.seconds):
            at = start + begin
            best = Overlap((at + offset) * SECONDS, at * SECONDS, seconds, bits)
    return best


class Known:
    """The recordings of a bank, all their numbers in order: a look-up compares those alone that share some."""

    def __init__(self, recordings: Mapping[int, Sequence[int]]) -> None:
        """Take recordings by entry."""
        self._recordings = {entry: np.array(numbers, np.uint32) for entry, numbers in recordings.items()}
        self._entries = np.array(sorted(self._recordings), np.int64)
        sizes = [len(self._recordings[entry]) for entry in self._entries.tolist()]
        parts = [self._recordings[entry] for entry in self._entries.tolist()]
        numbers = np.concatenate(parts) if parts else np.empty(0, np.uint32)
        order = np.argsort(numbers, kind="stable")
        self._numbers = numbers[order]
        self._owners = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)[order]

    def find(self, heard: Sequence[int], rule: Rule = THOROUGH) -> tuple[int, Overlap] | None:
        """Return the entry of which the longest stretch was heard, and that stretch; None if none was."""
        best: tuple[int, Overlap] | None = None
        for entry in self._likely(np.unique(np.array(heard, np.uint32)), min(_SHARED, rule.votes)):
            found = overlap(self._recordings[entry], heard, rule)
            if found is not None and (best is None or found.seconds > best[1].seconds):
                best = entry, found
        return best

    def _likely(self, heard: NDArray[np.uint32], least: int) -> list[int]:
        """Return the entries that share at least so many numbers, likeliest first. A hum of all counts for none."""
        low = np.searchsorted(self._numbers, heard)
        high = np.searchsorted(self._numbers, heard, side="right")
        common = high - low > max(_COMMON, len(self._entries) // 4)
        shared = [
            np.unique(self._owners[start:end])
            for start, end in zip(low[~common].tolist(), high[~common].tolist(), strict=True)
            if end > start
        ]
        if not shared:
            return []
        owners, votes = np.unique(np.concatenate(shared), return_counts=True)
        best = owners[np.argsort(-votes, kind="stable")]
        enough = np.sort(votes)[::-1] >= least
        return [int(self._entries[place]) for place in best[enough][:_MOST_COMPARED]]


def _notes(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return (moments, 12): the power of each note."""
    count = (len(samples) - _WINDOW) // _STEP + 1
    if count <= 0:
        return np.empty((0, _NOTES))
    lowest, highest = (round(_WINDOW * hertz / RATE) for hertz in (_LOWEST, _HIGHEST))
    places = np.arange(lowest, highest)
    octaves = np.log2(places * RATE / _WINDOW / (440.0 / 16.0))
    note = (_NOTES * (octaves - np.floor(octaves))).astype(np.intp)
    which = np.zeros((len(places), _NOTES))
    which[np.arange(len(places)), note] = 1
    shape = np.hamming(_WINDOW) / np.iinfo(np.int16).max
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_STEP]
    out = np.empty((count, _NOTES))
    for start in range(0, count, 256):
        spectrum = np.fft.rfft(windows[start : start + 256] * shape, axis=1)[:, lowest:highest]
        out[start : start + 256] = (spectrum.real**2 + spectrum.imag**2) @ which
    return out


def _filtered(sums: NDArray[np.float64], count: int, one: _Filter) -> NDArray[np.float64]:
    """Return what a filter says at each of `count` moments: the logarithm of the ratio of two areas."""
    shape, low, high, wide = one.shape, one.lowest, one.notes, one.moments

    def area(start: int, bottom: int, end: int, top: int) -> NDArray[np.float64]:
        first, last = sums[start : start + count], sums[end : end + count]
        return last[:, top] - first[:, top] - last[:, bottom] + first[:, bottom]

    top, half, third = low + high, low + high // 2, high // 3
    middle, part = wide // 2, wide // 3
    whole = area(0, low, wide, top)
    if shape == 0:
        above = whole
        below = np.zeros(count)
    elif shape == 1:
        above = area(0, half, wide, top)
        below = area(0, low, wide, half)
    elif shape == 2:  # noqa: PLR2004 -- the shapes have numbers, not names
        above = area(middle, low, wide, top)
        below = area(0, low, middle, top)
    elif shape == 3:  # noqa: PLR2004 -- the same
        above = area(0, half, middle, top) + area(middle, low, wide, half)
        below = area(0, low, middle, half) + area(middle, half, wide, top)
    elif shape == 4:  # noqa: PLR2004 -- the same
        above = area(0, low + third, wide, low + 2 * third)
        below = area(0, low, wide, low + third) + area(0, low + 2 * third, wide, top)
    else:
        above = area(part, low, 2 * part, top)
        below = area(0, low, part, top) + area(2 * part, low, wide, top)
    return np.asarray(np.log((1 + above) / (1 + below)))


def _offsets(first: NDArray[np.uint32], second: NDArray[np.uint32], least: int) -> list[int]:
    """Return the offsets (heard less known) for which most equal numbers speak. Silence speaks for none."""
    order = np.argsort(second, kind="stable")
    ordered = second[order]
    low, high = np.searchsorted(ordered, first), np.searchsorted(ordered, first, side="right")
    votes: dict[int, int] = {}
    for place in np.flatnonzero((high > low) & (high - low <= _BLOCK)):
        for other in order[low[place] : high[place]]:
            offset = int(other) - int(place)
            votes[offset] = votes.get(offset, 0) + 1
    likely = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))
    return [offset for offset, count in likely[:_LIKELIEST] if count >= least]


def _saying(numbers: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which numbers were made of sound that changes: each is made of some two seconds."""
    steady = np.zeros(len(numbers), np.bool_)
    if len(numbers) > _STEADY:
        same = np.lib.stride_tricks.sliding_window_view(numbers, _STEADY)
        steady[: len(same)] = (same == same[:, :1]).all(axis=1)
    reach = _WIDEST + _STEADY
    if not steady.any() or len(steady) <= 2 * reach:
        return ~steady
    touched: NDArray[np.bool_] = np.convolve(steady, np.ones(2 * reach + 1), mode="same") > 1 / 2
    return ~touched


def _longest(near: NDArray[np.bool_]) -> tuple[int, int]:
    """Return where the longest run of true begins and how long it is."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], near.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    begins, ends = edges[::2], edges[1::2]
    place = int(np.argmax(ends - begins))
    return int(begins[place]), int(ends[place] - begins[place])
