"""The edge snapshot: who and what is barred, in one signed file that an edge node reads without a call.

docs/reference/edge-snapshot.md has the format byte for byte, for other languages. A *base* holds a fuse filter; a
*delta* holds every change since its base, as hashes. Reading needs no Django and no database.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Literal

import msgspec
import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hakam.live import fuse
from hakam.live.questions import Question, entry
from hakam.policy.territories import TERRITORIES

MAGIC: Final = b"HAKAMED1"
SALT_BYTES: Final = 16  # what BLAKE2b takes
_SIGNATURE_BYTES: Final = 64
_LENGTH_BYTES: Final = 4
_HASH_BYTES: Final = 8
_LARGEST_HEADER: Final = 65_536
_TRIES: Final = 16


class SnapshotError(ValueError):
    """A file is no snapshot, is not whole, is not signed by the key, or does not fit its base."""


class StaleError(SnapshotError):
    """A snapshot is true, but its time is over."""


class Header(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands at the head of a snapshot. Times are Unix seconds."""

    type: Literal["base", "delta"]
    platform: str
    number: int  # grows with each file of a platform; a lower one is an older one
    made_at: int
    expires_at: int
    salt: str  # 32 hex digits, the salt of BLAKE2b
    entries: int  # that are barred in all, once this file is applied
    payload: int  # bytes
    territories: dict[str, tuple[str, ...]] = {}  # those that entries name, as countries
    segment: int = 0  # base: length of a segment
    spread: int = 0  # base: length of all segments of the first place
    base: str = ""  # delta: SHA-256 (hex) of the whole file of the base
    added: int = 0  # delta: so many hashes first
    removed: int = 0  # delta: and so many after them


def hash_of(data: bytes, salt: bytes) -> int:
    """Return the hash of an entry: BLAKE2b of 8 bytes with the salt, little-endian."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=_HASH_BYTES, salt=salt).digest(), "little")


def hashes_of(entries: Iterable[bytes], salt: bytes) -> fuse.Hashes:
    """Return the hashes of entries, in order and each once."""
    blake = hashlib.blake2b
    raw = b"".join(blake(data, digest_size=_HASH_BYTES, salt=salt).digest() for data in entries)
    return np.unique(np.frombuffer(raw, "<u8").astype(np.uint64))


def countries(territories: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return territories with the countries that each holds; a country holds itself."""
    return {name: tuple(sorted(TERRITORIES.get(name, (name,)))) for name in sorted(set(territories)) if name}


def _signed(header: Header, payload: bytes, key: Ed25519PrivateKey) -> bytes:
    head = msgspec.json.encode(header)
    whole = b"".join((MAGIC, len(head).to_bytes(_LENGTH_BYTES, "little"), head, payload))
    return whole + key.sign(whole)


def write_base(
    entries: Iterable[bytes],
    *,
    platform: str,
    number: int,
    territories: Iterable[str],
    key: Ed25519PrivateKey,
    now: datetime,
    until: datetime,
    salt: bytes | None = None,
) -> tuple[bytes, fuse.Hashes]:
    """Return a base, and the hashes that are in it. A salt is chosen unless one is given.

    Raises `fuse.FuseError` if the given salt, or any of sixteen chosen ones, can't carry these entries: for chosen ones
    that does not happen.
    """
    kept = list(entries)
    for left in reversed(range(1 if salt else _TRIES)):
        chosen = salt or secrets.token_bytes(SALT_BYTES)
        hashes = hashes_of(kept, chosen)
        try:
            shape, table = fuse.build(hashes)
        except fuse.FuseError:
            if not left:
                raise
            continue
        break
    header = Header(
        type="base",
        platform=platform,
        number=number,
        made_at=int(now.timestamp()),
        expires_at=int(until.timestamp()),
        salt=chosen.hex(),
        entries=len(hashes),
        payload=len(table),
        territories=countries(territories),
        segment=shape.segment,
        spread=shape.spread,
    )
    return _signed(header, table, key), hashes


def write_delta(
    base: bytes,
    before: fuse.Hashes,
    after: fuse.Hashes,
    *,
    number: int,
    territories: Iterable[str],
    key: Ed25519PrivateKey,
    now: datetime,
    until: datetime,
) -> bytes:
    """Return what makes of a base, which holds the hashes `before`, one that holds those `after`."""
    head, _ = split(base)
    added = np.setdiff1d(after, before, assume_unique=True)
    removed = np.setdiff1d(before, after, assume_unique=True)
    payload = np.concatenate((added, removed)).astype("<u8").tobytes()
    header = Header(
        type="delta",
        platform=head.platform,
        number=number,
        made_at=int(now.timestamp()),
        expires_at=int(until.timestamp()),
        salt=head.salt,
        entries=len(after),
        payload=len(payload),
        territories=countries(territories),
        base=hashlib.sha256(base).hexdigest(),
        added=len(added),
        removed=len(removed),
    )
    return _signed(header, payload, key)


