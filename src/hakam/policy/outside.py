"""Lists that stand outside rule packs: up to ten million entries, looked up in a file that is never read whole.

An entry is filed under its CRC-32, whose first bits tell its place. The file holds the entries, each on a line, place
by place, then for each of `2 ** bits` places where its entries begin. Looking one up compares it with the few entries
of its place, so the answer is exact; the file is mapped into memory, shared by all processes that read it, and there at
once however long it is: 4 to 8 bytes an entry beside its text. A file never changes, its name is the digest of what it
holds, but for entries that must be erased: they are overwritten with zeros where they stand, so that all others are
found as before by everybody who has it open.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from mmap import mmap
from zlib import crc32

from hakam.policy.lists import MAX_TERM, MAX_TERMS, ListKind

MAX_ENTRIES = 10_000_000
MARK = b"hakamls2"
_FIRST_MARK = b"hakamls1"  # places before the entries, told by the last bits
_HEAD = struct.Struct("<8sIIQ32sQ")  # mark, kind, bits, entries, digest, bytes of all entries
_PIECE = 1 << 22  # bytes hashed at once
_BLOCK = 1 << 20  # places whose beginnings are looked for at once
_KINDS = tuple(ListKind)
_WIDEST = 2**32 - 1  # bytes of all entries together: places are numbers of 32 bits


class BadListError(ValueError):
    """A file is no list, or a list can't be built. The message says why."""


class OutsideList:
    """One version of a list. Equal to another that holds the same; safe to share between threads.

    `kind` is None for a list whose content is not at hand: it stands for any kind and holds nothing.
    """

    __slots__ = ("_blob", "_sorted", "_starts", "_text", "count", "digest", "holds", "kind", "name")

    def __init__(self, name: str, data: bytes | mmap | None) -> None:
        """Read the head of `data`, which must stay as it is. Raises `BadListError`."""
        self.name = name
        self.kind: ListKind | None = None
        self.count, self.digest = 0, ""
        self.holds: Callable[[object], bool] = lambda _: False
        if data is None:
            return
        if sys.byteorder != "little":
            raise BadListError("lists outside packs need a machine that keeps the small end of numbers first")
        mark = data[: len(MARK)]
        if len(data) < _HEAD.size or mark not in {MARK, _FIRST_MARK}:
            raise BadListError("the file is no list of Hakam's")
        _, kind, bits, self.count, digest, length = _HEAD.unpack(data[: _HEAD.size])
        if kind >= len(_KINDS) or not 0 < bits <= 32:  # noqa: PLR2004 -- bits of a CRC
            raise BadListError("the file is cut off or was changed")
        places = 4 * ((1 << bits) + 1)
        first = mark == _FIRST_MARK
        text = _HEAD.size + (places if first else 0)
        begin = _HEAD.size if first else len(data) - places
        if len(data) - _HEAD.size <= places or (not first and text + 1 + length != begin):
            raise BadListError("the file is cut off or was changed")
        self.kind, self.digest = _KINDS[kind], digest.hex()
        self._sorted = first  # its digest is that of the entries in order of their bytes
        self._blob, self._text = data, text
        self._starts = memoryview(data)[begin : begin + places].cast("I")
        if text + self._starts[-1] != (len(data) if first else begin):
            raise BadListError("the file is cut off or was changed")
        self.holds = _lookup(data, text, self._starts, 0 if first else 32 - bits, (1 << bits) - 1)

    def __contains__(self, value: object) -> bool:
        """Whether the list holds a text. About a microsecond, however long the list is."""
        return self.holds(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OutsideList) and (self.name, self.digest) == (other.name, other.digest)

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    def __repr__(self) -> str:
        return f"OutsideList({self.name!r}, {self.digest[:12]!r}, {self.count:,})"

    def entries(self) -> Iterator[str]:
        """Yield the entries, in the order of the file, which says nothing. What was erased is left out."""
        return (line.decode() for line in self._lines() if not line.startswith(b"\0"))

    def span_of(self, entry: str) -> tuple[int, int] | None:
        """Return where an entry stands in the file, first byte and length; None if it is not there."""
        if self.kind is None or entry not in self:
            return None
        line = entry.encode()
        first, end = self._text, self._text + self._starts[-1]
        if not self._sorted:
            place = crc32(line) >> (32 - bits_of(self._starts))
            first, end = self._text + self._starts[place] - 1, self._text + self._starts[place + 1]
        found = self._blob.find(b"\n%b\n" % line, max(first, self._text), end)
        return found + 1, len(line)

    def digest_without(self, spans: Iterable[tuple[int, int]]) -> str:
        """Return the digest of the entries once those of `spans` are overwritten: as many zeros for each."""
        gone = sorted(spans)
        seen = hashlib.sha256(f"{self.kind}\n".encode())
        if self._sorted:
            text = bytearray(self._blob[self._text + 1 : self._text + self._starts[-1]])
            for start, length in gone:
                text[start - self._text - 1 : start - self._text - 1 + length] = bytes(length)
            for line in sorted(bytes(text).split(b"\n")[:-1]):
                seen.update(line + b"\n")
            return seen.hexdigest()
        at = self._text + 1
        for start, length in (*gone, (self._text + self._starts[-1], 0)):
            for piece in range(at, start, _PIECE):
                seen.update(self._blob[piece : min(piece + _PIECE, start)])
            seen.update(bytes(length))
            at = start + length
        return seen.hexdigest()

    def _lines(self) -> Iterator[bytes]:
        if self.kind is None:
            return
        start, end = self._text + 1, self._text + self._starts[-1]
        while start < end:
            stop = self._blob.find(b"\n", start)
            yield self._blob[start:stop]
            start = stop + 1

    def digest_of_entries(self) -> str:
        """Return the digest of what the file holds now, which is `digest` unless it was damaged."""
        seen = hashlib.sha256(f"{self.kind}\n".encode())
        if self._sorted:
            for line in sorted(self._lines()):
                seen.update(line + b"\n")
            return seen.hexdigest()
        end = self._text + self._starts[-1]
        for start in range(self._text + 1, end, _PIECE):
            seen.update(self._blob[start : min(start + _PIECE, end)])
        return seen.hexdigest()

    def terms(self) -> tuple[str, ...]:
        """Return all entries, in the order of the file: for a list of terms to search, which is never long."""
        return tuple(self.entries())


