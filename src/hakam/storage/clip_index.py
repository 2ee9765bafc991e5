"""The frames of all clips of a bank in one index: which clips are near to a frame, without comparing each of them.

A frame's key is its entry and its time, in tenths of a second. So an answer says where in which clip, and a look-up
costs what its own frames cost, however many clips are known. Beside the index stands how many moments each clip has.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hakam.media.long_hashes import Frame, unpacked_frames
from hakam.storage.made_shelf import Held
from hakam.vocabulary.bank import EntryKind

if TYPE_CHECKING:
    from hakam.storage.hash_index.index import HashIndex

NAME = "frames"  # of the folder on the shelf
_TENTHS = 20  # bits of a key that are the time: 29 hours
_LATEST = (1 << _TENTHS) - 1
_MOST_ENTRY = 1 << (64 - _TENTHS)
_GOOD = 50  # `pdq.GOOD_QUALITY`, which needs the extra
_FOLD_AT = 20_000
_WORDS = 4


def moment_of(seconds: float) -> int:
    """Return the tenth of a second that a time falls into."""
    return min(round(seconds * 10), _LATEST)


class ClipIndex:
    """The frames of one bank's clips. Needs `hakam[media]`."""

    def __init__(self, folder: Path) -> None:
        """Open what a shelf's folder holds. Raises `OSError`, `ValueError`, `ImportError`."""
        from hakam.storage.hash_index.index import HashIndex  # noqa: PLC0415 -- needs Numba

        self._index: HashIndex = HashIndex(folder / NAME)

    def __len__(self) -> int:
        return len(self._index)

    def near(self, frames: Iterable[Frame], radius: int) -> dict[int, list[tuple[float, float, int]]]:
        """Return, by entry, where frames are near: (seconds seen, seconds known, bits), in the order of time.

        Frames without structure count for nothing.
        """
        found: dict[int, list[tuple[float, float, int]]] = defaultdict(list)
        for frame in frames:
            if frame.quality >= _GOOD:
                for hit in self._index.search(frame.digest, radius):
                    entry, moment = hit.key >> _TENTHS, hit.key & _LATEST
                    found[entry].append((frame.seconds, moment / 10, hit.distance))
        return found

    def write(self, clips: Mapping[int, Sequence[Frame]], removed: Iterable[int]) -> bool:
        """Take entries out and put others in; return whether bits of what was taken out still lie in the files."""
        gone = [key for entry in {*removed, *clips} for key in self._keys(entry)]
        taken = self._index.remove(gone) if gone else 0
        rows = [
            (entry << _TENTHS | moment_of(frame.seconds), frame.digest)
            for entry, frames in clips.items()
            for frame in frames
            if frame.quality >= _GOOD and entry < _MOST_ENTRY
        ]
        if len(rows) > _FOLD_AT and not len(self._index):
            digests = np.frombuffer(b"".join(digest for _, digest in rows), np.uint64).reshape(-1, _WORDS)
            self._index.rebuild(np.array([key for key, _ in rows], np.uint64), digests)
        elif rows:
            self._index.add(rows)
            if self._index.since_base > _FOLD_AT:
                self._index.fold()
        return bool(taken)

    def fold(self) -> None:
        """Write the files anew, without the bits of what was taken out."""
        self._index.fold()
        self._index.drop_old()

    def _keys(self, entry: int) -> list[int]:
        return self._index.keys_between(entry << _TENTHS, (entry + 1) << _TENTHS)


def clips_of(held: Iterable[Held]) -> dict[int, list[Frame]]:
    """Return the frames of those entries that are clips. What is no clip by its bytes has none."""
    found: dict[int, list[Frame]] = {}
    for one in held:
        if one.kind is EntryKind.VPDQ:
            try:
                found[one.entry] = unpacked_frames(one.data)
            except struct.error:
                found[one.entry] = []
    return found


def moments_in(frames: Iterable[Frame]) -> int:
    """Return at how many moments a clip has a frame with structure."""
    return len({moment_of(frame.seconds) for frame in frames if frame.quality >= _GOOD})
