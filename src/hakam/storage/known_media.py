"""What banks keep beyond hashes: landmarks, compared one by one; clips and recordings, found by an index of parts.

For the worker and for people who look something up; the door knows nothing of it. One object belongs to one
`KnownContent` and does not change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from hakam.media import chromaprint
from hakam.media.long_hashes import Frame, unpacked_sounds
from hakam.storage.bank_shelf import Held, ShelfError
from hakam.storage.known_content import KnownContent
from hakam.vocabulary.bank import LARGEST_DISTANCE, EntryKind

if TYPE_CHECKING:
    from hakam.media.clips import Near
    from hakam.media.landmarks import Landmarks
    from hakam.storage.clip_index import ClipIndex


_GOOD = 50  # `pdq.GOOD_QUALITY`, which needs the extra


class Alike(NamedTuple):
    """Something of a bank that lies in what was seen. `how`: for people, beside the entry's number."""

    bank: str
    entry: int
    kind: EntryKind
    how: str
    near: tuple[Near, ...] = ()  # of a clip: the frames that are near
    distance: int = (
        LARGEST_DISTANCE  # in bits; what is found otherwise than by bits is as far as a copy may be
    )


class KnownMedia:
    """The landmarks, clips and recordings of every bank in force. A shelf that can't be read is told.

    Reading landmarks and clips needs `hakam[media]`.
    """

    def __init__(self, known: KnownContent) -> None:
        self.known = known
        self.troubles: list[str] = []
        self._all = {**known.banks, **known.shadows}  # whoever reads an `Alike` asks what its bank does

    def holds(self, kind: EntryKind) -> bool:
        """Whether any bank has something of a kind."""
        return any(one.shelf.has_made(kind) for one in self._all.values())

    def pictures(
        self, landmarks: bytes, at: float, *, besides: frozenset[str] = frozenset()
    ) -> Iterator[Alike]:
        """Yield, for each bank but `besides`, the known picture of which most lies in the one that was seen.

        `landmarks`: packed, of a query. `at`: Unix seconds.
        """
        from hakam.media import landmarks as marks  # noqa: PLC0415 -- needs the extra

        seen = marks.unpacked(landmarks)
        for name, held in self._landmarks.items():
            if name in besides or not self._all[name].in_force(at):
                continue
            best: tuple[int, Alike] | None = None
            for entry, sets in held:
                places = (marks.compare(known, side) for known in sets for side in seen)
                place = max((one for one in places if one is not None), default=None)
                if place is not None and (best is None or place.in_place > best[0]):
                    how = f"{place.in_place} landmarks in place, turned by {place.degrees:.0f} degrees"
                    best = (place.in_place, Alike(name, entry, EntryKind.LANDMARKS, how))
            if best is not None:
                yield best[1]

    def clips(self, frames: Sequence[Frame], at: float) -> Iterator[Alike]:
        """Yield, for each bank, the known clip of which most lies in one that was seen. `at`: Unix seconds."""
        from hakam.media.clips import Near, alike  # noqa: PLC0415 -- needs the extra

        seen = len({frame.seconds for frame in frames if frame.quality >= _GOOD})
        for name, (index, moments) in self._clips.items():
            one = self._all[name]
            if not one.in_force(at):
                continue
            best: tuple[int, Alike] | None = None
            for entry, pairs in sorted(index.near(frames, one.bank.distance).items()):
                found = alike([Near(*pair) for pair in pairs], seen, moments.get(entry, 0))
                if found is not None and (best is None or len(found.near) > best[0]):
                    nearest = min(near.bits for near in found.near)
                    how = (
                        f"{len(found.near)} of {found.frames} frames, from {clock(found.near[0].seen)} "
                        f"to {clock(found.near[-1].seen)}, {nearest} bits apart at the nearest"
                    )
                    best = (len(found.near), Alike(name, entry, EntryKind.VPDQ, how, found.near))
            if best is not None:
                yield best[1]

    def any_near(self, frames: Sequence[Frame], at: float) -> bool:
        """Whether a frame is near to one of any known clip. `at`: Unix seconds."""
        return any(
            bool(index.near(frames, self._all[name].bank.distance))
            for name, (index, _moments) in self._clips.items()
            if self._all[name].in_force(at)
        )

    def recordings(
        self, sounds: Sequence[int], at: float, rule: chromaprint.Rule = chromaprint.THOROUGH
    ) -> Iterator[Alike]:
        """Yield, for each bank, the known recording of which the longest stretch was heard. `at`: Unix seconds."""
        for name, known in self._recordings.items():
            if not self._all[name].in_force(at):
                continue
            found = known.find(sounds, rule)
            if found is not None:
                entry, part = found
                how = (
                    f"{part.seconds:.0f} seconds of sound, from {clock(part.heard_from)}, known from "
                    f"{clock(part.known_from)}, {part.bits:.1f} of 32 bits apart"
                )
                yield Alike(name, entry, EntryKind.CHROMAPRINT, how)

    @cached_property
    def _clips(self) -> dict[str, tuple[ClipIndex, dict[int, int]]]:
        found: dict[str, tuple[ClipIndex, dict[int, int]]] = {}
        for name, one in self._all.items():
            try:
                opened = one.shelf.clips()
            except ShelfError as error:
                self.troubles.append(f"bank {name}: {error}")
                continue
            if opened is not None:
                found[name] = opened
        return found

    @cached_property
    def _recordings(self) -> dict[str, chromaprint.Known]:
        return {
            name: chromaprint.Known({one.entry: unpacked_sounds(one.data) for one in held})
            for name, held in self._held(EntryKind.CHROMAPRINT)
        }

    @cached_property
    def _landmarks(self) -> dict[str, list[tuple[int, tuple[Landmarks, ...]]]]:
        from hakam.media.landmarks import unpacked  # noqa: PLC0415 -- needs the extra

        return {
            name: [(one.entry, unpacked(one.data)) for one in held]
            for name, held in self._held(EntryKind.LANDMARKS)
        }

    def _held(self, kind: EntryKind) -> Iterator[tuple[str, list[Held]]]:
        """Yield what each bank has of a kind; a bank whose file can't be read is told and left out."""
        for name, one in self._all.items():
            if one.shelf.has_made(kind):
                try:
                    yield name, one.shelf.made(kind)
                except ShelfError as error:
                    self.troubles.append(f"bank {name}: {error}")


def clock(seconds: float) -> str:
    """Return a time in a clip as players show it."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
