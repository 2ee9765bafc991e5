"""What envelopes say. Docs: `docs/reference/exchange.md`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from hakam.banks.sharing import LARGEST as LARGEST_NUMBER
from hakam.banks.sharing import Place
from hakam.exchange.kinds import Word

CHANGES: Final = "changes"
TAKEN: Final = "taken"
PULL: Final = "pull"
PULLED: Final = "pulled"
WORDS: Final = "words"
HEARD: Final = "heard"
MOST_CHANGES: Final = 500
MOST_BYTES: Final = 1_000_000  # of the changes of one envelope, by what their hashes take
MOST_WORDS: Final = 500
LARGEST: Final = 4_000_000  # bytes of an envelope

_PLAIN: Final = r"^[^\x00\ud800-\udfff]*\Z"  # what both databases can hold
_Short = Annotated[
    str, msgspec.Meta(max_length=200)
]  # what can't be kept of a change costs that change alone
_Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]  # of a bank or a row, as its platform counts
_Epoch = Annotated[str, msgspec.Meta(max_length=32, pattern=_PLAIN)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bank, as its platform tells of it."""

    bank: _Number
    epoch: Annotated[str, msgspec.Meta(min_length=1, max_length=32, pattern=_PLAIN)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=63, pattern=_PLAIN)]
    purpose: Annotated[str, msgspec.Meta(max_length=64, pattern=_PLAIN)]
    why: Annotated[str, msgspec.Meta(max_length=2_000, pattern=_PLAIN)] = ""  # for people
    country: Annotated[str, msgspec.Meta(max_length=2, pattern=_PLAIN)] = ""
    """Whose law asks for it; empty: no one country's."""
    distance: int = 31
    reviewed: bool = False  # by people of that platform; what others gave it is not
    expires_at: _Moment | None = None


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hash that came into a bank, or left it (`at[1]`)."""

    at: Place
    kind: _Short
    digest: _Short
    item: _Short = ""  # hashes of one thing share it
    label: _Short = ""
    variant: _Short = ""
    data: bytes = b""  # base64; of kinds that are more than one hash

    @property
    def gone(self) -> bool:
        """Whether it left."""
        return bool(self.at.left)


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What changed in a bank after one place, up to another. `closed`: it is shared no longer, everything goes."""

    about: About
    after: Place
    upto: Place
    changes: Annotated[tuple[Change, ...], msgspec.Meta(max_length=MOST_CHANGES)] = ()
    more: bool = False
    closed: bool = False


class Taken(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a bank was taken. Where that is not what was sent, the sender goes on from here."""

    bank: _Number
    epoch: _Epoch = ""  # empty: nothing of the bank is here
    place: Place = Place(0, 0, 0)


class Pull(msgspec.Struct, frozen=True):
    """What the sender has of the recipient's banks; the answer is what it lacks."""

    have: Annotated[tuple[Taken, ...], msgspec.Meta(max_length=10_000)]


class Pulled(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the asking platform lacks. `more`: it should ask again at once."""

    pages: tuple[Changes, ...] = ()
    more: bool = False


class Said(msgspec.Struct, frozen=True):
    """What the sender says of an entry that the recipient gave it. `row`: the recipient's number of the entry."""

    bank: _Number
    row: _Number
    word: Word
    at: _Moment


class Words(msgspec.Struct, frozen=True):
    """Feedback."""

    words: Annotated[tuple[Said, ...], msgspec.Meta(max_length=MOST_WORDS)]


class Heard(msgspec.Struct, frozen=True):
    """How many of the words were about entries that are still here."""

    known: int
