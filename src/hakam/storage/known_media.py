"""What banks keep beyond hashes, unpacked once and compared one by one: landmarks of pictures.

For the worker and for people who look something up; the door knows nothing of it. One object belongs to one
`KnownContent` and does not change.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from hakam.storage.bank_shelf import Held, ShelfError
from hakam.storage.known_content import KnownContent
from hakam.vocabulary.bank import EntryKind

if TYPE_CHECKING:
    from hakam.media.landmarks import Landmarks


class Alike(NamedTuple):
    """Something of a bank that lies in what was seen. `how`: for people, beside the entry's number."""

    bank: str
    entry: int
    kind: EntryKind
    how: str


class KnownMedia:
    """The landmarks of every bank in force. Reading them needs `hakam[media]`; a shelf that can't be read is told."""

    def __init__(self, known: KnownContent) -> None:
        self.known = known
        self.troubles: list[str] = []

    def holds(self, kind: EntryKind) -> bool:
        """Whether any bank has something of a kind."""
        return any(one.shelf.has_made(kind) for one in self.known.banks.values())

    def pictures(
        self, landmarks: bytes, at: float, *, besides: frozenset[str] = frozenset()
    ) -> Iterator[Alike]:
        """Yield, for each bank but `besides`, the known picture of which most lies in the one that was seen.

        `landmarks`: packed, of a query. `at`: Unix seconds.
        """
        from hakam.media import landmarks as marks  # noqa: PLC0415 -- needs the extra

        seen = marks.unpacked(landmarks)
        for name, held in self._landmarks.items():
            if name in besides or not self.known.banks[name].in_force(at):
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

    @cached_property
    def _landmarks(self) -> dict[str, list[tuple[int, tuple[Landmarks, ...]]]]:
        from hakam.media.landmarks import unpacked  # noqa: PLC0415 -- needs the extra

        return {
            name: [(one.entry, unpacked(one.data)) for one in held]
            for name, held in self._held(EntryKind.LANDMARKS)
        }

    def _held(self, kind: EntryKind) -> Iterator[tuple[str, list[Held]]]:
        """Yield what each bank has of a kind; a bank whose file can't be read is told and left out."""
        for name, one in self.known.banks.items():
            if one.shelf.has_made(kind):
                try:
                    yield name, one.shelf.made(kind)
                except ShelfError as error:
                    self.troubles.append(f"bank {name}: {error}")
