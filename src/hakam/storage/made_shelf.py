"""The part of a bank's shelf for what is more than one hash: one file a kind, replaced whole.

Landmarks, clips and recordings are kept of the few things that everybody edits, so hundreds of them, not millions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hakam.storage.embedded.durable import sync_data
from hakam.vocabulary.bank import MADE, EntryKind


class Held(NamedTuple):
    """A hash with the number of its entry."""

    entry: int
    kind: EntryKind
    digest: str  # lower-case hex
    data: bytes = b""  # of the kinds in `MADE`


def load(folder: Path, kind: EntryKind, name: str) -> list[Held]:
    """Return what a file holds, nothing if it has no name. Raises `OSError` and `ValueError`."""
    if not name:
        return []
    with np.load(folder / name) as file:
        entries, ends, data = file["entries"], file["ends"], file["data"].tobytes()
    starts = [0, *ends.tolist()]
    if len(entries) != len(ends) or starts[-1] != len(data):
        raise ValueError(f"{name} is damaged")
    parts = [data[start:end] for start, end in pairwise(starts)]
    return [
        Held(int(entry), kind, sha256(part).hexdigest(), part)
        for entry, part in zip(entries, parts, strict=True)
    ]


def replace(
    folder: Path, revision: int, before: Mapping[str, str], added: Iterable[Held], removed: Sequence[int]
) -> dict[str, str]:
    """Write each file anew that something is added to or taken from; return all their names by kind."""
    gone, fresh = set(removed), list(added)
    names: dict[str, str] = {}
    for kind in sorted(MADE):
        there = before.get(kind.value, "")
        held = load(folder, kind, there)
        more = [one for one in fresh if one.kind is kind]
        numbers = gone | {one.entry for one in more}
        kept = [one for one in held if one.entry not in numbers]
        if not more and len(kept) == len(held):
            name = there
        else:
            name = _write(folder, f"{kind.value}-{revision}.npz", [*kept, *more])
        if name:
            names[kind.value] = name
    return names


def _write(folder: Path, name: str, held: Sequence[Held]) -> str:
    if not held:
        return ""
    with (folder / name).open("wb") as file:
        np.savez(
            file,
            entries=np.array([one.entry for one in held], np.uint64),
            ends=np.cumsum([len(one.data) for one in held], dtype=np.int64),
            data=np.frombuffer(b"".join(one.data for one in held), np.uint8),
        )
        file.flush()
        sync_data(file.fileno())
    return name
