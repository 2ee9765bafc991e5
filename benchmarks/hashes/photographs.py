"""Real pictures that happen to be on this machine: found by the benchmark, never kept in the repository.

Debian's `plasma-workspace-wallpapers`, `mate-backgrounds`, `gnome-backgrounds`, `ukui-wallpapers`,
`lomiri-wallpapers-*` and `opencv-doc` hold photographs, and so do the wheels of scikit-image (`skimage/data`) and
scikit-learn (`sklearn/datasets/images`), unpacked with `unzip`; `openclipart-png`, `tuxpaint-stamps-default` and
`supertuxkart-data` thousands of other pictures. Installed, or unpacked anywhere with `dpkg -x`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from benchmarks.hashes.edits import Pixels, as_pixels, scaled

from hakam.media.pdq import distance, pdq

_WORKS = ("/wallpapers/", "/backgrounds/", "/opencv-doc/examples/", "/skimage/data/", "/datasets/images/")
_APART = 60  # bits between two hashes that are surely two works


def found(folders: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """Return picture files under the folders, in an order that does not depend on the machine's."""
    files = sorted({p for f in folders for p in f.rglob("*") if p.suffix.lower() in suffixes and p.is_file()})
    random.Random(3).shuffle(files)
    return files


def photographs(folders: Sequence[Path], count: int, longer: int = 1024) -> list[Pixels]:
    """Return up to `count` distinct photographs with structure, `longer` pixels on the longer side."""
    chosen: list[Pixels] = []
    hashes: list[bytes] = []
    for path in found(folders, (".jpg", ".jpeg")):
        if len(chosen) == count:
            break
        pixels = cv2.imread(str(path)) if any(word in str(path) for word in _WORKS) else None
        if pixels is None or min(pixels.shape[:2]) < 400:
            continue
        photo = scaled(as_pixels(pixels), min(1.0, longer / max(pixels.shape[:2])))
        hash_ = pdq(np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)))
        if hash_.good and all(distance(hash_.digest, other) > _APART for other in hashes):
            chosen.append(photo)
            hashes.append(hash_.digest)
    return chosen


def unrelated(folders: Sequence[Path], count: int) -> Iterator[bytes]:
    """Yield up to `count` picture files that are no background picture."""
    left = count
    for path in found(folders, (".png", ".jpg")):
        if left and not any(word in str(path) for word in _WORKS):
            left -= 1
            yield path.read_bytes()