def _lookup(
    data: bytes | mmap, text: int, starts: memoryview, shift: int, mask: int
) -> Callable[[object], bool]:
    """Return the function that looks an entry up. Each line ends where the next begins, the first is empty."""

    def holds(value: object) -> bool:
        try:
            entry = value.encode()  # type: ignore[attr-defined]  # what is no text is no entry
        except (AttributeError, UnicodeEncodeError):
            return False
        place = crc32(entry) >> shift & mask
        start = starts[place]
        end = starts[place + 1]
        if start == end:
            return False
        line = b"\n%b\n" % entry
        return line in data[text + start - 1 : text + end] and b"\n" not in entry

    return holds


def bits_of(starts: memoryview) -> int:
    """Return by how many bits of its CRC-32 an entry's place is told in a table of places."""
    return (len(starts) - 1).bit_length() - 1


def bits_for(entries: int) -> int:
    """Return how many bits of its CRC-32 tell an entry's place: one or two places an entry."""
    return max((entries - 1).bit_length(), 1)


def head_of(kind: ListKind, entries: int, digest: bytes, text: int) -> bytes:
    """Return the head of a file whose entries, each with its line end, take `text` bytes."""
    return _HEAD.pack(MARK, _KINDS.index(kind), bits_for(entries), entries, digest, text)


def places_of(codes: Sequence[int], lengths: Sequence[int]) -> bytes:
    """Return where the entries of each place begin, told by the CRC-32 of all entries in order and their lengths."""
    import numpy as np  # noqa: PLC0415 -- for those who build a list, not for all who read one

    bits = bits_for(len(codes))
    own = np.asarray(codes, np.uint32) >> np.uint32(32 - bits)
    begins = np.ones(len(lengths) + 1, np.uint32)
    begins[1:] += np.cumsum(np.asarray(lengths, np.uint32) + np.uint32(1), dtype=np.uint32)
    made = []
    for first in range(0, (1 << bits) + 1, _BLOCK):
        places = np.arange(first, min(first + _BLOCK, (1 << bits) + 1), dtype=np.uint32)
        made.append(begins[np.searchsorted(own, places)].astype("<u4").tobytes())
    return b"".join(made)


def in_order(lines: Iterable[bytes]) -> tuple[list[bytes], list[int]]:
    """Return the different ones of some lines by their CRC-32, equal ones by their bytes, and these codes."""
    unique = sorted(set(lines), key=crc32)
    codes = list(map(crc32, unique))
    for n, (one, other) in enumerate(pairwise(codes)):
        if one == other:
            last = n + 1
            while last < len(codes) and codes[last] == one:
                last += 1
            unique[n:last] = sorted(unique[n:last])
    return unique, codes


def pack_list(kind: ListKind, entries: Iterable[str]) -> tuple[bytes, str, int]:
    """Return a list's file, the digest of what it holds (SHA-256, hex), and how many entries that is.

    For what fits into memory several times over. The digest is that of the kind and the entries in the order of the
    file, each on a line. Raises `BadListError`.
    """
    lines, codes = in_order(entry.encode() for entry in entries)
    text = b"\n".join((*lines, b""))
    check_size(kind, len(lines), len(text))
    seen = hashlib.sha256(f"{kind}\n".encode() + text)
    places = places_of(codes, list(map(len, lines)))
    head = head_of(kind, len(lines), seen.digest(), len(text))
    return b"".join((head, b"\n", text, places)), seen.hexdigest(), len(lines)


def check_size(kind: ListKind, entries: int, text: int) -> None:
    """Raise `BadListError` unless a list can have so many entries and bytes of them."""
    most = MAX_TERMS if kind is ListKind.TERMS else MAX_ENTRIES
    if not entries:
        raise BadListError("the list is empty")
    if entries > most:
        raise BadListError(f"{entries:,} entries; a list of {kind} holds at most {most:,}")
    if text >= _WIDEST:
        raise BadListError("the entries take more than 4 GB")


def problem_of(entry: str) -> str | None:
    """Return what keeps a text from being an entry, `None` if nothing does."""
    if not entry:
        return "nothing"
    if len(entry) > MAX_TERM:
        return f"{len(entry):,} characters; at most {MAX_TERM}"
    if any(ord(char) < 32 for char in entry):  # noqa: PLR2004 -- control characters
        return "a control character"
    try:
        entry.encode()
    except UnicodeEncodeError:
        return "half of a character"
    return None


class _Presumed(Mapping[str, OutsideList]):
    """Every list there can be, its content not at hand: for reading a pack's clauses, not for judging."""

    def __getitem__(self, name: str) -> OutsideList:
        return OutsideList(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


PRESUMED: Mapping[str, OutsideList] = _Presumed()
