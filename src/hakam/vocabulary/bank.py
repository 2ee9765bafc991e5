"""Banks of known content: the kinds of hashes that they hold, and what a match is."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class EntryKind(StrEnum):
    """What an entry of a bank is a hash of, and how. The value is the key in `media.hashes` of an event."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    PDQ = "pdq"  # a picture as people see it; copies differ by a few bits
    TEXT = "text"  # SimHash of a text's folded words; near-duplicates differ by a few bits
    LANDMARKS = (
        "landmarks"  # local features of a picture: found inside others, cropped anywhere, written over
    )
    VPDQ = "vpdq"  # a clip: the PDQ of its frames, each with its time
    URL = "url"  # SHA-256 of an address as `signals.bulletins` writes it
    ACCOUNT = "account"  # SHA-256 of what an account is called across platforms: an e-mail, a handle
    CHROMAPRINT = "chromaprint"  # a recording as people hear it: a number for each eighth of a second


DIGITS: dict[EntryKind, int] = {
    EntryKind.MD5: 32,
    EntryKind.SHA1: 40,
    EntryKind.SHA256: 64,
    EntryKind.PDQ: 64,
    EntryKind.TEXT: 16,
    EntryKind.URL: 64,
    EntryKind.ACCOUNT: 64,
}
"""Hex digits of a hash of each kind that is one hash."""

MADE = frozenset({EntryKind.LANDMARKS, EntryKind.VPDQ, EntryKind.CHROMAPRINT})
"""What is too long for one hash: bytes beside the entry, whose digest is their SHA-256. The worker compares them."""

EXACT = frozenset({EntryKind.MD5, EntryKind.SHA1, EntryKind.SHA256})
"""Hashes of a file's bytes: the same or not, nothing between."""

BULLETINS = frozenset({EntryKind.URL, EntryKind.ACCOUNT})
"""Hashes of where something lies and of who it was: warnings, of which the words themselves are kept nowhere."""

BANK_NAME = r"[a-z0-9][a-z0-9-]{0,62}"
LARGEST_DISTANCE = 31
"""Bits beyond which nothing is looked for: the index is exact up to here."""
TEXT_DISTANCE = 14
"""Bits within which two texts say nearly the same (`signals.near_duplicates.NEAR`)."""


class BankMatch(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something of an event is in a bank, or near to what is in it. The hash itself is not repeated here."""

    bank: str
    entry: int  # its number in the bank
    kind: EntryKind
    distance: int = 0  # bits that differ; 0: the same
    media: int | None = None  # which of the item's media, from 0; None: its text