def split(data: bytes) -> tuple[Header, memoryview]:
    """Return header and payload of a file, its signature unread. Raises `SnapshotError` where it is not whole."""
    start = len(MAGIC) + _LENGTH_BYTES
    if data[: len(MAGIC)] != MAGIC or len(data) < start:
        raise SnapshotError("this is no edge snapshot")
    length = int.from_bytes(data[len(MAGIC) : start], "little")
    if length > _LARGEST_HEADER:
        raise SnapshotError("the header is too long")
    try:
        header = msgspec.json.decode(data[start : start + length], type=Header)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"the header can't be read: {error}") from error
    if len(data) != start + length + header.payload + _SIGNATURE_BYTES:
        raise SnapshotError("the file is not whole")
    _refuse_unfit(header)
    return header, memoryview(data)[start + length : -_SIGNATURE_BYTES]


def _refuse_unfit(header: Header) -> None:
    try:
        salted = len(bytes.fromhex(header.salt)) == SALT_BYTES
    except ValueError:
        salted = False
    if header.type == "base":
        segment, spread = header.segment, header.spread
        fits = segment > 0 and spread > 0 and spread % segment == 0 and segment & (segment - 1) == 0
        fits = fits and header.payload == fuse.Shape(segment, spread).places
    else:
        least = min(header.added, header.removed)
        fits = least >= 0 and header.payload == (header.added + header.removed) * _HASH_BYTES
    if not (salted and fits):
        raise SnapshotError("the header does not fit the file")


def verify(data: bytes, key: Ed25519PublicKey) -> Header:
    """Return the header of a file that the key signed. Raises `SnapshotError`."""
    header, _ = split(data)
    try:
        key.verify(data[-_SIGNATURE_BYTES:], memoryview(data)[:-_SIGNATURE_BYTES])
    except InvalidSignature:
        raise SnapshotError("the signature is not of this key") from None
    return header


class Snapshot:
    """A base with its newest delta, ready for look-ups. Never changes; read a new one and swap it in."""

    def __init__(self, base: bytes, delta: bytes | None, key: Ed25519PublicKey, *, after: int = 0) -> None:
        """Check and read both. `after`: the last number seen, so that nobody plays an older pair back.

        Raises `SnapshotError`.
        """
        head, table = verify(base, key), split(base)[1]
        if head.type != "base":
            raise SnapshotError("the first file is no base")
        self.header = head
        self._changed: dict[int, bool] = {}
        if delta is not None:
            self.header = self._apply(delta, head, hashlib.sha256(base).hexdigest(), key)
        if self.header.number < after:
            raise SnapshotError(f"number {self.header.number} is older than {after}, which was seen")
        shape = fuse.Shape(head.segment, head.spread)
        self.perhaps = _looker(bytes(table), shape, bytes.fromhex(head.salt), self._changed)
        """Whether an entry is perhaps barred. False is certain; one True in 256 of what is not barred is false."""
        self._territories = head.territories | self.header.territories

    def _apply(self, delta: bytes, head: Header, base: str, key: Ed25519PublicKey) -> Header:
        changed, payload = verify(delta, key), split(delta)[1]
        if changed.type != "delta" or (changed.base, changed.platform, changed.salt) != (
            base,
            head.platform,
            head.salt,
        ):
            raise SnapshotError("the delta belongs to another base")
        hashes = np.frombuffer(payload, "<u8").tolist()
        self._changed = dict.fromkeys(hashes[: changed.added], True)
        self._changed.update(dict.fromkeys(hashes[changed.added :], False))
        return changed

    def fresh(self, now: datetime) -> None:
        """Raise `StaleError` if the snapshot's time is over. What then holds is the edge node's declared choice."""
        if now.timestamp() > self.header.expires_at:
            raise StaleError(f"it was good until {self.header.expires_at} (Unix seconds)")

    def barred(self, question: Question, subject: str, *, kind: str = "", country: str = "") -> bool:
        """Whether the answer to a question, for a viewer's country (ISO 3166-1 alpha-2), is perhaps yes.

        Without a country only what is barred everywhere is found. Raises `ValueError`, as `entry` does.
        """
        if self.perhaps(entry(question, subject, kind=kind)):
            return True
        places = (name for name, held in self._territories.items() if country in held)
        return any(self.perhaps(entry(question, subject, kind=kind, territory=place)) for place in places)


def _looker(
    table: bytes, shape: fuse.Shape, salt: bytes, changed: dict[int, bool]
) -> Callable[[bytes], bool]:
    """Return the look-up of one entry. What does not change is near at hand: it is asked a million times a second."""
    begun = hashlib.blake2b(digest_size=_HASH_BYTES, salt=salt).copy
    number, known = int.from_bytes, changed.get
    spread, second, third, mask = shape.spread, shape.segment, 2 * shape.segment, shape.segment - 1

    def perhaps(data: bytes) -> bool:
        hash_ = begun()
        hash_.update(data)
        code = number(hash_.digest(), "little")
        said = known(code)
        if said is not None:
            return said
        first = (code * spread) >> 64
        return (
            table[first]
            ^ table[(first + second) ^ ((code >> 18) & mask)]
            ^ table[(first + third) ^ (code & mask)]
            == (code ^ (code >> 32)) & 0xFF
        )

    return perhaps
