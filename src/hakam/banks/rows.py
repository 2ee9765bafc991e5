"""What a hash list says, row by row, before it is anybody's entry: values, checked one by one."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

from hakam.media import long_hashes
from hakam.media.long_hashes import LongHashError
from hakam.signals.bulletins import account_digest, url_digest
from hakam.vocabulary.bank import BULLETINS, DIGITS, MADE, EntryKind

_WHOLE = re.compile(r"[0-9a-f]{64}")
_HEX = re.compile(r"[0-9a-f]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MOST = 200  # characters of an item's name and of a label
_EMPTY = {
    EntryKind.MD5: "d41d8cd98f00b204e9800998ecf8427e",
    EntryKind.SHA1: "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    EntryKind.SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
}
"""Hashes of no bytes at all: lists hold them by mistake, and every failed upload would match."""


class Row(NamedTuple):
    """One hash of a list. `gone`: the source takes it back."""

    kind: EntryKind
    digest: str  # lower-case hex
    item: str = ""  # the source's own id of the thing
    label: str = ""
    gone: bool = False
    data: bytes = b""  # of the kinds in `vocabulary.bank.MADE`, whose SHA-256 the digest is


class Gone(NamedTuple):
    """The source takes back a thing by its id, without naming its hashes."""

    item: str


class BadRow(NamedTuple):
    """A row that can't be kept: where it stands (line or entry, from 1) and why. The others are not lost by it."""

    place: int
    why: str
    named: tuple[tuple[str, str], ...] = ()  # kind and digest of the hash that it names all the same


Read = Row | Gone | BadRow


def row(place: int, kind: str, digest: str, *, item: str = "", label: str = "", gone: bool = False) -> Read:
    """Check what a list says and return it as a row, or what is wrong with it."""
    try:
        found = EntryKind(kind.strip().lower().replace("-", ""))
        read = _long(found, digest) if found in MADE else _one(found, digest)
    except LongHashError as error:
        return BadRow(place, str(error))
    except ValueError:
        return BadRow(place, f"{kind[:40]!r} is no kind of hash: {', '.join(EntryKind)}")
    if isinstance(read, str):
        return BadRow(place, read)
    for name, value in (("id", item), ("label", label)):
        if words_wrong(value) and not gone:  # what goes, goes by its hash, whatever is said of it
            why = f"its {name} has more than {_MOST} characters, or control characters"
            return BadRow(place, why, ((read.kind.value, read.digest),))
    return read._replace(item=item, label=label, gone=gone)


def words_wrong(words: str) -> bool:
    """Whether a label or an id can't be kept."""
    return len(words) > _MOST or _CONTROL.search(words) is not None


def _long(kind: EntryKind, text: str) -> Row:
    return made(kind, long_hashes.read(kind, text))


def _one(kind: EntryKind, digest: str) -> Row | str:
    """Return what is one hash, or what is wrong with it."""
    if kind in BULLETINS and not _WHOLE.fullmatch(digest.strip().lower()):
        named = url_digest(digest) if kind is EntryKind.URL else account_digest(digest)
        if named is None:
            return f"neither the hash of an {kind} nor one: {digest[:80]!r}"
        digest = named
    digest = digest.strip().lower()
    if len(digest) != DIGITS[kind] or not _HEX.fullmatch(digest):
        return f"a hash of kind {kind} has {DIGITS[kind]} hex digits, not {digest[:80]!r}"
    if digest == _EMPTY.get(kind):
        return "the hash of an empty file: every failed upload would match it"
    if kind in {EntryKind.PDQ, EntryKind.TEXT} and len(set(digest)) == 1:
        return "the hash of a blank: it would match whatever has no structure"
    return Row(kind, digest)


def made(kind: EntryKind, data: bytes, *, item: str = "", label: str = "") -> Row:
    """Return the row of something that is more than one hash. `kind`: of `vocabulary.bank.MADE`."""
    return Row(kind, sha256(data).hexdigest(), item, label, data=data)
