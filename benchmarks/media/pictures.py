"""Which edited copies of real photographs are found, by threshold, and what is found that is not there.

Everything goes the way it goes in the worker: a file is decoded, looked for under the hashes of a query, and its
landmarks and those of its mirror image are compared with those of the bank.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from benchmarks.hashes.edits import EDITS, Pixels, saved
from numpy.typing import NDArray

from hakam.media.landmarks import LEAST_IN_PLACE, Landmarks, compare, landmarks
from hakam.media.landmarks import of_bank as landmarks_of_bank
from hakam.media.pdq import BITS, DISTANCE, distance, pdq
from hakam.media.picture import Luma8, PictureError, luma
from hakam.media.variants import mirror, of_bank, of_query

RADII = (16, 24, DISTANCE)
IN_PLACE = (8, 10, LEAST_IN_PLACE, 16, 24)
_LOWEST = IN_PLACE[0]


class Kept(NamedTuple):
    """What a bank keeps of one photograph."""

    bare: bytes
    digests: NDArray[np.uint64]  # (n, 4)
    marks: tuple[Landmarks, ...]


def kept(photo: Pixels) -> Kept:
    """Return what a bank keeps of a photograph."""
    grey = luma(saved(photo, 90))
    digests = b"".join(variant.hash.digest for variant in of_bank(grey))
    return Kept(pdq(grey).digest, _codes(digests), landmarks_of_bank(grey))


def most_in_place(known: Sequence[Kept], seen: Luma8) -> int:
    """Return how many landmarks of any known picture lie in one that was seen, 0 if fewer than 8."""
    asked = (landmarks(seen), landmarks(mirror(seen)))
    places = (compare(marks, side, _LOWEST) for one in known for marks in one.marks for side in asked)
    return max((place.in_place for place in places if place is not None), default=0)


def nearest(known: NDArray[np.uint64], seen: Luma8) -> int:
    """Return by how many bits the nearest of a bank's hashes differs from any of a query's, 256 for none."""
    asked = [variant.hash for variant in of_query(seen)]
    codes = [_codes(one.digest)[0] for one in asked if one.good]
    return min((int(np.bitwise_count(known ^ code).sum(axis=1).min()) for code in codes), default=BITS)


def recall(photos: Sequence[Pixels]) -> None:
    """Print which edited copies are found, by threshold of bits and of landmarks."""
    bank = [kept(photo) for photo in photos]
    heads = ["as it is, 31", *(f"{n} bits" for n in RADII), *(f"{n} in place" for n in IN_PLACE), "in use"]
    print(f"\n{len(photos)} photographs, JPEG quality 75 after each edit; % found\n")
    print(f"| edit | {' | '.join(heads)} |")
    print(f"| --- |{' --: |' * len(heads)}")
    rows = []
    for name, edit in EDITS.items():
        row = np.zeros(len(heads))
        for number, photo in enumerate(photos):
            seen = luma(saved(edit(photo, photos[(number + 7) % len(photos)])))
            bits, marks = nearest(bank[number].digests, seen), most_in_place([bank[number]], seen)
            alone = distance(pdq(seen).digest, bank[number].bare) <= DISTANCE
            found = [alone, *(bits <= n for n in RADII), *(marks >= n for n in IN_PLACE)]
            row += [*found, bits <= DISTANCE or marks >= LEAST_IN_PLACE]
        rows.append(row / len(photos) * 100)
        print(f"| {name} | {' | '.join(f'{share:.0f}' for share in rows[-1])} |", flush=True)
    print(f"| **mean** | {' | '.join(f'{share:.1f}' for share in np.mean(rows, axis=0))} |")
    print(f"| **least** | {' | '.join(f'{share:.0f}' for share in np.min(rows, axis=0))} |")


def false_matches(photos: Sequence[Pixels], others: Sequence[bytes]) -> None:
    """Print how many unrelated pictures match any of the bank's, each looked for as in the worker."""
    bank = [kept(photo) for photo in photos]
    digests = np.concatenate([one.digests for one in bank])
    bits: list[int] = []
    marks: list[int] = []
    for data in others:
        try:
            seen = luma(data)
        except PictureError:
            continue
        bits.append(nearest(digests, seen))
        marks.append(most_in_place(bank, seen))
        if len(bits) % 500 == 0:
            print(f"{len(bits):,}: nearest {min(bits)} bits, most in place {max(marks)}", flush=True)
    print(f"\n{len(bits):,} unrelated pictures against {len(bank)} photographs, {len(digests):,} hashes\n")
    print("| threshold | pictures that match |\n| --- | --: |")
    for radius in RADII:
        print(f"| {radius} bits | {sum(n <= radius for n in bits)} |")
    for least in IN_PLACE:
        print(f"| {least} landmarks in place | {sum(n >= least for n in marks)} |")


def _codes(digests: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(digests, np.uint64).reshape(-1, 4)
